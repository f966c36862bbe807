"""Templates from the file to the job, through real kubectl."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

MANIFEST = """
apiVersion: containerjobs.io/v1alpha1
kind: ContainerJobTemplate
metadata:
  name: report
spec:
  description: Writes a report.
  parameters:
    - {name: month, description: Which month, required: true, pattern: "[0-9]{4}-[0-9]{2}"}
    - {name: size, default: "", enum: ["", large]}
    - {name: host, default: fake}
    - {name: memory, default: 64Mi}
  template:
    metadata:
      labels: {month: $(params.month)}
    spec:
      backoffLimit: 0
      placement: {hostRef: {name: $(params.host)}}
      template:
        spec:
          containers:
            - name: main
              image: busybox:1.37
              command: [sh, -c]
              args: ["exit 0", "$(params.month) $(params.size) $$(params.x) $(date)"]
              resources: {limits: {memory: $(params.memory)}}
"""
SHOWN = """\
Name:         report
Namespace:    {namespace}
Description:  Writes a report.
Image:        busybox:1.37
Parameters:
  NAME     DEFAULT      ALLOWED                          DESCRIPTION
  month    (required)   what matches [0-9]{{4}}-[0-9]{{2}}   Which month
  size     ''           "" or large
  host     fake         any text
  memory   64Mi         any text
Example:
  kubectl containerjob run report-1 --from-template=report -p month=VALUE
"""
PLAIN = """
apiVersion: containerjobs.io/v1alpha1
kind: ContainerJobTemplate
metadata: {name: plain}
spec:
  template: {spec: {template: {spec: {containers: [{name: main, image: busybox}]}}}}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "report.yaml"
    path.write_text(MANIFEST)
    return path


def changed(manifest: Path, old: str, new: str) -> str:
    """Write a copy with another text in it, and return its path."""
    copy = manifest.with_name("changed.yaml")
    assert old in manifest.read_text()
    copy.write_text(manifest.read_text().replace(old, new))
    return str(copy)


def test_a_template_is_listed_shown_rendered_and_run(shell: Shell, manifest: Path) -> None:
    assert "No resources found" in shell("template", "list").stderr
    shell.cluster.kubectl("apply", "--validate=strict", "-n", shell.namespace, "-f", str(manifest))

    assert shell.ok("template", "list").split()[:3] == ["NAME", "IMAGE", "AGE"]
    assert "Writes a report." in shell.ok("template", "list", "report", "-o", "wide")
    assert shell.ok("template", "show", "report") == SHOWN.format(namespace=shell.namespace)
    lint = ("template", "lint", "report")
    assert shell.ok(*lint) == "containerjobtemplate.containerjobs.io/report valid\n"

    rendered = shell.ok("template", "render", "cjt/report", "-p", "month=2026-01", "--name=january", "-o", "json")
    shell.cluster.kubectl("apply", "-f", "-", stdin=rendered)
    job = shell.reaches("january", "Succeeded")
    assert job["metadata"]["labels"] == {"month": "2026-01", "containerjobs.io/template": "report"}
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][1] == "2026-01  $(params.x) $(date)"
    assert container["resources"] == {"limits": {"memory": "64Mi"}}

    named = json.loads(shell.ok("template", "render", "report", "-p", "month=2026-01", "-o", "json"))["metadata"]
    assert (named["name"][:7], len(named["name"])) == ("report-", 12)


def test_a_file_is_rendered_without_being_stored(shell: Shell, manifest: Path) -> None:
    month = ("-p", "month=2026-01")

    from_file = shell.ok("template", "render", "-f", str(manifest), *month, "--name=x")
    from_stdin = shell.ok("template", "render", "-f", "-", *month, "--name=x", stdin=MANIFEST)

    assert from_file == from_stdin
    assert "name: x\n" in from_file
    assert "No resources found" in shell("template", "list").stderr
    told = shell.refused("template", "render", "-f", "-", *month, stdin=f"{MANIFEST}---{PLAIN}")
    assert told == "- holds 2 templates, and one is rendered at a time: give it alone"
    told = shell.refused("template", "render", "-f", changed(manifest, "image:", "imago:"), *month)
    assert told.startswith("template report: the API server refuses it: ")
    assert 'unknown field "spec.template.spec.template.spec.containers[0].imago"' in told


