"""The options that say which lines of output are wanted and how they look, and what becomes of them."""

import re
import sys
from datetime import datetime, timedelta
from typing import Any, Final

import click

from kubectl_containerjob.kubectl import Kubectl
from kubectl_containerjob.logs.events import MANY, LogRequest
from kubectl_containerjob.logs.lines import Look
from kubectl_containerjob.selection import Selection, one_job
from kubectl_containerjob.values.spans import SPAN

STREAMS: Final = ("both", "stdout", "stderr")


class Pattern(click.ParamType[re.Pattern[str]]):
    """An option's value that is a regular expression."""

    name = "regex"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> re.Pattern[str]:
        """Read it; what can't be read is wrong usage."""
        try:
            return re.compile(value)
        except re.error as error:
            self.fail(f"{value!r} is no regular expression: {error}", param, ctx)


class Moment(click.ParamType[str]):
    """An option's value that is a time with its zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it; what can't be read is wrong usage."""
        try:
            known = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            known = False
        return (
            str(value)
            if known
            else self.fail(f"{value!r} is no time with its zone: write it as 2026-01-31T18:00:00Z", param, ctx)
        )


_PATTERN: Final = Pattern()
_OPTIONS: Final = (
    click.option("-f", "--follow", is_flag=True, help="Wait for the job to start, and go on until it has finished"),
    click.option("--since", type=SPAN, help="Only lines newer than this, such as 5m, 1h30m or 2d"),
    click.option("--since-time", type=Moment(), help="Only lines since this time (RFC 3339)"),
    click.option("--tail", type=click.IntRange(-1), metavar="LINES", help="Only so many of the last lines of each"),
    click.option("--timestamps", is_flag=True, help="Put the time before each line"),
    click.option("--attempt", type=click.IntRange(0), metavar="NUMBER", help="This attempt, counted from 0"),
    click.option("-p", "--previous", is_flag=True, help="The attempt before the newest"),
    click.option("--limit-bytes", type=click.IntRange(1), metavar="BYTES", help="Stop after so many bytes of output"),
    click.option("--prefix/--no-prefix", default=None, help="Name the job before each line [default: if several]"),
    click.option(
        "--max-log-requests", type=click.IntRange(1), metavar="NUMBER", help="How many containers to read at a time"
    ),
    click.option("--include", type=_PATTERN, multiple=True, help="Only lines that match, may be repeated"),
    click.option("--exclude", type=_PATTERN, multiple=True, help="Leave out lines that match, may be repeated"),
    click.option("--highlight", type=_PATTERN, multiple=True, help="Mark what matches, where there are colours"),
    click.option("--stream", type=click.Choice(STREAMS), help="Which of the container's streams [default: both]"),
    click.option("--stdout-only", is_flag=True, help="The same as --stream=stdout"),
    click.option("--stderr-only", is_flag=True, help="The same as --stream=stderr"),
    click.option(
        "-o",
        "--output",
        "form",
        type=click.Choice(["default", "raw", "json"]),
        default="default",
        show_default=True,
        help="Form: raw has neither names nor colours, json is an object for each line",
    ),
    click.option("--exit-code", is_flag=True, help="With -f and one job: end with the code of the job"),
)


def choosing(command: Any) -> Any:
    """Add what says which lines, and how they look."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(kubectl: Kubectl, selection: Selection, given: dict[str, Any]) -> LogRequest:
    """Put the options into one request; what contradicts itself is wrong usage."""
    if not selection.all_namespaces or selection.names:
        selection.check()
    if len(selection.names) > 1:
        raise click.UsageError("give one name; for several jobs at once use -l SELECTOR or --all")
    _contradictions(given, selection)
    since: timedelta | None = given["since"]
    tail = given["tail"]
    stream = {"both": None}.get(_stream(given), _stream(given))
    return LogRequest(
        namespace=None if selection.all_namespaces else kubectl.namespace(),
        name=one_job(selection.names[0]) if selection.names else MANY,
        selector=selection.selector,
        follow=given["follow"],
        attempt=given["attempt"],
        previous=given["previous"],
        since_seconds=None if since is None else max(1, int(since.total_seconds())),
        since_time=given["since_time"],
        tail=None if tail == -1 else tail,
        timestamps=given["timestamps"] or given["form"] == "json",
        limit_bytes=given["limit_bytes"],
        stream=stream,  # type: ignore[arg-type]
        max_sources=given["max_log_requests"],
    )


def _contradictions(given: dict[str, Any], selection: Selection) -> None:
    pairs = (
        ("--since", given["since"], "--since-time", given["since_time"]),
        ("--previous", given["previous"], "--attempt", given["attempt"] is not None),
        ("--stdout-only", given["stdout_only"], "--stderr-only", given["stderr_only"]),
        ("--stdout-only or --stderr-only", given["stdout_only"] or given["stderr_only"], "--stream", given["stream"]),
        ("-l", selection.selector, "--all", selection.everything),
    )
    for one, first, other, second in pairs:
        if first and second:
            raise click.UsageError(f"give {one} or {other}, not both")


def _stream(given: dict[str, Any]) -> str:
    if given["stdout_only"] or given["stderr_only"]:
        return "stdout" if given["stdout_only"] else "stderr"
    return given["stream"] or "both"


def look_of(given: dict[str, Any], selection: Selection, *, colour: bool) -> Look:
    chosen, several = given["prefix"], selection.bulk
    return Look(
        form=given["form"],
        prefix=given["form"] == "default" and (several if chosen is None else chosen),
        namespaces=selection.all_namespaces,
        colour=colour and given["form"] == "default",
        timed=given["timestamps"] or given["form"] == "json",
        include=given["include"],
        exclude=given["exclude"],
        highlight=given["highlight"],
        terminal=sys.stdout.isatty(),
        several=several,
    )
