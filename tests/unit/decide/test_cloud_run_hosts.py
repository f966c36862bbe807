"""What a CloudRunHost's status says, given what Google answered."""

from typing import Any

import pytest
from tests.unit.decide.builders import START, after

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostparts import EngineInfo, HostStatus
from containerjob_api.phases import HostReason
from containerjob_operator.decide.hosts import Probe, host_status, judge, unanswered
from containerjob_operator.errors import HostRefused, HostUnavailable

GOOGLE = EngineInfo(
    id="projects/demo-project/locations/europe-west1",
    name="demo-project/europe-west1",
    version="run.googleapis.com/v2",
    api_version="v2",
)


def host(status: HostStatus | None = None, **spec: Any) -> CloudRunHost:
    body = {
        "metadata": {"name": "eu", "generation": 3},
        "spec": {"project": "demo-project", "location": "europe-west1", **spec},
        "status": {} if status is None else status.to_json(),
    }
    return CloudRunHost.from_body(body)


def told(status: HostStatus) -> dict[str, str]:
    return {c.type: c.status for c in status.conditions}


def refused(reason: HostReason) -> HostStatus:
    return host_status(host(), unanswered(HostRefused(reason, "no: do this")), 0, START)


def test_a_region_that_answers_makes_the_host_ready_whatever_its_version() -> None:
    status = host_status(host(), judge(host(), Probe(GOOGLE)), 2, START)
    assert set(told(status).values()) == {"True"}
    assert told(status).keys() == {"Reachable", "CredentialsValid", "PermissionsOK", "QuotaOK", "Ready"}
    assert {c.message for c in status.conditions} == {"Cloud Run answers"}
    assert (status.max_concurrent_jobs, status.running_jobs, status.observed_generation) == (100, 2, 3)
    assert "engine" not in status.to_json()


@pytest.mark.parametrize(
    ("reason", "conditions"),
    [
        (HostReason.CREDENTIALS_INVALID, ("False", "False", "Unknown", "Unknown", True)),
        (HostReason.PERMISSION_DENIED, ("True", "True", "False", "Unknown", True)),
        (HostReason.API_DISABLED, ("True", "True", "False", "Unknown", True)),
        (HostReason.PROJECT_NOT_FOUND, ("False", "True", "Unknown", "Unknown", True)),
        (HostReason.LOCATION_NOT_FOUND, ("False", "True", "Unknown", "Unknown", True)),
        (HostReason.QUOTA_EXHAUSTED, ("True", "True", "True", "False", False)),
        (HostReason.CLIENT_MISSING, ("False", "Unknown", "Unknown", "Unknown", True)),
    ],
)
def test_a_refusal_tells_what_was_passed_what_was_not_and_what_nobody_knows(
    reason: HostReason, conditions: tuple[str, str, str, str, bool]
) -> None:
    *words, stalled = conditions
    found = told(refused(reason))
    assert [found[name] for name in ("Reachable", "CredentialsValid", "PermissionsOK", "QuotaOK")] == words
    assert (found["Ready"], "Stalled" in found) == ("False", stalled)


def test_the_remedy_of_a_refusal_is_in_every_condition_that_is_not_true() -> None:
    status = refused(HostReason.PERMISSION_DENIED)
    assert {(c.reason, c.message) for c in status.conditions if c.status == "False"} == {
        ("PermissionDenied", "no: do this")
    }
    assert {(c.type, c.reason, c.message) for c in status.conditions if c.type == "CredentialsValid"} == {
        ("CredentialsValid", "EngineReady", "Cloud Run answers")
    }


def test_silence_says_nothing_of_credentials_permissions_and_quota() -> None:
    status = host_status(host(), unanswered(HostUnavailable("connection refused")), 0, START)
    assert told(status) == {
        "Reachable": "False",
        "CredentialsValid": "Unknown",
        "PermissionsOK": "Unknown",
        "QuotaOK": "Unknown",
        "Ready": "False",
    }


def test_a_refusal_that_is_mended_leaves_nothing_behind_but_stalled_false() -> None:
    status = host_status(host(refused(HostReason.API_DISABLED)), Probe(GOOGLE), 0, after(9))
    assert told(status).pop("Stalled") == "False"
    assert {state for type_, state in told(status).items() if type_ != "Stalled"} == {"True"}


def test_a_cordoned_host_is_still_asked_about_all_else() -> None:
    found = told(host_status(host(unschedulable=True), Probe(GOOGLE), 0, START))
    assert found.pop("Ready") == "False"
    assert set(found.values()) == {"True"}
