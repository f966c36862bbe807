"""`kubectl containerjob completion`: kubectl completes for us, once it finds the program that it asks."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from kubectl_containerjob.problems import Problem

ASKED: Final = "kubectl_complete-containerjob"
SCRIPTS: Final = {
    "bash": "source <(kubectl completion bash)",
    "zsh": "autoload -Uz compinit && compinit\nsource <(kubectl completion zsh)",
    "fish": "kubectl completion fish | source",
}
PLACES: Final = {"bash": "~/.bashrc", "zsh": "~/.zshrc", "fish": "~/.config/fish/config.fish"}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(SCRIPTS)))
@click.option(
    "--install", is_flag=True, help="Put the program that kubectl asks beside the plugin, where it is missing"
)
def command(shell: str, install: bool) -> None:
    """Print or install completion for a shell.

    kubectl 1.26 and newer complete a plugin's words by themselves: they run kubectl_complete-containerjob, which is
    installed with the plugin.

    \b
    # Complete in this shell
    source <(kubectl containerjob completion bash)

    \b
    # Make sure that kubectl finds what it asks
    kubectl containerjob completion bash --install
    """
    if install:
        for line in _installed(shell):
            click.echo(line)
        return
    found = shutil.which(ASKED)
    click.echo(
        f"# kubectl asks {found}" if found else f"# {ASKED} is not in PATH: add --install to this command once"
    )
    click.echo(SCRIPTS[shell])


def _installed(shell: str) -> Iterator[str]:
    found = shutil.which(ASKED)
    if found is not None:
        yield f"{found} is there already"
    else:
        yield f"{_write(_folder())} installed"
    script = SCRIPTS[shell].splitlines()[-1]
    yield f"If {shell} does not complete kubectl yet, add to {PLACES[shell]}: {script}"


def _folder() -> Path:
    """Choose where the plugin itself was found: that is in PATH."""
    plugin = shutil.which("kubectl-containerjob")
    if plugin is not None and os.access(Path(plugin).parent, os.W_OK):
        return Path(plugin).parent
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        if entry and Path(entry).is_relative_to(Path.home()) and os.access(entry, os.W_OK):
            return Path(entry)
    raise Problem("no folder in PATH can be written: add ~/.local/bin to PATH, create it, and try again")


def _write(folder: Path) -> Path:
    path = folder / ASKED
    path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m kubectl_containerjob.completions "$@"\n')
    path.chmod(0o755)
    return path
