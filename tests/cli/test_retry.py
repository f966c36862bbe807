"""retry, as people type it."""

import json

from tests.cli.conftest import Shell

KIND = "containerjob.containerjobs.io"
LONG = "trap 'exit 143' TERM; sleep 600 & wait"


def test_a_job_is_run_again_under_a_new_name_that_says_whose_retry_it_is(shell: Shell) -> None:
    shell.create("a", "exit 3", labels={"app": "x"})
    old = shell.reaches("a", "Failed")
    as_yaml = shell.ok("retry", "a", "--dry-run=client", "-o", "yaml")
    assert "\n  name: a-retry-1\n" in as_yaml
    assert shell.ok("retry", "a", "--dry-run=server") == f"{KIND}/a-retry-1 created (server dry run)\n"
    assert shell.ok("retry", "a") == f"{KIND}/a-retry-1 created\n"
    new = shell.reaches("a-retry-1", "Failed")
    assert new["metadata"]["labels"]["app"] == "x"
    assert new["metadata"]["annotations"]["containerjobs.io/retry-of"] == "a"
    assert new["metadata"]["annotations"]["containerjobs.io/retry-of-uid"] == old["metadata"]["uid"]
    assert new["spec"] == old["spec"]
    changed = json.loads(
        shell.ok("retry", "a", "--env", "LEVEL=debug", "--image", "busybox:1.36", "--host", "local", "-o", "json",
                 "--dry-run=client")
    )  # fmt: skip
    [container] = changed["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "LEVEL", "value": "debug"}]
    assert (container["image"], container["command"]) == ("busybox:1.36", ["sh", "-c", "exit 3"])
    assert changed["spec"]["placement"]["hostRef"]["name"] == "local"
    assert changed["metadata"]["name"] == "a-retry-2"
    assert shell.ok("retry", "a", "--name", "mine") == f"{KIND}/mine created\n"
    assert "can't be retried as a-retry-1, there is such a job" not in shell.ok("retry", "a-retry-1", "-o", "name")
    assert shell.refused("retry", "a", "--name", "a") == (
        "job a can't be retried as a, there is such a job: give a --name"
    )


def test_what_still_runs_is_not_doubled(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.reaches("a", "Running")
    assert shell.refused("retry", "a") == "job a has not finished (Running): wait for it, or cancel it first"
    shell.ok("cancel", "a", "--wait")
    shell.ok("retry", "a")
    shell.reaches("a-retry-1", "Running")
    refusal = shell.refused("retry", "a")
    assert refusal.startswith("job a is being retried already, as a-retry-1 (Running): wait for it")
    shell.refused("retry", "a", "--name", "No!", code=2)
    shell.refused("retry", "-l", "app=x", "--follow", code=2)
    shell.refused("retry", "a", "--follow", "-o", "name", code=2)
    assert shell.refused("retry", "nope").startswith("there is no ContainerJob nope")
    assert shell("retry", "nope", "--ignore-not-found").returncode == 0


def test_of_selected_jobs_only_the_newest_runs_that_failed_are_retried(shell: Shell) -> None:
    labels = {"app": "x"}
    for name, script in (("bad", "exit 1"), ("good", "exit 0"), ("worse", "exit 2")):
        shell.create(name, script, labels=labels)
    shell.reaches("bad", "Failed")
    shell.reaches("worse", "Failed")
    shell.reaches("good", "Succeeded")
    assert shell.refused("retry", "-l", "app=x").startswith("retry 2 jobs: give -y to say yes")
    made = shell.ok("retry", "-l", "app=x", "-y", "-o", "name").splitlines()
    assert sorted(made) == [f"{KIND}/bad-retry-1", f"{KIND}/worse-retry-1"]
    shell.reaches("bad-retry-1", "Failed")
    shell.reaches("worse-retry-1", "Failed")
    again = shell.ok("retry", "--all", "--phase", "failed", "-y").splitlines()
    assert sorted(again) == [f"{KIND}/bad-retry-2 created", f"{KIND}/worse-retry-2 created"]
    nothing = shell("retry", "--all", "--phase", "Cancelled", "-y")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert nothing.stderr == "No job whose newest run is Cancelled: nothing to retry.\n"


def test_a_retry_that_is_followed_ends_as_its_container_does(shell: Shell) -> None:
    shell.create("a", "echo hello; exit 42")
    shell.reaches("a", "Failed")
    done = shell("retry", "a", "--follow")
    assert done.returncode == 42
    assert done.stdout in {"hello\n", ""}  # the output itself needs the log API, or the kept tail
    assert "a-retry-1" in done.stderr
