"""From the errors of Google's client to ours: one table, by gRPC code. Pure.

Codes and details are those of https://google.aip.dev/193 and https://cloud.google.com/apis/design/errors.
"""

import re
from typing import Final

from google.api_core.exceptions import GoogleAPICallError
from grpc import StatusCode  # type: ignore[import-untyped]

from containerjob_api.phases import HostReason, Reason
from containerjob_operator.errors import HostRefused, HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.cloudrun.place import Place

PERMISSIONS: Final = {
    "CreateJob": "run.jobs.create",
    "GetJob": "run.jobs.get",
    "ListJobs": "run.jobs.list",
    "UpdateJob": "run.jobs.update",
    "DeleteJob": "run.jobs.delete",
    "ListExecutions": "run.executions.list",
    "CancelExecution": "run.executions.cancel",
    "ListTasks": "run.tasks.list",
    "ListLogEntries": "logging.logEntries.list",
}
"""What each call needs, where Google does not name it itself."""
_ADVICE: Final = {
    HostReason.CREDENTIALS_INVALID: "check spec.credentials and the service account behind it",
    HostReason.PROJECT_NOT_FOUND: "check spec.project, and that the operator's identity may use it",
    HostReason.LOCATION_NOT_FOUND: "name a region of Cloud Run in spec.location",
    HostReason.QUOTA_EXHAUSTED: "wait, or ask for more at https://console.cloud.google.com/iam-admin/quotas",
}
_PLUGIN: Final = re.compile(
    r"metadata from plugin failed.*(invalid_grant|invalid_client|RefreshError|unauthorized)", re.DOTALL
)
"""How gRPC tells, as an outage, that no token could be had; a network that is down reads otherwise."""
_LOCATION: Final = re.compile(r"\blocation\b.*\b(not found|unauthorized|does not exist|not supported)", re.IGNORECASE)
_PROJECT: Final = re.compile(r"\bproject\b(?! .*\bof kind\b).*\b(not found|does not exist|deleted)\b", re.IGNORECASE)
_RESOURCE: Final = re.compile(r"\bof kind\b|\bresource\b", re.IGNORECASE)
_NAMED: Final = re.compile(r"'([a-z]+\.[a-zA-Z]+\.[a-zA-Z]+)'")


def code_of(exc: GoogleAPICallError) -> StatusCode:
    """Return the gRPC code; UNKNOWN where the error has none."""
    return exc.grpc_status_code or StatusCode.UNKNOWN


def is_absence(exc: GoogleAPICallError) -> bool:
    """Say whether the resource is not there, as against the place that it would be in."""
    return code_of(exc) == StatusCode.NOT_FOUND and _missing_place(exc.message) is None


def unavailable(place: Place, call: str, exc: GoogleAPICallError) -> HostUnavailable:
    """Judge what keeps a place from answering, or from serving us."""
    code = code_of(exc)
    reason = _reason(code, exc)
    if reason is None:
        silent = "does not answer in time" if code == StatusCode.DEADLINE_EXCEEDED else "gave no usable answer"
        return HostUnavailable(f"Cloud Run of {place.called} {silent}: {call}: {_line(exc.message) or code.name}")
    if reason is HostReason.PERMISSION_DENIED:
        advice = f"grant {_permission(call, exc)} to the operator's identity in {place.project}"
    elif reason is HostReason.API_DISABLED:
        advice = f"enable {_service(call, exc)} in {place.project}"
    else:
        advice = _ADVICE[reason]
    return HostRefused(reason, f"{place.called}: {call}: {_line(exc.message) or code.name}; {advice}")


def launch_refused(
    place: Place, call: str, exc: GoogleAPICallError
) -> LaunchRejected | LaunchDelayed | HostUnavailable:
    """Judge a refused launch: what Google says of this job, of this moment, or of the host."""
    code = code_of(exc)
    if code in {StatusCode.INVALID_ARGUMENT, StatusCode.OUT_OF_RANGE}:
        return LaunchRejected(Reason.INVALID_SPEC, _line(exc.message))
    if code == StatusCode.FAILED_PRECONDITION:
        return LaunchDelayed(Reason.LAUNCH_BACK_OFF, _line(exc.message))
    # A quota that is used up too: nobody has refused the job, so that waiting must not use up its launch retries.
    return unavailable(place, call, exc)


def _reason(code: StatusCode, exc: GoogleAPICallError) -> HostReason | None:
    """Return what is wrong with the host; None where nobody can tell."""
    if code == StatusCode.UNAUTHENTICATED or (code == StatusCode.UNAVAILABLE and _PLUGIN.search(exc.message)):
        return HostReason.CREDENTIALS_INVALID
    if code == StatusCode.RESOURCE_EXHAUSTED:
        return HostReason.QUOTA_EXHAUSTED
    if code == StatusCode.NOT_FOUND:
        return _missing_place(exc.message) or HostReason.PROJECT_NOT_FOUND
    return _denied(exc) if code == StatusCode.PERMISSION_DENIED else None


def _denied(exc: GoogleAPICallError) -> HostReason:
    if exc.reason == "SERVICE_DISABLED":
        return HostReason.API_DISABLED
    if exc.reason in {"CONSUMER_INVALID", "USER_PROJECT_DENIED"}:
        return HostReason.PROJECT_NOT_FOUND
    return HostReason.LOCATION_NOT_FOUND if _LOCATION.search(exc.message) else HostReason.PERMISSION_DENIED


def _missing_place(words: str) -> HostReason | None:
    if _RESOURCE.search(words):
        return None
    if _LOCATION.search(words):
        return HostReason.LOCATION_NOT_FOUND
    return HostReason.PROJECT_NOT_FOUND if _PROJECT.search(words) else None


def _permission(call: str, exc: GoogleAPICallError) -> str:
    """Return the IAM permission that is missing, as Google names it, else what such a call needs."""
    told = (exc.metadata or {}).get("permission")
    found = _NAMED.search(exc.message)
    return told or (found[1] if found else PERMISSIONS.get(call, "the permissions of docs/cloud-run.md"))


def _service(call: str, exc: GoogleAPICallError) -> str:
    told = (exc.metadata or {}).get("service")
    return told or ("logging.googleapis.com" if call == "ListLogEntries" else "run.googleapis.com")


def _line(words: str) -> str:
    return " ".join(words.split())
