"""Follow a job to its end: its steps from one watch, its output from one log stream, both shown by one loop."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from kubectl_containerjob import exits
from kubectl_containerjob.explaining.cases import command
from kubectl_containerjob.following.endings import exit_code
from kubectl_containerjob.following.interrupts import Interrupts
from kubectl_containerjob.following.output_reading import OutputReading, Unreadable, Unwanted
from kubectl_containerjob.following.step_views import View
from kubectl_containerjob.following.steps import Kind, Step, Story, finished
from kubectl_containerjob.following.watching import Broken, Changed, Gone, Watch
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.logs import events as log_events
from kubectl_containerjob.logs import kept_tails
from kubectl_containerjob.logs.events import LogRequest
from kubectl_containerjob.problems import NO_KINDS, Problem, Refused
from kubectl_containerjob.records import Job

NO_LOG_API: Final = "this cluster does not serve the log API"
INBOX: Final = 64
"""Chunks of output that wait to be written; then the log stream waits for us."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds."""

    tick: float = 0.1
    unseen: float = 5.0
    """For a sign of the operator."""
    preparing: float = 1.0
    """For a container to start, before one says what takes so long."""
    output: float = 10.0
    """For the rest of the output of a job that has finished."""
    outage: float = 3.0
    """For the cluster to answer again, before one says that it does not."""


