"""The release workflow: what it may do, what it names, and that what it runs is there."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / ".github/workflows/release.yaml").read_text()
# YAML 1.1 reads the key `on` as true.
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, Any] = WORKFLOW["jobs"]
PUBLISHING = {"packages": "write", "id-token": "write", "contents": "read"}
RIGHTS = {
    "test": {"contents": "read"},
    "image": PUBLISHING,
    "chart": PUBLISHING,
    "wheel": {"contents": "read"},
    "plugin": {"contents": "read"},
    "release": {"contents": "write", "id-token": "write", "attestations": "write"},
}
MADE_BY_THE_WORKFLOW = ("dist", "image", "wheel", "build", "notes.md", "checksums.txt", "push.log", ".venv")
PATH_OF_OURS = re.compile(r"(?<![\w$/.{-])(?:\./)?(?:tools|packaging|crds|charts|\.ci|tests|docs)/[\w./*-]*")


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in JOBS.items():
        for step in job["steps"]:
            yield name, step


def scripts() -> list[str]:
    return [step["run"] for _, step in steps() if "run" in step]


def test_only_a_version_tag_starts_it() -> None:
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}


def test_every_job_has_the_rights_it_needs_and_no_more() -> None:
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in JOBS.items()} == RIGHTS


def test_every_job_is_bounded_in_time() -> None:
    assert [name for name, job in JOBS.items() if "timeout-minutes" not in job] == []


def test_nothing_is_published_before_the_tests_have_passed() -> None:
    def waits_for(name: str) -> set[str]:
        needs = JOBS[name].get("needs", [])
        direct = {needs} if isinstance(needs, str) else set(needs)
        return direct.union(*(waits_for(each) for each in direct))

    assert [name for name in JOBS if name != "test" and "test" not in waits_for(name)] == []


def test_every_action_is_pinned_by_its_major_version() -> None:
    used = [step["uses"] for _, step in steps() if "uses" in step]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", each)] == []


def test_no_checkout_leaves_its_token_behind() -> None:
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_host_is_named() -> None:
    assert re.findall(r"\b[a-z0-9-]+\.(?:io|com|org|dev|cloud|net)\b", TEXT) == []


def test_no_expression_reaches_a_script_but_by_its_environment() -> None:
    """An expression within a script is pasted into it unquoted; the matrix is ours, its values are plain words."""
    pasted = [each for script in scripts() for each in re.findall(r"\$\{\{(.*?)\}\}", script)]
    assert {each.strip() for each in pasted} <= {"matrix.platform"}


@pytest.mark.parametrize("script", scripts())
def test_every_script_is_one_that_a_shell_can_read(script: str) -> None:
    plain = re.sub(r"\$\{\{.*?\}\}", "x", script)
    assert subprocess.run(["bash", "-n"], input=plain, text=True, capture_output=True, check=False).stderr == ""


@pytest.mark.parametrize("script", scripts())
def test_every_file_that_a_script_names_is_there(script: str) -> None:
    named = PATH_OF_OURS.findall(script)
    assert [path for path in named if not list(ROOT.glob(path.removeprefix("./")))] == []


def test_every_module_that_a_script_runs_is_there() -> None:
    named = {word for script in scripts() for word in re.findall(r"python -m (tools\.[\w.]+)", script)}
    assert named
    paths = [ROOT / name.replace(".", "/") for name in named]
    assert [
        path for path in paths if not (path.with_suffix(".py").is_file() or (path / "__main__.py").is_file())
    ] == []


def test_every_make_target_that_a_script_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for script in scripts() for word in re.findall(r"^\s*make ([a-z][a-z0-9-]*)", script, re.MULTILINE)}
    assert named <= targets


def test_every_image_target_is_published_and_exists() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    targets = [each["target"] for each in JOBS["image"]["strategy"]["matrix"]["include"]]
    assert targets == ["operator", "cloudrun"]
    assert set(targets) <= stages


def test_every_build_argument_is_one_the_dockerfile_has() -> None:
    (build,) = (step for _, step in steps() if step.get("uses", "").startswith("docker/build-push-action@"))
    given = {line.partition("=")[0] for line in build["with"]["build-args"].splitlines()}
    declared = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert given <= declared
    assert (build["with"]["sbom"], build["with"]["provenance"]) == (True, "mode=max")


def test_the_plugin_is_built_for_every_platform_of_the_krew_manifest() -> None:
    manifest = (ROOT / "packaging/krew.yaml").read_text()
    built = {each["platform"] for each in JOBS["plugin"]["strategy"]["matrix"]["include"]}
    assert set(re.findall(r"kubectl-containerjob_(\w+)\.tar\.gz", manifest)) == built


def test_everything_that_is_pushed_is_signed() -> None:
    pushed = {
        name for name, step in steps() if "build-push-action" in step.get("uses", "") or "helm push" in str(step)
    }
    signed = {
        name
        for name, step in steps()
        for word in shlex.split(str(step.get("run", "")), comments=True)
        if word == "cosign"
    }
    assert pushed == {"image", "chart"}
    assert pushed | {"release"} == signed
