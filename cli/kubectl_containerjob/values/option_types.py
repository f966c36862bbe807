"""Values of options, checked as they are read: spans in whole seconds, quantities, environment variables."""

import math
import os
from datetime import timedelta
from typing import Any, Final

import click

from containerjob_api.quantities import parse_quantity
from kubectl_containerjob.values import env_files
from kubectl_containerjob.values.spans import SPAN

LONGEST: Final = 2147483647
"""Seconds, and tries; the API's own bound."""


class WholeSeconds(click.ParamType[int]):
    """A span of time that becomes whole seconds."""

    name = "duration"

    def __init__(self, least: int) -> None:
        self._least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, and round up."""
        span: timedelta = SPAN.convert(value, param, ctx)
        seconds = math.ceil(span.total_seconds())
        if not self._least <= seconds <= LONGEST:
            self.fail(f"{value!r} must be from {self._least} to {LONGEST} seconds", param, ctx)
        return seconds


class Quantity(click.ParamType[str]):
    """CPU or memory as Kubernetes writes them."""

    name = "quantity"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it; the text itself goes to the API server."""
        try:
            parse_quantity(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class Variable(click.ParamType[tuple[str, str]]):
    """NAME=VALUE, or NAME alone for the caller's own value."""

    name = "variable"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split it, or look the value up."""
        name, equals, text = str(value).partition("=")
        if not env_files.NAME.fullmatch(name):
            self.fail(f"{name!r} is no name of a variable, such as LEVEL", param, ctx)
        if not equals and name not in os.environ:
            self.fail(f"{name} is not set in your environment: give {name}=VALUE", param, ctx)
        return name, text if equals else os.environ[name]
