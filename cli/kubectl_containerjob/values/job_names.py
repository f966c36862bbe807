"""Names of new jobs: given, made from an image or a template, and numbered; checked before anything is sent. Pure."""

import re
from typing import Final

from kubectl_containerjob.exits import USAGE
from kubectl_containerjob.kubectl import bare
from kubectl_containerjob.problems import Problem

INDEX: Final = "{index}"
LIMIT: Final = 253
"""Characters of a name; Kubernetes' rule for objects."""
GENERATED_LIMIT: Final = 57
"""Characters of what a generated name begins with: the API server cuts what is longer, and adds five."""
MOST: Final = 10_000
"""Jobs that one call creates."""
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")


def checked(name: str) -> str:
    """Return a name that the API server will take; a Problem otherwise."""
    if len(name) > LIMIT:
        raise Problem(f"the name {name[:20]}… has {len(name)} characters: {LIMIT} are allowed", USAGE)
    if INDEX in name:
        raise Problem(f"the name {name} has {INDEX}, which needs --count", USAGE)
    if not _NAME.fullmatch(name):
        raise Problem(
            f"{name!r} can't be the name of a job: use lower-case letters, digits, '-' and '.',"
            " with a letter or digit at both ends",
            USAGE,
        )
    return name


def numbered(name: str, count: int) -> list[str]:
    """Return as many names, each with its index; the longest decides whether the others fit."""
    pattern = name if INDEX in name else f"{name}-{INDEX}"
    checked(filled(pattern, count - 1))
    return [filled(pattern, index) for index in range(count)]


def filled(text: str, index: int) -> str:
    """Put the index into a text."""
    return text.replace(INDEX, str(index))


def stem(given: str) -> str:
    """Return what a generated name begins with, made from an image or a template's name."""
    last = bare(given).partition("@")[0].rpartition("/")[2].partition(":")[0]
    word = re.sub(r"[^a-z0-9]+", "-", last.lower()).strip("-")
    return word[: GENERATED_LIMIT - len(str(MOST)) - 1].strip("-") or "job"
