"""Write the generated part of docs/cli.md from the plugin's commands: usage, options, examples, exit codes, RBAC."""

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator

import click
from pages import ROOT, write_or_check

from kubectl_containerjob import exits
from kubectl_containerjob.main import PROGRAM, cli
from kubectl_containerjob.setup.rights import RBAC

PAGE = ROOT / "docs" / "cli.md"
PART = re.compile(r"(<!-- generated: commands -->\n).*?(<!-- end -->)", re.DOTALL)
USUAL = "Exit codes: 0 done, 1 failed, 2 wrong usage."
UNCHANGED = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 unchanged (with `--error-unchanged`)."


def rendered(page: str) -> str:
    """Return the page with its generated part made anew."""
    lines = [_wrapped(exits.TEXT), "", *(line for path, command in leaves() for line in _section(path, command))]
    return PART.sub(lambda part: "\n".join((part[1], *lines, part[2])), page)


def leaves(command: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Give every command that does something, with its words."""
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        if found is not None:
            yield from leaves(found, (*path, name))


def _section(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=f"{PROGRAM} {path}")
    prose, examples = _parts(command.help or "")
    yield from (f"## {path}", "", prose, "")
    yield from ("```text", " ".join((context.command_path, *command.collect_usage_pieces(context))), "```", "")
    yield from _options(command, context)
    if examples:
        yield from ("```sh", *"\n\n".join(examples).splitlines(), "```", "")
    yield from (_exit_codes(command), "")
    rights = "; ".join(f"`{right}`".replace(" (", "` (", 1).replace(")`", ")") for right in map(str, RBAC[path]))
    yield from (f"Needs: {rights}." if rights else "Needs nothing of the cluster.", "")


def _parts(text: str) -> tuple[str, list[str]]:
    """Split a command's text into its prose and its examples, which stand behind a backspace."""
    blocks = [block.strip("\n") for block in inspect.cleandoc(text).split("\n\n")]
    examples = [block.removeprefix("\b").strip("\n") for block in blocks if block.startswith("\b")]
    prose = [_wrapped(block) for block in blocks if not block.startswith(("\b", "Exit code"))]
    return "\n\n".join(prose), examples


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [parameter.get_help_record(context) for parameter in command.params]
    rows = [record for record in records if record is not None and record[1]]
    if rows:
        yield from ("| Option | Meaning |", "|---|---|")
        yield from (f"| `{_cell(name)}` | {_cell(text)} |" for name, text in rows)
        yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 118, break_on_hyphens=False, break_long_words=False)


def _exit_codes(command: click.Command) -> str:
    """Return what the command says of its codes at its end or in its text, else what all have."""
    said = [command.epilog or "", *inspect.cleandoc(command.help or "").split("\n\n")]
    own = next((text for text in said if text.startswith("Exit code")), None)
    if own is not None:
        return _wrapped(own)
    changes = any("--error-unchanged" in parameter.opts for parameter in command.params)
    return UNCHANGED if changes else USUAL


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, rendered, sys.argv[1:]))
