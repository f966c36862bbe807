"""Where an engine that already runs may listen, in the order in which Docker's own client would look."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DOCKER_SOCKET = "unix:///var/run/docker.sock"
PODMAN_SOCKET = "unix:///run/podman/podman.sock"
_DEFAULT_CONTEXT = "default"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place to ask, and what a person would call it."""

    name: str
    endpoint: str


def candidates(environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield DOCKER_HOST, the current Docker context, Docker's socket, then Podman's two."""
    if host := environ.get("DOCKER_HOST"):
        yield Candidate("DOCKER_HOST", host)
    yield from _current_context(environ)
    yield Candidate("Docker", DOCKER_SOCKET)
    yield Candidate("Podman", PODMAN_SOCKET)
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Candidate("Podman of this user", f"unix://{runtime}/podman/podman.sock")


def _current_context(environ: Mapping[str, str]) -> Iterator[Candidate]:
    """Yield the endpoint of the context that `docker context use` or DOCKER_CONTEXT chose, if any."""
    folder = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME", "/"), ".docker"))
    name = environ.get("DOCKER_CONTEXT") or _read(folder / "config.json", "currentContext")
    if not name or name == _DEFAULT_CONTEXT:
        return
    # Docker's client files a context's metadata under the SHA-256 of its name.
    metadata = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    endpoint = _read(metadata, "Endpoints", "docker", "Host")
    yield Candidate(f"Docker context {name!r}", endpoint or "an endpoint its metadata does not name")


def _read(path: Path, *keys: str) -> str:
    """Return a string from a JSON file, or nothing: an unreadable client file must not stop the search."""
    try:
        value = json.loads(path.read_text())
        for key in keys:
            value = value[key]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return value if isinstance(value, str) else ""
