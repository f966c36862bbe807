"""Compares what is printed with a file that a person has looked at; UPDATE_GOLDEN=1 writes the files anew."""

import os
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, lines: Sequence[str]) -> None:
    path = FOLDER / f"{name}.txt"
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text(), f"{path.name} differs: UPDATE_GOLDEN=1 writes it anew, then read the change"
