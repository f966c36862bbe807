"""The engine's JSON to our values. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from containerjob_api.hosts import EngineInfo
from containerjob_api.names import LABEL_JOB_UID
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.executors import marks

_STATES: Final = {
    "created": RunState.CREATED,
    "configured": RunState.CREATED,  # Podman's word
    "initialized": RunState.CREATED,  # Podman's word
    "running": RunState.RUNNING,
    "paused": RunState.RUNNING,
    "restarting": RunState.RUNNING,
    "stopping": RunState.RUNNING,  # Podman's word
    "exited": RunState.EXITED,
    "stopped": RunState.EXITED,  # Podman's word
    "dead": RunState.EXITED,
    "removing": RunState.EXITED,
}
DEFAULT_STOP_SIGNAL: Final = "SIGTERM"


def observation(inspected: Mapping[str, Any]) -> Observation:
    """Read what `GET /containers/NAME/json` says."""
    state = inspected["State"]
    started_at = moment(state.get("StartedAt"))
    run_state = _run_state(str(state["Status"]), started_at)
    code = int(state.get("ExitCode") or 0)
    return Observation(
        state=run_state,
        container_id=inspected["Id"],
        image_id=inspected.get("Image", ""),
        exit_code=_exit_code(run_state, code),
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        started_at=started_at,
        finished_at=moment(state.get("FinishedAt")) if run_state is RunState.EXITED else None,
    )


def _run_state(status: str, started_at: datetime | None) -> RunState:
    known = _STATES[status]
    # Dead or being removed without ever having run: there is no exit code to report.
    return RunState.CREATED if known is RunState.EXITED and started_at is None else known


def _exit_code(state: RunState, code: int) -> int | None:
    if state is RunState.EXITED:
        return code
    # The engine leaves 126, 127 or 128 where it was told to start the container and could not.
    return code or None if state is RunState.CREATED else None


def moment(text: str | None) -> datetime | None:
    """Read RFC 3339 with up to nanoseconds; the year 1 is the engine's word for never."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)


def stop_signal(inspected: Mapping[str, Any]) -> str:
    """Return the signal that the image, or the container, asks to be stopped by."""
    return inspected["Config"].get("StopSignal") or DEFAULT_STOP_SIGNAL


def labels(inspected: Mapping[str, Any]) -> Mapping[str, str]:
    """Return an inspected container's labels."""
    return inspected["Config"].get("Labels") or {}


def owned(listed: Mapping[str, Any]) -> OwnedContainer | None:
    """Read a row of `GET /containers/json`; None where it carries no job's uid, hence is not ours to judge."""
    return marks.owned(
        listed.get("Labels") or {},
        name=listed["Names"][0].removeprefix("/"),
        state=_STATES[listed["State"]],
        created_at=datetime.fromtimestamp(listed["Created"], UTC),
    )


def run_event(message: Mapping[str, Any]) -> RunEvent:
    """Read a line of `GET /events`."""
    actor = message.get("Actor") or {}
    told = actor.get("Attributes") or {}
    return RunEvent(kind=message["Action"], job_uid=told.get(LABEL_JOB_UID, ""), name=told.get("name", ""))


def engine_info(info: Mapping[str, Any], version: Mapping[str, Any]) -> EngineInfo:
    """Read `GET /info` and `GET /version`."""
    return EngineInfo(
        id=info.get("ID") or "",
        name=info.get("Name") or "",
        version=version.get("Version") or "",
        api_version=version.get("ApiVersion") or "",
        os=info.get("OperatingSystem") or "",
        architecture=info.get("Architecture") or "",
        cpus=info.get("NCPU") or 0,
        memory_bytes=info.get("MemTotal") or 0,
    )
