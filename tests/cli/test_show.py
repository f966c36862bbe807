"""`show` through real kubectl: one screen, what kubectl prints, a watch, and what goes wrong."""

import json
import os
import pty
import subprocess

from tests.cli.conftest import Shell, wait_for


def test_a_finished_job_is_shown_with_its_attempt_its_events_and_its_last_lines(shell: Shell) -> None:
    shell.create("bad", "echo hello; exit 3")
    job = shell.reaches("bad", "Failed")
    screen = shell.ok("show", "bad")
    for part in ("✘ bad  Failed (NonZeroExitCode)", "Attempts\n  └ ✘ 0  fake", "Events\n", "stdout │ hello"):
        assert part in screen
    assert "\x1b" not in screen
    assert "sh -c 'echo hello; exit 3'" in screen
    assert f"kubectl containerjob retry bad -n {shell.namespace}" in screen
    assert shell.ok("show", "cjob/bad", "-o", "name") == "containerjob.containerjobs.io/bad\n"
    assert json.loads(shell.ok("show", "bad", "-o", "json"))["metadata"]["uid"] == job["metadata"]["uid"]
    assert shell.ok("show", "bad", "--watch").count("\n") == 1
    assert shell.refused("show", "gone").startswith("there is no ContainerJob gone")
    assert "--watch shows one job" in shell.refused("show", "--all", "--watch", code=2)
    assert "say which" in shell.refused("show", code=2)
    nothing = shell("show", "-l", "app=none")
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (
        0,
        "",
        f"No ContainerJobs found in {shell.namespace} namespace.\n",
    )


def test_a_watch_tells_each_change_and_ends_with_the_job(shell: Shell) -> None:
    shell.create("later", "exit 0", suspend=True)
    shell.reaches("later", "Suspended")
    with subprocess.Popen(
        shell.command("show", "later", "-w"), stdout=subprocess.PIPE, env=shell.cluster.environment, text=True
    ) as watch:
        assert watch.stdout is not None
        assert "Suspended  JobSuspended" in watch.stdout.readline()
        shell.cluster.kubectl(
            "patch", "cjob", "later", "-n", shell.namespace, "--type=merge", '-p={"spec":{"suspend":false}}'
        )
        lines = watch.stdout.read().splitlines()
        assert watch.wait(30) == 0
    assert "Succeeded  Completed" in lines[-1]


def test_a_watch_of_a_deleted_job_says_so(shell: Shell) -> None:
    shell.create("going", "exit 0", suspend=True)
    shell.reaches("going", "Suspended")
    with subprocess.Popen(
        shell.command("show", "going", "-w"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=shell.cluster.environment,
        text=True,
    ) as watch:
        assert watch.stdout is not None
        watch.stdout.readline()
        shell.cluster.kubectl("delete", "cjob", "going", "-n", shell.namespace)
        _, stderr = watch.communicate(timeout=120)
    assert (watch.returncode, stderr) == (1, "error: going was deleted\n")


def test_a_terminal_is_drawn_anew_in_its_own_width_and_colours(shell: Shell) -> None:
    shell.create("tall", "exit 0")
    shell.reaches("tall", "Succeeded")
    ours, theirs = pty.openpty()
    environment = shell.cluster.environment | {"TERM": "xterm", "COLUMNS": "60", "LINES": "50"}
    with subprocess.Popen(
        shell.command("show", "tall", "--watch"), stdin=theirs, stdout=theirs, env=environment
    ) as watch:
        os.close(theirs)
        seen = wait_for("the screen", lambda: _read(ours))
        while more := _read(ours):
            seen += more
        assert watch.wait(30) == 0
    os.close(ours)
    assert seen.startswith("\x1b[H\x1b[2J")
    assert "\x1b[32mSucceeded\x1b[0m" in seen


def test_logs_come_below_the_screen_of_each_job(shell: Shell) -> None:
    shell.create("loud", "echo one; exit 0")
    shell.create("mute", "exit 0", suspend=True)
    shell.reaches("loud", "Succeeded")
    shell.reaches("mute", "Suspended")
    screens = shell.ok("show", "mute", "loud", "--logs", "--color=always")
    assert screens.count("\x1b[1mOutput\x1b[0m") == 1
    assert "the kept last lines" not in screens


def test_who_may_read_jobs_only_sees_that_events_are_forbidden(shell: Shell) -> None:
    shell.create("seen", "exit 0", suspend=True)
    own = ("-n", shell.namespace)
    shell.cluster.kubectl("create", "role", "see", "--verb=get,list", "--resource=containerjobs", *own)
    shell.cluster.kubectl("create", "rolebinding", "see", "--role=see", "--user=viewer", *own)
    assert "Events\n  <forbidden>" in shell.ok("show", "seen", "--as=viewer")
    assert "forbidden" in shell.refused("show", "seen", "--as=nobody")
    shell.create("heard", "exit 0")
    shell.reaches("heard", "Succeeded")
    both = shell("show", "--all", "--logs", "--as=viewer")
    assert (both.returncode, both.stderr.count("containerjobs/log")) == (1, 1)
    assert "seen  Suspended" in both.stdout


def _read(terminal: int) -> str:
    """Read what is there; nothing at the end, which Linux tells as an error."""
    try:
        return os.read(terminal, 65536).decode()
    except OSError:
        return ""
