"""The plugin's face: light to start, helpful, one line per error."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from containerjob_local.errors import LocalError
from kubectl_containerjob.main import COMMANDS, PROGRAM, cli
from kubectl_containerjob.problems import shown


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Walk all commands of the plugin."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*path, name))


def invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, list(arguments), prog_name=PROGRAM)
    return result.exit_code, result.output


@pytest.mark.parametrize("path", list(commands(cli)), ids=lambda path: " ".join(path) or "plugin")
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help_that_names_it_as_people_type_it(path: tuple[str, ...], option: str) -> None:
    code, output = invoke(*path, option)
    assert code == 0
    assert output.startswith("Usage: " + " ".join((PROGRAM, *path)))


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    heavy = (
        "{'pydantic', 'yaml', 'rich', 'cryptography', 'containerjob_local', 'containerjob_api', 'kopf', 'lightkube'}"
    )
    script = f"import sys, kubectl_containerjob.main; print(sorted({heavy} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert loaded.stdout == "[]\n"


def test_the_listed_commands_are_the_ones_there_are() -> None:
    _, output = invoke("--help")
    assert all(f"  {name} " in output for name in COMMANDS)


def test_it_runs_as_a_module_and_wrong_usage_is_exit_code_2() -> None:
    command = [sys.executable, "-m", "kubectl_containerjob", "fly"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: there is no command 'fly'; see `kubectl containerjob --help`\n"


def test_an_error_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    code, output = invoke("local", "up", "--state-dir", str(tmp_path))
    assert code == 1
    assert output.startswith(f"error: {tmp_path} holds files that are not of a local environment")
    assert len(output.splitlines()) == 1


def test_a_port_that_cannot_be_is_wrong_usage() -> None:
    code, output = invoke("local", "up", "--port", "70000")
    assert code == 2
    assert "70000 is not in the range" in output


def test_a_missing_package_is_named_with_the_extra_that_brings_it() -> None:
    with (
        pytest.raises(click.ClickException, match=r"cryptography is missing.*containerjob\[local\]"),
        shown(LocalError),
    ):
        raise ModuleNotFoundError("No module named 'cryptography'", name="cryptography")


def test_the_status_of_nothing_is_exit_code_1(tmp_path: Path) -> None:
    code, output = invoke("local", "status", "--state-dir", str(tmp_path / "none"))
    assert code == 1
    assert "✘ control plane: not running" in output
    assert not (tmp_path / "none").exists()


def test_taking_down_nothing_is_fine_and_says_so(tmp_path: Path) -> None:
    code, output = invoke("local", "down", "--state-dir", str(tmp_path / "none"))
    assert (code, output) == (0, f"• nothing to take down: no local environment in {tmp_path / 'none'}\n")


def test_the_default_folder_is_not_looked_up_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert str(tmp_path / "containerjob" / "local") in invoke("local", "down")[1]


def test_sigterm_during_a_build_ends_the_compiler_too(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    go = tmp_path / "bin" / "go"
    go.write_text(
        f'#!/bin/sh\n[ "$1" = env ] && {{ echo go1.26.0; exit; }}\necho $$ > {tmp_path}/pid; exec sleep 300\n'
    )
    go.chmod(0o755)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("CONTAINERJOB_", "KUBEB"))}
    variables |= {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "CONTAINERJOB_DOWNLOAD_URL": "http://127.0.0.1:1",
    }
    command = [sys.executable, "-m", "kubectl_containerjob", "local", "up", "--state-dir", str(tmp_path / "state")]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as plugin:
        deadline = time.monotonic() + 90
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        plugin.send_signal(signal.SIGTERM)
        assert plugin.wait(30) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert not list((tmp_path / "cache").glob("**/.unfinished-*"))