def test_what_a_parameter_may_not_be_is_one_line(shell: Shell, manifest: Path) -> None:
    told = shell.refused("template", "render", "-f", str(manifest), "-p", "size=huge", "-p", "moon=full")

    assert told == (
        "template report: parameter month (Which month) is required: give -p month=VALUE, what matches"
        " [0-9]{4}-[0-9]{2}; parameter size cannot be 'huge': give \"\" or large; there is no parameter 'moon':"
        " it has month, size, host, memory"
    )
    assert shell.refused("template", "show", "nobody") == (
        "there is no ContainerJobTemplate nobody in this namespace: see `kubectl containerjob template list`"
    )


def test_lint_tells_every_mistake_and_ends_with_one(shell: Shell, manifest: Path) -> None:
    def lint(old: str, new: str, *more: str) -> str:
        done = shell("template", "lint", "-f", changed(manifest, old, new), *more)
        assert (done.returncode, done.stderr) == (1, "error: 1 of 1 template has mistakes: see above\n")
        return done.stdout.removeprefix("containerjobtemplate.containerjobs.io/report: ").strip()

    assert "but there is no parameter 'moon'" in lint("$(params.month) ", "$(params.moon) ")
    assert lint("memory: $(params.memory)", "memory: 1Mi").startswith("parameter memory is not used: remove it")
    assert "default must be one of enum" in lint('default: ""', "default: tiny")
    assert "a job of it: The ContainerJob" in lint("default: 64Mi", "default: much")
    assert "the API server refuses it: " in lint("backoffLimit: 0", "backoffLimit: none")
    no_sample = lint('pattern: "[0-9]{4}-[0-9]{2}"', r"pattern: '[a-z]\b[a-z]|QQ'")
    assert no_sample.startswith("no job of it was tried, for want of a value")
    assert no_sample.endswith("give -p month=VALUE")
    strange = changed(manifest, 'pattern: "[0-9]{4}-[0-9]{2}"', r"pattern: '[a-z]\b[a-z]|QQ'")
    assert "valid" in shell.ok("template", "lint", "-f", strange, "-p", "month=QQ")


def test_lint_takes_many_and_says_how_many_are_wrong(shell: Shell) -> None:
    broken = PLAIN.replace("plain", "wrong").replace("image: busybox", "image: $(params.x)")

    done = shell("template", "lint", "-f", "-", stdin=f"{MANIFEST}---{PLAIN}---{broken}---{broken}")

    assert done.returncode == 1
    assert [line.split(" ")[0].rpartition("/")[2] for line in done.stdout.splitlines()] == [
        *("report", "plain", "wrong:", "wrong:")
    ]
    assert done.stderr == "error: 2 of 4 templates have mistakes: see above\n"


def test_what_is_no_template_is_one_line(shell: Shell, tmp_path: Path) -> None:
    nameless = PLAIN.replace("name: plain", "generateName: plain-")

    assert shell.refused("template", "lint", code=2).startswith("name templates, or give a file with -f FILE")
    assert shell.refused("template", "render", code=2).startswith("name a template, or give a file")
    assert "can't be the name of a job" in shell.refused(
        "template", "render", "-f", "-", "-p", "month=2026-01", "--name=A", stdin=MANIFEST, code=2
    )
    assert "is not NAME=VALUE" in shell.refused("template", "render", "x", "-p", "y", code=2)
    assert "does not exist" in shell.refused("template", "lint", "-f", str(tmp_path / "none.yaml"))
    job = PLAIN.replace("ContainerJobTemplate", "ContainerJob")
    assert shell.refused("template", "lint", "-f", "-", stdin=job).startswith("- holds no ContainerJobTemplate")
    assert "without a name" in shell.refused("template", "lint", "-f", "-", stdin=nameless)
    assert "forbidden" in shell.refused("template", "lint", "-f", "-", "--as=nobody", stdin=PLAIN)
    assert "error parsing STDIN" in shell.refused("template", "lint", "-f", "-", stdin="{")


def test_a_template_without_parameters_is_shown(shell: Shell) -> None:
    shell.cluster.kubectl("apply", "-n", shell.namespace, "-f", "-", stdin=PLAIN)

    shown = shell.ok("template", "show", "plain")

    assert "Parameters:   none\n" in shown
    assert shown.endswith("kubectl containerjob run plain-1 --from-template=plain\n")
