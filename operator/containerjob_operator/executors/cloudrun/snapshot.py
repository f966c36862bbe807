"""The shared look at all Jobs of a place: three lists, however many ask, and only as many pages as are needed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Set
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from containerjob_operator.decide.observations import RunState
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.cloudrun.sharing import Together
from containerjob_operator.executors.cloudrun.sights import Sight, Sights

if TYPE_CHECKING:
    from containerjob_operator.executors.cloudrun.client import CloudRunClient

LONG_OVER: Final = timedelta(minutes=10)
"""After which an end is no news, whatever the two clocks say."""


class Looks:
    """What this process sees of one place, and what it remembers between two looks."""

    def __init__(self, place: Place, cluster_uid: str, client: Callable[[], Awaitable["CloudRunClient"]]) -> None:
        self.last: Sights = {}
        self._place: Final = place
        self._cluster_uid: Final = cluster_uid
        self._client: Final = client
        self._together: Final = Together(self._look, pause_seconds=place.pause_seconds)
        self._over: dict[str, Sight] = {}
        """Ended for good: nothing about them is asked again."""
        self._ended_at: dict[str, float] = {}
        self._untold_since: dict[str, float] = {}
        self._expected: set[str] = set()
        self._removed: set[str] = set()
        self._asked: set[str] = set()

    async def now(self, *, thorough: bool = False) -> Sights:
        """Return a look that was begun after this call; a thorough one asks for every list, as a probe does."""
        return await self._together.ask(thorough)

    def created(self, name: str) -> None:
        """Remember what this process has created: where a list lacks it, the list is behind."""
        self._expected.add(name)
        self._removed.discard(name)

    def started(self, name: str) -> None:
        """Remember what Cloud Run has agreed to run."""
        self._asked.add(name)

    def removed(self, name: str) -> None:
        """Remember what this process has deleted: that it is missing is no wonder."""
        self._expected.discard(name)
        self._removed.add(name)

    def ended_at(self, name: str) -> float | None:
        """Return when, by the loop's clock, the end was first seen; None where it was not."""
        return self._ended_at.get(name)

    async def aclose(self) -> None:
        """Give up the look that is under way."""
        await self._together.aclose()

    async def _look(self, questions: Sequence[bool]) -> Sights:
        client = await self._client()
        jobs = {job.name.rpartition("/")[2]: job for job in await client.jobs(self._cluster_uid)}
        known = frozenset(self._expected)
        jobs |= await self._missed(client, known - jobs.keys())
        sights = await self._judge(client, jobs, thorough=any(questions))
        # What was created meanwhile is in none of these lists.
        self._expected = (self._expected - known) | jobs.keys()
        self._forget(jobs)
        self.last = sights
        return sights

    async def _missed(self, client: "CloudRunClient", unlisted: Set[str]) -> dict[str, Any]:
        """Ask for each Job that must be there and is not listed: a list can be behind, or skip one."""
        missing = sorted(unlisted - self._removed)
        found = await asyncio.gather(*(client.find(name) for name in missing))
        return {name: job for name, job in zip(missing, found, strict=True) if job is not None}

    async def _judge(self, client: "CloudRunClient", jobs: dict[str, Any], *, thorough: bool) -> dict[str, Sight]:
        from containerjob_operator.executors.cloudrun import read

        path = self._place.execution_path
        over_before = {name: sight for name, sight in self._over.items() if self._is_same(sight, jobs.get(name))}
        sights = {
            name: over_before.get(name) or read.unexecuted(job, asked=name in self._asked)
            for name, job in jobs.items()
        }
        open_ones = [name for name, sight in sights.items() if sight.asked and name not in over_before]
        if open_ones or thorough:
            found = await client.executions([path(name) for name in open_ones])
            executions = {name: found[path(name)] for name in open_ones if path(name) in found}
            sights |= {name: read.sight(jobs[name], each, None) for name, each in executions.items()}
            # What a failed one still lacks is told by its task: an exit code, or why there is none.
            over = [name for name in executions if sights[name].untold]
            if over or thorough:
                tasks = await client.tasks([path(name) for name in over])
                sights |= {name: read.sight(jobs[name], executions[name], tasks.get(path(name))) for name in over}
        return {name: self._settle(name, sight) for name, sight in sights.items()}

    @staticmethod
    def _is_same(sight: Sight, job: Any) -> bool:
        return job is not None and bool(sight.job.uid == job.uid)

    def _settle(self, name: str, sight: Sight) -> Sight:
        """Remember an end; lose patience with what is still not told."""
        from containerjob_operator.executors.cloudrun import read

        now = asyncio.get_running_loop().time()
        if sight.untold:
            since = self._untold_since.setdefault(name, now)
            if now - since >= self._place.patience_seconds:
                sight = read.lost(sight)
        else:
            self._untold_since.pop(name, None)
            if sight.executed and not sight.active:
                self._over[name] = sight
        if sight.observation.state is RunState.EXITED and name not in self._ended_at:
            finished_at = sight.observation.finished_at
            news = finished_at is None or datetime.now(UTC) - finished_at < LONG_OVER
            self._ended_at[name] = now if news else now - self._place.log_settle_seconds
        return sight

    def _forget(self, jobs: dict[str, Any]) -> None:
        """Drop what is known of Jobs that are gone, or are others of the same name."""
        self._over = {name: sight for name, sight in self._over.items() if self._is_same(sight, jobs.get(name))}
        self._ended_at = {name: at for name, at in self._ended_at.items() if name in jobs}
        self._untold_since = {name: at for name, at in self._untold_since.items() if name in jobs}
        self._asked &= jobs.keys() | self._expected
        self._removed &= jobs.keys()
