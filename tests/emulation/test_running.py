"""Executions: tasks as real containers, and what the API says of them."""

import contextlib
from pathlib import Path
from typing import Any

import docker
import pytest
from aiodocker.exceptions import DockerError
from google.cloud.run_v2.types import (
    Condition,
    Container,
    EnvVar,
    EnvVarSource,
    Execution,
    ExecutionReference,
    ExecutionTemplate,
    Job,
    ResourceRequirements,
    SecretKeySelector,
    TaskTemplate,
    UpdateJobRequest,
    Volume,
    VolumeMount,
)
from tests.emulation.conftest import Serve
from tests.emulation.customers import IMAGE, Customer, condition_of, customer_of, shell, until
from tests.emulators.cloudrun import Options, serving
from tests.emulators.cloudrun.containers import OWNER

from containerjob_local.engine import Engine

State = Condition.State
Reason = Condition.ExecutionReason
Status = ExecutionReference.CompletionStatus


def of_container(container: Container, **template: object) -> Job:
    return Job(template=ExecutionTemplate(template=TaskTemplate(containers=[container], max_retries=0, **template)))


async def test_a_job_created_and_updated_with_a_token_runs_once_and_tells_its_exit_code_and_output(
    customer: Customer,
) -> None:
    name = await customer.create("first", shell("echo hello; echo trouble >&2; exit 3"))
    job = await customer.jobs.get_job(name=name)
    assert job.execution_count == 0
    job.start_execution_token = "run"
    for _ in range(2):
        await customer.jobs.update_job(UpdateJobRequest(job=job))
        job.etag = ""
    execution = await customer.finished(f"{name}/executions/first-run")
    assert execution.failed_count == 1
    assert condition_of(execution, "Completed").state == State.CONDITION_FAILED
    assert condition_of(execution, "Completed").execution_reason == Reason.NON_ZERO_EXIT_CODE
    task = await customer.only_task(execution.name)
    assert task.last_attempt_result.exit_code == 3
    assert task.last_attempt_result.term_signal == 0
    assert await customer.output(execution.name) == ["hello"]
    assert await customer.output(execution.name, "stderr") == ["trouble"]
    assert len([one async for one in await customer.executions.list_executions(parent=name)]) == 1


async def test_a_success_has_all_conditions_succeeded_and_is_in_its_job(customer: Customer) -> None:
    execution = await customer.finished(await customer.launch("good", shell("true")))
    kinds = {one.type_: one.state for one in execution.conditions}
    assert kinds == dict.fromkeys(
        ("Completed", "ResourcesAvailable", "Started", "ContainerReady"), State.CONDITION_SUCCEEDED
    )
    assert (execution.succeeded_count, execution.running_count, execution.failed_count) == (1, 0, 0)
    assert not execution.reconciling
    assert execution.start_time <= execution.completion_time
    assert "good-run" in execution.log_uri
    job = await until(
        lambda: customer.jobs.get_job(name=execution.name.partition("/executions/")[0]),
        lambda one: one.latest_created_execution.completion_status == Status.EXECUTION_SUCCEEDED,
    )
    assert job.latest_created_execution.name == "good-run"
    assert job.execution_count == 1


async def test_tasks_are_retried_as_often_as_allowed_and_the_last_attempt_counts(customer: Customer) -> None:
    script = 'echo "attempt $CLOUD_RUN_TASK_ATTEMPT"; exit $((CLOUD_RUN_TASK_ATTEMPT == 2 ? 0 : 7))'
    execution = await customer.finished(await customer.launch("again", shell(script, retries=2)))
    assert (execution.succeeded_count, execution.retried_count) == (1, 1)
    task = await customer.only_task(execution.name)
    assert task.retried == 2
    assert task.last_attempt_result.exit_code == 0
    assert await customer.output(execution.name) == ["attempt 0", "attempt 1", "attempt 2"]


async def test_the_tasks_of_an_execution_know_their_index_and_fail_it_together(customer: Customer) -> None:
    script = 'echo "$CLOUD_RUN_TASK_INDEX of $CLOUD_RUN_TASK_COUNT"; exit $CLOUD_RUN_TASK_INDEX'
    job = shell(script, tasks=2)
    job.template.parallelism = 1
    job.template.labels["team"] = "blue"
    execution = await customer.finished(await customer.launch("many", job))
    assert (execution.succeeded_count, execution.failed_count, execution.parallelism) == (1, 1, 1)
    assert execution.labels["team"] == "blue"
    place = execution.name.partition("/jobs/")[0]
    tasks = [one async for one in await customer.tasks.list_tasks(parent=f"{place}/jobs/-/executions/-")]
    assert {one.index: one.last_attempt_result.exit_code for one in tasks} == {0: 0, 1: 1}
    assert all(one.labels["team"] == "blue" for one in tasks)
    assert await customer.tasks.get_task(name=tasks[0].name) == tasks[0]
    assert await customer.output(execution.name) == ["0 of 2", "1 of 2"]


