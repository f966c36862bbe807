"""What labels and annotations may be, so that a wrong one is named before anything is sent. Pure."""

import re
from typing import Final

import click

_NAME: Final = re.compile(r"[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_PREFIX: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_PREFIX_LIMIT: Final = 253


def label(text: str) -> tuple[str, str]:
    """Read KEY=VALUE of a label; wrong usage where Kubernetes would refuse it."""
    key, value = _pair(text, "--labels")
    if value and not _NAME.fullmatch(value):
        raise click.UsageError(
            f"--labels {text}: a value has at most 63 letters, digits, '-', '_' and '.', with no sign at its ends"
        )
    return key, value


def annotation(text: str) -> tuple[str, str]:
    """Read KEY=VALUE of an annotation; any value goes."""
    return _pair(text, "--annotation")


def _pair(text: str, option: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"{option} {text}: write KEY=VALUE")
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > _PREFIX_LIMIT or not _PREFIX.fullmatch(prefix)):
        raise click.UsageError(f"{option} {text}: what stands before / must be a domain, such as example.com")
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{option} {text}: a key has at most 63 letters, digits, '-', '_' and '.', with no sign at its ends"
        )
    return key, value
