"""`logs` and `top` through the API server's aggregation, the operator's own log API and a real engine."""

import json
import re
import subprocess
from typing import Any

from tests.cli.conftest import Shell, wait_for

LOCAL = {"placement": {"hostRef": {"kind": "DockerHost", "name": "local"}}}
NOBODY = "--as=nobody@example.com"


def follow(shell: Shell, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        shell.command("logs", *arguments),
        env=shell.cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_job_is_followed_from_before_it_starts_to_its_exit_code(shell: Shell) -> None:
    script = "echo one; sleep 0.3; echo two >&2; sleep 0.3; printf three; exit 42"
    shell.create("demo", script, suspend=True, **LOCAL)
    shell.reaches("demo", "Suspended")
    assert "is waiting to start: JobSuspended: use -f to wait for it" in shell.refused("logs", "demo")
    with follow(shell, "demo", "-f", "--exit-code") as child:
        unsuspended = json.dumps({"spec": {"suspend": False}})
        shell.cluster.kubectl("patch", "cjob", "demo", "-n", shell.namespace, "--type=merge", "-p", unsuspended)
        out, err = child.communicate(timeout=120)
    assert (child.returncode, out, err) == (42, "one\nthree", "two\n")
    shell.reaches("demo", "Failed")

    assert shell.ok("logs", "demo", "--tail", "1", "--stdout-only") == "three"
    assert shell("logs", "demo", "--stderr-only").stderr == "two\n"
    assert shell.ok("logs", "demo", "--limit-bytes", "2", "--stream=stdout") == "on"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+Z one\n", shell.ok("logs", "demo", "--timestamps", "--include", "one"))
    found = [json.loads(line) for line in shell.ok("logs", "demo", "-o", "json").splitlines()]
    assert [(line["stream"], line["message"]) for line in found] == [
        ("stdout", "one"),
        ("stderr", "two"),
        ("stdout", "three"),
    ]
    assert shell.ok("logs", "demo", "--since-time", found[-1]["time"], "--stdout-only") == "three"
    assert shell.refused("logs", "demo", "--previous").startswith("previous: containerjob demo has no attempt before")


def test_every_attempt_of_a_retried_job_can_be_read(shell: Shell) -> None:
    shell.create("again", "echo hello; exit 1", **LOCAL, backoffLimit=1, retryPolicy={"initialDelaySeconds": 1})
    with follow(shell, "again", "-f", "--prefix") as child:
        out, err = child.communicate(timeout=120)
    assert (child.returncode, out, err) == (0, "again hello\nagain#1 hello\n", "")
    assert shell.ok("logs", "again", "--attempt", "0", "--prefix") == "again hello\n"
    assert shell.ok("logs", "again", "--previous", "--prefix") == "again hello\n"


def test_many_jobs_are_followed_in_one_stream(shell: Shell) -> None:
    names = [f"job-{number}" for number in range(5)]
    with follow(shell, "-l", "app=many", "-f") as child:
        for name in names:
            shell.create(name, f"echo {name}; exit 0", labels={"app": "many"}, **LOCAL)
        for name in names:
            shell.reaches(name, "Succeeded")
        if child.poll() is not None:  # it began before there was any job, and had nothing to wait for
            child.communicate()
        else:
            out, _ = child.communicate(timeout=120)
            assert set(out.splitlines()) <= {f"{name} {name}" for name in names}
    assert sorted(shell.ok("logs", "-l", "app=many").splitlines()) == [f"{name} {name}" for name in names]


def test_who_may_not_read_and_what_is_not_there_is_one_line(shell: Shell) -> None:
    assert "there is no ContainerJob nobody" in shell.refused("logs", "nobody")
    forbidden = "you may not read this output, which needs `get containerjobs/log in group subresources"
    assert shell.refused("logs", "demo", NOBODY).startswith(forbidden)
    forbidden = "you may not see what jobs use, which needs `get containerjobs/stats in group subresources"
    assert shell.refused("top", "demo", NOBODY).startswith(forbidden)


def test_top_shows_what_runs(shell: Shell) -> None:
    assert shell("top").stderr == "No jobs are running\n"
    shell.create("busy", "while true; do sleep 1; done", **LOCAL)
    shell.reaches("busy", "Running")

    def measured() -> list[Any]:
        return list(json.loads(shell.ok("top", "-o", "json"))["items"])

    (item,) = wait_for("busy is measured", measured)
    assert (item["namespace"], item["name"], item["host"]) == (shell.namespace, "busy", "local")
    assert item["usage"]["memoryBytes"] > 0
    assert re.match(r"busy +local +0 +\d+m +\d+Mi +\d+% +\d+\n$", shell.ok("top", "busy", "--no-headers"))
    shell.cluster.kubectl("delete", "cjob", "busy", "-n", shell.namespace)
