"""What `list` asks kubectl for, and its CSV; kubectl is played by a script."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from containerjob_api.phases import Phase
from kubectl_containerjob import kubectl
from kubectl_containerjob.main import cli

# Notes what it is asked, then says what `answer` holds.
SCRIPT = """#!/bin/sh
cd {folder}
for each; do echo "$each" >> asked; done
[ ! -e refusal ] || {{ cat refusal >&2; exit 1; }}
cat answer
"""
JOB: dict[str, Any] = {
    "metadata": {"name": "a", "namespace": "team", "creationTimestamp": "2026-01-01T00:00:00Z"},
    "spec": {},
    "status": {
        "phase": "Failed",
        "host": {"name": "rack-1"},
        "attemptCount": 2,
        "exitCode": 3,
        "startTime": "2026-01-01T00:00:01.000000Z",
        "finishTime": "2026-01-01T00:00:02.000000Z",
        "conditions": [{"type": "Ready", "status": "False", "reason": "NonZeroExitCode"}],
    },
}
FRESH: dict[str, Any] = {"metadata": {**JOB["metadata"], "name": 'b"c,d'}, "spec": {}}
HEADER = "NAMESPACE,NAME,PHASE,HOST,ATTEMPTS,EXIT CODE,CREATED,STARTED,FINISHED,REASON\n"
ROW = (
    "team,a,Failed,rack-1,2,3,2026-01-01T00:00:00Z,2026-01-01T00:00:01.000000Z,2026-01-01T00:00:02.000000Z,"
    "NonZeroExitCode\n"
)


class Played:
    """kubectl as a script, and the plugin that calls it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "answer").touch()
        script = folder / "kubectl"
        script.write_text(SCRIPT.format(folder=folder))
        script.chmod(0o755)

    def answers(self, body: object) -> None:
        (self.folder / "answer").write_text(json.dumps(body))

    def run(self, *arguments: str) -> Result:
        (self.folder / "asked").unlink(missing_ok=True)
        return CliRunner().invoke(cli, ["list", *arguments])

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Played:
    there = Played(tmp_path)
    monkeypatch.setattr(kubectl, "PROGRAM", str(tmp_path / "kubectl"))
    return there


def test_flags_go_to_kubectl_as_they_are(played: Played) -> None:
    switches = ["--watch", "--watch-only", "--all-namespaces", "--no-headers", "--show-labels", "--show-kind"]
    switches += ["--show-managed-fields", "--ignore-not-found", "--output-watch-events"]
    values = ["--selector=a=b", "--field-selector=x=y", "--sort-by=.a", "--chunk-size=5", "--template={{.x}}"]
    columns = ["--label-columns=a,b", "--label-columns=c"]

    done = played.run("x", "y", *switches, *values, *columns, "-o", "wide", "-n", "team")

    assert done.exit_code == 0, done.output
    assert played.asked == [
        *("get", "containerjobs.containerjobs.io", "x", "y"),
        *(*switches, *values, *columns, "--output=wide", "--namespace=team"),
    ]


def test_short_flags_are_read_as_kubectl_reads_them(played: Played) -> None:
    played.run("-wA", "-o=jsonpath={.items}", "-l=a=b", "-Lx", "cjob/a", "containerjob.containerjobs.io/b")

    assert played.asked[2:] == [
        *("a", "b", "--watch", "--all-namespaces", "--selector=a=b", "--label-columns=x"),
        "--output=jsonpath={.items}",
    ]


def test_nothing_is_added_to_a_plain_list(played: Played) -> None:
    played.run()

    assert played.asked == ["get", "containerjobs.containerjobs.io"]


@pytest.mark.parametrize(
    ("flags", "selected"),
    [
        (["--active"], "status.finished!=true"),
        (["--finished"], "status.finished=true"),
        (["--phase=failed"], "status.phase=Failed"),
        (["--active", "--field-selector=metadata.name=x"], "metadata.name=x,status.finished!=true"),
        (
            ["--phase=Failed, timedout", "--phase=Succeeded"],
            ",".join(
                f"status.phase!={phase}"
                for phase in Phase
                if phase not in {Phase.FAILED, Phase.TIMED_OUT, Phase.SUCCEEDED}
            ),
        ),
    ],
)
def test_filters_become_one_field_selector(played: Played, flags: list[str], selected: str) -> None:
    played.run(*flags)

    assert played.asked[2:] == [f"--field-selector={selected}"]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--active", "--finished"], "--active and --finished exclude each other"),
        (["--phase=Done"], "there is no phase 'Done': --phase takes Pending, Queued,"),
        (["-o", "csv", "-w"], "-o csv cannot be used with --watch"),
        (["-o", "csv", "-L", "app"], "-o csv cannot be used with --label-columns"),
    ],
)
def test_what_cannot_be_is_wrong_usage(played: Played, flags: list[str], told: str) -> None:
    done = played.run(*flags)

    assert done.exit_code == 2
    assert told in done.output
    assert not (played.folder / "asked").exists()


def test_csv_has_a_row_for_each_job(played: Played) -> None:
    played.answers({"items": [JOB, FRESH]})

    done = played.run("-o", "csv", "--sort-by=.metadata.name")

    assert done.output == HEADER + ROW + 'team,"b""c,d",Pending,,0,,2026-01-01T00:00:00Z,,,\n'
    assert played.asked[2:] == ["--sort-by=.metadata.name", "-o", "json"]


def test_csv_of_one_named_job_without_the_header(played: Played) -> None:
    played.answers(JOB)

    assert played.run("a", "-o", "csv", "--no-headers").output == ROW


def test_csv_of_nothing_is_the_header(played: Played) -> None:
    assert played.run("a", "-o", "csv", "--ignore-not-found").output == HEADER


def test_an_older_definition_is_named_where_it_knows_no_phases(played: Played) -> None:
    (played.folder / "refusal").write_text(
        "Error from server (BadRequest): Unable to find it: field label not supported: status.phase\n"
    )

    done = played.run("--phase=Failed")

    assert done.exit_code == 1
    assert done.output == "error: this cluster cannot select by phase: apply crds/ of the plugin's version\n"


def test_any_other_refusal_is_told_as_it_is(played: Played) -> None:
    (played.folder / "refusal").write_text('Error from server (NotFound): containerjobs "x" not found\n')

    assert played.run("x").output == 'error: containerjobs "x" not found\n'


def test_listing_loads_nothing_heavier_than_click() -> None:
    code = "import sys, kubectl_containerjob.commands.list; print(*sorted(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert not {"pydantic", "rich", "yaml", "csv", "kubernetes", "containerjob_api.jobs"} & set(loaded)
