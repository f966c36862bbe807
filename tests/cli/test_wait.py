"""`wait` through real kubectl: each goal, the exit codes, and a time that is up."""

import subprocess

from tests.cli.conftest import Shell

KIND = "containerjob.containerjobs.io"


def test_the_end_of_jobs_is_waited_for_and_told(shell: Shell) -> None:
    shell.create("good", "sleep 0.5", labels={"app": "a"})
    shell.create("bad", "exit 3", labels={"app": "a"})
    done = shell("wait", "good", "bad", "--timeout=100s")
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == [f"{KIND}/bad finished (Failed)", f"{KIND}/good finished (Succeeded)"]
    assert shell.ok("wait", "good", "--for=succeeded") == f"{KIND}/good finished (Succeeded)\n"
    assert shell.ok("wait", "good", "--for=running") == f"{KIND}/good finished (Succeeded)\n"
    assert shell("wait", "bad", "--exit-code").returncode == 3
    assert shell("wait", "-l", "app=a", "--for=succeeded").returncode == 1
    assert shell("wait", "--all", "--any").stdout.count("finished") == 1


def test_a_time_that_is_up_is_124_and_one_line(shell: Shell) -> None:
    shell.create("long", "trap 'exit 0' TERM; sleep 300")
    assert shell.ok("wait", "long", "--for=running", "--timeout=100s") == f"{KIND}/long running\n"
    assert shell.refused("wait", "long", "--timeout=1s", code=124) == (
        "the time is up: long not finished after 1 s; see `kubectl containerjob why long`"
    )
    with subprocess.Popen(
        shell.command("wait", "long", "--for=delete"),
        env=shell.cluster.environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as waiting:
        shell.cluster.kubectl("delete", "cjob", "long", "-n", shell.namespace)
        said = waiting.communicate(timeout=120)[0]
    assert waiting.returncode == 0
    assert said in {f"{KIND}/long deleted\n", ""}  # it may have been gone before we looked
    assert shell.ok("wait", "long", "--for=delete") == ""


def test_wrong_usage_and_empty_selections_are_said(shell: Shell) -> None:
    assert "there is no ContainerJob nope" in shell.refused("wait", "nope")
    assert "--exit-code is one job's" in shell.refused("wait", "--all", "--exit-code", code=2)
    assert "say which" in shell.refused("wait", code=2)
    empty = shell("wait", "--all")
    assert (empty.returncode, empty.stderr) == (0, f"No ContainerJobs found in {shell.namespace} namespace.\n")
