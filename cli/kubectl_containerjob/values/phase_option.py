"""The option --phase: outcomes of finished jobs, separated by commas."""

from typing import Any, Final

import click

from containerjob_api.phases import TERMINAL

OUTCOMES: Final = tuple(sorted(phase.value for phase in TERMINAL))


class Outcomes(click.ParamType[frozenset[str]]):
    """Some of the phases that are final, in any case."""

    name = "phases"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[str]:
        """Read them; another word is wrong usage."""
        if isinstance(value, frozenset):
            return value
        known = {phase.lower(): phase for phase in OUTCOMES}
        words = [word.strip() for word in str(value).split(",")]
        for word in words:
            if word.lower() not in known:
                self.fail(f"{word!r} is no outcome: choose from {', '.join(OUTCOMES)}", param, ctx)
        return frozenset(known[word.lower()] for word in words)
