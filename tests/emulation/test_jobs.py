"""The Jobs service: versions, tokens, pages, operations, quotas."""

import asyncio

import pytest
from google.api_core import exceptions
from google.cloud.run_v2.types import (
    CancelExecutionRequest,
    Container,
    CreateJobRequest,
    DeleteExecutionRequest,
    DeleteJobRequest,
    EnvVar,
    Job,
    ListExecutionsRequest,
    ListJobsRequest,
    RunJobRequest,
    UpdateJobRequest,
)
from google.longrunning import operations_pb2
from tests.emulation.conftest import Serve
from tests.emulation.customers import PLACE, Customer, shell, until
from tests.emulators.cloudrun import Options

Overrides = RunJobRequest.Overrides


async def test_a_name_is_taken_once(reader: Customer) -> None:
    await reader.create("once", shell("true"))
    with pytest.raises(exceptions.AlreadyExists, match="already exists"):
        await reader.create("once", shell("false"))


async def test_an_update_replaces_all_of_a_job_and_keeps_its_identity(reader: Customer) -> None:
    first = shell("true")
    first.labels["team"] = "blue"
    name = await reader.create("changed", first)
    before = await reader.jobs.get_job(name=name)
    job = shell("false")
    job.name = name
    operation = await reader.jobs.update_job(UpdateJobRequest(job=job))
    after = await operation.result()
    assert (after.uid, after.create_time, after.generation) == (before.uid, before.create_time, 2)
    assert dict(after.labels) == {}
    assert list(after.template.template.containers[0].args) == ["false"]
    assert after.etag != before.etag
    assert not after.reconciling
    assert after.terminal_condition.state.name == "CONDITION_SUCCEEDED"


async def test_a_version_seen_before_a_change_is_refused(reader: Customer) -> None:
    name = await reader.create("versions", shell("true"))
    old = await reader.jobs.get_job(name=name)
    await reader.jobs.update_job(UpdateJobRequest(job=old))
    for call in (
        reader.jobs.update_job(UpdateJobRequest(job=old)),
        reader.jobs.delete_job(DeleteJobRequest(name=name, etag=old.etag)),
        reader.jobs.run_job(RunJobRequest(name=name, etag=old.etag)),
    ):
        with pytest.raises(exceptions.Aborted, match="Conflict for resource 'versions'"):
            await call


async def test_what_is_missing_is_not_found_and_an_update_may_create_it(reader: Customer) -> None:
    job = shell("true")
    job.name = f"{PLACE}/jobs/absent"
    execution = f"{job.name}/executions/absent-run"
    for call in (
        reader.jobs.get_job(name=job.name),
        reader.jobs.update_job(UpdateJobRequest(job=job)),
        reader.jobs.delete_job(name=job.name),
        reader.jobs.run_job(name=job.name),
        reader.executions.get_execution(name=execution),
        reader.executions.list_executions(parent=job.name),
        reader.executions.cancel_execution(name=execution),
        reader.tasks.list_tasks(parent=execution),
        reader.tasks.get_task(name=f"{execution}/tasks/absent-run-task0"),
        reader.jobs.get_operation(operations_pb2.GetOperationRequest(name=f"{PLACE}/operations/none")),
    ):
        with pytest.raises(exceptions.NotFound):
            await call
    await reader.jobs.update_job(UpdateJobRequest(job=job, allow_missing=True))
    assert (await reader.jobs.get_job(name=job.name)).generation == 1


async def test_validating_only_writes_nothing(reader: Customer) -> None:
    request = CreateJobRequest(parent=PLACE, job=shell("true"), job_id="maybe", validate_only=True)
    await reader.jobs.create_job(request)
    assert [one async for one in await reader.jobs.list_jobs(parent=PLACE)] == []
    name = await reader.create("maybe", shell("true"))
    job = await reader.jobs.get_job(name=name)
    await reader.jobs.update_job(UpdateJobRequest(job=job, validate_only=True))
    await reader.jobs.delete_job(DeleteJobRequest(name=name, validate_only=True))
    await reader.jobs.run_job(RunJobRequest(name=name, validate_only=True))
    assert (await reader.jobs.get_job(name=name)).generation == 1
    assert [one async for one in await reader.executions.list_executions(parent=name)] == []


async def test_jobs_are_listed_newest_first_page_by_page_while_they_come_and_go(reader: Customer) -> None:
    for number in range(5):
        await reader.create(f"job-{number}", shell("true"))
    first = await anext((await reader.jobs.list_jobs(ListJobsRequest(parent=PLACE, page_size=2))).pages)
    assert [one.name[-5:] for one in first.jobs] == ["job-4", "job-3"]
    await reader.jobs.delete_job(name=f"{PLACE}/jobs/job-4")
    await reader.create("job-5", shell("true"))
    rest = ListJobsRequest(parent=PLACE, page_size=2, page_token=first.next_page_token)
    assert [one.name[-5:] async for one in await reader.jobs.list_jobs(rest)] == ["job-2", "job-1", "job-0"]
    assert reader.emulator.calls["ListJobs"] == 3
    shown = await reader.jobs.list_jobs(ListJobsRequest(parent=PLACE, show_deleted=True))
    deleted = [one for one in [one async for one in shown] if "delete_time" in one]
    assert [one.name[-5:] for one in deleted] == ["job-4"]


