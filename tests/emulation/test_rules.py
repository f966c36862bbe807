"""What is refused before anything runs, with the code and the field's name."""

from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.run_v2.types import (
    Container,
    CreateJobRequest,
    EnvVar,
    ExecutionTemplate,
    Job,
    TaskTemplate,
    Volume,
    VolumeMount,
)
from tests.emulation.customers import PLACE, Customer, shell

Change = Callable[[Job], Any]


def limits(**values: str) -> Change:
    return lambda job: job.template.template.containers[0].resources.limits.update(values)


def env(*variables: EnvVar) -> Change:
    return lambda job: job.template.template.containers[0].env.extend(variables)


def task(**values: object) -> Change:
    def change(job: Job) -> None:
        for name, value in values.items():
            setattr(job.template.template, name, value)

    return change


def template(**values: object) -> Change:
    def change(job: Job) -> None:
        for name, value in values.items():
            setattr(job.template, name, value)

    return change


MOUNT = VolumeMount(name="scratch", mount_path="/scratch")
BAD: list[tuple[str, Change]] = [
    ("job.labels", lambda job: job.labels.update({"Upper": "x"})),
    ("job.labels", lambda job: job.labels.update({"dots": "a.b"})),
    ("job.labels", lambda job: job.labels.update({"long": "x" * 64})),
    ("job.labels", lambda job: job.labels.update({"run.googleapis.com/x": "x"})),
    ("job.labels", lambda job: job.labels.update({f"k{n}": "x" for n in range(65)})),
    ("job.template.labels", lambda job: job.template.labels.update({"-x": "x"})),
    ("job.annotations", lambda job: job.annotations.update({"run.googleapis.com/x": "x"})),
    ("job.annotations", lambda job: job.annotations.update({"not a key": "x"})),
    ("job.annotations", lambda job: job.annotations.update({"big": "x" * 300_000})),
    ("limits.cpu", limits(cpu="3")),
    ("limits.cpu", limits(cpu="500m")),
    ("limits.cpu", limits(cpu="much")),
    ("limits.memory", limits(cpu="4", memory="1Gi")),
    ("limits.memory", limits(cpu="8", memory="2Gi")),
    ("limits.memory", limits(cpu="1", memory="5Gi")),
    ("limits.memory", limits(cpu="8", memory="33Gi")),
    ("limits.memory", limits(memory="256Mi")),
    ("limits.memory", limits(memory="lots")),
    ("limits.disk", limits(disk="1Gi")),
    ("limits.nvidia.com/gpu", limits(**{"nvidia.com/gpu": "2"})),
    ("env[0].name", env(EnvVar(name="A=B", value="x"))),
    ("env[0].name", env(EnvVar(name="CLOUD_RUN_JOB", value="x"))),
    ("env[0].value", env(EnvVar(name="A", value="x" * 32769))),
    ("env[1].name", env(EnvVar(name="A", value="x"), EnvVar(name="A", value="y"))),
    ("template.task_count", template(task_count=10_001)),
    ("template.task_count", template(task_count=-1)),
    ("template.parallelism", template(parallelism=2)),
    ("template.max_retries", task(max_retries=11)),
    ("template.timeout", task(timeout={"seconds": 168 * 3600 + 1})),
    ("template.containers", task(containers=[])),
    ("containers[0].image", task(containers=[Container()])),
    (
        "volume_mounts",
        task(containers=[Container(image="i", volume_mounts=[VolumeMount(name="v", mount_path="/v")])]),
    ),
    ("execution_environment", task(execution_environment="EXECUTION_ENVIRONMENT_GEN1")),
    ("job.start_execution_token", lambda job: setattr(job, "start_execution_token", "x" * 62)),
    ("job.run_execution_token", lambda job: setattr(job, "run_execution_token", "Not-A-Name")),
]


