"""Files of environment variables: NAME=VALUE lines, comments, `export`, quotes. Nothing is interpolated."""

import re
from pathlib import Path
from typing import Final

from kubectl_containerjob.exits import USAGE
from kubectl_containerjob.problems import Problem

NAME: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
"""What the API server takes as a variable's name."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


def read(path: Path) -> dict[str, str]:
    """Read a file; one that can't be read is a Problem."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Problem(f"--env-file {path}: {error.strerror}: give a file that you may read", USAGE) from error
    except UnicodeDecodeError as error:
        raise Problem(f"--env-file {path}: this is no UTF-8 text", USAGE) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> dict[str, str]:
    """Read the lines of a file; a half-written one is a Problem with its number, and without its text: a secret."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            name, value = _variable(stripped)
        except ValueError as error:
            raise Problem(f"{source}:{number}: {error}", USAGE) from error
        found[name] = value
    return found


def _variable(line: str) -> tuple[str, str]:
    name, equals, value = re.sub(r"^export\s+", "", line).partition("=")
    name = name.strip()
    if not equals:
        raise ValueError("this line has no =: write NAME=VALUE, or make it a comment with #")
    if not NAME.fullmatch(name):
        raise ValueError("before = stands no name: use letters, digits, '_', '-' and '.', no digit first")
    if "\0" in value:
        raise ValueError(f"the value of {name} has a zero byte: no environment can hold it")
    return name, _value(name, value.strip())


def _value(name: str, text: str) -> str:
    quote = text[:1]
    if quote not in {"'", '"'}:
        return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()
    pattern = r"'([^']*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"'
    match = re.match(pattern, text)
    if match is None:
        raise ValueError(f"the value of {name} has no closing {quote}: add it on the same line")
    rest = text[match.end() :].strip()
    if rest and not rest.startswith("#"):
        raise ValueError(f"text stands behind the closing {quote} of {name}: remove it, or quote the whole value")
    if quote == "'":
        return match[1]
    return re.sub(r"\\(.)", lambda escaped: _ESCAPES.get(escaped[1], escaped[1]), match[1])
