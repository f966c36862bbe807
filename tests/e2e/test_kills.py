"""Kills at random moments over a crowd of short jobs: nothing runs twice, every end is true, nothing is left behind.

`CONTAINERJOB_SEED` repeats the script of an earlier run; where exactly a kill strikes is the machine's affair.
"""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pytest
from tests.e2e.conftest import Jobs, Operator, wait_for
from tests.size import FULL

from containerjob_api.names import LABEL_NAMESPACE

KILLS, CROWD = (200, 100) if FULL else (11, 24)
LONG = 600.0
PHASES_OF_CODES = {0: "Succeeded"}
EVENTS_KEPT = 256
"""How many events an engine remembers."""


class Will(StrEnum):
    """What becomes of a job, as its user wants it."""

    RUN = "run"
    RETRY = "retry"
    """Fails, and is tried twice more."""
    CANCEL = "cancel"
    DELETE = "delete"
    DEADLINE = "deadline"
    CANCEL_LATE = "cancel-late"
    """Perhaps it has ended by then."""


MIX = (
    *(Will.RUN,) * 5,
    *(Will.RETRY,) * 2,
    Will.CANCEL,
    Will.CANCEL_LATE,
    *(Will.DELETE,) * 2,
    Will.DEADLINE,
)
SHORT = (Will.RUN, Will.RETRY, Will.CANCEL_LATE)
RETRIES = 2


@dataclass(frozen=True, slots=True)
class Script:
    """One job's part; `life` is that of the operator in which it is created, `meddle` that in which its user acts."""

    name: str
    will: Will
    code: int
    seconds: float
    life: int
    meddle: int

    def manifest(self, jobs: Jobs) -> dict[str, Any]:
        """Build the job."""
        more: dict[str, Any] = {}
        if self.will is Will.DEADLINE:
            more["activeDeadlineSeconds"] = 1
        if self.will is Will.RETRY:
            more = {"backoffLimit": RETRIES, "retryPolicy": {"initialDelaySeconds": self.code % 2}}
        return jobs.manifest(f"echo started; sleep {self.seconds}; exit {self.code}", name=self.name, **more)

    @property
    def scripted(self) -> bool:
        """Say whether nobody meddles, so that exactly one end is right."""
        return self.will in (Will.RUN, Will.RETRY)

    @property
    def attempts(self) -> int:
        """How often it runs where nobody meddles."""
        return 1 + RETRIES if self.will is Will.RETRY else 1

    @property
    def natural(self) -> tuple[str, int]:
        """Phase and exit code where nobody meddles."""
        return PHASES_OF_CODES.get(self.code, "Failed"), self.code


def scripts(dice: random.Random) -> list[Script]:
    """Write the parts; all jobs are created before three quarters of the kills are over."""
    wills = [MIX[number % len(MIX)] for number in range(CROWD)]
    dice.shuffle(wills)
    written = []
    for number, will in enumerate(wills):
        life = number * KILLS * 3 // (CROWD * 4)
        ends_by_itself = will in (Will.RUN, Will.RETRY, Will.CANCEL_LATE) or (
            will is Will.DELETE and dice.random() < 0.5
        )
        seconds = round(dice.choice((0.0, dice.uniform(0, 2))), 2) if ends_by_itself else LONG
        code = number % 7 + 1 if will is Will.RETRY else number % 8
        name = f"{will}-{number}-exit-{code}"
        written.append(Script(name, will, code, seconds, life, life + dice.randint(0, 1)))
    return written


@dataclass
class Users:
    """Who creates, cancels and deletes jobs while the operator is being killed."""

    jobs: Jobs
    parts: list[Script]
    dice: random.Random
    uids: dict[str, str] = field(default_factory=dict)

    def act(self, life: int) -> None:
        """Do what is due in this life of the operator."""
        create = [part for part in self.parts if part.life == life]
        if create:
            told = self._kubectl(
                "create", "-f", "-", "-o", 'jsonpath={.metadata.name} {.metadata.uid}{"\\n"}', manifests=create
            )
            self.uids |= dict(line.split() for line in told.splitlines())
        for part in self.parts:
            if part.meddle == life and part.will in (Will.CANCEL, Will.CANCEL_LATE, Will.DELETE):
                time.sleep(self.dice.uniform(0, 0.5))
                self._meddle(part)

    def _meddle(self, part: Script) -> None:
        if part.will is Will.DELETE:
            self._kubectl("delete", "cjob", part.name, "--timeout=100s")
            return
        patch = ("patch", "cjob", part.name, "--type=merge", "-p", '{"spec":{"cancel":true}}')
        done = self.jobs.plane.kubectl("-n", self.jobs.namespace, *patch, check=False)
        ended = part.will is Will.CANCEL_LATE and "finished job" in done.stderr
        assert done.returncode == 0 or ended, done.stderr

    def _kubectl(self, *args: str, manifests: list[Script] = []) -> str:  # noqa: B006 - read only
        documents = "\n---\n".join(json.dumps(part.manifest(self.jobs)) for part in manifests)
        return self.jobs.plane.kubectl("-n", self.jobs.namespace, *args, input=documents).stdout


@dataclass
class Starts:
    """Every start of a container, as the engine tells it; also of containers that are gone since."""

    jobs: Jobs
    since: int = field(default_factory=lambda: int(time.time()))
    seen: set[tuple[int, str]] = field(default_factory=set)

    def look(self) -> None:
        """Take in what happened since the last look."""
        until = int(time.time())
        told = list(self.jobs.oracle.events(since=self.since, until=until + 1, decode=True))
        assert len(told) < EVENTS_KEPT, "the engine may have forgotten some starts"
        self.since = until
        for event in told:
            about = event["Actor"]["Attributes"]
            if event["Action"] == "start" and about.get(LABEL_NAMESPACE) == self.jobs.namespace:
                self.seen.add((event["timeNano"], about["name"]))

    def counts(self) -> Counter[str]:
        """Return how often each container was started."""
        return Counter(name for _, name in self.seen)


