"""delete, as people type it: what goes, what --wait proves, and what is never hit."""

import pytest
from tests.cli.conftest import Shell, wait_for

from kubectl_containerjob.changing.deletions import delete_each
from kubectl_containerjob.changing.outcomes import How, Report
from kubectl_containerjob.gateway import opened
from kubectl_containerjob.kubectl import JOBS, Kubectl

KIND = "containerjob.containerjobs.io"
LONG = "trap 'exit 143' TERM; sleep 600 & wait"


def jobs_of(shell: Shell) -> set[str]:
    return set(shell.cluster.kubectl("get", "cjob", "-n", shell.namespace, "-o", "name").split())


def test_named_jobs_go_at_once_and_a_dry_run_leaves_them(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.create("b", suspend=True)
    assert shell.ok("delete", "a", "b", "--dry-run=client").count(" deleted (dry run)\n") == 2
    assert shell.ok("delete", "a", "--dry-run=server", "-o", "name") == f"{KIND}/a\n"
    assert jobs_of(shell) == {f"{KIND}/a", f"{KIND}/b"}
    done = shell("delete", "a", "nope")
    assert (done.returncode, done.stdout) == (1, f"{KIND}/a deleted\n")
    assert "there is no ContainerJob nope" in done.stderr
    assert shell("delete", "a", "--ignore-not-found").returncode == 0
    assert jobs_of(shell) == {f"{KIND}/b"}


def test_many_go_after_a_yes(shell: Shell) -> None:
    for name in "abc":
        shell.create(name, suspend=True, labels={"app": "x"})
    assert shell.refused("delete", "-l", "app=x").startswith("delete 3 jobs: give -y")
    assert shell.ok("delete", "--all", "-y").count(" deleted\n") == 3
    nothing = shell("delete", "--all", "-y")
    assert (nothing.returncode, nothing.stdout, nothing.stderr.count("\n")) == (0, "", 1)


def test_waiting_stops_the_container_first(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.create("done", "exit 0")
    shell.reaches("a", "Running")
    shell.reaches("done", "Succeeded")
    done = shell("delete", "a", "done", "--wait")
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) == {f"{KIND}/a deleted", f"{KIND}/done deleted"}
    assert jobs_of(shell) == set()


def test_what_does_not_end_in_time_is_cancelled_and_stays(shell: Shell) -> None:
    shell.create("stubborn", "sleep 600")
    shell.reaches("stubborn", "Running")
    late = shell.refused("delete", "stubborn", "--wait", "--timeout=1s", code=124)
    assert late.startswith("job stubborn has not ended in time: it is cancelled and not deleted")
    assert shell.job("stubborn")["spec"]["cancel"] is True


def test_another_job_of_the_same_name_is_never_deleted(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in shell.cluster.environment.items():
        monkeypatch.setenv(name, value)
    kubectl = Kubectl(chosen_namespace=shell.namespace)
    shell.create("a", suspend=True)
    stale = kubectl.json("get", JOBS, "a")
    shell.ok("delete", "a")
    report = Report(kubectl, How())
    with opened(kubectl) as gateway:
        assert delete_each(gateway, [stale], report, lenient=True) == []
        assert report.problems == []
        assert delete_each(gateway, [stale], report, lenient=False) == []
        assert "there is no ContainerJob a" in report.problems[0].message
        shell.create("a", suspend=True)
        assert delete_each(gateway, [stale], report, lenient=True) == []
    assert "deleted and created again meanwhile: the new one stays" in capsys.readouterr().err
    assert wait_for("the new one is there", lambda: jobs_of(shell)) == {f"{KIND}/a"}
