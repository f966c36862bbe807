"""Any sequence of wishes and faults, over the operator's real parts in virtual time; afterwards the invariants hold.

I1: an attempt is executed at most once. I2: what the record says of a container is what happened. I3: the API server
in memory refuses every move that is not one, and any change of a finished job. I4: nothing is left of deleted jobs.
I6: 30 s after the last fault everything matches, and nothing is written any more.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.faults.world import FaultyWorld, recording_engine
from tests.size import FULL

from containerjob_api.phases import TERMINAL

AT_ONCE = {"initialDelaySeconds": 1, "launchRetryLimit": 3}
PROGRAMS = {
    "short": ["true"],
    "failing": ["sh", "-c", "exit 3"],
    "some seconds": ["sh", "-c", "sleep 5; exit 4"],
    "long": ["sleep", "1000"],
    "polite": ["sh", "-c", "trap 'exit 7' TERM; sleep 1000 & wait"],
    "broken": ["/nope"],
}
SHAPES = st.fixed_dictionaries(
    {"argv": st.sampled_from(list(PROGRAMS.values()))},
    optional={
        "backoffLimit": st.integers(0, 2),
        "activeDeadlineSeconds": st.sampled_from([3, 40]),
        "attemptDeadlineSeconds": st.sampled_from([2, 20]),
        "startingDeadlineSeconds": st.sampled_from([5, 60]),
        "ttlSecondsAfterFinished": st.sampled_from([0, 20]),
        "suspend": st.booleans(),
        "retryPolicy": st.sampled_from([AT_ONCE, {**AT_ONCE, "onHostLost": "Retry", "avoidFailedHost": True}]),
    },
)
WHICH = st.integers(0, 5)
MOST_JOBS = 5
PAUSES = st.sampled_from([0.0, 0.01, 0.1, 0.4, 0.6, 1.0, 3.0, 11.0, 31.0, 70.0])


class AnyTrouble(RuleBasedStateMachine):
    """One world; every rule is a wish, a fault or the end of one.

    A rule that cannot apply does nothing. As a precondition it would make what is drawn next depend on the world,
    whose uids are new each time and decide who is first among equals; but a replay has to draw the same.
    """

    world: FaultyWorld

    @initialize(
        retention=st.sampled_from([0, 40, 86400]),
        slots=st.integers(1, 3),
        shapes=st.lists(SHAPES, min_size=1, max_size=3),
    )
    def a_world_with_two_hosts_and_some_jobs(self, retention: int, slots: int, shapes: list[dict[str, Any]]) -> None:
        self.world = FaultyWorld()
        self.world.build(
            {"h1": recording_engine("troubled-1"), "h2": recording_engine("troubled-2")},
            containerRetentionSeconds=retention,
            maxConcurrentJobs=slots,
            disconnect={"lostAfterSeconds": 40},
        )
        for shape in shapes:
            self.submit(shape)

    def one(self, names: list[str], which: int) -> str | None:
        return sorted(names)[which % len(names)] if names else None

    @rule(shape=SHAPES)
    def submit(self, shape: dict[str, Any]) -> None:
        if len(self.world.jobs()) >= MOST_JOBS:
            return
        self.world.submit(**{"retryPolicy": AT_ONCE, **shape})

    @rule(which=WHICH, wish=st.sampled_from(["cancel", "suspend", "resume", "delete"]))
    def wish(self, which: int, wish: str) -> None:
        name = self.one(list(self.world.jobs()) if wish == "delete" else self.world.unfinished(), which)
        if name is None:
            return
        if wish == "delete":
            self.world.kube.delete_job(name)
        else:
            change = {"cancel": True} if wish == "cancel" else {"suspend": wish == "suspend"}
            self.world.kube.edit_job({"spec": change}, name)

    @rule(which=WHICH, code=st.sampled_from([0, 1, 137]), oom=st.booleans())
    def a_container_ends(self, which: int, code: int, oom: bool) -> None:
        running = self.world.containers(running=True)
        if running:
            engine, container = running[which % len(running)]
            self.world.do(end(engine, container, code, oom=oom))

    @rule(seconds=PAUSES)
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(lagging=st.booleans())
    def the_operator_crashes_and_another_starts(self, lagging: bool) -> None:
        self.world.crash()
        self.world.start(lagging=lagging)

    @rule()
    def the_operator_crashes(self) -> None:
        self.world.crash()

    @rule(lagging=st.booleans())
    def an_operator_starts(self, lagging: bool) -> None:
        if self.world.rig is None:
            self.world.start(lagging=lagging)

    @rule(losses=st.lists(st.sampled_from([(True, True), (True, False), (False, False)]), max_size=6))
    def answers_get_lost(self, losses: list[tuple[bool, bool]]) -> None:
        self.world.weather.losses = losses

    @rule(away=st.booleans())
    def the_api_server_goes_or_comes(self, away: bool) -> None:
        self.world.weather.kube_away = away

    @rule(which=st.integers(0, 1), away=st.booleans())
    def a_host_goes_or_comes(self, which: int, away: bool) -> None:
        engine = self.world.engines[which]
        if away:
            engine.go_away()
        else:
            engine.come_back()

    @rule(which=st.integers(0, 1), live_restore=st.booleans())
    def an_engine_restarts(self, which: int, live_restore: bool) -> None:
        self.world.engines[which].restart(live_restore=live_restore)

    @rule(which=st.integers(0, 1), dropping=st.booleans())
    def events_get_lost(self, which: int, dropping: bool) -> None:
        self.world.engines[which].drop_events(dropping=dropping)

    @invariant()
    def no_attempt_is_executed_twice(self) -> None:
        for engine in self.world.engines:
            assert not [name for name, times in engine.executions.items() if times > 1], engine.executions

    @invariant()
    def the_record_is_true(self) -> None:
        for name, body in self.world.jobs().items():
            status = body["status"]
            attempts = status.get("attempts", [])
            assert [a["attempt"] for a in attempts] == sorted({a["attempt"] for a in attempts}), name
            for attempt in attempts:
                if attempt.get("reason") is not None and attempt.get("exitCode") is not None:
                    assert attempt["exitCode"] in {c.exit_code for c in self.world.made(attempt["name"])}, (
                        name,
                        attempt,
                    )
            if status["phase"] == "Succeeded":
                assert attempts[-1]["exitCode"] == 0, name
            if status["phase"] == "Cancelled":
                assert body["spec"].get("cancel"), name

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self.come_to_rest()
        finally:
            self.world.close()

    def come_to_rest(self) -> None:
        """Heal everything; then all jobs end as they can, nothing is left over, and it is quiet."""
        world = self.world
        world.heal()
        for name in world.unfinished():
            world.kube.edit_job({"spec": {"suspend": False}}, name)
        for _ in range(30):
            world.pass_time(35)
            for engine, container in world.containers(running=True):
                world.do(end(engine, container, 0))
            if not world.unfinished():
                break
        assert not world.unfinished(), {n: world.jobs()[n]["status"] for n in world.unfinished()}
        world.pass_time(95)
        self.no_attempt_is_executed_twice()
        self.the_record_is_true()
        uids = {body["metadata"]["uid"] for body in world.jobs().values()}
        assert all(body["status"]["phase"] in TERMINAL for body in world.jobs().values())
        left = [container for _, container in world.containers()]
        assert not [c.name for c in left if c.labels["containerjobs.io/uid"] not in uids], "left of deleted jobs"
        assert not world.containers(running=True)
        for body in world.jobs().values():
            event(f"{body['status']['phase']} after {body['status'].get('attemptCount', 0)} attempts")
        writes = len(world.kube.fake.writes)
        world.pass_time(60)
        assert world.kube.fake.writes[writes:] == []


async def end(engine: Any, container: Any, code: int, *, oom: bool = False) -> None:
    """End a container, within the loop that its timers belong to."""
    if oom:
        engine.run_out_of_memory(container)
    else:
        engine.end(container, code)


TestAnyTrouble = pytest.mark.timeout(1800 if FULL else 900)(AnyTrouble.TestCase)
TestAnyTrouble.settings = settings(
    max_examples=1000 if FULL else 150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
