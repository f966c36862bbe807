"""cancel, suspend and resume, as people type them; and what happens when others are at the same job."""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest
from tests.cli.conftest import Shell, wait_for

from kubectl_containerjob.changing.changes import change_one
from kubectl_containerjob.changing.wishes import CANCEL, SUSPEND
from kubectl_containerjob.gateway import Gateway, opened
from kubectl_containerjob.kubectl import JOBS, Kubectl
from kubectl_containerjob.problems import Problem, Refused

KIND = "containerjob.containerjobs.io"
LONG = "trap 'exit 143' TERM; sleep 600 & wait"


@pytest.fixture
def kubectl(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """The plugin's own kubectl in this process, in the shell's namespace."""
    for name, value in shell.cluster.environment.items():
        monkeypatch.setenv(name, value)
    return Kubectl(chosen_namespace=shell.namespace)


@pytest.fixture
def gateway(kubectl: Kubectl) -> Iterator[Gateway]:
    with opened(kubectl) as gateway:
        yield gateway


def test_the_life_of_a_job_that_is_suspended_resumed_and_cancelled(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.reaches("a", "Running")
    assert shell.ok("suspend", "a", "--wait") == f"{KIND}/a suspended\n"
    assert shell.job("a")["status"]["phase"] == "Suspended"
    assert shell.ok("suspend", "a") == f"{KIND}/a unchanged\n"
    assert shell.ok("resume", "a", "--dry-run=client") == f"{KIND}/a resumed (dry run)\n"
    assert shell.ok("resume", "a", "--dry-run=server", "-o", "name") == f"{KIND}/a\n"
    assert shell.job("a")["spec"]["suspend"] is True
    assert shell.ok("resume", "cjob/a", "--wait") == f"{KIND}/a resumed\n"
    cancelled = json.loads(shell.ok("cancel", "a", "--wait", "-o", "json"))
    assert (cancelled["spec"]["cancel"], "managedFields" in cancelled["metadata"]) == (True, False)
    assert shell.job("a")["status"]["phase"] == "Cancelled"
    assert shell("cancel", "a", "--error-unchanged").returncode == 3
    assert shell.refused("resume", "a") == "job a has finished (Cancelled): nothing to resume"
    assert shell.refused("suspend", "a") == "job a has finished (Cancelled): nothing to suspend"
    fields = shell.cluster.kubectl("get", "cjob", "a", "-n", shell.namespace, "-o", "yaml", "--show-managed-fields")
    assert "manager: kubectl-containerjob" in fields


def test_names_that_are_missing_fail_alone(shell: Shell) -> None:
    shell.create("a", suspend=True)
    done = shell("cancel", "nope", "a", "No!")
    missing = "error: there is no ContainerJob {} in this namespace: see `kubectl containerjob list`\n"
    assert (done.returncode, done.stdout) == (1, f"{KIND}/a cancelled\n")
    assert done.stderr == missing.format("nope") + missing.format("No!")
    assert shell("cancel", "nope", "--ignore-not-found").returncode == 0
    assert shell("cancel", "nope", "--ignore-not-found", "--error-unchanged").returncode == 3
    shell.reaches("a", "Cancelled")
    shell.create("done", "exit 0")
    shell.reaches("done", "Succeeded")
    assert shell.refused("cancel", "done") == "job done has finished (Succeeded): nothing to cancel"
    assert shell.refused("cancel", "done", "--dry-run=client") == (
        "job done has finished (Succeeded): nothing to cancel"
    )
    shell.refused("cancel", code=2)
    shell.refused("cancel", "a", "--all", code=2)


def test_a_hundred_jobs_by_selector_take_a_few_seconds(shell: Shell) -> None:
    container = {"name": "main", "image": "busybox:1.37", "command": ["true"]}
    items = [
        {
            "apiVersion": "containerjobs.io/v1alpha1",
            "kind": "ContainerJob",
            "metadata": {"name": f"j{index}", "namespace": shell.namespace, "labels": {"app": "x"}},
            "spec": {"suspend": True, "template": {"spec": {"containers": [container]}}},
        }
        for index in range(100)
    ]
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    shell.cluster.kubectl("create", "-f", "-", stdin=body)
    shell.create("done", "exit 0", labels={"app": "x"})
    shell.reaches("done", "Succeeded")
    refusal = shell.refused("cancel", "-l", "app=x")
    assert refusal == "cancel 100 jobs: give -y to say yes, or --dry-run=client to see which"
    assert shell.ok("cancel", "-l", "app=x", "--dry-run=client").count(" cancelled (dry run)\n") == 100
    begin = time.monotonic()
    told = shell.ok("cancel", "-l", "app=x", "-y")
    assert told.count(" cancelled\n") == 100
    assert f"{KIND}/done" not in told
    assert time.monotonic() - begin < 10
    assert shell.ok("cancel", "--all", "--wait", "-o", "name").count("\n") == 100
    nothing = shell("cancel", "-l", "app=y")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == f"No ContainerJobs found in {shell.namespace} namespace.\n"
    everywhere = shell("cancel", "-l", f"app={shell.namespace}", "-A")
    assert everywhere.stderr == "No ContainerJobs found.\n"


def test_waiting_ends_with_the_time_that_was_given(shell: Shell) -> None:
    shell.create("stubborn", "sleep 600")
    shell.reaches("stubborn", "Running")
    done = shell("cancel", "stubborn", "--wait", "--timeout", "1s")
    assert (done.returncode, done.stdout) == (124, f"{KIND}/stubborn cancelled\n")
    late = "job stubborn is not cancelled after 1 s: see `kubectl containerjob why stubborn`"
    assert done.stderr == f"error: {late}\n"


def test_waiting_tells_of_a_job_that_went_another_way(shell: Shell) -> None:
    shell.create("a", "trap 'exit 0' TERM; sleep 600 & wait", suspend=True)
    shell.reaches("a", "Suspended")
    shell.create("b", "sleep 600")
    shell.reaches("b", "Running")
    command = shell.command("suspend", "b", "--wait")
    with subprocess.Popen(
        command, env=shell.cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stdout is not None
        assert waiting.stderr is not None
        assert waiting.stdout.readline() == f"{KIND}/b suspended\n"
        shell.cluster.kubectl("delete", "cjob", "b", "-n", shell.namespace)
        assert waiting.stderr.read() == "error: job b was deleted before it was suspended\n"
        assert waiting.wait(30) == 1


def test_a_job_that_others_write_meanwhile_is_judged_again(shell: Shell, kubectl: Kubectl, gateway: Gateway) -> None:
    shell.create("a", suspend=True)
    stale = kubectl.json("get", JOBS, "a")
    shell.cluster.kubectl("annotate", "cjob", "a", "-n", shell.namespace, "by=another")
    changed = change_one(gateway, CANCEL, stale)
    assert changed is not None
    assert changed["metadata"]["annotations"] == {"by": "another"}
    assert changed["spec"]["cancel"] is True
    assert change_one(gateway, CANCEL, stale) is None


def test_another_job_of_the_same_name_is_never_touched(shell: Shell, kubectl: Kubectl, gateway: Gateway) -> None:
    shell.create("a", suspend=True)
    stale = kubectl.json("get", JOBS, "a")
    shell.cluster.kubectl("delete", "cjob", "a", "-n", shell.namespace)
    with pytest.raises(Refused, match="there is no ContainerJob a"):
        change_one(gateway, SUSPEND, {**stale, "spec": {**stale["spec"], "suspend": False}})
    shell.create("a", suspend=True)
    with pytest.raises(Problem, match="deleted and created again meanwhile: the new one stays as it is"):
        change_one(gateway, CANCEL, stale)
    assert shell.job("a")["spec"]["cancel"] is False


def test_a_gateway_that_dies_is_one_line(kubectl: Kubectl) -> None:
    with pytest.raises(Refused, match=r"unknown flag"), opened(Kubectl(("--nonsense",))):
        pass


def test_who_may_not_is_told_so_for_each_job(shell: Shell) -> None:
    shell.create("a", suspend=True)
    shell.create("b", suspend=True)
    role = f"view-{shell.namespace}"
    add = ("create", "role", role, "--verb=get,list,watch", "--resource=containerjobs.containerjobs.io")
    shell.cluster.kubectl(*add, "-n", shell.namespace)
    shell.cluster.kubectl("create", "rolebinding", role, f"--role={role}", "--user=eve", "-n", shell.namespace)
    wait_for("eve may look", lambda: shell("cancel", "a", "--dry-run=client", "--as=eve").returncode == 0)
    done = shell("cancel", "a", "b", "--as=eve")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 2)
    assert 'User "eve" cannot patch' in done.stderr
    assert "ask an administrator for the role" in done.stderr
