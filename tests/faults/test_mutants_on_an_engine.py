"""Likely mistakes in speaking with Docker, which a check on a real engine, or on one that says no, has to see."""

from collections.abc import AsyncIterator

import pytest
from docker import DockerClient
from tests.contract.conftest import cluster_uid, docker_endpoint, docker_subject, oracle  # noqa: F401 - fixtures
from tests.contract.lying_engine import LyingEngine
from tests.contract.subjects import Subject
from tests.contract.test_docker import test_limits_and_safety_reach_the_container as limits_and_safety
from tests.contract.test_docker_answers import (
    engine_api,  # noqa: F401 - fixtures
    executor,  # noqa: F401
)
from tests.contract.test_docker_answers import (
    test_an_error_of_the_engine_is_no_fact_about_the_container as an_error_is_no_fact,
)
from tests.contract.test_executors import test_a_foreign_container_of_our_name_is_a_conflict as foreign_is_a_conflict
from tests.contract.test_executors import test_a_run_goes_from_created_to_exited as runs_to_its_end
from tests.contract.test_executors import test_an_exited_container_is_never_started_again as never_started_again
from tests.faults.mutants import caught
from tests.unit.executors.test_starts import (
    test_a_start_without_an_answer_is_repeated_only_after_a_grace as repeated_only_after_a_grace,
)

from containerjob_operator.executors.docker import build
from containerjob_operator.executors.docker.executor import DockerExecutor
from containerjob_operator.executors.docker.starts import Starts

pytestmark = pytest.mark.real


@pytest.fixture
async def subject(docker_subject: Subject) -> AsyncIterator[Subject]:  # noqa: F811
    """A real engine that is left without containers, also of names that nobody knows."""
    yield docker_subject
    for row in await docker_subject.executor.list_owned():
        await docker_subject.executor.remove(row.name)


async def test_starting_an_exited_container_again_is_caught(subject: Subject) -> None:
    right, wrong = "seen.state is not RunState.CREATED", "seen.state is RunState.ABSENT"
    await caught(lambda: never_started_again(subject), "started_at|finished_at", Starts.allowed, right, wrong)


async def test_a_container_that_removes_itself_is_caught(subject: Subject, oracle: DockerClient) -> None:  # noqa: F811
    right, wrong = '"AutoRemove": False', '"AutoRemove": True'
    await caught(lambda: limits_and_safety(subject, oracle), "True, 4096", build._host_config, right, wrong)


async def test_a_container_without_a_name_is_caught(subject: Subject) -> None:
    right, wrong = "containers.create(body, name=name)", "containers.create(body)"
    await caught(lambda: runs_to_its_end(subject), "absent", DockerExecutor._try_create, right, wrong)


async def test_adopting_a_foreign_container_is_caught(subject: Subject) -> None:
    right, wrong = "if not marks.same_attempt(read.labels(found), dict(run.labels)):", "if False:"
    await caught(lambda: foreign_is_a_conflict(subject), "DID NOT RAISE", DockerExecutor._adopt, right, wrong)


async def test_an_error_that_counts_as_an_absent_container_is_caught(
    executor: DockerExecutor,  # noqa: F811
    engine_api: LyingEngine,  # noqa: F811
) -> None:
    right, wrong = "exc.status == 404", "exc.status >= 404"
    await caught(
        lambda: an_error_is_no_fact(executor, engine_api), "DID NOT RAISE", DockerExecutor._look, right, wrong
    )


async def test_a_second_start_beside_one_without_an_answer_is_caught() -> None:
    right, wrong = "now - answering_since >= self._grace_seconds", "now >= answering_since"
    await caught(repeated_only_after_a_grace, "DID NOT RAISE", Starts.allowed, right, wrong)
