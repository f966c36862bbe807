"""Faults on demand: the client sees them, and what took effect stays."""

import asyncio
import time

import pytest
from google.api_core import exceptions
from google.cloud.run_v2.types import UpdateJobRequest
from google.longrunning import operations_pb2
from tests.emulation.conftest import Serve
from tests.emulation.customers import PLACE, Customer, shell, until
from tests.emulators.cloudrun import Options
from tests.emulators.cloudrun.refusals import Code

NAME = f"{PLACE}/jobs/job"


async def test_an_answer_that_is_lost_has_taken_effect(reader: Customer) -> None:
    fault = reader.emulator.faults.lose_answer("CreateJob")
    with pytest.raises(exceptions.ServiceUnavailable):
        await reader.create("job", shell("true"))
    assert fault.met == 1
    with pytest.raises(exceptions.AlreadyExists):
        await reader.create("job", shell("true"))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (Code.RESOURCE_EXHAUSTED, exceptions.ResourceExhausted),
        (Code.UNAVAILABLE, exceptions.ServiceUnavailable),
        (Code.UNAUTHENTICATED, exceptions.Unauthenticated),
        (Code.INTERNAL, exceptions.InternalServerError),
    ],
)
async def test_a_call_that_is_refused_has_no_effect_and_only_so_often(
    reader: Customer, code: Code, error: type[Exception]
) -> None:
    reader.emulator.faults.refuse("CreateJob", code, times=2)
    for _ in range(2):
        with pytest.raises(error):
            await reader.create("job", shell("true"))
    await reader.create("job", shell("true"))
    assert reader.emulator.calls["CreateJob"] == 3


async def test_a_fault_may_be_for_some_requests_only(reader: Customer) -> None:
    reader.emulator.faults.refuse("*", matching=lambda request: getattr(request, "job_id", "") == "bad")
    await reader.create("good", shell("true"))
    with pytest.raises(exceptions.ServiceUnavailable):
        await reader.create("bad", shell("true"))


async def test_a_missing_permission_is_named(reader: Customer) -> None:
    reader.emulator.faults.deny("CreateJob", "run.jobs.create")
    with pytest.raises(exceptions.PermissionDenied, match=r"run\.jobs\.create") as denied:
        await reader.create("job", shell("true"))
    assert denied.value.reason == "IAM_PERMISSION_DENIED"
    assert denied.value.metadata["permission"] == "run.jobs.create"
    reader.emulator.faults.clear()
    await reader.create("job", shell("true"))


async def test_a_disabled_api_says_which(reader: Customer) -> None:
    reader.emulator.faults.disable_api()
    with pytest.raises(exceptions.PermissionDenied, match="has not been used in project") as denied:
        await reader.jobs.list_jobs(parent=PLACE)
    assert denied.value.reason == "SERVICE_DISABLED"
    assert denied.value.metadata["service"] == "run.googleapis.com"


@pytest.mark.parametrize("after", [False, True])
async def test_a_call_may_hang_until_the_client_gives_up(reader: Customer, after: bool) -> None:
    reader.emulator.faults.delay("CreateJob", 600, times=1, after=after)
    with pytest.raises(exceptions.DeadlineExceeded):
        await reader.jobs.create_job(parent=PLACE, job=shell("true"), job_id="job", timeout=0.5)
    found = [one.name async for one in await reader.jobs.list_jobs(parent=PLACE)]
    assert found == ([NAME] if after else [])


async def test_an_operation_that_is_stuck_is_never_done_while_its_job_is_there(reader: Customer) -> None:
    reader.emulator.faults.stick_operations()
    operation = await reader.jobs.create_job(parent=PLACE, job=shell("true"), job_id="job")
    name = operation.operation.name
    assert not (await reader.jobs.get_operation(operations_pb2.GetOperationRequest(name=name))).done
    assert not (await waited(reader, name, seconds=0.1)).done
    job = await reader.jobs.get_job(name=NAME)
    reader.emulator.faults.clear()
    operation = await reader.jobs.update_job(UpdateJobRequest(job=job))
    assert (await waited(reader, operation.operation.name)).done


async def waited(customer: Customer, name: str, seconds: float | None = None) -> operations_pb2.Operation:
    """Wait for an operation; the official client gives this answer as bytes."""
    request = operations_pb2.WaitOperationRequest(name=name)
    if seconds is not None:
        request.timeout.FromNanoseconds(int(seconds * 10**9))
    return operations_pb2.Operation.FromString(await customer.jobs.wait_operation(request))


async def test_an_execution_may_stay_pending(customer: Customer) -> None:
    customer.emulator.faults.hold_starts()
    name = await customer.launch("job", shell("true"))
    execution = await customer.executions.get_execution(name=name)
    assert "start_time" not in execution
    assert execution.running_count == 0
    customer.emulator.faults.hold_starts(False)
    assert (await customer.finished(name)).succeeded_count == 1


async def test_an_execution_that_vanished_leaves_its_job_and_no_trace(customer: Customer) -> None:
    name = await customer.launch("job", shell("sleep 600"))
    customer.emulator.vanish(name)
    with pytest.raises(exceptions.NotFound):
        await customer.executions.get_execution(name=name)
    assert (await customer.jobs.get_job(name=NAME)).execution_count == 1
    assert customer.emulator.launched == [name]


async def test_so_many_calls_a_minute_and_no_more(serve: Serve) -> None:
    async with serve(Options(calls_per_minute={"ListJobs": 2})) as customer:
        for _ in range(2):
            await customer.jobs.list_jobs(parent=PLACE)
        with pytest.raises(exceptions.ResourceExhausted, match="per minute"):
            await customer.jobs.list_jobs(parent=PLACE)


async def test_twenty_calls_at_once_are_answered_while_one_hangs(reader: Customer) -> None:
    reader.emulator.faults.delay("GetJob", 600, times=1)
    await reader.create("job", shell("true"))
    hanging = asyncio.create_task(reader.jobs.get_job(name=NAME))
    await until(lambda: asyncio.sleep(0, reader.emulator.calls["GetJob"]), lambda number: number == 1)
    begun = time.monotonic()
    await asyncio.gather(*(reader.jobs.get_job(name=NAME) for _ in range(20)))
    assert time.monotonic() - begun < 60
    hanging.cancel()
