"""HTTP over a Unix socket with the standard library alone, so that the plugin needs no Docker package."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from containerjob_local.engine.errors import NoAnswerError

SCHEME = "unix://"
# sockaddr_un.sun_path holds 108 bytes on Linux, the closing zero included.
SOCKET_PATH_LIMIT = 107
CALL_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: its status and its body."""

    status: int
    body: bytes

    @property
    def words(self) -> str:
        """Return the engine's own message of an error, or whatever it sent instead."""
        try:
            return str(json.loads(self.body)["message"])
        except (ValueError, KeyError, TypeError):
            return self.body.decode(errors="replace").strip() or f"status {self.status}"


def with_query(path: str, query: Mapping[str, str] | Sequence[tuple[str, str]]) -> str:
    """Append an encoded query to a path of the API."""
    return f"{path}?{urlencode(query)}"


def _connected(path: str, timeout: float) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stream.settimeout(timeout)
        stream.connect(path)
    except BaseException:
        stream.close()
        raise
    return stream


@contextlib.contextmanager
def _exchange(
    endpoint: str, method: str, path: str, timeout: float, body: bytes | None, headers: Mapping[str, str]
) -> Iterator[http.client.HTTPResponse]:
    """Send one request and lend its response; a socket that fails in any way is a NoAnswerError."""
    if not endpoint.startswith(SCHEME):
        raise NoAnswerError(f"{endpoint} is not a unix:// socket")
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    try:
        connection.sock = _connected(endpoint.removeprefix(SCHEME), timeout)
        connection.request(method, path, body=body, headers=dict(headers))
        yield connection.getresponse()
    except TimeoutError as error:
        raise NoAnswerError(f"no answer within {timeout:g} s") from error
    except FileNotFoundError as error:
        raise NoAnswerError("there is no such socket") from error
    except ConnectionRefusedError as error:
        raise NoAnswerError("the socket is stale, nobody listens on it") from error
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"the connection failed: {error or type(error).__name__}") from error
    finally:
        connection.close()


def call(
    endpoint: str,
    method: str,
    path: str,
    *,
    timeout: float = CALL_TIMEOUT_SECONDS,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request and read its whole answer; `timeout` (seconds) bounds each wait on the socket."""
    with _exchange(endpoint, method, path, timeout, body, headers or {}) as response:
        return Reply(response.status, response.read())


def progress(
    endpoint: str,
    path: str,
    *,
    timeout: float,
    limit: float,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> str | None:
    """Follow a POST that reports progress line by line; return None, or the error in the engine's words.

    `timeout` bounds the silence between two lines and `limit` the whole, both in seconds.
    """
    deadline = time.monotonic() + limit
    with _exchange(endpoint, "POST", path, timeout, body, headers or {}) as response:
        if response.status >= http.client.BAD_REQUEST:
            return Reply(response.status, response.read()).words
        for line in response:
            if (words := _error_in(line)) is not None:
                return words
            if time.monotonic() > deadline:
                raise NoAnswerError(f"it is not done after {limit:g} s")
    return None


def _error_in(line: bytes) -> str | None:
    """Find the error a progress line may carry: a pull that fails half-way still has status 200."""
    if not line.strip():
        return None
    try:
        message: Any = json.loads(line)
    except ValueError:
        return f"unreadable progress: {line[:100]!r}"
    return str(message["error"]) if isinstance(message, dict) and message.get("error") else None