@pytest.mark.parametrize("token", ["nonsense", "MSBwcm9qZWN0cy9w"])
async def test_a_page_token_of_another_list_is_refused(reader: Customer, token: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=r"[Pp]age token"):
        await reader.jobs.list_jobs(ListJobsRequest(parent=PLACE, page_token=token))
    with pytest.raises(exceptions.InvalidArgument, match="negative"):
        await reader.jobs.list_jobs(ListJobsRequest(parent=PLACE, page_size=-1))


async def test_an_operation_carries_its_resource_and_can_be_awaited(reader: Customer) -> None:
    operation = await reader.jobs.create_job(CreateJobRequest(parent=PLACE, job=shell("true"), job_id="awaited"))
    assert operation.metadata.name == f"{PLACE}/jobs/awaited"
    assert operation.metadata.reconciling
    found = await operation.result()
    assert (found.name, found.reconciling, found.observed_generation) == (f"{PLACE}/jobs/awaited", False, 1)
    listed = await reader.jobs.list_operations(operations_pb2.ListOperationsRequest(name=PLACE))
    assert [one.done for one in listed.operations] == [True]


async def test_a_token_given_again_starts_nothing_and_one_of_an_earlier_execution_is_refused(
    customer: Customer,
) -> None:
    name = await customer.create("tokens", shell("true"))

    async def update(**token: str) -> None:
        job = shell("true")
        job.name = name
        for field, value in token.items():
            setattr(job, field, value)
        await customer.jobs.update_job(UpdateJobRequest(job=job))

    await asyncio.gather(*(update(start_execution_token="run") for _ in range(5)))
    await update(run_execution_token="two")
    assert (await customer.jobs.get_job(name=name)).run_execution_token == "two"
    with pytest.raises(exceptions.AlreadyExists, match="Resource 'tokens-run' already exists"):
        await update(start_execution_token="run")
    await update()
    await update(run_execution_token="two")
    executions = [one async for one in await customer.executions.list_executions(parent=name)]
    assert [one.name.rpartition("/")[2] for one in executions] == ["tokens-two", "tokens-run"]
    assert (await customer.jobs.get_job(name=name)).execution_count == 2


async def test_a_job_with_a_start_token_is_ready_when_the_execution_has_started(customer: Customer) -> None:
    job = shell("sleep 600")
    job.start_execution_token = "run"
    operation = await customer.jobs.create_job(CreateJobRequest(parent=PLACE, job=job, job_id="started"))
    found = await operation.result()
    execution = await customer.executions.get_execution(name=f"{found.name}/executions/started-run")
    assert "start_time" in execution
    assert "completion_time" not in execution


async def test_a_job_whose_image_is_missing_may_never_get_ready_and_then_starts_nothing(serve: Serve) -> None:
    async with serve(Options(images_checked_with_job=True)) as customer:
        job = shell("true")
        job.template.template.containers[0].image = "127.0.0.1:1/none:1"
        job.start_execution_token = "run"
        operation = await customer.jobs.create_job(CreateJobRequest(parent=PLACE, job=job, job_id="missing"))
        with pytest.raises(exceptions.GoogleAPICallError, match="Image '127"):
            await operation.result()
        found = await customer.jobs.get_job(name=f"{PLACE}/jobs/missing")
        assert found.terminal_condition.state.name == "CONDITION_FAILED"
        assert found.terminal_condition.reason.name == "CONTAINER_MISSING"
        assert customer.emulator.launched == []
        name = await customer.launch("there", shell("true"))
        await until(lambda: asyncio.sleep(0, customer.emulator.launched), lambda names: names == [name])
        assert (await customer.finished(name)).succeeded_count == 1


async def test_run_job_overrides_one_execution_and_drops_the_jobs_token(customer: Customer) -> None:
    job = shell("echo $COLOUR $SIZE")
    job.template.template.containers[0].env = [EnvVar(name="COLOUR", value="blue"), EnvVar(name="SIZE", value="big")]
    await customer.finished(await customer.launch("changed", job))
    name = f"{PLACE}/jobs/changed"
    override = Overrides.ContainerOverride(env=[EnvVar(name="COLOUR", value="red")])
    overrides = Overrides(container_overrides=[override], task_count=2, timeout={"seconds": 60})
    operation = await customer.jobs.run_job(RunJobRequest(name=name, overrides=overrides))
    assert operation.metadata.task_count == 2
    execution = await operation.result()
    assert execution.succeeded_count == 2
    assert await customer.output(execution.name) == ["red big", "red big"]
    after = await customer.jobs.get_job(name=name)
    assert (after.start_execution_token, after.template.task_count) == ("", 1)
    assert after.latest_created_execution.name == execution.name.rpartition("/")[2]