@dataclass
class Victim:
    """The operator, and how it is killed."""

    operator: Operator
    dice: random.Random
    spoken: int = 0

    def live_and_die(self) -> None:
        """Kill it while it starts, or at some moment of its work, and start the next one."""
        if self.dice.random() < 0.5:
            time.sleep(self.dice.uniform(0, 2.5))
        else:
            wait_for("the operator has loaded", self._loaded)
            time.sleep(self.dice.uniform(0, 1.5))
        assert self.operator.end(signal.SIGKILL) == -signal.SIGKILL, "the operator had ended by itself"
        self.start()

    def start(self) -> None:
        """Start it, and mind where its log begins."""
        self.spoken = self.operator.log.stat().st_size
        self.operator.start()

    def _loaded(self) -> bool:
        with self.operator.log.open("rb") as log:
            log.seek(self.spoken)
            return b'"event": "loaded"' in log.read()


@pytest.fixture
def dice() -> random.Random:
    """Seeded chance; a failed test shows the seed."""
    seed = int(os.environ.get("CONTAINERJOB_SEED") or time.time_ns() % 1_000_000)
    print(f"CONTAINERJOB_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - a script, no secret


@pytest.fixture
def victim(operator: Operator, dice: random.Random) -> Iterator[Victim]:
    """The operator, started anew under our eyes, and running again afterwards whatever the test did."""
    victim = Victim(operator, random.Random(dice.random()))  # noqa: S311 - chance, no secret
    operator.end(signal.SIGKILL)
    victim.start()
    yield victim
    if operator.process is None:
        operator.start()


def settled(jobs: Jobs, uids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Wait until every job that is still there has ended, and return their objects by name."""

    def ended() -> dict[str, dict[str, Any]] | None:
        items = json.loads(jobs.plane.kubectl("-n", jobs.namespace, "get", "cjob", "-o", "json").stdout)["items"]
        over = all(item.get("status", {}).get("finished") for item in items)
        return {item["metadata"]["name"]: item for item in items} if over else None

    found: dict[str, dict[str, Any]] = wait_for("every job ends", ended, seconds=120)
    assert {name: body["metadata"]["uid"] for name, body in found.items()}.items() <= uids.items()
    return found


def check_end(jobs: Jobs, part: Script, body: dict[str, Any]) -> None:
    """Compare a job's record with its script and with what the engine says of each of its containers."""
    status, uid = body["status"], body["metadata"]["uid"]
    end = (status["phase"], status.get("exitCode"))
    match part.will:
        case Will.RUN | Will.RETRY:
            assert end == part.natural
            assert (status["attemptCount"], len(status["attempts"])) == (part.attempts, part.attempts)
        case Will.CANCEL:
            assert end[0] == "Cancelled"
        case Will.CANCEL_LATE:
            assert end == part.natural or end[0] == "Cancelled"
        case Will.DEADLINE:
            assert end[0] == "TimedOut"
    attempts = status.get("attempts", [])
    assert [attempt["name"] for attempt in attempts] == [f"cj-{uid}-{n}" for n in range(len(attempts))]
    containers = {container.name: container for container in jobs.containers_of(uid)}
    assert containers.keys() <= {attempt["name"] for attempt in attempts}
    for attempt in attempts:
        check_attempt(attempt, containers.get(attempt["name"]), scripted=part.scripted)


def check_attempt(attempt: dict[str, Any], container: Any, *, scripted: bool) -> None:
    """Compare one attempt's record with its container; where nobody meddled there is one, and it spoke once."""
    if container is None:
        assert not scripted
        assert "exitCode" not in attempt
        return
    state = container.attrs["State"]
    assert (state["Status"], state["Pid"], attempt.get("exitCode")) == ("exited", 0, state["ExitCode"])
    said = container.logs().decode().splitlines()
    assert said == ["started"] if scripted else said in ([], ["started"])


@pytest.mark.real
@pytest.mark.full
@pytest.mark.timeout(3600 if FULL else 300)
def test_kills_at_random_moments_run_nothing_twice_lose_no_end_and_leave_nothing(
    jobs: Jobs, victim: Victim, dice: random.Random
) -> None:
    users, starts = Users(jobs, scripts(dice), dice), Starts(jobs)
    with ThreadPoolExecutor(1) as pool:
        for life in range(KILLS + 1):
            acting = pool.submit(users.act, life)
            if life < KILLS:
                victim.live_and_die()
            acting.result()
            starts.look()
    found = settled(jobs, users.uids)
    starts.look()
    deleted = {part.name for part in users.parts if part.will is Will.DELETE}
    assert found.keys() == {part.name for part in users.parts} - deleted
    assert {name: count for name, count in starts.counts().items() if count > 1} == {}
    scripted = {f"cj-{users.uids[p.name]}-{n}" for p in users.parts if p.scripted for n in range(p.attempts)}
    assert starts.counts().keys() >= scripted
    for part in users.parts:
        if part.name in found:
            check_end(jobs, part, found[part.name])
    gone = [users.uids[name] for name in deleted]
    wait_for("nothing is left of deleted jobs", lambda: not any(map(jobs.containers_of, gone)), seconds=120)
    filters = {"label": f"{LABEL_NAMESPACE}={jobs.namespace}", "status": "running"}
    assert jobs.oracle.containers.list(filters=filters) == []
