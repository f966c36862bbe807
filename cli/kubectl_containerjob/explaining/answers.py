"""How an explanation looks: a line that names the job, the sentences below it, and what to do. Pure."""

import click

from kubectl_containerjob import terminal
from kubectl_containerjob.explaining.reasons import Explanation
from kubectl_containerjob.screens.plain_text import folded


def lines(said: Explanation, *, width: int, colour: bool, with_namespace: bool) -> list[str]:
    """Lay one answer out."""
    name = f"{said.namespace}/{said.name}" if with_namespace else said.name
    reason = f" ({said.reason})" if said.reason else ""
    phase = terminal.phase(said.phase, colour=colour)
    head = f"{icon(said.phase, colour=colour)} {bold(name, colour=colour)}  {phase}{reason}"
    return [head, *folded(said.explanation, width, "  "), *remedy(said.remedy, width, "  ")]


def remedy(text: str, width: int, indent: str = "") -> list[str]:
    """Lay out what to do; nothing where there is nothing."""
    if not text:
        return []
    first, *rest = folded(text, width, indent + "  ")
    return [f"{indent}→ {first.strip()}", *rest]


def icon(phase: str, *, colour: bool) -> str:
    """Return a phase's sign in its colour."""
    sign = terminal.ICONS.get(phase, "?")
    shade = terminal.COLOURS.get(phase)
    return click.style(sign, fg=shade) if colour and shade else sign


def bold(text: str, *, colour: bool) -> str:
    """Make a heading stand out."""
    return click.style(text, bold=True) if colour else text