async def test_a_task_that_takes_too_long_is_stopped_and_tells_the_signal(customer: Customer) -> None:
    job = shell("sleep 600")
    job.template.template.timeout = {"seconds": 1}
    execution = await customer.finished(await customer.launch("slow", job))
    assert execution.failed_count == 1
    result = (await customer.only_task(execution.name)).last_attempt_result
    assert result.term_signal in {9, 15}
    assert result.exit_code == 0
    assert "timeout" in result.status.message


async def containers(engine: Engine) -> list[Any]:
    with contextlib.closing(docker.DockerClient(base_url=engine.endpoint)) as client:
        return client.containers.list(all=True, filters={"label": OWNER}, ignore_removed=True)


async def running(customer: Customer, execution: str) -> Execution:
    return await until(lambda: customer.executions.get_execution(name=execution), lambda one: one.running_count == 1)


async def test_a_cancelled_execution_is_neither_failed_nor_successful(customer: Customer) -> None:
    name = await customer.launch("stop", shell("echo ready; sleep 600"))
    await running(customer, name)
    operation = await customer.executions.cancel_execution(name=name)
    cancelling = await customer.executions.get_execution(name=name)
    assert condition_of(cancelling, "Completed").execution_reason in {Reason.CANCELLING, Reason.CANCELLED}
    execution = await operation.result()
    assert (execution.cancelled_count, execution.failed_count, execution.running_count) == (1, 0, 0)
    completed = condition_of(execution, "Completed")
    assert (completed.state, completed.execution_reason) == (State.CONDITION_FAILED, Reason.CANCELLED)
    assert (await customer.only_task(name)).last_attempt_result.term_signal == 9
    assert await customer.output(name, "varlog/system") == ["Container terminated on signal 9."]


async def test_a_cancelled_task_gets_sigterm_first_and_may_still_succeed(serve: Serve) -> None:
    async with serve(Options(stop_grace_seconds=60)) as customer:
        name = await customer.launch("polite", shell('trap "echo bye; exit 0" TERM; echo ready; sleep 600 & wait'))
        await until(lambda: customer.output(name), lambda lines: lines == ["ready"])
        customer.emulator.cancel_in_console(name)
        execution = await customer.finished(name)
        assert execution.succeeded_count == 1
        assert await customer.output(name) == ["ready", "bye"]
        assert customer.emulator.calls["CancelExecution"] == 0


async def test_an_image_that_is_nowhere_fails_the_execution_and_says_so(customer: Customer) -> None:
    job = of_container(Container(image="127.0.0.1:1/none:1"))
    execution = await customer.finished(await customer.launch("no-image", job))
    ready = condition_of(execution, "ContainerReady")
    assert (ready.state, ready.reason) == (State.CONDITION_FAILED, Condition.CommonReason.CONTAINER_MISSING)
    assert "127.0.0.1:1/none:1" in ready.message
    assert condition_of(execution, "Completed").state == State.CONDITION_FAILED
    assert execution.failed_count == 1


async def test_a_command_the_image_does_not_have_fails_without_an_exit_code(customer: Customer) -> None:
    job = of_container(Container(image=IMAGE, command=["/no/such/program"]))
    execution = await customer.finished(await customer.launch("no-program", job))
    result = (await customer.only_task(execution.name)).last_attempt_result
    assert (result.exit_code, result.term_signal) == (0, 0)
    assert result.status.code
    assert "/no/such/program" in result.status.message


async def test_a_container_has_the_environment_folder_and_arguments_of_its_template(serve: Serve) -> None:
    async with serve(Options(secrets={"key": "hush"})) as customer:
        secret = EnvVarSource(secret_key_ref=SecretKeySelector(secret="projects/demo-project/secrets/key"))
        container = Container(
            image=IMAGE,
            command=["sh"],
            args=["-c", "pwd; echo $COLOUR $TOKEN $CLOUD_RUN_JOB $CLOUD_RUN_EXECUTION"],
            env=[EnvVar(name="COLOUR", value="blue"), EnvVar(name="TOKEN", value_source=secret)],
            working_dir="/usr",
        )
        execution = await customer.finished(await customer.launch("dressed", of_container(container)))
        assert await customer.output(execution.name) == ["/usr", "blue hush dressed dressed-run"]


async def test_arguments_alone_go_to_the_images_own_entrypoint(customer: Customer) -> None:
    job = of_container(Container(image=IMAGE, args=["echo", "from the image"]))
    execution = await customer.finished(await customer.launch("arguments", job))
    assert await customer.output(execution.name) == ["from the image"]


