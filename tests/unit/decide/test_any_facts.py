"""Whatever the facts are: some row decides, what it wants can be stored, and waiting ends later than now."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.decide.builders import (
    CREATED,
    FULL,
    HOST,
    LIMITLESS,
    NO_HOST,
    PASSING,
    after,
    changed,
    exited,
    failed_start,
    in_phase,
    refusal,
    runs,
    stored,
    unreachable,
)

from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import MOVES, TERMINAL, Phase, Reason
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import Conclude, Create, Place, Start, Wait, Write
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState
from containerjob_operator.decide.table import BOUND, TABLE, row_for

MOMENTS = st.sampled_from([-7200.0, -1.0, 0.0, 0.4, 9.0, 15.5, 29.9, 30.0, 31.0, 60.0, 99.0, 5000.0])
SECONDS = st.sampled_from([1, 10, 30, 60, 4000])
RULES: list[dict[str, Any]] = [
    {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [1]}},
    {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget"}]},
    {"action": "Count", "onReasons": ["ImageNotFound", "StartError"]},
]
WISHES = st.fixed_dictionaries(
    {},
    optional={
        "cancel": st.booleans(),
        "suspend": st.booleans(),
        "activeDeadlineSeconds": SECONDS,
        "attemptDeadlineSeconds": SECONDS,
        "startingDeadlineSeconds": SECONDS,
        "notBefore": st.sampled_from(["2026-03-01T12:00:31Z", "2026-03-01T18:00:00+01:00"]),
        "backoffLimit": st.sampled_from([0, 1, 6]),
        "retryPolicy": st.fixed_dictionaries(
            {},
            optional={
                "launchRetryLimit": st.sampled_from([0, 1]),
                "initialDelaySeconds": st.integers(0, 9),
                "maxDelaySeconds": st.integers(9, 60),
                "onHostLost": st.sampled_from(list(OnHostLost)),
            },
        ),
        "podFailurePolicy": st.lists(st.sampled_from(RULES), min_size=1, max_size=3).map(
            lambda them: {"rules": them}
        ),
        "ttlSecondsAfterFinished": SECONDS,
    },
)
SEEN = st.sampled_from(
    [
        None,
        ABSENT,
        CREATED,
        runs(),
        runs(99),
        failed_start(),
        failed_start("error mounting /data"),
        exited(0),
        exited(0, at=99),
        exited(1),
        exited(137, oom=True),
        exited(None),
        Observation(RunState.EXITED, exit_code=255, disrupted=True),
    ]
)


@st.composite
def jobs(draw: st.DrawFn) -> ContainerJob:
    """Draw a job that was in some phase when somebody changed its spec, on a host that may have gone silent."""
    job = in_phase(draw(st.sampled_from(list(Phase))), created=draw(st.sampled_from([-9000.0, 0.0])), more=LIMITLESS)
    job = changed(job, **draw(WISHES))
    if job.status.current is None or job.status.terminal:
        return job
    written = draw(st.sampled_from([None, *statuses_to_stop(job)]))
    if written is not None:
        job = stored(job, statuses.stopping(job, written, after(4)))
    return unreachable(job) if draw(st.booleans()) else job


def statuses_to_stop(job: ContainerJob) -> list[Reason]:
    if job.status.phase is Phase.CANCELLING:
        return [Reason.CANCELLED]
    return [Reason.CANCELLED, Reason.JOB_SUSPENDED, Reason.DEADLINE_EXCEEDED, Reason.ATTEMPT_DEADLINE_EXCEEDED]


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    job = draw(jobs())
    bound = job.status.current is not None
    return Facts(
        job=job,
        now=after(draw(MOMENTS)),
        placement=draw(st.sampled_from([None, HOST, FULL, NO_HOST])),
        seen=draw(SEEN) if bound else None,
        disconnect=Disconnect(lost_after_seconds=60, on_host_lost=draw(st.sampled_from(list(OnHostLost)))),
        refusal=draw(st.sampled_from([None, PASSING, refusal(None), refusal(40)])) if bound else None,
        launched_at=draw(st.none() | MOMENTS.map(after)) if bound else None,
        stop_signalled_at=draw(st.none() | MOMENTS.map(after)) if bound else None,
        oom_seen=draw(st.booleans()),
        gone=draw(st.sampled_from([False, False, False, True])),
    )


@given(all_facts())
@settings(max_examples=400, deadline=None)
def test_whatever_the_facts_are_some_row_decides_as_it_promises(facts: Facts) -> None:
    row, action = row_for(facts), decide(facts)
    assert row in TABLE
    assert action == decide(facts)
    status = None
    match action:
        case Write():
            status = action.status
        case Conclude(verdict=verdict):
            status = concluded(facts.job, verdict, Remains(), facts.now)
            if verdict.phase is Phase.SUCCEEDED:
                assert (facts.container.exit_code, facts.container.disrupted) == (0, False)
        case Wait(until=until) | Place(until=until):
            assert until is None or until > facts.now
        case Create() | Start():
            may_be_launched(facts)
        case _:
            assert facts.gone or facts.attempt
    assert (status is not None) == row.writes
    if status is not None:
        can_be_stored(facts.job, status, row.to)


def may_be_launched(facts: Facts) -> None:
    """Check that nothing speaks against a container: no wish, no stop, no earlier run."""
    spec, attempt = facts.job.spec, facts.attempt
    assert (spec.cancel, spec.suspend, facts.gone) == (False, False, False)
    assert (attempt.stop, attempt.started_at, facts.job.status.phase) == (None, None, Phase.SCHEDULED)
    assert facts.container.state in {RunState.ABSENT, RunState.CREATED}


def can_be_stored(job: ContainerJob, status: ContainerJobStatus, to: tuple[Phase, ...]) -> None:
    """Check what the API server and the table of moves demand of a new status."""
    was = job.status
    before, then = was.phase or Phase.PENDING, status.phase or Phase.PENDING
    assert then in {before, *to}
    assert then is before or then in MOVES[before]
    assert stored(job, status).status.to_json() == status.to_json()
    assert status.finished == (then in TERMINAL) == (status.finish_time is not None)
    assert status.failed >= was.failed
    assert status.launch_failures >= was.launch_failures
    assert status.attempt_count >= was.attempt_count
    assert (status.current is not None) == (then in BOUND)
