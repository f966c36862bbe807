"""Pages of a list: newest first, with tokens that hold while records come and go."""

import base64
from collections.abc import Sequence
from typing import TypeVar

from .options import Options
from .refusals import Code, Refused
from .state import Records, Resource

Item = TypeVar("Item", bound=Resource)


def page(
    found: Sequence[Item], records: Records, asked: tuple[str, int, str], options: Options
) -> tuple[list[Item], str]:
    """Give one page and the token of the next; `asked` is the request's parent, page_size and page_token.

    ListJobs sorts by creation time, descending: https://cloud.google.com/run/docs/reference/rpc/google.cloud.run.v2.
    """
    parent, size, token = asked
    if size < 0:
        raise Refused(Code.INVALID_ARGUMENT, "Page size must not be negative.")
    size = min(size or options.page_size, options.page_size)
    below = _read(token, parent) if token else None
    ordered = sorted(found, key=lambda one: -records.numbers[one.uid])
    rest = [one for one in ordered if below is None or records.numbers[one.uid] < below]
    shown = rest[:size]
    more = len(rest) > size
    return shown, _write(records.numbers[shown[-1].uid], parent) if more else ""


def _write(number: int, parent: str) -> str:
    return base64.urlsafe_b64encode(f"{number} {parent}".encode()).decode()


def _read(token: str, parent: str) -> int:
    """Read a token; all other parameters must match those it was given for (ListJobsRequest.page_token)."""
    try:
        number, of = base64.urlsafe_b64decode(token).decode().split(" ", 1)
    except ValueError:
        raise Refused(Code.INVALID_ARGUMENT, "Invalid page token.") from None
    if of != parent:
        raise Refused(Code.INVALID_ARGUMENT, "The page token is of another list.")
    return int(number)
