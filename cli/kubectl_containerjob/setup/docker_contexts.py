"""Contexts of the docker command: name and endpoint, read from its own files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kubectl_containerjob.problems import Problem

DEFAULT: Final = "default"
DEFAULT_ENDPOINT: Final = "unix:///var/run/docker.sock"


def endpoint(name: str, environment: Mapping[str, str]) -> str:
    """Return the endpoint of a context; a Problem names the ones there are."""
    if name == DEFAULT:
        return environment.get("DOCKER_HOST") or DEFAULT_ENDPOINT
    found = _all(_folder(environment))
    if name not in found:
        known = ", ".join(sorted({DEFAULT, *found}))
        raise Problem(f"--from-docker-context: there is no docker context {name!r}; there are: {known}")
    if not found[name]:
        raise Problem(f"--from-docker-context: docker context {name!r} has no docker endpoint: give --endpoint")
    return found[name]


def _folder(environment: Mapping[str, str]) -> Path:
    configured = environment.get("DOCKER_CONFIG")
    home = Path(environment["HOME"]) if "HOME" in environment else Path.home()
    return (Path(configured) if configured else home / ".docker") / "contexts" / "meta"


def _all(folder: Path) -> dict[str, str]:
    return dict(_read(file) for file in sorted(folder.glob("*/meta.json")))


def _read(file: Path) -> tuple[str, str]:
    try:
        meta = json.loads(file.read_text())
        return str(meta["Name"]), str(meta.get("Endpoints", {}).get("docker", {}).get("Host", ""))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problem(f"{file} is no context of docker ({error}): see `docker context ls`") from error
