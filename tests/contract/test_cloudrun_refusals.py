"""What Google refuses: each refusal says what it means, what is missing, and what to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from tests.contract.cloudrun_subject import Cloud, emulated, launch
from tests.emulators.cloudrun.refusals import Code

from containerjob_api.phases import HostReason
from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import HostRefused, HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor

pytestmark = pytest.mark.real
EVER = 10**9


@pytest.fixture
async def cloud(cluster_uid: str, docker_endpoint: str) -> AsyncIterator[Cloud]:
    async with emulated(cluster_uid, docker_endpoint) as made:
        yield made


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        (Code.UNAVAILABLE, HostUnavailable),
        (Code.DEADLINE_EXCEEDED, HostUnavailable),
        (Code.INTERNAL, HostUnavailable),
        (Code.ABORTED, HostUnavailable),
        (Code.RESOURCE_EXHAUSTED, HostRefused),
        (Code.FAILED_PRECONDITION, LaunchDelayed),
        (Code.INVALID_ARGUMENT, LaunchRejected),
    ],
)
@pytest.mark.parametrize("call", ["CreateJob", "UpdateJob"])
async def test_a_refused_launch_is_tried_again_or_is_not_by_its_code(
    cloud: Cloud, call: str, code: Code, refusal: type[Exception]
) -> None:
    run = cloud.subject.run("true")
    cloud.emulator.faults.refuse(call, code)
    with pytest.raises(refusal, match="on demand"):
        await launch(cloud, run)
    await cloud.subject.executor.create(run)
    await cloud.subject.executor.start(run.name)
    assert (await cloud.subject.reaches(run.name, RunState.EXITED)).exit_code == 0
    assert await cloud.executions(run.name) == 1


@pytest.mark.parametrize("call", ["ListJobs", "ListExecutions", "ListTasks"])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (Code.UNAVAILABLE, None),
        (Code.UNAUTHENTICATED, HostReason.CREDENTIALS_INVALID),
        (Code.RESOURCE_EXHAUSTED, HostReason.QUOTA_EXHAUSTED),
    ],
)
async def test_a_look_that_fails_is_no_end_of_anything(
    cloud: Cloud, call: str, code: Code, reason: HostReason | None
) -> None:
    run, ended = await cloud.subject.finished("true")
    fresh = cloud.subject.another(cloud.subject.cluster_uid)
    planted = cloud.emulator.faults.refuse(call, code, times=EVER)
    with pytest.raises(HostUnavailable, match=call) as refused:
        await fresh.engine()
    assert (refused.value.reason if isinstance(refused.value, HostRefused) else None) is reason
    with pytest.raises(HostUnavailable):
        await anext(aiter(fresh.events())) if call == "ListJobs" else await fresh.engine()
    assert planted.met > 0
    cloud.emulator.faults.clear()
    assert (await fresh.inspect(run.name)).exit_code == ended.exit_code == 0


async def test_events_end_where_the_place_goes_away(cloud: Cloud) -> None:
    events = cloud.subject.executor.events()
    assert (await anext(events)).kind == "subscribed"
    cloud.emulator.faults.refuse("ListJobs", times=EVER)
    with pytest.raises(HostUnavailable, match="ListJobs"):
        await asyncio.wait_for(anext(events), 60)


@pytest.mark.parametrize(
    ("plant", "reason", "words"),
    [
        (lambda f: f.deny("ListJobs", "run.jobs.list"), HostReason.PERMISSION_DENIED, "grant run.jobs.list"),
        (lambda f: f.disable_api("ListJobs"), HostReason.API_DISABLED, "enable run.googleapis.com in demo-project"),
    ],
)
async def test_a_place_that_will_not_serve_us_says_what_it_lacks(
    cloud: Cloud, plant: Callable[..., object], reason: HostReason, words: str
) -> None:
    plant(cloud.emulator.faults)
    with pytest.raises(HostRefused, match=words) as refused:
        await cloud.subject.executor.engine()
    assert refused.value.reason is reason
    assert "\n" not in refused.value.message


async def test_a_create_without_its_permission_leaves_the_job_waiting_and_names_it(cloud: Cloud) -> None:
    cloud.emulator.faults.deny("CreateJob", "iam.serviceAccounts.actAs")
    with pytest.raises(HostRefused, match=r"grant iam\.serviceAccounts\.actAs") as refused:
        await cloud.subject.executor.create(cloud.subject.run("true"))
    assert refused.value.reason is HostReason.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"project": "other-project"}, HostReason.PROJECT_NOT_FOUND),
        ({"location": "mars-west1"}, HostReason.LOCATION_NOT_FOUND),
    ],
)
async def test_a_wrong_project_or_location_is_named(cloud: Cloud, wrong: dict[str, str], reason: HostReason) -> None:
    lost = CloudRunExecutor(replace(cloud.place, **wrong), cluster_uid="c")  # type: ignore[arg-type]
    run = cloud.subject.run("true")
    for verb in (lost.engine(), lost.create(run), lost.inspect(run.name)):
        with pytest.raises(HostRefused, match=r"spec\.(project|location)") as refused:
            await verb
        assert refused.value.reason is reason
    await lost.aclose()
