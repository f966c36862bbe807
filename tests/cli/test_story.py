"""The whole story, as a person lives it on the first day: seed, create, look, read, cancel, clean up."""

from tests.cli.conftest import Shell, wait_for

KIND = "containerjob.containerjobs.io"


def test_from_samples_to_an_empty_namespace(shell: Shell) -> None:
    # The samples: a host under a name of our own on the environment's engine, or none where one has that engine.
    seeded = shell.ok("seed").splitlines()
    samples = [line.removesuffix(" created") for line in seeded if line.startswith(KIND)]
    assert samples
    again = shell.ok("seed").splitlines()
    assert all(line.partition(" ")[2].startswith("unchanged") for line in again), again

    # A job of one's own, which the operator runs.
    created = shell.ok(
        "create",
        "first",
        "--image=busybox:1.37",
        "--host=local",
        "--retries=0",
        "--",
        "sh",
        "-c",
        "echo hello; exit 3",
    )
    assert created == f"{KIND}/first created\n"
    assert shell("wait", "first", "--timeout=100s").returncode == 1
    job = shell.job("first")
    assert (job["status"]["phase"], job["status"]["exitCode"]) == ("Failed", 3)

    # What became of it, and what it printed.
    screen = shell.ok("show", "first")
    assert "first" in screen
    assert "Failed" in screen
    assert "local" in screen
    assert wait_for("its output", lambda: shell("logs", "first").stdout) == "hello\n"
    assert "first" in shell.ok("list")

    # Another one is cancelled while it runs.
    script = "trap 'exit 143' TERM; sleep 600 & wait"
    shell.ok("create", "second", "--image=busybox:1.37", "--host=fake", "--", "sh", "-c", script)
    shell.reaches("second", "Running")
    assert shell.ok("cancel", "second", "--wait") == f"{KIND}/second cancelled\n"
    assert "Cancelled" in shell.ok("show", "second")

    # The finished ones go; the samples, which wait for a person, stay and are as they were.
    told = shell.ok("cleanup", "--older-than=0", "-y").splitlines()
    assert set(told[:-1]) == {f"{KIND}/first deleted", f"{KIND}/second deleted"}
    assert told[-1].startswith("2 jobs deleted")
    left = shell.cluster.kubectl("get", "cjob", "-n", shell.namespace, "-o", "name").split()
    assert sorted(left) == sorted(samples)
    last = shell.ok("seed").splitlines()
    assert all(line.partition(" ")[2].startswith("unchanged") for line in last), last
    assert shell("seed", "--delete").returncode == 0