async def test_a_secret_that_is_unknown_fails_the_execution(customer: Customer) -> None:
    secret = EnvVarSource(secret_key_ref=SecretKeySelector(secret="key", version="latest"))
    container = Container(image=IMAGE, env=[EnvVar(name="TOKEN", value_source=secret)])
    execution = await customer.finished(await customer.launch("no-secret", of_container(container)))
    failed = condition_of(execution, "Completed")
    assert failed.reason == Condition.CommonReason.SECRETS_ACCESS_CHECK_FAILED


async def test_the_limits_are_put_on_the_container(customer: Customer, engine: Engine) -> None:
    limits = ResourceRequirements(limits={"cpu": "2", "memory": "1Gi"})
    container = Container(image=IMAGE, command=["sleep", "600"], resources=limits)
    await customer.launch("limits", of_container(container))
    (found,) = await until(lambda: containers(engine), lambda found: found)
    host = found.attrs["HostConfig"]
    assert (host["Memory"], host["CpuQuota"] // host["CpuPeriod"]) == (1 << 30, 2)


async def test_a_task_that_takes_too_much_memory_is_killed_by_the_system(customer: Customer) -> None:
    # tail keeps all of a line, and this one never ends.
    job = of_container(Container(image=IMAGE, command=["sh", "-c", "tail /dev/zero"]))
    execution = await customer.finished(await customer.launch("greedy", job))
    result = (await customer.only_task(execution.name)).last_attempt_result
    assert result.term_signal == 9
    assert "Memory limit of 512Mi exceeded" in result.status.message
    assert any("Memory limit" in line for line in await customer.output(execution.name, "varlog/system"))


async def test_a_cancel_reaches_an_execution_that_still_waits_for_its_place(serve: Serve) -> None:
    async with serve(Options(start_seconds=600)) as customer:
        name = await customer.launch("early", shell("true"))
        await customer.executions.cancel_execution(name=name)
        execution = await customer.finished(name)
        assert execution.cancelled_count == 1
        assert execution.start_time is not None


async def test_an_engine_that_is_away_is_an_internal_error_that_closing_tells(tmp_path: Path) -> None:
    server = serving(f"unix://{tmp_path}/none.sock")
    emulator = await server.__aenter__()
    async with customer_of(emulator) as customer:
        execution = await customer.finished(await customer.launch("away", shell("true")))
    completed = condition_of(execution, "Completed")
    assert completed.execution_reason == Reason.JOB_STATUS_SERVICE_POLLING_ERROR
    with pytest.raises(DockerError):
        await server.__aexit__(None, None, None)


async def test_volumes_of_memory_are_mounted_and_others_refused_aloud(customer: Customer) -> None:
    mounts = [VolumeMount(name="scratch", mount_path="/scratch")]
    container = Container(image=IMAGE, command=["df", "/scratch"], volume_mounts=mounts)
    memory = Volume(name="scratch", empty_dir={"medium": "MEMORY", "size_limit": "8Mi"})
    name = await customer.launch("memory", of_container(container, volumes=[memory]))
    await customer.finished(name)
    assert any(line.startswith("tmpfs") and " 8192 " in line for line in await customer.output(name))
    foreign = Volume(name="scratch", nfs={"server": "files", "path": "/"})
    execution = await customer.finished(await customer.launch("nfs", of_container(container, volumes=[foreign])))
    assert "no volumes as 'scratch'" in condition_of(execution, "Completed").message


async def test_no_container_is_left_behind(serve: Serve, engine: Engine) -> None:
    async with serve() as customer:
        await customer.launch("left", shell("sleep 600"))
        await until(lambda: containers(engine), lambda found: found)
        await customer.finished(await customer.launch("done", shell("true")))
    assert await containers(engine) == []


@pytest.mark.parametrize("what", ["job", "execution", "vanished"])
async def test_what_is_deleted_while_it_runs_is_gone_and_its_container_stopped(
    customer: Customer, engine: Engine, what: str
) -> None:
    name = await customer.launch("deleted", shell("sleep 600"))
    await until(lambda: containers(engine), lambda found: found)
    if what == "vanished":
        customer.emulator.vanish(name)
    else:
        customer.emulator.delete_in_console(name if what == "execution" else name.partition("/executions/")[0])
    place = name.partition("/jobs/")[0]
    executions = await customer.executions.list_executions(parent=f"{place}/jobs/-")
    tasks = await customer.tasks.list_tasks(parent=f"{place}/jobs/-/executions/-")
    jobs = await customer.jobs.list_jobs(parent=place)
    assert [one async for one in executions] == []
    assert [one async for one in tasks] == []
    assert len([one async for one in jobs]) == (what != "job")
    await until(lambda: containers(engine), lambda found: not found)
