"""Wait for what was started, and notice at once when it has ended instead."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from containerjob_local.errors import ProcessError, ReadinessError
from containerjob_local.pki import Pki
from containerjob_local.ports import LOOPBACK
from containerjob_local.processes import StartedProcess, is_alive, last_line

_POLL_SECONDS = 0.1
_REQUEST_SECONDS = 5.0


def wait_until(
    ready: Callable[[], bool],
    *,
    what: str,
    seconds: float,
    needs: Iterable[tuple[StartedProcess, Path]] = (),
) -> None:
    """Wait until `ready`; raise ReadinessError after `seconds`, ProcessError when a needed process ends before."""
    deadline = time.monotonic() + seconds
    while not ready():
        for process, log in needs:
            if not is_alive(process):
                raise ProcessError(f"{process.name} ended while it started: {last_line(log)} (log: {log})")
        if time.monotonic() > deadline:
            raise ReadinessError(f"{what} is not ready after {seconds:g} s")
        time.sleep(_POLL_SECONDS)


class PlaneProbe:
    """Questions to a plane's API server, asked with the administrator's certificate."""

    def __init__(self, port: int, pki: Pki, address: str = LOOPBACK) -> None:
        admin = pki.pair("admin")
        self._address, self._port = address, port
        self._context = ssl.create_default_context(cafile=pki.pair("ca").certificate)
        self._context.load_cert_chain(admin.certificate, admin.key)

    def is_ready(self) -> bool:
        """Tell whether the plane serves, and has the objects every client takes for granted."""
        paths = ("/readyz", "/api/v1/namespaces/kube-system", "/api/v1/namespaces/default/serviceaccounts/default")
        return all(self._get(path) is not None for path in paths)

    def cluster_uid(self) -> str:
        """Return the uid of kube-system, by which a cluster is told from any other."""
        return str(self._json("/api/v1/namespaces/kube-system")["metadata"]["uid"])

    def version(self) -> str:
        """Return the version of the API server that runs, which need not be the one we would have fetched."""
        return str(self._json("/version")["gitVersion"])

    def _json(self, path: str) -> dict[str, Any]:
        body = self._get(path)
        if body is None:
            raise ReadinessError(f"the control plane does not answer to {path}: take it down and up again")
        answer: dict[str, Any] = json.loads(body)
        return answer

    def _get(self, path: str) -> bytes | None:
        connection = http.client.HTTPSConnection(
            self._address, self._port, timeout=_REQUEST_SECONDS, context=self._context
        )
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):  # not listening yet, or restarting
            return None
        finally:
            connection.close()
        return body if response.status == 200 else None
