"""cleanup, as people type it."""

from tests.cli.conftest import Shell

KIND = "containerjob.containerjobs.io"


def test_finished_jobs_go_by_age_outcome_and_number(shell: Shell) -> None:
    for name in ("one", "two"):
        shell.create(name, "exit 0", labels={"app": "x"})
    shell.create("bad", "exit 1")
    shell.create("flux", "exit 0", labels={"kustomize.toolkit.fluxcd.io/name": "apps"})
    shell.create("waiting", suspend=True)
    for name in ("one", "two", "flux"):
        shell.reaches(name, "Succeeded")
    shell.reaches("bad", "Failed")
    assert shell.ok("cleanup", "-y") == "0 jobs deleted\n"
    assert shell.ok("cleanup", "--older-than=0", "--keep=3", "-l", "app=x", "--dry-run=client") == (
        "0 jobs deleted (dry run)\n"
    )
    refusal = shell.refused("cleanup", "--older-than", "0s")
    assert refusal == "delete 3 jobs: give -y to say yes, or --dry-run=client to see which"
    assert (
        shell.ok("cleanup", "--older-than=0", "--phase=failed", "-o", "name", "--dry-run=server") == f"{KIND}/bad\n"
    )
    assert shell.ok("cleanup", "--older-than=0", "--phase=Failed", "-y") == f"{KIND}/bad deleted\n1 job deleted\n"
    told = shell.ok("cleanup", "--older-than=0", "-y").splitlines()
    assert set(told[:-1]) == {f"{KIND}/one deleted", f"{KIND}/two deleted"}
    assert told[-1].startswith("2 jobs deleted; 1 of Flux left, they would be created and run again")
    assert shell.ok("cleanup", "--older-than=0", "--include-managed", "-y").startswith(f"{KIND}/flux deleted\n")
    assert shell.job("waiting")["metadata"]["name"] == "waiting"
    assert shell.ok("cleanup", "-A", "--older-than=9999d", "-y") == "0 jobs deleted\n"


def test_wrong_usage_is_one_line(shell: Shell) -> None:
    assert "cleanup takes names of hosts only with --orphans" in shell.refused("cleanup", "fake", code=2)
    assert "'Running' is no outcome: choose from" in shell.refused("cleanup", "--phase=Running", code=2)
    assert "is no duration: write it as 30s" in shell.refused("cleanup", "--older-than=soon", code=2)
    assert "there is no DockerHost nope" in shell.refused("cleanup", "--orphans", "nope")