async def test_overrides_replace_or_clear_arguments(customer: Customer) -> None:
    job = shell("echo not this")
    job.template.template.containers = [Container(image="busybox:1.37", command=["echo"], args=["mine"], name="main")]
    name = await customer.create("arguments", job)
    for override, expected in (
        (Overrides.ContainerOverride(args=["yours"]), ["yours"]),
        (Overrides.ContainerOverride(clear_args=True, name="main"), [""]),
    ):
        request = RunJobRequest(name=name, overrides=Overrides(container_overrides=[override]))
        execution = await (await customer.jobs.run_job(request)).result()
        assert await customer.output(execution.name) == expected
    both = Overrides.ContainerOverride(args=["x"], clear_args=True)
    for wrong in (Overrides.ContainerOverride(name="other"), both):
        with pytest.raises(exceptions.InvalidArgument, match="overrides"):
            await customer.jobs.run_job(RunJobRequest(name=name, overrides=Overrides(container_overrides=[wrong])))


async def test_a_failed_execution_is_the_error_of_its_operation_and_a_cancelled_one_is_not(
    customer: Customer,
) -> None:
    name = await customer.create("ends", shell("exit 4"))
    with pytest.raises(exceptions.GoogleAPICallError, match="The container exited with an error"):
        await (await customer.jobs.run_job(name=name)).result()
    await customer.jobs.delete_job(name=name)
    name = await customer.create("ends", shell("sleep 600"))
    operation = await customer.jobs.run_job(name=name)
    await customer.executions.cancel_execution(name=operation.metadata.name)
    assert (await operation.result()).cancelled_count == 1


async def test_what_has_ended_cannot_be_cancelled_and_an_old_version_not_deleted(customer: Customer) -> None:
    name = await customer.launch("over", shell("true"))
    first = await customer.executions.get_execution(name=name)
    await customer.finished(name)
    with pytest.raises(exceptions.FailedPrecondition, match="has completed"):
        await customer.executions.cancel_execution(name=name)
    with pytest.raises(exceptions.Aborted):
        await customer.executions.delete_execution(DeleteExecutionRequest(name=name, etag=first.etag))
    with pytest.raises(exceptions.Aborted):
        await customer.executions.cancel_execution(CancelExecutionRequest(name=name, etag=first.etag))
    await (await customer.executions.delete_execution(name=name)).result()
    deleted_too = ListExecutionsRequest(parent=f"{PLACE}/jobs/-", show_deleted=True)
    shown = await customer.executions.list_executions(deleted_too)
    assert [one.name async for one in shown] == [name]
    with pytest.raises(exceptions.NotFound, match="of kind 'EXECUTION'"):
        await customer.executions.get_execution(name=name)


async def test_a_region_has_so_many_jobs_and_running_executions_and_no_more(serve: Serve) -> None:
    async with serve(Options(jobs_per_region=2, running_executions_per_region=1, stop_grace_seconds=0)) as customer:
        name = await customer.launch("one", shell("sleep 600"))
        with pytest.raises(exceptions.ResourceExhausted, match="running executions") as refused:
            await customer.launch("two", shell("true"))
        assert refused.value.details[0].violations
        await customer.create("two", shell("true"))
        with pytest.raises(exceptions.ResourceExhausted, match="jobs per region"):
            await customer.create("three", shell("true"))
        other = CreateJobRequest(parent=PLACE.replace("europe-west1", "us-central1"), job=shell("true"), job_id="one")
        await customer.jobs.create_job(other)
        await (await customer.executions.cancel_execution(name=name)).result()
        await customer.jobs.run_job(name=f"{PLACE}/jobs/two")


async def test_only_so_many_completed_executions_are_kept(serve: Serve) -> None:
    async with serve(Options(kept_executions=1)) as customer:
        name = await customer.create("kept", shell("true"))
        for _ in range(3):
            last = await (await customer.jobs.run_job(name=name)).result()

        async def names() -> list[str]:
            return [one.name async for one in await customer.executions.list_executions(parent=name)]

        assert await until(names, lambda found: len(found) == 1) == [last.name]


async def test_a_jobs_copy_sent_back_whole_is_taken(reader: Customer) -> None:
    name = await reader.create("copied", shell("true"))
    job = await reader.jobs.get_job(name=name)
    job.labels["seen"] = "yes"
    operation = await reader.jobs.update_job(UpdateJobRequest(job=Job(job)))
    assert dict((await operation.result()).labels) == {"seen": "yes"}
