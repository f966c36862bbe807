"""`run` through real kubectl: it ends as the container did, however it is followed and left."""

import json
import os
import pty
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.cli.conftest import Shell, wait_for

KIND = "containerjob.containerjobs.io"
UNTIL_STOPPED = "trap 'exit 0' TERM; echo up; sleep 300"


def image(host: str) -> tuple[str, ...]:
    return ("--image", "busybox:1.37", "--host", host, "--progress", "plain")


def started(shell: Shell, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        shell.command(*arguments),
        env=shell.cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def reads(child: "subprocess.Popen[str]", line: str) -> None:
    """Read stderr until this line has come."""
    assert child.stderr is not None
    before = []
    while (found := child.stderr.readline()) != f"{line}\n":
        before.append(found)
        assert found, before


@pytest.mark.parametrize("host", ["fake", "local"])
def test_the_exit_code_is_the_containers_own(shell: Shell, host: str) -> None:
    scripts = {0: "echo out; echo err >&2", 1: "exit 1", 42: "echo last; exit 42", 137: "exit 137"}
    with ThreadPoolExecutor(4) as together:
        done = together.map(
            lambda code: shell("run", f"job-{code}", *image(host), "--", "sh", "-c", scripts[code]), scripts
        )
        ends = dict(zip(scripts, done, strict=True))
    assert [end.returncode for end in ends.values()] == [0, 1, 42, 137], ends
    assert ends[0].stdout == "out\n"
    assert "err\n" in ends[0].stderr
    assert ends[42].stdout == "last\n"
    # What a slow machine or an operator that has just been restarted has told besides.
    besides = re.compile("can't be read|pulling|can be read again")
    told = [line for line in ends[42].stderr.splitlines() if line.startswith("job-42: ")]
    steps = [line for line in told if not besides.search(line)]
    assert steps[:3] == ["job-42: created", f"job-42: scheduled on {host}", f"job-42: started on {host}"]
    assert re.fullmatch(rf"job-42: Failed after \d.* on {host}, exit code 42", steps[-1])
    assert shell.job("job-42")["spec"]["backoffLimit"] == 0


def test_a_deadline_is_124_and_a_command_that_is_not_there_127(shell: Shell) -> None:
    late = shell("run", "late", *image("fake"), "--timeout", "1", "--", "sh", "-c", UNTIL_STOPPED)
    assert late.returncode == 124
    assert "late: TimedOut after" in late.stderr
    absent = shell("run", "absent", *image("fake"), "--", "/no/such/program")
    assert absent.returncode == 127, absent.stderr


def test_ctrl_c_detaches_and_the_job_is_followed_again_and_cancelled(shell: Shell) -> None:
    with started(shell, "run", "long", *image("fake"), "--", "sh", "-c", UNTIL_STOPPED) as first:
        reads(first, "long: started on fake")
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=120)
    assert first.returncode == 130
    assert f"long: detached, the job goes on: `kubectl containerjob run long -n {shell.namespace}`" in err
    assert shell.job("long")["status"]["phase"] == "Running"

    again = ("run", "long", "--progress", "plain", "--cancel-on-interrupt", "--rm")
    with started(shell, *again) as second:
        reads(second, "long: is Running")
        second.send_signal(signal.SIGINT)
        _, err = second.communicate(timeout=120)
    assert second.returncode == 125, err
    assert "long: Cancelled after" in err
    wait_for(
        "--rm deletes it",
        lambda: not shell.cluster.kubectl("get", "cjob", "-n", shell.namespace, "-o", "name").strip(),
    )


def test_detached_and_dry_runs_follow_nothing(shell: Shell) -> None:
    assert shell.ok("run", "away", "-d", *image("fake"), "--", "true") == f"{KIND}/away created\n"
    shell.reaches("away", "Succeeded")
    many = ("run", "n", "-d", "--count", "2", "-o", "name", *image("fake"), "--suspend", "--", "true")
    assert shell.ok(*many) == f"{KIND}/n-0\n{KIND}/n-1\n"
    shell.reaches("n-0", "Suspended")
    assert shell.ok("run", "n-0", "-d") == f"{KIND}/n-0 resumed\n"
    body = json.loads(shell.ok("run", "x", "--dry-run", "client", "-o", "json", *image("fake"), "--", "true"))
    assert body["spec"]["backoffLimit"] == 0


