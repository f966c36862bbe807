"""What goes wrong, as people read it: one line that says what and what to do, and an exit code."""

import contextlib
import re
from collections.abc import Iterator
from typing import IO, Any, Final

import click

from kubectl_containerjob import exits


class Problem(click.ClickException):
    """One line on stderr, and the exit code; it may quote what others wrote, so no terminal obeys it."""

    def __init__(self, message: str, code: int = exits.FAILED) -> None:
        from kubectl_containerjob.screens.plain_text import harmless  # nothing that goes well needs it

        super().__init__(harmless(" ".join(message.split())))
        self.exit_code = code  # type: ignore[misc]

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line in the form that kubectl writes its own."""
        click.echo(f"error: {self.message}", file=file, err=file is None)


class Refused(Problem):
    """kubectl, or the API server through it, said no; `reason` is the API's word where there is one."""

    def __init__(self, message: str, reason: str = "", code: int = exits.FAILED) -> None:
        super().__init__(message, code)
        self.reason = reason


NO_KUBECTL: Final = "kubectl is not in PATH: install it, then try again"
NO_KINDS: Final = "this cluster does not know ContainerJobs: install the operator's chart, or try `local up`"

_SERVER: Final = re.compile(r'^Error from server(?: \((\w+)\))?: (?:error when \w+ "STDIN": )?(.*)$', re.DOTALL)
_AGAIN: Final = re.compile(r"\nError from server(?: \(\w+\))?: ")
"""Before every further refusal, where several objects were asked for."""
_INVALID: Final = re.compile(r'^The \w+ ".*" is invalid: ')
"""So begins what the API server says of the fields of an object; one line each where there are several."""
_CONFLICT: Final = re.compile(r"^error: (Apply failed with [^\n]*)", re.MULTILINE)
"""Of the many lines that follow none is about the conflict."""
_DOWN: Final = re.compile(r"connection to the server \S+ was refused|Unable to connect to the server|dial tcp")
_HINTS: Final = (
    (
        re.compile(r"the server doesn't have a resource type|no matches for kind|could not find the requested"),
        NO_KINDS,
    ),
    (re.compile(r"context .* does not exist|cluster .* does not exist"), "see `kubectl config get-contexts`"),
)
_REMEDIES: Final = {
    "Forbidden": "ask an administrator for the role",
    "Unauthorized": "log in again, or see `kubectl config view`",
    "AlreadyExists": "choose another name, or delete it first",
}


@contextlib.contextmanager
def shown(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds, whose messages are written for people, into the plugin's own."""
    try:
        yield
    except kinds as error:
        raise Problem(str(error)) from error
    except ModuleNotFoundError as error:
        raise Problem(
            f"this command needs more than the plugin itself ({error.name} is missing): install containerjob[local]"
        ) from error


def from_kubectl(stderr: str, code: int) -> Refused:
    """Turn what kubectl wrote into one line with the remedy; warnings and its own word `error:` are left out."""
    lines = [line for line in stderr.strip().splitlines() if line and not re.match(r"^(Warning:|[EWI]\d{4} )", line)]
    text = "\n".join(lines) or stderr.strip() or f"kubectl ended with exit code {code}"
    # A server that quotes what it could not reach itself does answer.
    if _DOWN.search(text) and not _SERVER.match(text):
        return Refused(
            f"the cluster does not answer ({_last(text)}): is it up, and is this the right context?", "Down"
        )
    for pattern, hint in _HINTS:
        if pattern.search(text):
            return Refused(hint if hint == NO_KINDS else f"{_last(text)}: {hint}", "Unknown")
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        return Refused(conflict[1], "Conflict")
    if _INVALID.match(text):
        return Refused(text, "Invalid")
    server = _SERVER.match(text)
    if server is None:
        return Refused(_last(text))
    reason, message = server[1] or "", _AGAIN.sub("; ", server[2])
    remedy = _REMEDIES.get(reason)
    return Refused(f"{message}: {remedy}" if remedy else message, reason)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("See 'kubectl")] or text.splitlines()
    return lines[-1].removeprefix("error: ").removeprefix("Error: ")
