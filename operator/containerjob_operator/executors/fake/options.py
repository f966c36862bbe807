"""What a fake:// endpoint says: `fake://NAME?runForSeconds=0.2&exitCode=0`. Pure."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from containerjob_api.phases import Reason

DELAYS: Final = frozenset({Reason.IMAGE_PULL_BACK_OFF, Reason.LAUNCH_BACK_OFF})
REFUSALS: Final = frozenset({Reason.IMAGE_NOT_FOUND, Reason.INVALID_SPEC, Reason.NAME_CONFLICT})


@dataclass(frozen=True, slots=True)
class FakeOptions:
    """How containers behave whose command the fake engine does not understand, and the engine itself."""

    run_for_seconds: float = 0.1
    exit_code: int = 0
    start_delay_seconds: float = 0.0
    """How long the start call takes."""
    fail_create: Reason | None = None
    """Every create is refused: for good (InvalidSpec, …) or for now (LaunchBackOff, ImagePullBackOff)."""
    cpus: int = 4
    """What the engine reports; a host's maxConcurrentJobs follows it."""


def parse_endpoint(endpoint: str) -> tuple[str, FakeOptions]:
    """Return the engine's name and its options; ValueError names the parameter that is wrong."""
    parts = urlsplit(endpoint)
    given: dict[str, Any] = {}
    for key, text in parse_qsl(parts.query, keep_blank_values=True):
        if key not in _PARAMETERS:
            raise ValueError(f"spec.endpoint has no parameter {key}; known are {', '.join(_PARAMETERS)}")
        name, read = _PARAMETERS[key]
        try:
            given[name] = read(text)
        except ValueError as exc:
            raise ValueError(f"spec.endpoint: {key}={text}: {exc}") from exc
    return parts.netloc + parts.path, FakeOptions(**given)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86400:
        raise ValueError("must be a number of seconds from 0 to 86400")
    return value


def _exit_code(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 255:
        raise ValueError("must be from 0 to 255")
    return value


def _cpus(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 10000:
        raise ValueError("must be from 1 to 10000")
    return value


def _failure(text: str) -> Reason:
    known = DELAYS | REFUSALS
    if text not in known:
        raise ValueError(f"must be one of {', '.join(sorted(known))}")
    return Reason(text)


_PARAMETERS: Final = {
    "runForSeconds": ("run_for_seconds", _seconds),
    "exitCode": ("exit_code", _exit_code),
    "startDelaySeconds": ("start_delay_seconds", _seconds),
    "failCreate": ("fail_create", _failure),
    "cpus": ("cpus", _cpus),
}
