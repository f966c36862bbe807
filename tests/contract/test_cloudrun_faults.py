"""What goes wrong at Google: nothing runs twice, nothing unknown is taken for an end, nor for a success."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from tests.contract.cloudrun_subject import IMAGE, Cloud, emulated, place_at, subject_at
from tests.contract.subjects import until
from tests.emulators.cloudrun import Options, serving
from tests.emulators.cloudrun.refusals import Code

from containerjob_api.phases import HostReason
from containerjob_operator.decide.observations import ABSENT, RunState
from containerjob_operator.errors import HostRefused, HostUnavailable, LaunchDelayed
from containerjob_operator.executors.cloudrun import executor as verbs
from containerjob_operator.executors.cloudrun.client import CloudRunClient
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor

pytestmark = pytest.mark.real


@pytest.fixture
async def cloud(cluster_uid: str, docker_endpoint: str) -> AsyncIterator[Cloud]:
    async with emulated(cluster_uid, docker_endpoint) as made:
        yield made


async def test_a_lost_answer_to_a_create_is_no_second_job(cloud: Cloud) -> None:
    run = cloud.subject.run("true")
    cloud.emulator.faults.lose_answer("CreateJob")
    with pytest.raises(HostUnavailable, match="CreateJob"):
        await cloud.subject.executor.create(run)
    assert (await cloud.subject.executor.inspect(run.name)).state is RunState.CREATED
    await cloud.subject.executor.create(run)
    await cloud.subject.executor.start(run.name)
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).exit_code == 0
    assert await cloud.executions(run.name) == 1


@pytest.mark.parametrize("same_process", [True, False])
async def test_a_lost_answer_to_a_start_runs_once(cloud: Cloud, same_process: bool) -> None:
    run = cloud.subject.run("sh", "-c", "echo once; exit 3")
    await cloud.subject.executor.create(run)
    cloud.emulator.faults.lose_answer("UpdateJob")
    with pytest.raises(HostUnavailable, match="UpdateJob"):
        await cloud.subject.executor.start(run.name)
    again = cloud.subject.executor if same_process else cloud.subject.another(cloud.subject.cluster_uid)
    await again.start(run.name)
    seen = await until(lambda: again.inspect(run.name), lambda seen: seen.state is RunState.EXITED)
    assert seen.exit_code == 3
    await again.start(run.name)
    assert await cloud.executions(run.name) == 1
    assert (await again.tail(run.name)).stdout == "once\n"


async def test_two_operators_that_start_at_once_make_one_execution(cloud: Cloud) -> None:
    run = cloud.subject.run("true")
    await cloud.subject.executor.create(run)
    others = [cloud.subject.another(cloud.subject.cluster_uid) for _ in range(4)]
    await asyncio.gather(*(one.start(run.name) for one in others), cloud.subject.executor.start(run.name))
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).exit_code == 0
    assert await cloud.executions(run.name) == 1


async def test_lost_answers_to_cancel_and_delete_are_made_up_for(cloud: Cloud) -> None:
    run = await cloud.subject.launched("sh", "-c", "trap 'exit 9' TERM; echo ready; sleep 60 & wait")
    await cloud.subject.prints(run.name, "ready\n")
    cloud.emulator.faults.lose_answer("CancelExecution")
    with pytest.raises(HostUnavailable, match="CancelExecution"):
        await cloud.subject.executor.signal_stop(run.name)
    await cloud.subject.executor.signal_stop(run.name)
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).exit_code == 9
    cloud.emulator.faults.lose_answer("DeleteJob")
    with pytest.raises(HostUnavailable, match="DeleteJob"):
        await cloud.subject.executor.remove(run.name)
    await cloud.subject.executor.remove(run.name)
    assert await cloud.subject.executor.inspect(run.name) == ABSENT


async def test_a_cancelled_execution_is_not_cancelled_again(cloud: Cloud) -> None:
    run = await cloud.subject.launched("sleep", "60")
    await cloud.subject.begins(run.name)
    for _ in range(5):
        await cloud.subject.executor.kill(run.name)
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).cancelled
    assert cloud.emulator.calls["CancelExecution"] == 1


async def test_an_execution_that_vanished_is_lost_and_never_a_success(cloud: Cloud) -> None:
    run = await cloud.subject.launched("sleep", "60")
    await cloud.subject.begins(run.name)
    cloud.emulator.vanish(cloud.execution(run.name))
    seen = await cloud.subject.reaches(run.name, RunState.EXITED)
    assert (seen.exit_code, seen.cancelled) == (None, False)
    assert "deleted" in seen.error
    await cloud.subject.executor.start(run.name)
    assert await cloud.executions(run.name) == 1
    await cloud.subject.executor.remove(run.name)
    assert await cloud.subject.executor.inspect(run.name) == ABSENT


async def test_an_execution_that_vanished_after_its_end_was_seen_keeps_it(cloud: Cloud) -> None:
    run, seen = await cloud.subject.finished("sh", "-c", "exit 5")
    cloud.emulator.vanish(cloud.execution(run.name))
    assert await cloud.subject.executor.inspect(run.name) == seen


@pytest.mark.parametrize("what", ["job", "execution"])
async def test_what_a_person_deletes_is_gone_and_never_a_success(cloud: Cloud, what: str) -> None:
    run = await cloud.subject.launched("sleep", "60")
    await cloud.subject.begins(run.name)
    path = cloud.execution(run.name)
    cloud.emulator.delete_in_console(path if what == "execution" else cloud.place.job_path(run.name))
    gone = {RunState.ABSENT, RunState.EXITED}
    seen = await until(lambda: cloud.subject.executor.inspect(run.name), lambda seen: seen.state in gone)
    assert seen.state is (RunState.ABSENT if what == "job" else RunState.EXITED)
    assert seen.exit_code is None


async def test_a_cancel_in_the_console_is_told_from_a_failure(cloud: Cloud) -> None:
    run = await cloud.subject.launched("sh", "-c", "echo ready; sleep 60")
    await cloud.subject.prints(run.name, "ready\n")
    cloud.emulator.cancel_in_console(cloud.execution(run.name))
    seen = await cloud.subject.reaches(run.name, RunState.EXITED)
    assert (seen.cancelled, seen.exit_code, seen.disrupted) == (True, 137, False)
    _, failed = await cloud.subject.finished("sh", "-c", "exit 137")
    assert (failed.cancelled, failed.exit_code) == (False, 137)


async def test_operations_that_never_end_keep_nothing_waiting(cloud: Cloud) -> None:
    cloud.emulator.faults.stick_operations()
    run, seen = await cloud.subject.finished("sh", "-c", "exit 4")
    assert seen.exit_code == 4
    await cloud.subject.executor.remove(run.name)
    assert await cloud.subject.executor.inspect(run.name) == ABSENT


async def test_a_job_that_a_list_leaves_out_is_asked_for_by_name(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = cloud.subject.run("sleep", "60")
    await cloud.subject.executor.create(run)
    client = await cloud.subject.executor._client()  # type: ignore[attr-defined]

    async def nothing(_: str) -> list[object]:
        return []

    monkeypatch.setattr(client, "jobs", nothing)
    assert (await cloud.subject.executor.inspect(run.name)).state is RunState.CREATED
    cloud.emulator.delete_in_console(cloud.place.job_path(run.name))
    assert await cloud.subject.executor.inspect(run.name) == ABSENT


async def test_a_full_location_lets_the_job_wait_without_using_up_its_launch_retries(
    cluster_uid: str, docker_endpoint: str
) -> None:
    options = Options(jobs_per_region=1)
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(serving(docker_endpoint, options))
        subject = await stack.enter_async_context(subject_at(place_at(emulator.address), cluster_uid, IMAGE))
        await subject.executor.create(subject.run("true"))
        with pytest.raises(HostRefused, match="Quota exceeded") as refused:
            await subject.executor.create(subject.run("true"))
        assert refused.value.reason is HostReason.QUOTA_EXHAUSTED


async def test_an_image_that_is_not_there_is_a_failed_start_for_good(cloud: Cloud) -> None:
    run = await cloud.subject.launched("true", image="localhost:1/no/such:image")
    seen = await until(lambda: cloud.subject.executor.inspect(run.name), lambda seen: seen.start_failed)
    assert "not found" in seen.error
    assert seen.start_failure_permanent


async def test_a_new_job_is_started_without_a_look_and_an_old_one_only_after_one(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cloud.subject.launched("true")
    assert cloud.emulator.calls["ListJobs"] == 0
    monkeypatch.setattr(verbs, "NEW_SECONDS", -1.0)
    await cloud.subject.launched("true")
    assert cloud.emulator.calls["ListJobs"] == 1


async def test_of_many_new_jobs_the_last_ones_are_remembered(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "NEW_LIMIT", 1)
    first, second = cloud.subject.run("true"), cloud.subject.run("true")
    await cloud.subject.executor.create(first)
    await cloud.subject.executor.create(second)
    await cloud.subject.executor.start(second.name)
    assert cloud.emulator.calls["ListJobs"] == 0
    await cloud.subject.executor.start(first.name)
    assert cloud.emulator.calls["ListJobs"] == 1


async def test_a_start_that_google_holds_back_runs_as_soon_as_it_may(cloud: Cloud) -> None:
    cloud.emulator.faults.hold_starts()
    run = await cloud.subject.launched("sh", "-c", "exit 6")
    await asyncio.sleep(cloud.place.patience_seconds)
    held = await cloud.subject.executor.inspect(run.name)
    assert (held.state, held.started_at) == (RunState.RUNNING, None)
    cloud.emulator.faults.hold_starts(False)
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).exit_code == 6


async def test_a_start_that_is_held_back_can_be_cancelled(cloud: Cloud) -> None:
    cloud.emulator.faults.hold_starts()
    run = await cloud.subject.launched("true")
    await cloud.subject.executor.signal_stop(run.name)
    seen = await cloud.subject.reaches(run.name, RunState.EXITED)
    assert (seen.exit_code, seen.cancelled) == (None, True)


async def test_an_execution_that_was_never_made_is_kept_from_coming_by_a_kill(cloud: Cloud, cluster_uid: str) -> None:
    patient = CloudRunExecutor(replace(cloud.place, patience_seconds=3600), cluster_uid=cluster_uid)
    run = await cloud.subject.launched("sleep", "60")
    cloud.emulator.vanish(cloud.execution(run.name))
    await patient.signal_stop(run.name)
    assert (await patient.inspect(run.name)).state is RunState.RUNNING
    await patient.kill(run.name)
    assert await patient.inspect(run.name) == ABSENT
    await patient.aclose()


async def test_a_job_that_goes_before_its_start_is_absent(cloud: Cloud) -> None:
    run = cloud.subject.run("true")
    await cloud.subject.executor.create(run)
    cloud.emulator.delete_in_console(cloud.place.job_path(run.name))
    await cloud.subject.executor.start(run.name)
    assert await cloud.subject.executor.inspect(run.name) == ABSENT


async def test_a_start_whose_execution_exists_already_is_done(cloud: Cloud) -> None:
    run = cloud.subject.run("true")
    await cloud.subject.executor.create(run)
    planted = cloud.emulator.faults.refuse("UpdateJob", Code.ALREADY_EXISTS)
    await cloud.subject.executor.start(run.name)
    assert planted.met == 1


async def test_a_name_that_is_taken_by_what_cannot_be_found_is_tried_again(cloud: Cloud) -> None:
    run = cloud.subject.run("true")
    cloud.emulator.faults.refuse("CreateJob", Code.ALREADY_EXISTS)
    with pytest.raises(LaunchDelayed, match="being deleted"):
        await cloud.subject.executor.create(run)
    await cloud.subject.executor.create(run)
    cloud.emulator.faults.refuse("GetJob")
    with pytest.raises(HostUnavailable, match="GetJob"):
        await cloud.subject.executor.create(run)


@pytest.mark.parametrize("call", ["CreateJob", "ListJobs"])
async def test_who_asks_while_the_connections_are_closed_is_told_so(cloud: Cloud, call: str) -> None:
    run = cloud.subject.run("true")
    planted = cloud.emulator.faults.delay(call, 3600)
    executor = cloud.subject.executor
    asking = asyncio.create_task(executor.create(run) if call == "CreateJob" else executor.list_owned())
    await until(lambda: asyncio.sleep(0.01, planted.met), bool)
    await executor.aclose()
    with pytest.raises(HostUnavailable, match=r"let go|closed"):
        await asking


async def test_a_client_that_was_closed_says_so(cloud: Cloud) -> None:
    client = await CloudRunClient.connect(cloud.place, lanes=1)
    await client.aclose()
    with pytest.raises(HostUnavailable, match="let go"):
        await client.find("cj-x-0")


async def test_a_caller_that_is_cancelled_is_cancelled(cloud: Cloud) -> None:
    planted = cloud.emulator.faults.delay("CreateJob", 3600)
    asking = asyncio.create_task(cloud.subject.executor.create(cloud.subject.run("true")))
    await until(lambda: asyncio.sleep(0.01, planted.met), bool)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
