"""The fake engine's faults on demand, and that it carries many runs."""

import asyncio
from dataclasses import replace

import pytest
from tests.contract.subjects import until

from containerjob_api.names import LABEL_ATTEMPT, LABEL_CLUSTER_UID, LABEL_JOB_UID
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.fake.engine import QUEUE_LIMIT
from containerjob_operator.executors.fake.executor import FakeExecutor
from containerjob_operator.executors.fake.options import FakeOptions

OPTIONS = FakeOptions(run_for_seconds=0.01)


def run_named(name: str, *command: str) -> RunSpec:
    labels = ((LABEL_CLUSTER_UID, "c"), (LABEL_JOB_UID, f"uid-{name}"), (LABEL_ATTEMPT, "0"))
    return RunSpec(name=name, image="i:1", command=command, args=(), working_dir="", env=(), labels=labels)


def fake(name: str, options: FakeOptions = OPTIONS) -> FakeExecutor:
    return FakeExecutor(name, options, cluster_uid="c")


async def launched(executor: FakeExecutor, run: RunSpec) -> None:
    await executor.create(run)
    await executor.start(run.name)


async def test_a_later_executor_sees_the_same_containers() -> None:
    await launched(fake("shared"), run_named("a", "sleep", "60"))
    assert (await fake("shared").inspect("a")).state is RunState.RUNNING


async def test_what_runs_goes_on_while_the_engine_is_away() -> None:
    executor = fake("away")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("a"))
    executor.engine_state.go_away()
    with pytest.raises(HostUnavailable):
        await anext(events)
    with pytest.raises(HostUnavailable):
        await executor.inspect("a")
    executor.engine_state.come_back()
    await until(lambda: executor.inspect("a"), lambda seen: seen.exit_code == 0)


async def test_dropped_events_are_lost_and_the_stream_stays() -> None:
    executor = fake("drop")
    events = executor.events()
    await anext(events)
    executor.engine_state.drop_events()
    await launched(executor, run_named("a", "true"))
    executor.engine_state.drop_events(dropping=False)
    await executor.remove("a")
    seen = await asyncio.wait_for(anext(events), 5)
    assert seen in {RunEvent("die", "uid-a", "a"), RunEvent("destroy", "uid-a", "a")}


async def test_a_reader_that_does_not_read_loses_events_and_still_learns_of_the_end() -> None:
    executor = fake("slow")
    events = executor.events()
    await anext(events)
    for number in range(QUEUE_LIMIT):
        await launched(executor, run_named(str(number), "sleep", "60"))
        await executor.remove(str(number))
    executor.engine_state.go_away()
    with pytest.raises(HostUnavailable):
        await anext(events)


async def test_removing_what_runs_tells_of_its_end() -> None:
    executor = fake("remove")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("a", "sleep", "60"))
    await executor.remove("a")
    assert [(await anext(events)).kind for _ in range(3)] == ["start", "die", "destroy"]


async def test_a_restart_ends_what_runs_without_an_exit_code_and_breaks_streams() -> None:
    executor = fake("restart")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("runs", "sleep", "60"))
    await launched(executor, run_named("ended", "true"))
    await executor.create(run_named("waits", "true"))
    await until(lambda: executor.inspect("ended"), lambda seen: seen.state is RunState.EXITED)
    executor.engine_state.restart()
    with pytest.raises(HostUnavailable):
        await anext(events)
    seen = await executor.inspect("runs")
    assert (seen.state, seen.exit_code, seen.disrupted) == (RunState.EXITED, None, True)
    assert seen.finished_at is not None
    ended = await executor.inspect("ended")
    assert (ended.exit_code, ended.disrupted) == (0, False)
    assert (await executor.inspect("waits")).state is RunState.CREATED
    await executor.remove("runs")


async def test_a_live_restoring_engine_keeps_what_runs_over_a_restart() -> None:
    executor = fake("live-restore")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("a", "sleep", "0.05"))
    executor.engine_state.restart(live_restore=True)
    with pytest.raises(HostUnavailable):
        await anext(events)
    assert (await executor.inspect("a")).state is RunState.RUNNING
    seen = await until(lambda: executor.inspect("a"), lambda seen: seen.state is RunState.EXITED)
    assert (seen.exit_code, seen.disrupted) == (0, False)


async def test_a_container_out_of_memory_is_killed_for_it_and_events_tell() -> None:
    executor = fake("memory")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("a", "sleep", "60"))
    executor.engine_state.run_out_of_memory(executor.engine_state.containers["a"])
    seen = await executor.inspect("a")
    assert (seen.state, seen.exit_code, seen.oom_killed) == (RunState.EXITED, 137, True)
    assert [(await anext(events)).kind for _ in range(3)] == ["start", "oom", "die"]
    executor.engine_state.run_out_of_memory(executor.engine_state.containers["a"])
    assert await executor.inspect("a") == seen


async def test_a_child_killed_for_memory_is_an_event_and_nothing_else() -> None:
    executor = fake("child-memory")
    events = executor.events()
    await anext(events)
    await launched(executor, run_named("a", "sleep", "60"))
    executor.engine_state.run_out_of_memory(executor.engine_state.containers["a"], first_process=False)
    assert [(await anext(events)).kind for _ in range(2)] == ["start", "oom"]
    seen = await executor.inspect("a")
    assert (seen.state, seen.oom_killed) == (RunState.RUNNING, False)


async def test_defaults_end_by_the_stop_signal() -> None:
    executor = fake("stop", FakeOptions(run_for_seconds=60))
    await launched(executor, run_named("a", "python", "job.py"))
    await executor.signal_stop("a")
    assert (await executor.inspect("a")).exit_code == 143


@pytest.mark.parametrize(
    ("image", "error", "reason"),
    [
        ("missing/app:1", LaunchRejected, Reason.IMAGE_NOT_FOUND),
        ("unreachable/app:1", LaunchDelayed, Reason.IMAGE_PULL_BACK_OFF),
    ],
)
async def test_an_images_name_can_ask_for_a_failed_pull(
    image: str, error: type[LaunchRejected], reason: Reason
) -> None:
    with pytest.raises(error) as refused:
        await fake("images").create(replace(run_named("a"), image=image))
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("reason", "error"), [(Reason.INVALID_SPEC, LaunchRejected), (Reason.LAUNCH_BACK_OFF, LaunchDelayed)]
)
async def test_an_endpoint_can_ask_for_refusals(reason: Reason, error: type[LaunchRejected]) -> None:
    with pytest.raises(error) as refused:
        await fake("refusing", FakeOptions(fail_create=reason)).create(run_named("a"))
    assert refused.value.reason is reason


async def test_a_start_can_be_slow() -> None:
    executor = fake("delay", FakeOptions(start_delay_seconds=0.05))
    await executor.create(run_named("a"))
    starting = asyncio.create_task(executor.start("a"))
    await asyncio.sleep(0)
    assert (await executor.inspect("a")).state is RunState.CREATED
    await starting
    assert executor.engine_state.starts == 1


async def test_a_list_tells_when_what_ended_did() -> None:
    executor = fake("list")
    await launched(executor, replace(run_named("a", "true"), name="cj-uid-a-0"))
    (row,) = await executor.list_owned()
    assert row.state is RunState.EXITED
    assert row.finished_at is not None
    await executor.aclose()


async def test_thousands_of_runs_need_no_task_each() -> None:
    executor = fake("many")
    for number in range(3000):
        await launched(executor, run_named(str(number)))
    assert len(asyncio.all_tasks()) == 1
    await until(executor.list_owned, lambda rows: all(row.state is RunState.EXITED for row in rows))
    assert executor.engine_state.starts == 3000
