"""Whatever happens in whatever order: once at most, the true exit code, a final outcome, and no endless loop."""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.decide.builders import FULL, HOST, NO_HOST, after, conditions, new_job
from tests.unit.decide.simulation import Memory, World

from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide.facts import Refusal
from containerjob_operator.decide.observations import ABSENT, RunState

PAUSES = st.one_of(st.floats(0.01, 1.0), st.sampled_from([0.5, 5.0, 29.0, 30.0, 31.0, 600.0]))
FINAL = Refusal(Reason.IMAGE_NOT_FOUND, "manifest unknown", None)


class History(RuleBasedStateMachine):
    """Faults and wishes in any order; after each, the operator does what it decides."""

    world: World

    @initialize(deadline=st.sampled_from([None, 3, 40]), stubborn=st.booleans(), start_fails=st.booleans())
    def a_job_is_created(self, deadline: int | None, stubborn: bool, start_fails: bool) -> None:
        self.world = World(job=new_job(deadline=deadline), stubborn=stubborn, start_fails=start_fails)

    @rule(placement=st.sampled_from([HOST, HOST, FULL, NO_HOST]))
    def the_schedule_speaks(self, placement: object) -> None:
        if self.world.job.status.current is None:
            self.world.memory.placement = placement  # type: ignore[assignment]

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.world.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.world.container.state is RunState.RUNNING)
    @rule(code=st.sampled_from([0, 0, 1, 137, 143, None]), oom=st.booleans())
    def the_container_ends(self, code: int | None, oom: bool) -> None:
        self.world.end_container(code, oom=oom)

    @precondition(lambda self: self.world.start_is_known)
    @rule()
    def somebody_removes_the_container(self) -> None:
        self.world.container = ABSENT

    @rule(reachable=st.booleans())
    def the_host_comes_or_goes(self, reachable: bool) -> None:
        self.world.reachable = reachable

    @precondition(lambda self: not self.world.job.status.terminal)
    @rule()
    def somebody_cancels(self) -> None:
        self.world.wish_to_cancel()

    @rule(pause=st.sampled_from([None, 0.0, 2.0]), words=st.sampled_from(["busy", "no route", "x" * 9000]))
    def the_engine_will_refuse(self, pause: float | None, words: str) -> None:
        later = None if pause is None else after(pause)
        self.world.next_refusal = FINAL if later is None else Refusal(Reason.LAUNCH_BACK_OFF, words, later)

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


def check(world: World) -> None:
    status = world.job.status
    assert world.executions <= 1
    assert status.attempt_count <= 1
    if world.outcome is None:
        assert not status.terminal
        assert "Finished" not in conditions(status)
        return
    assert status == world.outcome
    assert conditions(status)["Finished"] == "True"
    seen, attempt = world.remains, status.current
    assert status.exit_code == (seen.exit_code if seen.state in {RunState.EXITED, RunState.CREATED} else None)
    assert status.phase is not Phase.SUCCEEDED or (world.executions, status.exit_code) == (1, 0)
    if attempt is not None and seen.finished_at is not None:
        stopped = attempt.stop is not None and seen.finished_at >= attempt.stop.time
        assert (status.phase in {Phase.CANCELLED, Phase.TIMED_OUT}) == stopped


def come_to_an_end(world: World) -> None:
    """Let all faults end: waking the job exactly when it asked for it must be enough to finish it."""
    world.reachable, world.next_refusal = True, None
    world.memory.placement = world.memory.placement if world.job.status.current else HOST
    for _ in range(12):
        until = world.settle()
        check(world)
        if world.job.status.terminal:
            return
        if until is not None:
            world.now = max(world.now, until)
        elif world.container.state is RunState.RUNNING:
            world.end_container(0)
    raise AssertionError(f"the job never ends: {world.job.status}")


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
