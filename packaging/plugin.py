"""The plugin as the archives hold it: all of it but `local`, which runs the operator with a Python of its own."""

import sys
import types

import click

from kubectl_containerjob.main import main
from kubectl_containerjob.problems import Problem

ELSEWHERE = "local is not part of this archive: install the Python package containerjob[local], which has it"


@click.command("local", context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("words", nargs=-1)
def command(words: tuple[str, ...]) -> None:
    """Say where `local` is to be had."""
    raise Problem(ELSEWHERE)


if __name__ == "__main__":
    stand_in = types.ModuleType("kubectl_containerjob.commands.local")
    vars(stand_in)["command"] = command
    sys.modules[stand_in.__name__] = stand_in
    main()
