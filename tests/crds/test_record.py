"""A record that nobody can falsify: updates of a status, judged by the real API server and by the one in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.crds.jobs import OURS, SPEC, TERMINAL, Json
from tests.crds.rest import JOBS, Rest, rest
from tests.crds.updates import ACCEPTED, REFUSED, Refused
from tests.fakes.fake_kube import merged
from tests.fakes.record import OUTCOME, broken_rules

from containerjob_api.phases import Phase

if TYPE_CHECKING:
    from tests.conftest import TestPlane

FINAL = "the outcome of a finished job is final"


@dataclass(frozen=True, slots=True)
class Records:
    """Jobs on the API server, whose statuses are written as the operator writes them."""

    api: Rest

    def begin(self, *statuses: Json) -> str:
        """Create a job, write one status after the other, and return its name."""
        name = f"record-{secrets.token_hex(4)}"
        metadata = {"name": name, "labels": OURS}
        body = {"apiVersion": "containerjobs.io/v1alpha1", "kind": "ContainerJob", "metadata": metadata, "spec": SPEC}
        assert self.api.send("POST", JOBS, {}, body=body)[0] == 201
        for status in statuses:
            assert self.write(name, status) == {}
        return name

    def write(self, name: str, change: Json) -> dict[str, list[str]]:
        """Merge a change into a job's status; return the refusal's messages by field, empty where it is stored."""
        body, merge = {"status": change}, "application/merge-patch+json"
        code, answer = self.api.send("PATCH", f"{JOBS}/{name}/status", {}, content=merge, body=body)
        assert code in {200, 422}, answer
        refusal: dict[str, list[str]] = {}
        for cause in answer["details"]["causes"] if code == 422 else ():
            refusal.setdefault(cause["field"], []).append(cause["message"])
        return refusal

    def status(self, name: str) -> Json:
        """Read the stored status."""
        status: Json = self.api.send("GET", f"{JOBS}/{name}", {})[1]["status"]
        return status


@pytest.fixture(scope="module")
def records(schemas: TestPlane) -> Iterator[Records]:
    """One connection for the whole table."""
    with rest(schemas) as api:
        yield Records(api)


@pytest.fixture(scope="module")
def ended(records: Records) -> dict[str, str]:
    """One job in each terminal phase, by phase; nothing that these tests try may change it."""
    return {phase: records.begin(status) for phase, status in TERMINAL.items()}


def in_memory(before: Json, change: Json) -> list[str]:
    """Return what the API server in memory refuses of the same change."""
    return broken_rules(before, merged(before, change))


@pytest.mark.parametrize("becomes", [None, *Phase], ids=str)
@pytest.mark.parametrize("phase", TERMINAL)
def test_no_move_leads_out_of_a_terminal_phase(
    records: Records, ended: dict[str, str], phase: str, becomes: Phase | None
) -> None:
    before = records.status(ended[phase])
    changes = [{"phase": becomes}, {"phase": becomes, "finished": None, "finishTime": None}]
    if becomes == phase:
        changes = [{"phase": becomes, "finished": None}, {"phase": becomes, "finishTime": None}]

    for change in changes:
        refusal = records.write(ended[phase], change)

        assert any(FINAL in message for message in refusal["status"]), refusal
        assert any(FINAL in message for message in in_memory(before, change))
    assert records.status(ended[phase]) == before


VALUES: dict[str, Any] = {
    "phase": "Running",
    "finished": False,
    "startTime": "2026-01-02T03:04:00Z",
    "finishTime": "2026-01-02T03:04:06Z",
    "completionTime": "2026-01-02T03:04:06Z",
    "host": {"kind": "DockerHost", "name": "builder-2"},
    "exitCode": 1,
    "duration": "1h",
    "attempts": [],
    "attemptCount": 7,
    "failed": 7,
    "launchFailures": 7,
}
"""Something else than the finished job says, for every field of its outcome."""


@pytest.mark.parametrize("field", VALUES)
@pytest.mark.parametrize("phase", TERMINAL)
def test_every_part_of_a_finished_jobs_outcome_is_final(
    records: Records, ended: dict[str, str], phase: str, field: str
) -> None:
    before = records.status(ended[phase])
    values = [value for value in (VALUES[field], None) if value != before.get(field) and (value or field in before)]

    for value in values:
        refusal = records.write(ended[phase], {field: value})

        assert any(FINAL in message for message in refusal["status"]), (value, refusal)
        assert any(FINAL in message for message in in_memory(before, {field: value}))
    assert set(OUTCOME) <= set(VALUES)
    assert records.status(ended[phase]) == before


@pytest.mark.parametrize("update", REFUSED, ids=lambda update: update.name)
def test_a_status_that_falsifies_the_record_is_refused_with_its_message_and_field(
    records: Records, update: Refused
) -> None:
    name = records.begin(*update.before)
    before = records.status(name)

    refusal = records.write(name, update.change)

    assert any(update.message in message for message in refusal.get(update.field, [])), refusal
    assert any(update.message in message for message in in_memory(before, update.change))
    assert records.status(name) == before


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_an_operator_writes_in_the_course_of_a_job_is_stored(records: Records, name: str) -> None:
    job = records.begin()
    for change in ACCEPTED[name]:
        before = records.status(job)

        assert in_memory(before, change) == []
        assert records.write(job, change) == {}
        assert records.status(job) == merged(before, change)
