"""Moments as people give them: RFC 3339, `+10m` from now, or `18:00` by this machine's clock."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from kubectl_containerjob.values.spans import SPAN

FORMS: Final = "2026-01-31T18:00:00Z, +10m from now, or 18:00 here"


class Moment(click.ParamType[str]):
    """An option's value that names a moment; it becomes the text that the API server takes."""

    name = "time"

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now().astimezone()) -> None:
        self._clock = clock

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it; what can't be read is wrong usage."""
        text = str(value).strip()
        try:
            return written(self._read(text, param, ctx))
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no moment: write {FORMS}", param, ctx)

    def _read(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        now = self._clock()
        if text.startswith("+"):
            return now + SPAN.convert(text[1:], param, ctx)
        if re.fullmatch(r"\d{1,2}:\d{2}", text):
            hour, minute = map(int, text.split(":"))
            today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return today if today > now else today + timedelta(days=1)
        if not re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
            raise ValueError(text)
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            self.fail(f"{text!r} names no zone: add Z or +01:00", param, ctx)
        return found


def written(when: datetime) -> str:
    """Write a moment in UTC, with a fraction only where it has one."""
    pattern = "%Y-%m-%dT%H:%M:%S.%fZ" if when.microsecond else "%Y-%m-%dT%H:%M:%SZ"
    return when.astimezone(UTC).strftime(pattern)


MOMENT: Final = Moment()
