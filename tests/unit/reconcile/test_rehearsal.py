"""What a dry run tells of a job: the step, where, and why; once for as long as it stays the next one."""

from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.unit.reconcile.test_measure import NOON, attempt, job

from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.actions import Action, Conclude, Create, SignalStop, Write
from containerjob_operator.decide.outcomes import Outcome
from containerjob_operator.decide.statuses import suspended
from containerjob_operator.decide.verdicts import Verdict
from containerjob_operator.reconcile.live_jobs import LiveJob
from containerjob_operator.reconcile.rehearsal import rehearse

ENDED = Outcome(Reason.NON_ZERO_EXIT_CODE, "the container exited with code 3")


def told(live: LiveJob, *actions: Action) -> list[dict[str, Any]]:
    with capture_logs() as lines:
        for action in actions:
            rehearse(action, live)
    kept = ("event", "action", "host", "container", "phase", "reason")
    return [{name: line[name] for name in kept if name in line} for line in lines]


@pytest.mark.parametrize(
    ("action", "details"),
    [
        (Create(), {"action": "Create", "container": "cj-c-0"}),
        (
            Conclude(Verdict(Phase.FAILED, Reason.NON_ZERO_EXIT_CODE, "", ENDED)),
            {"action": "Conclude", "reason": "NonZeroExitCode"},
        ),
        (
            Conclude(Verdict(Phase.CANCELLED, Reason.CANCELLED, "")),
            {"action": "Conclude", "container": "cj-c-0"},
        ),
    ],
)
def test_a_step_of_an_attempt_names_host_and_container_or_how_it_ended(
    action: Action, details: dict[str, str]
) -> None:
    live = LiveJob(job(attempt()))
    assert told(live, action, action) == [{"event": "would act", "host": "h", **details}], "told once"


def test_a_write_tells_phase_and_reason_and_without_an_attempt_there_is_no_host() -> None:
    live = LiveJob(job({}, suspend=True))
    said = {"event": "would act", "action": "Write", "phase": "Suspended", "reason": "JobSuspended"}
    write = Write(suspended(live.job, NOON))
    assert told(live, write, SignalStop(), write) == [said, {"event": "would act", "action": "SignalStop"}, said]
