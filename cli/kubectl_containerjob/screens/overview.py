"""The screen of `status`, and the same for machines. Pure."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from kubectl_containerjob import terminal
from kubectl_containerjob.explaining import answers
from kubectl_containerjob.records import Host
from kubectl_containerjob.screens import durations
from kubectl_containerjob.screens.census import ALIVE, FORBIDDEN, Census, Operator, Row
from kubectl_containerjob.screens.plain_text import cells, cut, folded, harmless, padded

BAR: Final = 10
GAP: Final = "  "
LEAST_NAME: Final = 8
Paint = Callable[[str], str]


def screen(census: Census, *, width: int, colour: bool) -> list[str]:
    """Lay out the whole screen."""
    sections = [
        _health(census, width, colour),
        _hosts(census, width, colour),
        _jobs(census, width, colour),
        _waiting(census, width, colour),
        _failures(census, width, colour),
    ]
    found: list[str] = []
    for section in filter(None, sections):
        found += [*([""] if found else []), *section]
    return found


def body(census: Census) -> dict[str, Any]:
    """Return the screen for machines."""
    operator: Any = census.operator
    if isinstance(operator, Operator):
        seconds = None if operator.renewed is None else operator.renewed.total_seconds()
        operator = {"state": operator.state, "holder": operator.holder, "renewedSecondsAgo": seconds}
    hosts: Any = census.hosts
    if not isinstance(hosts, str):
        hosts = [_host_body(host, census) for host in hosts]
    jobs: Any = census.jobs
    if not isinstance(jobs, str):
        jobs = {"namespace": census.namespace, "total": len(jobs), "phases": census.phases}
    return {
        "healthy": census.healthy,
        "operator": operator,
        "logApi": census.log_api,
        "hosts": hosts,
        "jobs": jobs,
        "longestWaiting": None if census.waiting is None else dataclasses.asdict(census.waiting),
        "recentFailures": [_failure_body(row) for row in census.failures],
    }


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int, paints: dict[int, Paint]) -> list[str]:
    """Lay out columns as kubectl does; the first one gives way where the width is not enough."""
    all_rows = [header, *rows]
    widths = [max(cells(row[column]) for row in all_rows) for column in range(len(header))]
    over = sum(widths) + len(GAP) * len(header) - width
    if over > 0:
        widths[0] = max(LEAST_NAME, widths[0] - over)
    found = []
    for row in all_rows:
        laid = [padded(cut(text, each), each) for text, each in zip(row, widths, strict=True)]
        if row is not header:
            laid = [paints[column](text) if column in paints else text for column, text in enumerate(laid)]
        found.append((GAP + GAP.join(laid)).rstrip())
    return found


def _health(census: Census, width: int, colour: bool) -> list[str]:
    operator = census.operator
    if isinstance(operator, str):
        text, good = operator, None
    elif operator.renewed is None:
        text, good = "absent: no operator holds the lease; see `kubectl containerjob doctor`", False
    else:
        text = f"{operator.state}: {harmless(operator.holder)}, renewed {durations.age(operator.renewed)} ago"
        good = operator.state == ALIVE
        text += "" if good else "; see `kubectl containerjob doctor`"
    api = {"absent": "absent: `kubectl containerjob logs` prints the kept last lines only"}
    log_good = None if census.log_api in {FORBIDDEN, "absent"} else census.log_api == "available"
    return [
        *_named("Operator", text, good, width, colour),
        *_named("Log API", api.get(census.log_api, harmless(census.log_api)), log_good, width, colour),
    ]


def _named(name: str, text: str, good: bool | None, width: int, colour: bool) -> list[str]:
    sign, shade = {True: ("✔", "green"), False: ("✘", "red"), None: ("○", None)}[good]
    first, *rest = folded(text, width, " " * 12)
    return [f"{answers.bold(f'{name:<9}', colour=colour)} {_shaded(sign, shade, colour)} {first.strip()}", *rest]


def _hosts(census: Census, width: int, colour: bool) -> list[str]:
    if isinstance(census.hosts, str):
        return [f"{answers.bold('Hosts', colour=colour)}     {census.hosts}"]
    ready = sum(host.ready == "True" for host in census.hosts)
    head = f"{answers.bold('Hosts', colour=colour)}     {ready} of {len(census.hosts)} ready"
    if not census.hosts:
        return [f"{answers.bold('Hosts', colour=colour)}     none: register one with `kubectl containerjob host add`"]
    header = ["NAME", "READY", "SLOTS", "RUNNING", "REASON", "ENGINE", "AGE"]
    rows = [_host_row(host, census, colour) for host in census.hosts]
    paints: dict[int, Paint] = {1: _paint_ready, 2: _paint_bar} if colour else {}
    return [head, *table(header, rows, width, paints)]


def _host_row(host: Host, census: Census, colour: bool) -> list[str]:
    held, slots = census.held(host), host.slots
    used = f"{held}/{'?' if slots is None else slots}"
    return [
        host.name,
        host.ready,
        f"{_bar(held, slots)} {used}" if colour else used,
        str(census.running(host.name)),
        host.reason or "<none>",
        host.engine or "<unknown>",
        durations.age(census.now - host.created),
    ]


def _jobs(census: Census, width: int, colour: bool) -> list[str]:
    title = answers.bold("Jobs", colour=colour)
    if isinstance(census.jobs, str):
        return [f"{title}      {census.jobs}"]
    where = "all namespaces" if census.namespace is None else f"namespace {census.namespace}"
    found = [f"{title}      {len(census.jobs)} in {where}"]
    line, used = "", 0
    for phase, number in census.phases.items():
        plain = f"{terminal.ICONS.get(phase, '?')} {phase} {number}"
        if line and used + 2 * len(GAP) + cells(plain) > width:
            found.append(line)
            line, used = "", 0
        item = f"{answers.icon(phase, colour=colour)} {terminal.phase(phase, colour=colour)} {number}"
        line += f"{GAP * (2 if line else 1)}{item}"
        used += 2 * len(GAP) + cells(plain)
    return [*found, line] if line else found


def _waiting(census: Census, width: int, colour: bool) -> list[str]:
    if census.waiting is None:
        return []
    told = answers.lines(
        census.waiting, width=width - len(GAP), colour=colour, with_namespace=census.namespace is None
    )
    return [answers.bold("Waits longest", colour=colour), *(GAP + line for line in told)]


def _failures(census: Census, width: int, colour: bool) -> list[str]:
    if not census.failures:
        return []
    header = ["NAME", "PHASE", "REASON", "EXIT", "HOST", "AGE"]
    rows = [
        [
            _place(row, census),
            row.phase,
            row.reason or "<none>",
            row.exit_code or "<none>",
            row.host or "<none>",
            row.age,
        ]
        for row in census.failures
    ]
    paints: dict[int, Paint] = {1: _paint_phase} if colour else {}
    return [answers.bold("Last failures", colour=colour), *table(header, rows, width, paints)]


def _place(row: Row, census: Census) -> str:
    return f"{row.namespace}/{row.name}" if census.namespace is None else row.name


def _host_body(host: Host, census: Census) -> dict[str, Any]:
    return {
        "name": host.name,
        "ready": host.ready,
        "slots": {"used": census.held(host), "total": host.slots},
        "running": census.running(host.name),
        "reason": host.reason,
        "message": host.message,
        "engine": host.engine,
        "creationTimestamp": host.body["metadata"]["creationTimestamp"],
    }


def _failure_body(row: Row) -> dict[str, Any]:
    return {
        "namespace": row.namespace,
        "name": row.name,
        "phase": row.phase,
        "reason": row.reason,
        "exitCode": int(row.exit_code) if row.exit_code else None,
        "host": row.host,
        "age": row.age,
    }


def _bar(held: int, slots: int | None) -> str:
    full = min(BAR, -(-held * BAR // slots)) if slots else 0
    return "█" * full + "░" * (BAR - full)


def _paint_ready(text: str) -> str:
    return click.style(text, fg="green" if text.strip() == "True" else "red")


def _paint_bar(text: str) -> str:
    full = text.count("█")
    shade = "red" if full == BAR else "yellow" if full > BAR * 0.7 else "green"
    return click.style(text[:full], fg=shade) + text[full:]


def _paint_phase(text: str) -> str:
    return click.style(text, fg=terminal.COLOURS.get(text.strip()))


def _shaded(text: str, shade: str | None, colour: bool) -> str:
    return click.style(text, fg=shade) if colour and shade else text