def test_a_name_alone_resumes_starts_early_or_is_refused_in_one_line(shell: Shell) -> None:
    shell.create("held", "echo held", suspend=True)
    shell.create("early", "echo early", notBefore="2099-01-01T00:00:00Z")
    for name in ("held", "early"):
        done = shell("run", name, "--progress", "json", "--quiet")
        assert (done.returncode, done.stdout) == (0, f"{name}\n")
    assert shell.refused("run", "held").startswith(
        "held has finished (Succeeded): run it again with `kubectl containe"
    )
    assert shell.refused("run", "nope") == "there is no ContainerJob nope: give --image to create it"
    assert "say what to run" in shell.refused("run", code=2)
    assert "--cpu: only for a new job" in shell.refused("run", "held", "--cpu", "1", code=2)
    assert "leave out --detach" in shell.refused("run", "held", "-d", "--rm", code=2)
    for option in (("--suspend",), ("--count", "2"), ("-o", "json")):
        assert "leaves nothing to follow" in shell.refused("run", "a", *image("fake"), *option, code=2)
    shell.create("stopping", "trap '' TERM; sleep 20", suspend=False)
    shell.reaches("stopping", "Running")
    shell.cluster.kubectl(
        "patch", "cjob", "stopping", "-n", shell.namespace, "--type=merge", "-p", '{"spec":{"cancel":true}}'
    )
    assert "stopping is being cancelled" in shell.refused("run", "stopping")


def test_json_progress_tells_each_step_as_an_object(shell: Shell) -> None:
    done = shell("run", "told", *image("fake")[:-1], "json", "--", "sh", "-c", "echo hi; exit 3")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    kinds = [event["event"] for event in events if event["event"] != "missing"]
    assert kinds == ["created", "scheduled", "started", "finished"]
    assert {(event["namespace"], event["name"]) for event in events} == {(shell.namespace, "told")}
    assert (events[-1]["phase"], events[-1]["exitCode"], events[-1]["attempts"]) == ("Failed", 3, 1)
    assert (done.returncode, done.stdout) == (3, "hi\n")


def test_a_retried_job_tells_each_attempt(shell: Shell) -> None:
    shell.create("again", "echo try; exit 3", suspend=True, backoffLimit=1, retryPolicy={"initialDelaySeconds": 1})
    done = shell("run", "again", "--progress", "plain")
    assert done.returncode == 3
    assert re.search(r"^again: retrying in \d s: the container exited with code 3$", done.stderr, re.MULTILINE)
    assert done.stderr.count("again: started on fake") == 2
    assert ", 2 attempts: failed 2 times" in done.stderr


def test_a_job_that_is_deleted_while_it_is_followed_is_125(shell: Shell) -> None:
    with started(shell, "run", "gone", *image("fake"), "--", "sh", "-c", UNTIL_STOPPED) as child:
        reads(child, "gone: started on fake")
        shell.cluster.kubectl("delete", "cjob", "gone", "-n", shell.namespace)
        _, err = child.communicate(timeout=120)
    assert child.returncode == 125
    assert err.endswith("gone: was deleted while it was followed\n")


def test_on_a_terminal_the_steps_are_a_picture_that_shrinks_to_one_line(shell: Shell) -> None:
    environment = shell.cluster.environment | {"TERM": "xterm", "NO_COLOR": "1"}
    main, side = pty.openpty()
    words = ("run", "seen", *image("fake")[:-1], "auto", "--", "sh", "-c", "sleep 0.5; echo hi; sleep 0.3; exit 5")
    with subprocess.Popen(shell.command(*words), env=environment, stdin=side, stdout=side, stderr=side) as child:
        os.close(side)
        drawn = b""
        while True:
            try:
                data = os.read(main, 4096)
            except OSError:  # how Linux tells that the other end is closed
                break
            if not data:
                break
            drawn += data
    os.close(main)
    text = drawn.decode().replace("\r\n", "\n")
    assert child.returncode == 5, text
    assert "⠋ seen created" in text
    assert "\x1b[1A\r\x1b[J✔ seen created" in text
    assert re.search(r"✔ seen started on fake\n", text)
    assert "\nhi\n" in text
    assert re.search(r"✘ seen Failed after \d.* on fake, exit code 5\n$", text)
