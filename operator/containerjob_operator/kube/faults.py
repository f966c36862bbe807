"""The one place where lightkube's and httpx2's errors become ours.

| what came back                                        | what we raise                          |
|-------------------------------------------------------|----------------------------------------|
| 404                                                   | ObjectGone                             |
| 409                                                   | WriteConflict                          |
| 408, 410 (a list's snapshot expired), 429, any 5xx    | KubeUnavailable, with Retry-After      |
| no connection, no answer in time, not Kubernetes' JSON | KubeUnavailable                        |
| any other status, or credentials that can't be read   | KubeRefused, with the server's message |
"""

import asyncio
import json
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

import httpx2
import msgspec
from lightkube import ApiError
from lightkube.core.exceptions import ConfigError

from containerjob_operator import metrics
from containerjob_operator.errors import KubeError, KubeRefused, KubeUnavailable, ObjectGone, WriteConflict

REQUEST_SECONDS: Final = 15.0
ASK_AGAIN: Final = frozenset({408, 410, 429})
MESSAGE_LIMIT: Final = 1000
"""A proxy may answer with a whole page; our messages end up in logs and conditions."""

Answer = TypeVar("Answer")


async def answer_of(what: str, request: Awaitable[Answer], seconds: float = REQUEST_SECONDS) -> Answer:
    """Await a request for at most `seconds` in all; `what` names it in the error. Nothing is tried again."""
    with our_errors(what, seconds):
        # httpx2 bounds each read, not the request: a dripping answer would hold a worker for ever.
        async with asyncio.timeout(seconds):
            return await request


@contextmanager
def our_errors(what: str, seconds: float) -> Iterator[None]:
    """Turn whatever a request raises into one of our errors."""
    try:
        yield
    except httpx2.HTTPStatusError as error:
        raise from_response(what, error.response, _message(error)) from error
    except TimeoutError as error:
        raise _counted(KubeUnavailable(f"{what}: no answer within {seconds:g} s")) from error
    except httpx2.HTTPError as error:
        raise _counted(KubeUnavailable(f"{what}: {error or type(error).__name__}")) from error
    except ConfigError as error:
        raise _counted(KubeRefused(f"{what}: {error}")) from error
    # The last is lightkube's, for an error without a Content-Type: only something before the API server sends that.
    except (msgspec.MsgspecError, json.JSONDecodeError, KeyError) as error:
        raise _counted(KubeUnavailable(f"{what}: the answer is not a Kubernetes API server's")) from error


def from_response(what: str, response: httpx2.Response, message: str) -> KubeError:
    """Return the error that an answer's status code stands for."""
    return _counted(_from_code(response.status_code, what, response, message))


def _from_code(code: int, what: str, response: httpx2.Response, message: str) -> KubeError:
    text = f"{what}: {message[:MESSAGE_LIMIT] or f'HTTP {code}'}"
    if code == 404:
        return ObjectGone(text)
    if code == 409:
        return WriteConflict(text)
    if code in ASK_AGAIN or code >= 500:
        return KubeUnavailable(text, _retry_after(response))
    return KubeRefused(text)


def _counted(error: KubeError) -> KubeError:
    metrics.child(metrics.API_ERRORS, _KINDS[type(error)]).inc()
    return error


_KINDS: Final[dict[type[KubeError], str]] = {
    KubeUnavailable: "unavailable",
    KubeRefused: "refused",
    WriteConflict: "conflict",
    ObjectGone: "gone",
}


def _message(error: httpx2.HTTPStatusError) -> str:
    if isinstance(error, ApiError):
        return error.status.message or ""
    return f"HTTP {error.response.status_code} {error.response.text}".strip()


def _retry_after(response: httpx2.Response) -> float | None:
    """Read the header in seconds; the API server never sends the form that is a date."""
    header = response.headers.get("Retry-After", "")
    return float(header) if header.isdecimal() else None
