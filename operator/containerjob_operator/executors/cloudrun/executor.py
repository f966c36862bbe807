"""The executor's verbs on Google Cloud Run: the Job is the container, its one execution is the container running."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any, Final

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import LaunchDelayed, LaunchRejected
from containerjob_operator.executors import marks
from containerjob_operator.executors.cloudrun import outputs, sights
from containerjob_operator.executors.cloudrun.entries import SECOND
from containerjob_operator.executors.cloudrun.logs import ProjectLog
from containerjob_operator.executors.cloudrun.place import Place, execution_id
from containerjob_operator.executors.cloudrun.sights import Sight
from containerjob_operator.executors.cloudrun.snapshot import Looks
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage

if TYPE_CHECKING:
    from containerjob_operator.executors.cloudrun.client import CloudRunClient

API: Final = "run.googleapis.com/v2"
NEW_SECONDS: Final = 30.0
"""A Job that this process created so recently can be started without a look at it."""
NEW_LIMIT: Final = 1024
IDLE_FACTOR: Final = 5
"""How much longer the pause between two looks is while nothing runs."""


class CloudRunExecutor:
    """One place, for the Jobs of one cluster."""

    def __init__(self, place: Place, *, cluster_uid: str, concurrency: int = 16) -> None:
        self._place: Final = place
        self._cluster_uid: Final = cluster_uid
        self._concurrency: Final = concurrency
        self._opening: Final = asyncio.Lock()
        self._opened: CloudRunClient | None = None
        self._looks: Final = Looks(place, cluster_uid, self._client)
        self._log: Final = ProjectLog(place, self._client)
        self._new: Final[dict[str, tuple[Any, float]]] = {}
        self._stirred: Final[set[asyncio.Event]] = set()

    async def create(self, run: RunSpec) -> None:
        """Create the Job, which runs nothing; adopt one that is this very attempt's."""
        client = await self._client()
        job = await client.create(run)
        if job is None:
            await self._adopt(run)
        else:
            while len(self._new) >= NEW_LIMIT:
                del self._new[next(iter(self._new))]
            self._new[run.name] = (job, _now())
        self._looks.created(run.name)

    async def _adopt(self, run: RunSpec) -> None:
        from containerjob_operator.executors.cloudrun import read

        found = await (await self._client()).find(run.name)
        if found is None:
            raise LaunchDelayed(Reason.LAUNCH_BACK_OFF, f"Job {run.name} on {self._place.called} is being deleted")
        if not marks.same_attempt(read.our_labels(found), dict(run.labels)):
            raise LaunchRejected(
                Reason.NAME_CONFLICT,
                f"Job {run.name} is on {self._place.called} already and is not of this job; delete it there, or run"
                " the job again under a new name",
            )

    async def start(self, name: str) -> None:
        """Ask for the Job's one execution, unless there is one; asking twice makes no second one."""
        job, created_at = self._new.pop(name, (None, 0.0))
        if job is None or _now() - created_at > NEW_SECONDS:
            job = await self._startable(name)
        if job is None:
            return
        await (await self._client()).start(job)
        self._looks.started(name)
        self._stir()

    async def _startable(self, name: str) -> Any:
        """Look whether there is something to start."""
        sight = await self._sight(name)
        return None if sight is None or sight.asked or sight.observation.start_failed else sight.job

    async def inspect(self, name: str) -> Observation:
        """Look at all Jobs, with everybody who asks at this moment, and return this one."""
        sight = await self._sight(name)
        return ABSENT if sight is None else sight.observation

    async def signal_stop(self, name: str) -> None:
        """Cancel the execution: Cloud Run sends SIGTERM, and SIGKILL 10 s later."""
        sight = await self._sight(name)
        if sight is not None and await self._cancel(name, sight):
            self._stir()

    async def kill(self, name: str) -> None:
        """Cancel the execution, for nothing is harder on Cloud Run; one that was never made is kept from coming."""
        sight = await self._sight(name)
        if sight is None:
            return
        if sight.asked and not sight.executed and sight.observation.state is RunState.RUNNING:
            await self.remove(name)
        elif await self._cancel(name, sight):
            self._stir()

    async def _cancel(self, name: str, sight: Sight) -> bool:
        if sight.observation.state is not RunState.RUNNING or sight.cancelling:
            return False
        await (await self._client()).cancel(name)
        return True

    async def remove(self, name: str) -> None:
        """Delete the Job with its execution, which is cancelled first where it runs."""
        sight = self._looks.last.get(name)
        if sight is None or sight.observation.state is not RunState.EXITED:
            sight = await self._sight(name)
        if sight is None:
            return
        await self._cancel(name, sight)
        await (await self._client()).delete(name)
        self._new.pop(name, None)
        self._looks.removed(name)
        self._stir()

    async def tail(self, name: str) -> LogTail:
        """Read the end of the log, once it is whole; empty where there is none."""
        sight = await self._sight(name)
        if sight is None or not sight.executed or sight.row is None:
            return LogTail()
        await self._settled(name)
        return await self._log.tail(execution_id(name), int(sight.row.created_at.timestamp()) * SECOND)

    async def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read or follow the log."""
        reader = outputs.Reader(
            self._place, self._log, name, query, lambda: self._sight(name), lambda: self._settled(name)
        )
        async with aclosing(reader.run()) as reading:
            async for item in reading:
                yield item

    async def _sight(self, name: str) -> Sight | None:
        return (await self._looks.now()).get(name)

    async def _settled(self, name: str) -> None:
        """Wait until the log of an ended execution is whole, as far as that is ever told."""
        ended_at = self._looks.ended_at(name)
        if ended_at is not None:
            await asyncio.sleep(ended_at + self._place.log_settle_seconds - _now())

    async def usage(self, name: str) -> Usage | None:
        """Tell nothing, for Cloud Run does not; but ask, so that a place that is away is no place without usage."""
        await self._sight(name)
        return None

    async def termination_message(self, name: str, path: str) -> str | None:
        """Tell nothing: files of a task are gone with it."""
        await self._sight(name)
        return None

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List this cluster's Jobs."""
        found = await self._looks.now()
        return tuple(sight.row for sight in found.values() if sight.row is not None)

    async def events(self) -> AsyncIterator[RunEvent]:
        """Tell what has changed from one look to the next."""
        stirred = asyncio.Event()
        self._stirred.add(stirred)
        try:
            seen = await self._looks.now()
            yield RunEvent("subscribed")
            while True:
                pause = self._place.refresh_seconds * (1 if _busy(seen) else IDLE_FACTOR)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stirred.wait(), pause)
                stirred.clear()
                before, seen = seen, await self._looks.now()
                for event in sights.differences(before, seen):
                    yield event
        finally:
            self._stirred.discard(stirred)

    async def engine(self) -> EngineInfo:
        """Make every list once, and say which place answered."""
        await self._looks.now(thorough=True)
        place = self._place
        return EngineInfo(id=place.parent, name=place.called, version=API, api_version="v2")

    async def aclose(self) -> None:
        """Give up what is asked and close the connections; executions are not touched."""
        await self._looks.aclose()
        await self._log.aclose()
        async with self._opening:
            client, self._opened = self._opened, None
        if client is not None:
            await client.aclose()

    async def _client(self) -> "CloudRunClient":
        """Return the client; the first to ask waits until Google's library is imported, in a thread."""
        async with self._opening:
            if self._opened is None:
                module = await asyncio.to_thread(_library)
                self._opened = await module.CloudRunClient.connect(self._place, lanes=self._concurrency)
            return self._opened

    def _stir(self) -> None:
        for stirred in self._stirred:
            stirred.set()


def _library() -> Any:
    # Or gRPC tells of every connection that a server ends, in lines of its own among the operator's.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    from containerjob_operator.executors.cloudrun import client

    return client


def _busy(seen: sights.Sights) -> bool:
    return not all(sight.over for sight in seen.values())


def _now() -> float:
    return asyncio.get_running_loop().time()
