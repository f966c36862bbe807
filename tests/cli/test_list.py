"""`list` beside `kubectl get`: the same bytes, whatever the format."""

import csv
import io
import os
import signal
import subprocess

import pytest
from tests.cli.conftest import Shell, wait_for

FORMATS = (
    *((), ("-o", "wide"), ("-o", "json"), ("-o", "yaml"), ("-o", "name"), ("--no-headers",), ("--show-labels",)),
    *(("-o", "jsonpath={.items[*].metadata.name}"), ("-o", "custom-columns=N:.metadata.name,P:.status.phase")),
    *(("-o", "go-template", "--template={{len .items}}"), ("-L", "app"), ("-l", "app=a"), ("--show-kind",)),
    *(("--sort-by=.metadata.name",), ("--field-selector=status.finished=true",), ("--chunk-size=1",)),
    *(
        ("-o", "json", "--show-managed-fields"),
        ("a", "b"),
        ("a", "nobody", "--ignore-not-found"),
        ("-A", "-l", "x=y"),
    ),
)


@pytest.fixture
def finished(shell: Shell) -> Shell:
    """A namespace with one job that succeeded and one that waits."""
    shell.create("a", labels={"app": "a"})
    shell.create("b", labels={"app": "b"}, suspend=True)
    shell.reaches("a", "Succeeded")
    shell.reaches("b", "Suspended")
    return shell


def test_a_list_is_what_kubectl_prints(finished: Shell) -> None:
    for flags in FORMATS:
        asked = ("get", "cjob", f"--namespace={finished.namespace}", *flags)
        # Both tell ages in seconds, and a second may pass between them.
        wait_for(
            f"the same twice for {flags}",
            lambda flags=flags, asked=asked: finished.ok("list", *flags) == finished.cluster.kubectl(*asked),
            10,
        )


def test_jobs_are_chosen_by_where_they_stand(finished: Shell) -> None:
    def names(*flags: str) -> list[str]:
        return finished.ok("list", "-o", "custom-columns=:.metadata.name", "--no-headers", *flags).split()

    assert names("--finished") == names("--phase=Succeeded,Failed") == names("--phase=succeeded") == ["a"]
    assert names("--active") == names("--phase=Suspended,Running") == ["b"]
    assert names("--finished", "--phase=Suspended") == []
    rows = list(csv.DictReader(io.StringIO(finished.ok("list", "-o", "csv", "--finished"))))
    assert [(row["NAME"], row["PHASE"], row["HOST"], row["EXIT CODE"]) for row in rows] == [
        ("a", "Succeeded", "fake", "0")
    ]
    assert rows[0]["FINISHED"] == finished.job("a")["status"]["finishTime"]


def test_an_empty_list_says_so_as_kubectl_does(shell: Shell) -> None:
    done = shell("list")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"No resources found in {shell.namespace} namespace.\n"
    assert shell.refused("list", "nobody", "no-one") == (
        'containerjobs.containerjobs.io "nobody" not found; containerjobs.containerjobs.io "no-one" not found'
    )


def test_a_watch_goes_on_until_it_is_interrupted(shell: Shell) -> None:
    watching = subprocess.Popen(
        shell.command("list", "-w", "-o", "name"),
        env=shell.cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stdout is not None
    shell.create("late", suspend=True)

    assert watching.stdout.readline() == "containerjob.containerjobs.io/late\n"
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=120)[1].strip() == ""
    assert watching.returncode == 130


def test_a_reader_that_goes_away_is_no_mistake(finished: Shell) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        finished.command("list"),
        env=finished.cluster.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, "")
