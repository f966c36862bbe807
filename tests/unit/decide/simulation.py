"""A small world to drive decisions in: one job, its containers on two hosts, one clock, and no network."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.unit.decide.builders import HOST, PASSING, START, changed, failed_start, new_job, refusal, stored

from containerjob_api.hostrefs import HostReference
from containerjob_api.hosts import Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt, ContainerJobStatus
from containerjob_api.phases import MOVES, Phase, Reason
from containerjob_operator.decide.actions import (
    Action,
    Conclude,
    Create,
    Kill,
    Place,
    Remove,
    SignalStop,
    Start,
    Wait,
    Write,
)
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.facts import Facts, Refusal, Unplaced
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import ABSENT, Observation, RunState

MOST_ACTIONS = 12
"""What the operator does in one pass at most; the longest here ends one attempt and launches another one."""
ELSEWHERE = HostReference(name="builder-2")
HOSTS = (HOST, ELSEWHERE)
GRACE = timedelta(seconds=30)


@dataclass
class Memory:
    """What the operator's process remembers, and a crash forgets."""

    placement: HostReference | Unplaced | None = None
    refusal: Refusal | None = None
    launched_at: datetime | None = None
    stop_signalled_at: datetime | None = None

    def forget_attempt(self) -> None:
        self.refusal = self.launched_at = self.stop_signalled_at = None


@dataclass
class Trouble:
    """How the engine answers the next launch: by a no that passes, by one that does not, or not at all."""

    permanent: bool = False
    answer_lost: bool = False
    done_nevertheless: bool = False


