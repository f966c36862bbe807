"""Cloud Run under the contract: an emulator, asked through Google's own client, or a real project where one is named.

CLOUD_RUN_PROJECT names the project, CLOUD_RUN_LOCATION the location (europe-west1), CLOUD_RUN_IMAGE an image with a
shell that the project may pull; the identity is that of the application default credentials.
"""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from google.cloud import run_v2
from tests.contract.subjects import EngineFacts, Subject
from tests.emulators.cloudrun import Emulator, Options, serving

from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.cloudrun.client import CloudRunClient
from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor
from containerjob_operator.executors.cloudrun.place import Place

PROJECT: Final = os.environ.get("CLOUD_RUN_PROJECT", "")
REAL_IMAGE: Final = os.environ.get("CLOUD_RUN_IMAGE", "busybox:1.37")
FACTS: Final = EngineFacts(
    api_version="v2", has_machine=False, tells_image=False, tells_usage=False, keeps_files=False, many_lines=15_000
)
QUICK: Final = Options(stop_grace_seconds=2.0, reconcile_seconds=0.01)
IMAGE: Final = "busybox:1.37"
AWAY: Final = "127.0.0.1:1"
"""Nobody listens there."""


def place_at(address: str) -> Place:
    """An emulator's place, at a pace for tests."""
    return Place(
        project="demo-project",
        location="europe-west1",
        endpoint=address,
        refresh_seconds=0.2,
        pause_seconds=0.02,
        patience_seconds=1.0,
        log_reads_per_minute=60_000,
        log_poll_seconds=0.05,
        log_settle_seconds=0.3,
        log_delay_seconds=0.1,
    )


def real_place() -> Place:
    """The place that the environment names."""
    return Place(PROJECT, os.environ.get("CLOUD_RUN_LOCATION", "europe-west1"))


@asynccontextmanager
async def place_of(docker_endpoint: str) -> AsyncIterator[Place]:
    """A real place where one is named, else an emulator's."""
    if PROJECT:
        yield real_place()
        return
    async with serving(docker_endpoint, QUICK) as emulator:
        yield place_at(emulator.address)


@asynccontextmanager
async def subject_at(place: Place, cluster_uid: str, image: str) -> AsyncIterator[Subject]:
    """A place as tests of the contract want it; what they leave there is removed."""
    async with AsyncExitStack() as stack:
        foreign: list[str] = []

        def executor(uid: str, at: Place = place) -> Executor:
            opened = CloudRunExecutor(at, cluster_uid=uid)
            stack.push_async_callback(opened.aclose)
            return opened

        async def create_foreign(name: str) -> None:
            await create_unlabelled(place, name, image)
            foreign.append(name)

        subject = Subject(
            image=image,
            cluster_uid=cluster_uid,
            executor=executor(cluster_uid),
            unreachable=executor(cluster_uid, replace(place, endpoint=AWAY)),
            create_foreign=create_foreign,
            another=executor,
            engine_facts=FACTS,
        )
        yield subject
        if not place.endpoint:
            await clear(place, [*subject.names, *foreign])


async def create_unlabelled(place: Place, name: str, image: str) -> None:
    """Create a Job as a person does."""
    template = run_v2.TaskTemplate(containers=[run_v2.Container(image=image)])
    job = run_v2.Job(template=run_v2.ExecutionTemplate(template=template))
    client = await CloudRunClient.connect(place, lanes=1)
    request = run_v2.CreateJobRequest(parent=place.parent, job=job, job_id=name)
    await client.services.jobs.create_job(request)
    await client.aclose()


async def clear(place: Place, names: list[str]) -> None:
    """Delete these Jobs, whoever's they are."""
    client = await CloudRunClient.connect(place, lanes=1)
    for name in names:
        await client.delete(name)
    await client.aclose()


@dataclass(frozen=True)
class Cloud:
    """An emulator and the executor before it."""

    emulator: Emulator
    place: Place
    subject: Subject

    def execution(self, name: str) -> str:
        """The full name of a container's one execution."""
        return self.place.execution_path(name)

    async def executions(self, name: str) -> int:
        """How many were ever begun of a Job."""
        return sum(path.startswith(f"{self.place.job_path(name)}/") for path in self.emulator.launched)


@asynccontextmanager
async def emulated(cluster_uid: str, docker_endpoint: str) -> AsyncIterator[Cloud]:
    """An emulator for one test."""
    options = Options(stop_grace_seconds=0.5, reconcile_seconds=0.01)
    async with serving(docker_endpoint, options) as emulator:
        place = place_at(emulator.address)
        async with subject_at(place, cluster_uid, IMAGE) as subject:
            yield Cloud(emulator, place, subject)


async def launch(cloud: Cloud, run: RunSpec) -> None:
    """Create and start."""
    await cloud.subject.executor.create(run)
    await cloud.subject.executor.start(run.name)
