"""Many requests through one kubectl: `kubectl proxy` on a socket that nobody else can open.

A kubectl for each write costs more than the write itself, and none of its verbs can say which of two jobs of one
name is meant.
"""

import contextlib
import http.client
import json
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubectl_containerjob.kubectl import FIELD_MANAGER, Body, Kubectl, end, path_of, there, with_query
from kubectl_containerjob.problems import Problem, from_kubectl

ANSWER_SECONDS: Final = 60.0
MERGE_PATCH: Final = "application/merge-patch+json"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Gateway:
    """Requests to the API server with the person's own credentials; each raises Refused where it says no."""

    connection: http.client.HTTPConnection
    dry_run: bool = False
    """Whether the API server checks what is written and stores nothing."""

    def get(self, path: str) -> Body:
        """Read an object or a list."""
        return self._ask("GET", path)

    def create(self, path: str, body: Body) -> Body:
        """Create an object in the list at this path."""
        return self._ask("POST", self._written(path), body)

    def patch(self, path: str, body: Body) -> Body:
        """Merge into an object; a uid and a resourceVersion in the body are preconditions."""
        return self._ask("PATCH", self._written(path), body, MERGE_PATCH)

    def delete(self, path: str, uid: str) -> Body:
        """Delete the object of this uid, and never another one of its name."""
        options: Body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        if self.dry_run:  # the API server reads the query only where there is no body
            options["dryRun"] = ["All"]
        return self._ask("DELETE", path, options)

    def _written(self, path: str) -> str:
        return with_query(path, {"fieldManager": FIELD_MANAGER, "dryRun": "All" if self.dry_run else None})

    def _ask(self, method: str, path: str, body: Body | None = None, kind: str = JSON) -> Body:
        payload = None if body is None else json.dumps(body).encode()
        try:
            self.connection.request(method, path, payload, {"Content-Type": kind, "Accept": JSON})
            answer = self.connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            raise Problem(
                f"the connection to the cluster broke ({error}): look what was done, and try again"
            ) from error
        if answer.status < 300:
            found: Body = json.loads(text)
            return found
        raise from_kubectl(_line(text), answer.status)


@contextlib.contextmanager
def opened(kubectl: Kubectl, *, dry_run: bool = False) -> Iterator[Gateway]:
    """Start `kubectl proxy` and end it with the block; its folder is readable by this user alone."""
    with tempfile.TemporaryDirectory(prefix="cj-") as folder:
        path = Path(folder) / "s"
        command = kubectl.command("proxy", f"--unix-socket={path}", namespaced=False)
        pipe = subprocess.PIPE
        with (
            there(),
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True) as child,
        ):
            try:
                _await(child)
                with contextlib.closing(_Local(path)) as connection:
                    yield Gateway(connection, dry_run)
            finally:
                end(child)


def job_path(job: Body) -> str:
    """Return the path of a job."""
    return path_of("containerjobs", job["metadata"]["namespace"], job["metadata"]["name"])


class _Local(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock: Any = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _await(child: "subprocess.Popen[str]") -> None:
    """Wait for the line by which kubectl says that it serves; an end without it is its refusal."""
    assert child.stdout is not None  # noqa: S101 - asked for above
    assert child.stderr is not None  # noqa: S101 - asked for above
    if not child.stdout.readline():
        raise from_kubectl(child.stderr.read(), child.wait())


def _line(text: str) -> str:
    """Write a metav1 Status in the words of kubectl; anything else is the proxy's own complaint."""
    try:
        status = json.loads(text)
        return f"Error from server ({status.get('reason') or 'Unknown'}): {status['message']}"
    except (ValueError, KeyError, AttributeError):
        return text or "the API server said no without a word"
