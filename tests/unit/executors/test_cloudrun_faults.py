"""Google's refusals, judged: the job's fault, the host's, or nobody's."""

import pytest
from google.api_core.exceptions import GoogleAPICallError, from_grpc_status
from google.rpc.error_details_pb2 import ErrorInfo
from grpc import StatusCode

from containerjob_api.phases import HostReason, Reason
from containerjob_operator.errors import HostRefused, HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.cloudrun import faults
from containerjob_operator.executors.cloudrun.place import Place

PLACE = Place("demo", "europe-west1")


def an_error(code: StatusCode, words: str, reason: str = "", **metadata: str) -> GoogleAPICallError:
    info = ErrorInfo(reason=reason, domain="googleapis.com", metadata=metadata) if reason else None
    found: GoogleAPICallError = from_grpc_status(code, words, error_info=info)
    return found


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (StatusCode.UNAVAILABLE, "connection refused"),
        (StatusCode.INTERNAL, "oops"),
        (StatusCode.ABORTED, "conflict"),
        (StatusCode.UNKNOWN, ""),
        (StatusCode.UNAVAILABLE, "Getting metadata from plugin failed with error: timed out"),
    ],
)
def test_what_nobody_can_tell_is_unknown(code: StatusCode, words: str) -> None:
    problem = faults.unavailable(PLACE, "ListJobs", an_error(code, words))
    assert type(problem) is HostUnavailable
    assert str(problem) == f"Cloud Run of demo/europe-west1 gave no usable answer: ListJobs: {words or 'UNKNOWN'}"


def test_an_error_without_a_code_is_unknown() -> None:
    assert type(faults.unavailable(PLACE, "ListJobs", GoogleAPICallError("odd"))) is HostUnavailable


def test_a_deadline_is_named() -> None:
    problem = faults.unavailable(PLACE, "ListJobs", an_error(StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"))
    assert str(problem).startswith("Cloud Run of demo/europe-west1 does not answer in time: ListJobs")


@pytest.mark.parametrize(
    ("error", "reason", "remedy"),
    [
        (an_error(StatusCode.UNAUTHENTICATED, "expired\ntoken"), HostReason.CREDENTIALS_INVALID, "spec.credentials"),
        (
            an_error(StatusCode.UNAVAILABLE, "Getting metadata from plugin failed with error: ('invalid_grant: x',)"),
            HostReason.CREDENTIALS_INVALID,
            "spec.credentials",
        ),
        (an_error(StatusCode.RESOURCE_EXHAUSTED, "too many"), HostReason.QUOTA_EXHAUSTED, "quotas"),
        (an_error(StatusCode.NOT_FOUND, "Project 'demo' not found."), HostReason.PROJECT_NOT_FOUND, "spec.project"),
        (an_error(StatusCode.NOT_FOUND, "nothing"), HostReason.PROJECT_NOT_FOUND, "spec.project"),
        (
            an_error(StatusCode.NOT_FOUND, "Location x is not found or access is unauthorized."),
            HostReason.LOCATION_NOT_FOUND,
            "spec.location",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "Location x is not found or access is unauthorized."),
            HostReason.LOCATION_NOT_FOUND,
            "spec.location",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "no", "CONSUMER_INVALID"),
            HostReason.PROJECT_NOT_FOUND,
            "spec.project",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "off", "SERVICE_DISABLED", service="logging.googleapis.com"),
            HostReason.API_DISABLED,
            "enable logging.googleapis.com in demo",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "off", "SERVICE_DISABLED"),
            HostReason.API_DISABLED,
            "enable run.googleapis.com in demo",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "no", "IAM_PERMISSION_DENIED", permission="run.jobs.list"),
            HostReason.PERMISSION_DENIED,
            "grant run.jobs.list to the operator's identity in demo",
        ),
        (
            an_error(StatusCode.PERMISSION_DENIED, "Permission 'iam.serviceaccounts.actAs' denied on x"),
            HostReason.PERMISSION_DENIED,
            "grant iam.serviceaccounts.actAs ",
        ),
        (an_error(StatusCode.PERMISSION_DENIED, "no"), HostReason.PERMISSION_DENIED, "grant run.jobs.list "),
    ],
)
def test_a_host_that_refuses_us_says_why_and_what_to_do(
    error: GoogleAPICallError, reason: HostReason, remedy: str
) -> None:
    problem = faults.unavailable(PLACE, "ListJobs", error)
    assert isinstance(problem, HostRefused)
    assert problem.reason is reason
    assert remedy in problem.message
    assert "\n" not in problem.message


def test_a_log_that_may_not_be_read_names_its_own_service_and_permission() -> None:
    off = faults.unavailable(PLACE, "ListLogEntries", an_error(StatusCode.PERMISSION_DENIED, "", "SERVICE_DISABLED"))
    denied = faults.unavailable(PLACE, "ListLogEntries", an_error(StatusCode.PERMISSION_DENIED, "no"))
    assert "enable logging.googleapis.com" in str(off)
    assert "grant logging.logEntries.list" in str(denied)


@pytest.mark.parametrize(
    ("words", "absent"),
    [
        ("Resource 'cj-1-0' of kind 'JOB' in region 'x' in project 'demo' does not exist.", True),
        ("Location x is not found or access is unauthorized.", False),
        ("Project 'demo' not found or permission denied.", False),
    ],
)
def test_a_resource_that_is_missing_is_told_from_a_place_that_is(words: str, absent: bool) -> None:
    assert faults.is_absence(an_error(StatusCode.NOT_FOUND, words)) is absent
    assert not faults.is_absence(an_error(StatusCode.UNAVAILABLE, words))


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (StatusCode.INVALID_ARGUMENT, LaunchRejected, Reason.INVALID_SPEC),
        (StatusCode.OUT_OF_RANGE, LaunchRejected, Reason.INVALID_SPEC),
        (StatusCode.RESOURCE_EXHAUSTED, HostRefused, HostReason.QUOTA_EXHAUSTED),
        (StatusCode.FAILED_PRECONDITION, LaunchDelayed, Reason.LAUNCH_BACK_OFF),
        (StatusCode.UNAUTHENTICATED, HostRefused, HostReason.CREDENTIALS_INVALID),
    ],
)
def test_a_refused_launch_is_the_jobs_fault_or_a_matter_of_time(
    code: StatusCode, kind: type[Exception], reason: Reason | HostReason
) -> None:
    problem = faults.launch_refused(PLACE, "CreateJob", an_error(code, "said\nso"))
    assert type(problem) is kind
    assert not isinstance(problem, HostUnavailable) or isinstance(problem, HostRefused)
    assert getattr(problem, "reason", None) is reason
    assert "said so" in str(problem)
