"""Twenty commands at once on the same names: one winner, clear losers, nothing doubled."""

import subprocess
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.cli.conftest import Shell

KIND = "containerjob.containerjobs.io"
LONG = "trap 'exit 143' TERM; sleep 600 & wait"
AT_ONCE = 20
PROCESSES = 10

Done = subprocess.CompletedProcess[str]


def together(shell: Shell, *commands: Sequence[str]) -> list[Done]:
    """Run the commands in turn, twenty in all and ten at a time; each failure must be one line with code 1."""
    planned = [commands[index % len(commands)] for index in range(AT_ONCE)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        done = list(pool.map(lambda command: shell(*command), planned))
    for each in done:
        assert each.returncode in {0, 1}, each
        assert each.stderr.count("\n") == each.returncode, each.stderr
        assert each.stderr.startswith("error: ") or not each.returncode, each.stderr
    return done


def told(done: Sequence[Done]) -> Counter[str]:
    return Counter(line for each in done for line in each.stdout.splitlines())


def names(shell: Shell) -> list[str]:
    return shell.cluster.kubectl("get", "cjob", "-n", shell.namespace, "-o", "name").split()


def test_of_twenty_creations_of_a_name_one_wins(shell: Shell) -> None:
    done = together(shell, ("create", "a", "--image=busybox:1.37", "--host=fake", "--suspend", "--", "true"))
    assert Counter(each.returncode for each in done) == {0: 1, 1: AT_ONCE - 1}
    assert told(done) == {f"{KIND}/a created": 1}
    assert all("already exists" in each.stderr for each in done if each.returncode)
    assert names(shell) == [f"{KIND}/a"]


def test_of_twenty_cancellations_one_cancels_and_the_others_find_it_done(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.reaches("a", "Running")
    done = together(shell, ("cancel", "a"))
    assert {each.returncode for each in done} == {0}
    assert told(done) == {f"{KIND}/a cancelled": 1, f"{KIND}/a unchanged": AT_ONCE - 1}
    assert shell.reaches("a", "Cancelled")["status"]["attemptCount"] == 1


def test_of_twenty_retries_under_a_name_of_ones_own_one_runs(shell: Shell) -> None:
    shell.create("a", "exit 1")
    shell.reaches("a", "Failed")
    done = together(shell, ("retry", "a", "--name=next"))
    assert Counter(each.returncode for each in done) == {0: 1, 1: AT_ONCE - 1}
    assert told(done) == {f"{KIND}/next created": 1}


def test_of_twenty_retries_of_a_long_job_one_runs_under_the_next_name(shell: Shell) -> None:
    shell.create("a", LONG)
    shell.reaches("a", "Running")
    shell.ok("cancel", "a", "--wait")
    done = together(shell, ("retry", "a"))
    assert Counter(each.returncode for each in done) == {0: 1, 1: AT_ONCE - 1}
    assert told(done) == {f"{KIND}/a-retry-1 created": 1}
    losers = [each.stderr for each in done if each.returncode]
    assert all("retried already, as a-retry-1" in text or "just retried by somebody else" in text for text in losers)
    assert sorted(names(shell)) == [f"{KIND}/a", f"{KIND}/a-retry-1"]


def test_of_twenty_deletions_one_deletes(shell: Shell) -> None:
    shell.create("a", suspend=True)
    done = together(shell, ("delete", "a"))
    assert Counter(each.returncode for each in done) == {0: 1, 1: AT_ONCE - 1}
    assert told(done) == {f"{KIND}/a deleted": 1}
    assert all("there is no ContainerJob a" in each.stderr for each in done if each.returncode)


def test_twenty_clean_ups_delete_each_job_once(shell: Shell) -> None:
    finished = [shell.create(f"j{index}", "exit 0") for index in range(5)]
    for name in finished:
        shell.reaches(name, "Succeeded")
    done = together(shell, ("cleanup", "--older-than=0", "-y"))
    assert {each.returncode for each in done} == {0}
    lines = told(done)
    assert {name: lines[f"{KIND}/{name} deleted"] for name in finished} == dict.fromkeys(finished, 1)
    assert names(shell) == []


def test_twenty_seedings_make_each_sample_once(shell: Shell) -> None:
    done = together(shell, ("seed", "--skip-host"))
    assert {each.returncode for each in done} == {0}
    lines = told(done)
    made = names(shell)
    assert made
    assert all(lines[f"{name} created"] for name in made)
    again = shell.ok("seed", "--skip-host").splitlines()
    assert again
    assert all(line.endswith(" unchanged") for line in again)


def test_a_mix_of_commands_leaves_one_of_everything(shell: Shell) -> None:
    done = together(
        shell,
        ("create", "a", "--image=busybox:1.37", "--host=fake", "--", "true"),
        ("cancel", "a"),
        ("retry", "a"),
        ("seed", "--skip-host"),
        ("cleanup", "--older-than=0", "-y"),
        ("delete", "a"),
    )
    lines = told(done)
    assert lines[f"{KIND}/a created"] >= 1
    left = [name for name in names(shell) if not name.startswith(f"{KIND}/sample-")]
    own = {line: number for line, number in lines.items() if line.startswith(f"{KIND}/a")}
    created = sum(number for line, number in own.items() if line.endswith(" created"))
    assert created - sum(number for line, number in own.items() if line.endswith(" deleted")) == len(left)