@pytest.mark.parametrize(("field", "change"), BAD, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_job_that_breaks_a_rule_is_refused_with_the_field_and_not_stored(
    reader: Customer, field: str, change: Change
) -> None:
    job = shell("true")
    change(job)
    with pytest.raises(exceptions.InvalidArgument) as refused:
        await reader.create("job", job)
    assert field in refused.value.message
    assert refused.value.details[0].field_violations[0].field
    with pytest.raises(exceptions.NotFound):
        await reader.jobs.get_job(name=f"{PLACE}/jobs/job")


@pytest.mark.parametrize("job_id", ["", "Upper", "1st", "end-", "a_b", "x" * 64])
async def test_a_name_that_is_no_jobs_name_is_refused(reader: Customer, job_id: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="job_id"):
        await reader.create(job_id, shell("true"))


@pytest.mark.parametrize(
    "change",
    [
        limits(cpu="4", memory="2Gi"),
        limits(cpu="8000m", memory="32Gi"),
        limits(memory="536870912"),
        limits(memory="1.5Gi"),
        template(task_count=10_000),
        task(max_retries=0),
        task(timeout={"seconds": 168 * 3600}),
        lambda job: job.labels.update({"containerjob-uid": "0-a_b", "empty": ""}),
        lambda job: job.annotations.update({"example.com/Name": "Any text."}),
    ],
)
async def test_a_job_at_the_edge_of_the_rules_is_taken(reader: Customer, change: Change) -> None:
    job = shell("true")
    change(job)
    await reader.create("x" * 63, job)


async def test_what_is_left_out_is_filled_in(reader: Customer) -> None:
    task_template = TaskTemplate(containers=[Container(image="busybox")])
    name = await reader.create("bare", Job(template=ExecutionTemplate(template=task_template)))
    job = await reader.jobs.get_job(name=name)
    filled = job.template.template
    assert (filled.max_retries, filled.timeout.total_seconds(), job.template.task_count) == (3, 600, 1)
    assert dict(filled.containers[0].resources.limits) == {"cpu": "1000m", "memory": "512Mi"}
    assert filled.service_account == "123456789012-compute@developer.gserviceaccount.com"
    assert filled.execution_environment.name == "EXECUTION_ENVIRONMENT_GEN2"
    assert (job.generation, job.launch_stage, bool(job.uid and job.etag)) == (1, 4, True)


async def test_what_is_given_comes_back(reader: Customer) -> None:
    job = shell("true", service_account="tasks@demo-project.iam.gserviceaccount.com", encryption_key="key")
    job.template.template.vpc_access = {"connector": "connector", "egress": "ALL_TRAFFIC"}
    job.template.template.volumes = [Volume(name="scratch", empty_dir={"medium": "MEMORY", "size_limit": "64Mi"})]
    job.template.template.containers[0].volume_mounts = [MOUNT]
    job.labels["team"] = "blue"
    job.annotations["example.com/name"] = "Some.Name"
    name = await reader.create("given", job)
    found = await reader.jobs.get_job(name=name)
    assert found.template.template.vpc_access == job.template.template.vpc_access
    assert found.template.template.volumes == job.template.template.volumes
    assert found.template.template.service_account == job.template.template.service_account
    assert (found.labels, found.annotations) == (job.labels, job.annotations)


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        ("projects/other/locations/europe-west1", "Project 'other'"),
        ("projects/demo-project/locations/mars-north1", "Location mars-north1"),
    ],
)
async def test_a_place_that_does_not_exist_is_not_found(reader: Customer, parent: str, words: str) -> None:
    with pytest.raises(exceptions.NotFound, match=words):
        await reader.jobs.create_job(CreateJobRequest(parent=parent, job=shell("true"), job_id="job"))
    with pytest.raises(exceptions.NotFound, match=words):
        await reader.jobs.list_jobs(parent=parent)


async def test_a_project_goes_by_its_number_too(reader: Customer) -> None:
    name = await reader.create("numbered", shell("true"))
    found = await reader.jobs.get_job(name=name.replace("demo-project", "123456789012"))
    assert found.name == name


@pytest.mark.parametrize("name", ["jobs/x", "projects/demo-project/locations/europe-west1/services/x", "x"])
async def test_a_name_of_another_form_is_invalid(reader: Customer, name: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Invalid resource name"):
        await reader.jobs.get_job(name=name)
