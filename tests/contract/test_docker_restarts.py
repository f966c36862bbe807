"""A real engine is restarted, or its machine: what its containers' ends look like then."""

import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.conftest import IMAGE, report
from tests.contract.subjects import run_of, until

from containerjob_local import processes
from containerjob_local.engine import ensure_image, find_engine, leftovers, stop_engine
from containerjob_local.engine.layout import Layout, read_layout
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import executor_at

pytestmark = pytest.mark.real
LISTENS = ("sh", "-c", "trap 'exit 143' TERM; echo ready; while :; do sleep 0.05; done")


@dataclass
class Machine:
    """An engine that may be ended and started again over its data."""

    folder: Path
    endpoint: str

    @property
    def layout(self) -> Layout:
        found = read_layout(self.folder)
        assert found is not None
        return found

    def start(self) -> None:
        """Start the engine, or start it again."""
        find_engine(self.folder, report, own=True, network=False)

    def shut_down(self) -> None:
        """End the engine as a service manager does: it stops its containers."""
        self._end(signal.SIGTERM)

    def crash(self) -> None:
        """End the engine alone; its containers go on until it is back."""
        self._end(signal.SIGKILL)

    def lose_power(self) -> None:
        """End everything at once; what lived in memory is gone."""
        self._end(signal.SIGKILL)
        leftovers.end_at_once(lambda: leftovers.of_engine(self.layout.sockets))
        leftovers.unmount_beneath(self.layout.sockets / "exec")
        shutil.rmtree(self.layout.sockets / "exec")

    def _end(self, how: signal.Signals) -> None:
        process = processes.recorded(self.layout.process)
        assert process is not None
        os.kill(process.pid, how)
        deadline = time.monotonic() + 90
        while processes.is_alive(process):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def machine(short_folder: Path) -> Iterator[Machine]:
    """An engine of this module's own, with the demo image."""
    folder = short_folder / "restarted"
    folder.mkdir()
    found = find_engine(folder, report, own=True, network=False)
    ensure_image(found.endpoint, IMAGE, report)
    yield Machine(folder, found.endpoint)
    stop_engine(folder)


@pytest.fixture
async def executor(machine: Machine, cluster_uid: str) -> AsyncIterator[Executor]:
    async with aclosing(executor_at(machine.endpoint, cluster_uid=cluster_uid, allow_fake_hosts=False)) as found:
        yield found
        for row in await found.list_owned():
            await found.remove(row.name)


async def launched(executor: Executor, cluster_uid: str, *command: str) -> RunSpec:
    run = run_of(cluster_uid, f"{cluster_uid}-{len(await executor.list_owned())}", IMAGE, *command)
    await executor.create(run)
    await executor.start(run.name)
    return run


async def seen_again(executor: Executor, name: str) -> Observation:
    """Look until the engine is there again."""

    async def look() -> Observation | None:
        try:
            return await executor.inspect(name)
        except HostUnavailable:
            return None

    found = await until(look, lambda seen: seen is not None and seen.state is RunState.EXITED)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("fate", "code"), [(Machine.shut_down, 143), (Machine.crash, 143), (Machine.lose_power, None)]
)
async def test_a_container_that_its_engine_took_along_was_disrupted(
    machine: Machine, executor: Executor, cluster_uid: str, fate: Callable[[Machine], None], code: int | None
) -> None:
    failed = await launched(executor, cluster_uid, "sh", "-c", "exit 143")
    await until(lambda: executor.inspect(failed.name), lambda seen: seen.state is RunState.EXITED)
    assert not (await executor.inspect(failed.name)).disrupted
    run = await launched(executor, cluster_uid, *LISTENS)
    await until(lambda: executor.tail(run.name), lambda tail: tail.stdout == "ready\n")
    fate(machine)
    machine.start()
    seen = await seen_again(executor, run.name)
    assert (seen.disrupted, seen.exit_code, seen.oom_killed) == (True, code, False)


async def test_what_runs_after_a_restart_ends_in_the_ordinary_way(
    machine: Machine, executor: Executor, cluster_uid: str
) -> None:
    machine.shut_down()
    machine.start()
    await until(lambda: _answers(executor), bool)
    run = await launched(executor, cluster_uid, "sh", "-c", "exit 255")
    seen = await seen_again(executor, run.name)
    assert (seen.disrupted, seen.exit_code) == (False, 255)


async def _answers(executor: Executor) -> bool:
    try:
        await executor.list_owned()
    except HostUnavailable:
        return False
    return True
