"""The reference of the commands is fresh, and tells of every command what it needs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kubectl_containerjob.main import cli
from kubectl_containerjob.setup.rights import ASKED, RBAC

ROOT = Path(__file__).parents[3]


def leaves(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from leaves(found, (*path, name))


def test_the_page_of_the_commands_is_fresh() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "tools" / "cli_reference.py", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_the_rights_of_every_command_are_known_and_of_no_other() -> None:
    assert set(RBAC) == {path for path, _ in leaves()}


def test_doctor_asks_for_rights_that_commands_need() -> None:
    needed = {
        (verb, right.group, right.resource) for rights in RBAC.values() for right in rights for verb in right.verbs
    }
    asked = {(verb, right.group, right.resource) for _, rights in ASKED for right in rights for verb in right.verbs}
    assert asked <= needed


def test_every_command_has_an_example_of_its_own() -> None:
    lacking = [
        path for path, command in leaves() if f"kubectl containerjob {path.split()[0]}" not in (command.help or "")
    ]
    assert [path for path in lacking if not path.startswith("local")] == []


def test_every_option_says_what_it_is_for_in_the_way_of_kubectl() -> None:
    for path, command in leaves():
        for option in (each for each in command.params if isinstance(each, click.Option)):
            text = option.help or ""
            assert text[:1].isupper(), f"{path} {option.opts}: {text}"
            assert not text.endswith("."), f"{path} {option.opts}: {text}"
