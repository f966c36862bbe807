"""TAB through kubectl itself, and through a shell that has read what `completion` prints."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.conftest import Shell


@pytest.fixture
def environment(shell: Shell, tmp_path: Path) -> dict[str, str]:
    """A shell's environment in which `completion --install` has put the program that kubectl asks."""
    plugin = shutil.which("kubectl-containerjob", path=shell.cluster.environment["PATH"])
    assert plugin is not None
    (tmp_path / "kubectl-containerjob").symlink_to(plugin)
    path = os.pathsep.join((str(tmp_path), shell.cluster.environment["PATH"]))
    found = shell.cluster.environment | {"HOME": str(tmp_path), "PATH": path}
    command = ["kubectl", "containerjob", "completion", "bash", "--install"]
    subprocess.run(command, env=found, capture_output=True, check=True)
    return found


def tab(environment: dict[str, str], *words: str) -> list[str]:
    """Return what kubectl answers to its own shell scripts."""
    command = ["kubectl", "__complete", "containerjob", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_kubectl_completes_verbs_names_and_options(shell: Shell, environment: dict[str, str]) -> None:
    assert tab(environment, "canc") == ["cancel\tStop jobs; their records stay", ":4"]
    shell.create("done-1")
    shell.create("long-1", "sleep 600")
    shell.reaches("done-1", "Succeeded")
    shell.reaches("long-1", "Running")
    mine = ("-n", shell.namespace)
    assert tab(environment, "cancel", *mine, "") == ["long-1\tRunning", ":4"]
    assert tab(environment, "show", *mine, "d") == ["done-1\tSucceeded", ":4"]
    assert tab(environment, "retry", *mine, "") == ["done-1\tSucceeded", ":4"]
    assert "fake\tfake://fake?cpus=64" in tab(environment, "host", "show", "f")
    assert tab(environment, "list", "-n", shell.namespace[:-1])[-1] == ":4"
    assert shell.namespace in tab(environment, "list", "-n", shell.namespace[:5])
    assert tab(environment, "cancel", "--server=https://127.0.0.1:1", *mine, "") == [":4"]


def test_bash_completes_once_it_has_read_what_is_printed(shell: Shell, environment: dict[str, str]) -> None:
    # bash-completion brings the function that splits the line; without it a line of plain words splits itself.
    script = """
_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${COMP_WORDS[COMP_CWORD]}; prev=; }
__ltrim_colon_completions() { :; }
eval "$(kubectl containerjob completion bash)"
COMP_WORDS=(kubectl containerjob resu); COMP_CWORD=2; COMP_TYPE=9
COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
__start_kubectl
echo "${COMPREPLY[@]}"
"""
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["resume"], done.stderr
