"""Ask whoever listens on a socket what it is: Docker or Podman, and whether its API is new enough."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any, Literal

from containerjob_local.engine.errors import NoAnswerError
from containerjob_local.engine.unix_http import call

# Docker 20.10 and Podman 4 speak it; older engines lack fields the operator reads.
OLDEST_API = (1, 41)
ANSWER_SECONDS = 2.0

Kind = Literal["docker", "podman"]


@dataclass(frozen=True, slots=True)
class Engine:
    """A local container engine that answered, and whether it is ours to stop."""

    endpoint: str
    kind: Kind
    version: str
    api_version: str
    started_by_us: bool


def ask(endpoint: str, *, started_by_us: bool = False, seconds: float = ANSWER_SECONDS) -> Engine:
    """Return what answers at `endpoint` within `seconds`; otherwise raise NoAnswerError saying why not."""
    deadline = time.monotonic() + seconds
    ping = call(endpoint, "GET", "/_ping", timeout=seconds)
    if ping.status != 200:
        raise NoAnswerError(f"/_ping answered {ping.status}: {ping.words}")
    reply = call(endpoint, "GET", "/version", timeout=max(0.01, deadline - time.monotonic()))
    if reply.status != 200:
        raise NoAnswerError(f"/version answered {reply.status}: {reply.words}")
    return _engine(endpoint, reply.body, started_by_us)


def _engine(endpoint: str, body: bytes, started_by_us: bool) -> Engine:
    """Read the answer to /version; podman names itself among its components."""
    try:
        document: Any = json.loads(body)
        api_version, version = str(document["ApiVersion"]), str(document["Version"])
        names = [str(component["Name"]) for component in document.get("Components") or []]
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswerError("/version is not what a container engine says") from error
    parsed = re.fullmatch(r"(\d+)\.(\d+)", api_version)
    if parsed is None or (int(parsed[1]), int(parsed[2])) < OLDEST_API:
        oldest = ".".join(map(str, OLDEST_API))
        raise NoAnswerError(f"version {version} speaks API {api_version}, {oldest} or newer is needed")
    kind: Kind = "podman" if any("podman" in name.lower() for name in names) else "docker"
    return Engine(endpoint, kind, version, api_version, started_by_us)
