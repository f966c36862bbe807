"""A small world to drive decisions in: one job, one container on one host, one clock, and no network."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.unit.decide.builders import START, failed_start, new_job, stored

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import Phase
from containerjob_operator.decide import statuses
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Kill,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.facts import Facts, Refusal, Unplaced
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState

MOST_ACTIONS = 8
"""A pass from a new job to a running container takes three; nothing may take many more."""


@dataclass
class Memory:
    """What the operator's process remembers, and a crash forgets."""

    placement: HostReference | Unplaced | None = None
    refusal: Refusal | None = None
    launched_at: datetime | None = None
    stop_signalled_at: datetime | None = None


@dataclass
class World:
    """The truth about the job and its container."""

    job: ContainerJob = field(default_factory=new_job)
    now: datetime = START
    container: Observation = ABSENT
    reachable: bool = True
    stubborn: bool = False
    """Whether the container ignores its stop signal."""
    start_fails: bool = False
    next_refusal: Refusal | None = None
    executions: int = 0
    signals: int = 0
    memory: Memory = field(default_factory=Memory)
    outcome: ContainerJobStatus | None = None
    remains: Observation = ABSENT
    """The container as it was when the outcome was stored."""

    @property
    def start_is_known(self) -> bool:
        """Whether a container that vanishes now will be missed; nobody can miss what was never recorded."""
        seen_to_start = self.memory.launched_at is not None and self.reachable
        return seen_to_start or self.job.status.phase in {Phase.RUNNING, Phase.CANCELLING}

    def facts(self) -> Facts:
        bound = self.job.status.current is not None
        return Facts(
            job=self.job,
            now=self.now,
            placement=self.memory.placement,
            seen=self.container if bound and self.reachable else None,
            host_problem="" if self.reachable else "no answer",
            refusal=self.memory.refusal,
            launched_at=self.memory.launched_at,
            stop_signalled_at=self.memory.stop_signalled_at,
        )

    def settle(self) -> datetime | None:
        """Decide and act until there is nothing left but to wait; return until when."""
        for _ in range(MOST_ACTIONS):
            action = decide(self.facts())
            if isinstance(action, Wait):
                return action.until
            self._perform(action)
        raise AssertionError(f"no end after {MOST_ACTIONS} actions in {self.job.status.phase}: {action}")

    def wish_to_cancel(self) -> None:
        spec = self.job.spec.model_copy(update={"cancel": True})
        metadata = self.job.metadata.model_copy(update={"generation": self.job.metadata.generation + 1})
        self.job = self.job.model_copy(update={"spec": spec, "metadata": metadata})

    def end_container(self, code: int | None, *, oom: bool = False) -> None:
        self.container = replace(
            self.container, state=RunState.EXITED, exit_code=code, oom_killed=oom, finished_at=self.now
        )

    def _perform(self, action: Action) -> None:
        match action:
            case Write(status=status):
                self._store(status)
            case Conclude(outcome=outcome):
                assert self.container.state is not RunState.RUNNING
                self._store(statuses.concluded(self.job, outcome, None, self.now))
                self.outcome, self.remains = self.job.status, self.container
            case Create() | Start():
                self._launch(action)
            case SignalStop() | Kill() | Remove():
                self._end(action)
            case Wait():
                raise AssertionError("waiting is no deed")

    def _launch(self, action: Create | Start) -> None:
        assert self.reachable
        if self.next_refusal is not None:
            after = self.next_refusal.retry_at
            later = None if after is None else self.now + (after - START)
            self.memory.refusal, self.next_refusal = replace(self.next_refusal, retry_at=later), None
        elif isinstance(action, Create):
            assert self.container is ABSENT
            self.container = Observation(RunState.CREATED, "c1", "sha256:1")
        else:
            self._start()

    def _start(self) -> None:
        assert self.container.state is RunState.CREATED
        self.memory.launched_at = self.now
        if self.start_fails:
            self.container = failed_start()
            return
        self.executions += 1
        self.container = replace(self.container, state=RunState.RUNNING, started_at=self.now)

    def _end(self, action: SignalStop | Kill | Remove) -> None:
        attempt = self.job.status.current
        assert self.reachable
        assert attempt is not None
        assert attempt.stop is not None, "the intent was not stored before it was acted on"
        match action:
            case SignalStop():
                self.signals += 1
                self.memory.stop_signalled_at = self.now
                self.now += timedelta(microseconds=1)
                if not self.stubborn:
                    self.end_container(143)
            case Kill():
                assert self.now >= attempt.stop.time + timedelta(seconds=30)
                self.end_container(137)
            case Remove():
                assert self.container.state is RunState.CREATED
                self.container = ABSENT

    def _store(self, status: ContainerJobStatus) -> None:
        assert not self.job.status.terminal, "the outcome is final"
        self.job = stored(self.job, status)
