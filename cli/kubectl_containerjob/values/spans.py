"""Spans of time as people give them: 30s, 5m, 1h30m, 7d."""

import re
from datetime import timedelta
from typing import Any, Final

import click

_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART: Final = r"(\d+(?:\.\d+)?)(ms|[smhdw])"


class Span(click.ParamType[timedelta]):
    """An option's value such as 24h or 1h30m; a bare number is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it; what can't be read is wrong usage."""
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        if not re.fullmatch(rf"\d+|({_PART})+", text):
            self.fail(f"{value!r} is no duration: write it as 30s, 5m, 1h30m or 7d", param, ctx)
        try:
            if text.isdigit():
                return timedelta(seconds=int(text))
            return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, text)))
        except OverflowError:
            self.fail(f"{value!r} is longer than time is counted", param, ctx)


SPAN: Final = Span()