class Follower:
    """One job, until it has ended or the person goes away."""

    def __init__(self, kubectl: Kubectl, job: Body, view: View, patience: Patience | None = None) -> None:
        self._kubectl = kubectl
        self._job = Job(job)
        self._view = view
        self._patience = patience or Patience()
        self._story = Story()
        self._inbox: queue.Queue[Any] = queue.Queue(INBOX)
        self._over = threading.Event()
        self._gone = False
        self._output_over = False
        self._unreadable: Problem | None = None
        self._wrote = False
        self._began = self._heard = self._moved = time.monotonic()
        self._broken_since: float | None = None
        self._told_broken = self._told_unseen = False

    def follow(self, first: Step, *, on_interrupt: Callable[[Job], None] | None = None) -> int:
        """Show everything until the end, and return the exit code.

        The first Ctrl-C detaches; with `on_interrupt` it calls that instead, and the second one detaches.
        """
        with Interrupts(2 if on_interrupt else 1) as interrupts, self._reading():
            self._view.step(first)
            self._show(self._story.next(self._job, _now()))
            while True:
                if interrupts.count and on_interrupt is None:
                    return self._detached()
                if interrupts.count:
                    on_interrupt, wish = None, on_interrupt
                    interrupts.count = 0
                    assert wish is not None  # noqa: S101 - it was there a line ago
                    self._interrupted(wish)
                with contextlib.suppress(queue.Empty):
                    self._take(self._inbox.get(timeout=self._patience.tick))
                self._view.tick()
                self._look_at_the_clock()
                code = self._ended()
                if code is not None:
                    return code

    @property
    def job(self) -> Job:
        """The job as it was last seen."""
        return self._job

    @property
    def gone(self) -> bool:
        """Whether its object was deleted."""
        return self._gone

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Read the job and its output in the background; the kubectls behind it end with the block."""
        readers = (
            Watch(self._kubectl, self._job.body, self._deliver),
            OutputReading(self._kubectl, self._job.body, self._deliver),
        )
        threads = [threading.Thread(target=self._run, args=(reader.run,), daemon=True) for reader in readers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for reader in readers:
                reader.stop()
            for thread in threads:
                thread.join(1.0)
            self._view.close()

    def _run(self, read: Callable[[], None]) -> None:
        """Read in a thread; whatever ends it is told by the loop, which would wait for it for ever."""
        try:
            read()
        except Exception as error:  # noqa: BLE001 - there is nobody above a thread
            self._deliver(Broken(Refused(f"the job can't be followed any more: {error!r}"), final=True))

    def _deliver(self, item: object) -> bool:
        while not self._over.is_set():
            with contextlib.suppress(queue.Full):
                self._inbox.put(item, timeout=self._patience.tick)
                return True
        return False

    def _take(self, item: object) -> None:
        match item:
            case Changed(job):
                self._changed(Job(job))
            case Gone(job):
                self._gone = True
                self._changed(Job(job))
            case Broken(problem, final):
                self._broken(problem, final=final)
            case Unreadable(problem, final):
                self._unreadable, self._output_over = problem, final
            case Unwanted():
                raise BrokenPipeError
            case _:
                self._read(item)

    def _changed(self, job: Job) -> None:
        if self._told_broken:
            self._show([Step(Kind.RESTORED, "the cluster answers again")])
        self._broken_since, self._told_broken = None, False
        self._job = job
        self._moved = time.monotonic()
        self._show(self._story.next(job, _now()))

    def _read(self, event: object) -> None:
        self._heard = time.monotonic()
        match event:
            case log_events.Output(source, stream, data):
                self._show(self._story.output(source.attempt, source.host))
                self._wrote, self._unreadable = True, None
                self._view.output(stream, data)
            case log_events.Missing(_, message):
                self._show([Step(Kind.MISSING, f"output is missing here: {message}")])
            case log_events.Ended(None):
                self._output_over = True
            case log_events.Outage(reason):
                self._show([Step(Kind.OUTAGE, f"the output can't be read, trying again: {reason}")])
            case log_events.Restored():
                self._show([Step(Kind.RESTORED, "the output can be read again")])
            case _:
                pass  # begins and ends of single attempts: the watch tells more of them

    def _broken(self, problem: Problem, *, final: bool) -> None:
        if final:
            raise problem
        self._broken_since = self._broken_since or time.monotonic()
        if not self._told_broken and time.monotonic() - self._broken_since > self._patience.outage:
            self._told_broken = True
            self._show([Step(Kind.OUTAGE, f"trying again: {problem.message}")])

    def _look_at_the_clock(self) -> None:
        """Tell what only the time tells: that nobody looks at the job, or that its container is long in coming."""
        now = time.monotonic()
        unseen = self._job.status.get("observedGeneration", -1) == -1
        if unseen and not self._told_unseen and now - self._began > self._patience.unseen:
            self._told_unseen = True
            text = "nobody has looked at it yet; check with `kubectl containerjob doctor`"
            self._show([Step(Kind.UNSEEN, text)])
        if now - self._moved > self._patience.preparing:
            self._show(self._story.preparing(self._job))

    def _ended(self) -> int | None:
        """Return the exit code once there is nothing more to come."""
        if self._gone and not self._job.finished:
            self._show([Step(Kind.DELETED, "was deleted while it was followed")])
            return exits.NOT_RUN
        if not self._job.finished:
            return None
        silent = time.monotonic() - max(self._heard, self._moved)
        if not self._output_over and silent < self._patience.output:
            return None
        self._tell_what_is_missing()
        self._show([finished(self._job)])
        return exit_code(self._job)

    def _tell_what_is_missing(self) -> None:
        """Print the kept tail where the output could not be read, and say so."""
        if self._output_over and self._unreadable is None:
            return
        why = "the log API does not go on"
        if self._unreadable is not None:
            why = NO_LOG_API if self._unreadable.message == NO_KINDS else self._unreadable.message
        again = command("logs", self._job)
        if self._wrote:
            self._show([Step(Kind.MISSING, f"output may be missing here ({why}): see `{again}`")])
            return
        metadata = self._job.body["metadata"]
        with contextlib.suppress(Problem):  # a job without a container has printed nothing
            for event in kept_tails.events(self._job, LogRequest(metadata["namespace"], metadata["name"])):
                if isinstance(event, log_events.Started):
                    text = f"the output can't be read ({why}): only its kept end follows"
                    self._show([Step(Kind.MISSING, text)])
                elif isinstance(event, log_events.Output):
                    self._view.output(event.stream, event.data)

    def _interrupted(self, wish: Callable[[Job], None]) -> None:
        self._show([Step(Kind.STOPPING, "cancelling; Ctrl-C again detaches")])
        self._story.told.add(Kind.STOPPING)
        try:
            wish(self._job)
        except Problem as problem:
            problem.show()

    def _detached(self) -> int:
        back, read, stop = (f"`{command(verb, self._job)}`" for verb in ("run", "logs -f", "cancel"))
        text = f"detached, the job goes on: {back} follows it again, {read} its output alone, {stop} stops it"
        self._show([Step(Kind.DETACHED, text)])
        return exits.DETACHED

    def _show(self, steps: list[Step]) -> None:
        for step in steps:
            self._view.step(step)


def _now() -> datetime:
    return datetime.now(UTC)