@dataclass
class World:
    """The truth about the job and its containers."""

    job: ContainerJob = field(default_factory=new_job)
    now: datetime = START
    containers: dict[str, Observation] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    """Hosts that do not answer."""
    answer: HostReference | Unplaced | None = None
    """What the schedule says when it is asked."""
    disconnect: Disconnect = field(default_factory=Disconnect)
    stubborn: bool = False
    """Whether containers ignore their stop signal."""
    start_fails: str = ""
    """The engine's words when a container cannot be started."""
    trouble: Trouble | None = None
    executions: Counter[str] = field(default_factory=Counter)
    exit_codes: dict[str, int | None] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    outcome: ContainerJobStatus | None = None

    @property
    def attempt(self) -> Attempt | None:
        return self.job.status.current

    @property
    def container(self) -> Observation:
        """The container of the attempt under way."""
        return ABSENT if self.attempt is None else self.containers.get(self.attempt.name, ABSENT)

    @property
    def reachable(self) -> bool:
        return self.attempt is None or self.attempt.host.name not in self.silent

    @property
    def start_is_known(self) -> bool:
        """Whether a container that vanishes now will be missed; nobody can miss what was never recorded."""
        seen_to_start = self.memory.launched_at is not None and self.reachable
        return seen_to_start or self.job.status.phase in {Phase.RUNNING, Phase.CANCELLING}

    def facts(self) -> Facts:
        return Facts(
            job=self.job,
            now=self.now,
            placement=self.memory.placement,
            seen=self.container if self.attempt is not None and self.reachable else None,
            host_problem="" if self.reachable else "no answer",
            disconnect=self.disconnect,
            refusal=self.memory.refusal,
            launched_at=self.memory.launched_at,
            stop_signalled_at=self.memory.stop_signalled_at,
        )

    def settle(self) -> datetime | None:
        """Decide and act until there is nothing left but to wait; return until when."""
        for _ in range(MOST_ACTIONS):
            action = decide(self.facts())
            if isinstance(action, Place) and self.answer is not None:
                self.memory.placement = self.answer
            elif isinstance(action, Wait | Place):
                assert action.until is None or action.until > self.now
                return action.until
            else:
                self._perform(action)
                self._only_one_runs()
        raise AssertionError(f"no end after {MOST_ACTIONS} actions in {self.job.status.phase}: {action}")

    def wish(self, **spec: Any) -> None:
        self.job = changed(self.job, **spec)

    def end_container(self, name: str, code: int | None, *, oom: bool = False) -> None:
        known = self.containers[name]
        self.exit_codes[name] = code
        self.containers[name] = replace(
            known, state=RunState.EXITED, exit_code=code, oom_killed=oom, finished_at=self.now
        )

    def heal(self, host: str) -> None:
        """Have a host answer again; its sweep clears what the job has given up."""
        self.silent.discard(host)
        for given_up in (a.name for a in self.job.status.attempts if a.host.name == host and a.reason is not None):
            left = self.containers.get(given_up, ABSENT)
            if left.state is RunState.RUNNING:
                self.end_container(given_up, 143)
            elif left.state is RunState.CREATED:
                del self.containers[given_up]

    def _perform(self, action: Action) -> None:
        match action:
            case Write(status=status, release=release):
                bound = status.attempt_count > self.job.status.attempt_count
                self._store(status)
                if bound:
                    self.memory.forget_attempt()
                if release:
                    self.memory.placement = None
            case Conclude(verdict=verdict):
                lost = verdict.outcome is not None and verdict.outcome.reason is Reason.HOST_LOST
                assert lost or self.container.state is not RunState.RUNNING
                self._store(concluded(self.job, verdict, Remains(), self.now))
                self.memory = Memory()
                self.outcome = self.job.status if self.job.status.terminal else None
            case Create() | Start():
                self._launch(action)
            case SignalStop() | Kill() | Remove():
                self._end(action)
            case _:
                raise AssertionError(f"nobody asked for {action}")

    def _launch(self, action: Create | Start) -> None:
        assert self.reachable
        assert self.attempt is not None
        if isinstance(action, Start):
            self.memory.launched_at = self.now
        trouble, self.trouble = self.trouble, None
        if trouble is None or trouble.done_nevertheless:
            self._do(action, self.attempt.name)
            self.memory.refusal = None
        if trouble is not None and trouble.answer_lost:
            again = refusal(0, "no answer")
            self.memory.refusal = replace(again, retry_at=self.now + timedelta(seconds=2))
        elif trouble is not None:
            self.memory.refusal = replace(PASSING, permanent=trouble.permanent)

    def _do(self, action: Create | Start, name: str) -> None:
        if isinstance(action, Create):
            assert self.container is ABSENT
            self.containers[name] = Observation(RunState.CREATED, name, "sha256:1")
            return
        assert self.container.state is RunState.CREATED
        if self.start_fails:
            self.containers[name] = failed_start(self.start_fails)
            return
        self.executions[name] += 1
        self.containers[name] = replace(self.container, state=RunState.RUNNING, started_at=self.now)

    def _end(self, action: SignalStop | Kill | Remove) -> None:
        assert self.reachable
        assert self.attempt is not None
        stop, name, signalled_at = self.attempt.stop, self.attempt.name, self.memory.stop_signalled_at
        match action:
            case SignalStop():
                assert stop is not None, "the intent was not stored before it was acted on"
                self.memory.stop_signalled_at = self.now
                self.now += timedelta(microseconds=1)
                if not self.stubborn:
                    self.end_container(name, 143)
            case Kill():
                assert stop is not None
                assert signalled_at is not None
                assert self.now >= signalled_at + GRACE
                self.end_container(name, 137)
            case Remove():
                assert self.container.state is RunState.CREATED
                assert stop is not None or self.memory.refusal is not None
                del self.containers[name]

    def _store(self, status: ContainerJobStatus) -> None:
        before = self.job.status
        assert not before.terminal, "the outcome is final"
        old, new = before.phase or Phase.PENDING, status.phase or Phase.PENDING
        assert new is old or new in MOVES[old]
        self.job = stored(self.job, status)

    def _only_one_runs(self) -> None:
        """Two containers may run at a time only where the host of one was given up as lost."""
        lost = {attempt.name for attempt in self.job.status.attempts if attempt.reason is Reason.HOST_LOST}
        running = {name for name, seen in self.containers.items() if seen.state is RunState.RUNNING}
        assert len(running - lost) <= 1
