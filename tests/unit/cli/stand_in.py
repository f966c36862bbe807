"""A program called kubectl that writes down its command line and answers as a test says."""

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class StandIn:
    """The only kubectl in PATH."""

    folder: Path

    def answers(self, stdout: str = "", *, stderr: str = "", code: int = 0) -> None:
        """Have every call end like this."""
        self.runs(f"printf %s {shlex.quote(stdout)}; printf %s {shlex.quote(stderr)} >&2; exit {code}")

    def runs(self, script: str) -> None:
        """Have every call run this shell script, after its words and its stdin are written down."""
        record = f'for word; do printf "%s\\n" "$word"; done >>{self.folder}/words; echo --- >>{self.folder}/words'
        program = self.folder / "kubectl"
        program.write_text(f"#!/bin/sh\n{record}\n{script}\n")
        program.chmod(0o755)

    @property
    def calls(self) -> list[list[str]]:
        """The words of each call so far."""
        text = (self.folder / "words").read_text()
        return [call.splitlines() for call in text.split("---\n")[:-1]]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Put a stand-in first in PATH; it says nothing and succeeds."""
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    made = StandIn(folder)
    made.answers()
    return made


def listed(*items: object) -> str:
    """Return a list as the API server sends it."""
    return json.dumps({"kind": "List", "items": items})
