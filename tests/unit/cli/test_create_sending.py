"""What `create` makes of kubectl's answers, and of a template; kubectl is played by a script."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.unit.cli.played_kubectl import Played, ended, job

from kubectl_containerjob.main import cli

TEMPLATE = {
    "metadata": {"name": "report", "namespace": "team"},
    "spec": {
        "parameters": [{"name": "month", "required": True}],
        "template": {
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "r:1", "args": ["${month}"]}]}}}
        },
    },
}


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    return Played(tmp_path, monkeypatch)


def test_a_template_is_read_and_rendered_and_options_win_over_it(played: Played) -> None:
    (played.folder / "other-1").write_text(json.dumps(TEMPLATE))
    words = [
        "create",
        "--from-template",
        "report",
        "-p",
        "month=5",
        "--memory",
        "1Gi",
        "--dry-run=client",
        "-o",
        "json",
    ]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    body = json.loads(done.output)
    container = body["spec"]["template"]["spec"]["containers"][0]
    assert body["metadata"]["generateName"] == "report-"
    assert container["resources"] == {"limits": {"memory": "1Gi"}}
    assert played.asked[0].startswith("get containerjobtemplates.containerjobs.io report")


def test_a_parameter_that_is_missing_is_one_line(played: Played) -> None:
    (played.folder / "other-1").write_text(json.dumps(TEMPLATE))
    done = CliRunner().invoke(cli, ["create", "--from-template", "report"])
    assert done.exit_code != 0
    assert done.output.startswith("Error: template report: ") or done.output.startswith("error: template report: ")
    assert done.output.count("\n") == 1


def test_files_go_to_kubectl_as_they_are_and_its_list_is_taken_apart(played: Played) -> None:
    one = {"kind": "ContainerJob", "metadata": {"name": "a", "managedFields": []}, "status": {}}
    (played.folder / "other-1").write_text(json.dumps({"kind": "List", "items": [one, one]}) + "\n" + json.dumps(one))
    done = CliRunner().invoke(cli, ["create", "-f", "dir/", "-f", "x.yaml", "-o", "json"])
    assert done.exit_code == 0, done.output
    assert played.asked[0].startswith("create --filename=dir/ --filename=x.yaml --field-manager=kubectl-containerjob")
    plain = {"kind": "ContainerJob", "metadata": {"name": "a"}}
    assert json.loads(done.output) == {"apiVersion": "v1", "kind": "List", "items": [plain] * 3}


def test_jobs_of_a_file_are_awaited_in_their_own_namespaces(played: Played) -> None:
    here, other = ended(7), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    made = {"apiVersion": "containerjobs.io/v1alpha1", "kind": "ContainerJob", **job(1)}
    (played.folder / "other-1").write_text(json.dumps(made) + json.dumps(other))
    played.lists(1, here)
    done = CliRunner().invoke(cli, ["create", "-f", "x.yaml", "--wait"])
    name = "containerjob.containerjobs.io/hello"
    assert (done.exit_code, done.output) == (0, f"{name} created\nconfigmap/c created\n{name} finished (Succeeded)\n")
    assert "/namespaces/team/containerjobs?" in played.asked[1]


def test_several_refusals_are_one_line_and_what_was_created_is_told(played: Played) -> None:
    (played.folder / "other-1").write_text("containerjob.containerjobs.io/a-1 created\n")
    refusal = 'Error from server (AlreadyExists): error when creating "STDIN": containerjobs "a-{}" already exists\n'
    played.refuses("other-1", refusal.format(0) + refusal.format(2))
    done = CliRunner().invoke(cli, ["create", "a", "--image", "x", "--count", "3"])
    assert done.exit_code == 1
    assert done.stdout == "containerjob.containerjobs.io/a-1 created\n"
    assert done.stderr == (
        'error: 2 were not created; the first: containerjobs "a-0" already exists:'
        " choose another name, or delete it first\n"
    )
