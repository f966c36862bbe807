"""The executor's verbs on a Docker engine."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final

from aiodocker import DockerError

from containerjob_api.hosts import EngineInfo
from containerjob_api.jobstatus import LogTail
from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import LaunchDelayed, LaunchRejected
from containerjob_operator.executors import marks
from containerjob_operator.executors.docker import (
    build,
    events,
    faults,
    logs,
    messages,
    outputs,
    read,
    restarts,
    usage,
)
from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.docker.pulls import Pulls
from containerjob_operator.executors.docker.starts import Starts
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery, Usage


class DockerExecutor:
    """One engine, for the containers of one cluster."""

    def __init__(
        self,
        client: EngineClient,
        *,
        cluster_uid: str,
        pull_seconds: float = 900.0,
        start_grace_seconds: float = 5.0,
    ) -> None:
        self._client: Final = client
        self._cluster_uid: Final = cluster_uid
        self._pulls: Final = Pulls(client, seconds=pull_seconds)
        self._starts: Final = Starts(grace_seconds=start_grace_seconds)

    async def create(self, run: RunSpec) -> None:
        """Create; fetch the image if the engine lacks it; adopt a container that is this very attempt's."""
        body = build.create_body(run)
        missed_at = asyncio.get_running_loop().time()
        refusal = await self._try_create(run.name, body)
        if refusal is not None and refusal.status == 404:
            await self._pulls.pull(run.image, missed_at=missed_at)
            refusal = await self._try_create(run.name, body)
        if refusal is None:
            return
        if refusal.status != 409:
            raise faults.create_refused(refusal) from refusal
        await self._adopt(run, refusal)

    async def _try_create(self, name: str, body: Mapping[str, Any]) -> DockerError | None:
        try:
            async with self._client.changing(f"create {name}") as docker:
                await docker.containers.create(body, name=name)
        except DockerError as refusal:
            return refusal
        self._starts.created(name)
        return None

    async def _adopt(self, run: RunSpec, refusal: DockerError) -> None:
        found = await self._look(run.name)
        if found is None:
            raise LaunchDelayed(Reason.LAUNCH_BACK_OFF, refusal.message) from refusal
        if not marks.same_attempt(read.labels(found), dict(run.labels)):
            raise LaunchRejected(
                Reason.NAME_CONFLICT,
                f"container {run.name} ({found['Id'][:12]}, image {found['Config']['Image']}) is on the host"
                " already and is not of this job; remove it there, or run the job again under a new name",
            ) from refusal

    async def start(self, name: str) -> None:
        """Start what is in state created; what the engine recorded of a failure is read by `inspect`."""
        if not self._starts.is_new(name) and not self._starts.allowed(name, await self._see(name)):
            return
        self._starts.asked(name)
        try:
            async with self._client.changing(f"start {name}") as docker:
                await docker.containers.container(name).start()
        except faults.NotAsked:
            self._starts.answered(name)
            raise
        except DockerError as refusal:
            self._starts.answered(name)
            seen = await self._see(name)
            if seen.state is RunState.CREATED and not seen.start_failed:
                raise faults.start_refused(refusal) from refusal
        else:
            self._starts.answered(name)

    async def inspect(self, name: str) -> Observation:
        """Look at one container, and at what its engine remembers where a restart may have ended it."""
        seen = await self._see(name)
        if not restarts.suspicious(seen) or not await restarts.disrupted(self._client, seen):
            return seen
        code = None if seen.exit_code == restarts.UNKNOWN_CODE else seen.exit_code
        return replace(seen, disrupted=True, exit_code=code)

    async def _see(self, name: str) -> Observation:
        found = await self._look_at_ours(name)
        return ABSENT if found is None else read.observation(found)

    async def _look_at_ours(self, name: str) -> dict[str, Any] | None:
        """Look, and be blind to what another cluster, or a person, has put under this name."""
        found = await self._look(name)
        return found if found is not None and marks.of_cluster(read.labels(found), self._cluster_uid) else None

    async def _look(self, name: str) -> dict[str, Any] | None:
        what = f"inspect {name}"
        try:
            async with self._client.reading(what) as docker:
                return await docker.containers.container(name).show()
        except DockerError as exc:
            if exc.status == 404:
                return None
            raise faults.refused(self._client.endpoint, what, exc) from exc

    async def signal_stop(self, name: str) -> None:
        """Send the signal that the image asks to be stopped by."""
        found = await self._look_at_ours(name)
        if found is not None:
            await self._signal(name, read.stop_signal(found))

    async def kill(self, name: str) -> None:
        """Send SIGKILL."""
        await self._signal(name, "SIGKILL")

    async def _signal(self, name: str, signal: str) -> None:
        what = f"{signal} to {name}"
        try:
            async with self._client.reading(what) as docker:
                await docker.containers.container(name).kill(signal=signal)
        except DockerError as exc:
            self._gone_or_raise(what, exc)

    async def remove(self, name: str) -> None:
        """Remove by force, with the volumes that came with it."""
        what = f"remove {name}"
        try:
            async with self._client.changing(what) as docker:
                await docker.containers.container(name).delete(force=True, v=True)
        except DockerError as exc:
            self._gone_or_raise(what, exc)
        self._starts.forget(name)

    async def tail(self, name: str) -> LogTail:
        """Read the end of the log; empty where it is gone or cannot be read back."""
        try:
            return await logs.tail(self._client, name)
        except DockerError as exc:
            if exc.status != 501:
                self._gone_or_raise(f"logs of {name}", exc)
            return LogTail()

    def output(self, name: str, query: OutputQuery) -> AsyncIterator[Output | Gap]:
        """Read or follow the log."""
        return outputs.Reader(self._client, name, query, lambda: self._look_at_ours(name)).run()

    async def usage(self, name: str) -> Usage | None:
        """Ask the engine for two samples, where it runs."""
        seen = await self._see(name)
        return await usage.usage(self._client, name) if seen.state is RunState.RUNNING else None

    async def termination_message(self, name: str, path: str) -> str | None:
        """Read the file in which the container left its last words."""
        return await messages.termination_message(self._client, name, path)

    async def list_owned(self) -> tuple[OwnedContainer, ...]:
        """List by the cluster's label."""
        filters = json.dumps({"label": [f"{LABEL_CLUSTER_UID}={self._cluster_uid}"]})
        try:
            listed = await self._client.fetch("containers/json", {"all": "1", "filters": filters})
        except DockerError as exc:
            raise faults.refused(self._client.endpoint, "list", exc) from exc
        return tuple(row for row in map(read.owned, listed) if row is not None)

    def events(self) -> AsyncIterator[RunEvent]:
        """Follow the engine's events of this cluster's containers."""
        return events.follow(self._client, self._cluster_uid)

    async def engine(self) -> EngineInfo:
        """Ask the engine who it is."""
        try:
            return read.engine_info(*await self._client.describe())
        except DockerError as exc:
            raise faults.refused(self._client.endpoint, "info", exc) from exc

    async def aclose(self) -> None:
        """Give up pulls and close the connections."""
        await self._pulls.aclose()
        await self._client.aclose()

    def _gone_or_raise(self, what: str, exc: DockerError) -> None:
        """Let pass that the container is absent, ended or being removed."""
        if exc.status not in {404, 409}:
            raise faults.refused(self._client.endpoint, what, exc) from exc
