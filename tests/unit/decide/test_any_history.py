"""Whatever happens in whatever order: once at most, the true exit code, a final outcome, and no endless loop."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.decide.builders import FULL, HOST, NO_HOST, after, conditions, new_job
from tests.unit.decide.promises import check, come_to_an_end
from tests.unit.decide.simulation import ELSEWHERE, HOSTS, Memory, Trouble, World

from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import Disconnect
from containerjob_api.retries import OnHostLost
from containerjob_operator.decide.facts import Unplaced
from containerjob_operator.decide.observations import RunState

PAUSES = st.one_of(st.floats(0.01, 1.0), st.sampled_from([0.5, 5.0, 12.0, 29.0, 30.0, 31.0, 600.0]))
SPECS = st.fixed_dictionaries(
    {
        "backoffLimit": st.sampled_from([2, 0, 4]),
        "retryPolicy": st.fixed_dictionaries({"launchRetryLimit": st.sampled_from([3, 0, 6])}),
    },
    optional={
        "activeDeadlineSeconds": st.sampled_from([3, 40, 900]),
        "attemptDeadlineSeconds": st.sampled_from([2, 20]),
        "startingDeadlineSeconds": st.sampled_from([1, 40]),
        "notBefore": st.just("2026-03-01T12:00:10Z"),
    },
)
TROUBLES = st.sampled_from(
    [
        Trouble(),
        Trouble(permanent=True),
        Trouble(answer_lost=True),
        Trouble(answer_lost=True, done_nevertheless=True),
    ]
)
START_ERRORS = st.sampled_from(["", "", "", "error mounting /data", 'exec: "nope": executable file not found'])


class History(RuleBasedStateMachine):
    """Faults and wishes in any order; after each, the operator does what it decides."""

    world: World

    @initialize(
        spec=SPECS,
        stubborn=st.booleans(),
        lost=st.sampled_from([OnHostLost.RETRY, OnHostLost.WAIT, OnHostLost.FAIL]),
        words=START_ERRORS,
        answer=st.sampled_from([HOST, HOST, HOST, FULL]),
    )
    def a_job_is_created(
        self, spec: dict[str, Any], stubborn: bool, lost: OnHostLost, words: str, answer: HostReference | Unplaced
    ) -> None:
        self.world = World(
            job=new_job(created=0, more=spec),
            answer=answer,
            stubborn=stubborn,
            start_fails=words,
            disconnect=Disconnect(lost_after_seconds=20, on_host_lost=lost),
        )

    @rule(answer=st.sampled_from([HOST, HOST, ELSEWHERE, ELSEWHERE, FULL, NO_HOST, None]))
    def the_schedule_will_say(self, answer: HostReference | Unplaced | None) -> None:
        self.world.answer = answer
        if isinstance(self.world.memory.placement, Unplaced):
            self.world.memory.placement = answer

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.world.container.state is RunState.RUNNING)
    @rule(code=st.sampled_from([0, 1, 1, 2, 3, 137, 137, None]), oom=st.booleans())
    def the_container_ends(self, code: int | None, oom: bool) -> None:
        assert self.world.attempt is not None
        self.world.end_container(self.world.attempt.name, code, oom=oom)

    @precondition(lambda self: self.world.attempt is not None and self.world.start_is_known)
    @rule(surely=st.sampled_from([False, False, True]))
    def somebody_removes_the_container(self, surely: bool) -> None:
        assert self.world.attempt is not None
        if surely:
            self.world.containers.pop(self.world.attempt.name, None)

    @precondition(lambda self: self.world.attempt is not None)
    @rule(seconds=st.sampled_from([0.0, 5.0, 19.0, 21.0, 100.0]))
    def the_host_goes_silent(self, seconds: float) -> None:
        assert self.world.attempt is not None
        self.world.silent.add(self.world.attempt.host.name)
        self.world.settle()
        self.world.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.world.silent)
    @rule(host=st.sampled_from(HOSTS))
    def a_host_is_back(self, host: HostReference) -> None:
        self.world.heal(host.name)

    @precondition(lambda self: not self.world.job.status.terminal)
    @rule(suspend=st.booleans())
    def somebody_suspends_or_resumes(self, suspend: bool) -> None:
        self.world.wish(suspend=suspend)

    @precondition(lambda self: not self.world.job.status.terminal)
    @rule(surely=st.sampled_from([False, False, False, True]))
    def somebody_cancels(self, surely: bool) -> None:
        if surely:
            self.world.wish(cancel=True)

    @rule(trouble=TROUBLES)
    def the_engine_will_make_trouble(self, trouble: Trouble) -> None:
        self.world.trouble = trouble

    @rule(trouble=TROUBLES, skipped=st.booleans())
    def the_engine_makes_trouble_with_the_next_attempt(self, trouble: Trouble, skipped: bool) -> None:
        """Let the pause pass at once, so that launches are met by trouble and not by the next rule."""
        retry_at = self.world.job.status.next_retry_time
        if retry_at is not None and not skipped:
            self.world.now = max(self.world.now, retry_at)
            self.world.trouble = trouble

    @rule(words=START_ERRORS)
    def containers_will_fail_to_start(self, words: str) -> None:
        self.world.start_fails = words

    @rule()
    def the_operator_restarts(self) -> None:
        self.world.memory = Memory()

    @invariant()
    def everything_settles_and_the_promises_hold(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.settle()
        check(self.world)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            come_to_an_end(self.world)


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def run(world: World, *codes: int) -> World:
    """Let one container after the other run for five seconds and exit with these codes."""
    for code in codes:
        world.settle()
        while world.container.state is not RunState.RUNNING or not world.reachable:
            until = world.settle()
            assert until is not None, world.job.status
            world.now = max(world.now, until)
        world.now += timedelta(seconds=5)
        world.settle()
        assert world.attempt is not None
        world.end_container(world.attempt.name, code)
    world.settle()
    check(world)
    return world


def test_a_job_that_fails_three_times_and_then_succeeds_has_run_four_containers() -> None:
    world = run(World(job=new_job(more={"backoffLimit": 3}), answer=HOST), 1, 2, 3, 0)
    assert world.job.status.phase == "Succeeded"
    assert [attempt.exit_code for attempt in world.job.status.attempts] == [1, 2, 3, 0]
    assert dict(world.executions) == {f"cj-u1-{number}": 1 for number in range(4)}


def test_a_job_whose_host_was_lost_runs_elsewhere_and_the_first_container_ends_when_the_host_is_back() -> None:
    lost = Disconnect(lost_after_seconds=20, on_host_lost=OnHostLost.RETRY)
    more = {"retryPolicy": {"launchRetryLimit": 1}}
    world = World(job=new_job(more=more), answer=HOST, disconnect=lost)
    world.settle()
    world.silent.add("builder-1")
    world.answer = ELSEWHERE
    run(world, 0)
    assert world.job.status.phase == "Succeeded"
    assert [attempt.reason for attempt in world.job.status.attempts] == ["HostLost", "Completed"]
    first = [world.containers["cj-u1-0"].state]
    world.heal("builder-1")
    first.append(world.containers["cj-u1-0"].state)
    assert first == [RunState.RUNNING, RunState.EXITED]
    assert conditions(world.job.status)["Finished"] == "True"


def test_a_job_that_is_suspended_and_resumed_again_and_again_comes_to_its_end() -> None:
    world = World(job=new_job(), answer=HOST)
    for _ in range(12):
        world.settle()
        world.wish(suspend=True)
        world.settle()
        assert world.job.status.phase == "Suspended"
        world.wish(suspend=False)
    run(world, 0)
    assert (world.job.status.phase, world.job.status.attempt_count) == ("Succeeded", 13)
    assert (world.job.status.failed, len(world.job.status.attempts)) == (0, 10)
    assert world.now > after(0)
