"""Containers on an engine: found by label, removed by force."""

import json
import time

from containerjob_local.engine.errors import EngineError
from containerjob_local.engine.unix_http import call, with_query

_LIST_SECONDS = 10.0
_REMOVAL_SECONDS = 30.0


def remove_containers(endpoint: str, label: str) -> int:
    """Remove every container, running or not, that carries `label` (key or key=value); return how many."""
    if not label:
        raise EngineError("a label is needed: without one every container of the engine would go")
    found = _identifiers(endpoint, {"label": [label]})
    for identifier in found:
        _remove(endpoint, identifier)
    return len(found)


def remove_all_containers(endpoint: str) -> int:
    """Empty an engine that is ours alone."""
    found = _identifiers(endpoint, {})
    for identifier in found:
        _remove(endpoint, identifier)
    return len(found)


def _identifiers(endpoint: str, filters: dict[str, list[str]]) -> list[str]:
    path = with_query("/containers/json", {"all": "true", "filters": json.dumps(filters)})
    reply = call(endpoint, "GET", path, timeout=_LIST_SECONDS)
    if reply.status != 200:
        raise EngineError(f"the engine does not list its containers: {reply.words}")
    return [str(container["Id"]) for container in json.loads(reply.body)]


def _remove(endpoint: str, identifier: str) -> None:
    """Remove one container; wait where somebody else is removing it already, which the engine calls a conflict."""
    path = with_query(f"/containers/{identifier}", {"force": "true", "v": "true"})
    deadline = time.monotonic() + _REMOVAL_SECONDS
    while (reply := call(endpoint, "DELETE", path)).status == 409 and time.monotonic() < deadline:
        time.sleep(0.1)
    if reply.status not in (200, 204, 404):
        raise EngineError(f"container {identifier[:12]} cannot be removed: {reply.words}")
