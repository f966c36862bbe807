"""Two clusters on one engine: neither sees nor touches what is the other's."""

import asyncio

import pytest
from tests.contract.subjects import DEADLINE_SECONDS, Subject

from containerjob_api.names import LABEL_CLUSTER_UID, LABEL_JOB_UID, container_name
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, RunEvent, RunState
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import LaunchRejected


def other_uid(subject: Subject) -> str:
    """Another cluster of this test's own."""
    return f"{subject.cluster_uid}-other"


def same_name(subject: Subject, run: RunSpec) -> RunSpec:
    """The same job in another cluster, such as one restored from the first one's backup."""
    labels = {**dict(run.labels), LABEL_CLUSTER_UID: other_uid(subject)}
    return subject.run("false", name=run.name, labels=tuple(labels.items()))


async def test_a_name_taken_by_another_cluster_is_a_conflict_and_stays_as_it_is(subject: Subject) -> None:
    run = await subject.launched("sleep", "60")
    before = await subject.begins(run.name)
    with pytest.raises(LaunchRejected, match=run.name) as refused:
        await subject.another(other_uid(subject)).create(same_name(subject, run))
    assert refused.value.reason is Reason.NAME_CONFLICT
    assert await subject.executor.inspect(run.name) == before


async def test_another_clusters_container_is_absent_to_us_by_whatever_name(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "trap 'exit 9' TERM; echo ready; sleep 60 & wait")
    await subject.prints(run.name, "ready\n")
    other = subject.another(other_uid(subject))
    assert await other.inspect(run.name) == ABSENT
    assert await other.list_owned() == ()
    await other.signal_stop(run.name)
    assert (await subject.executor.inspect(run.name)).state is RunState.RUNNING


async def test_another_clusters_created_container_is_not_started(subject: Subject) -> None:
    run = subject.run("true")
    await subject.executor.create(run)
    await subject.another(other_uid(subject)).start(run.name)
    assert (await subject.executor.inspect(run.name)).state is RunState.CREATED


async def test_each_cluster_lists_and_hears_of_its_own_only(subject: Subject) -> None:
    other = subject.another(other_uid(subject))
    heard = other.events()
    assert await asyncio.wait_for(anext(heard), DEADLINE_SECONDS) == RunEvent("subscribed")
    mine, _ = await subject.finished("true")
    labels = {
        **dict(mine.labels),
        LABEL_CLUSTER_UID: other_uid(subject),
        LABEL_JOB_UID: f"theirs-{subject.cluster_uid}",
    }
    name = container_name(labels[LABEL_JOB_UID], 0)
    theirs = subject.run("true", name=name, labels=tuple(labels.items()))
    await other.create(theirs)
    await other.start(theirs.name)
    # The first that it hears of is its own, though ours came before.
    event = await asyncio.wait_for(anext(heard), DEADLINE_SECONDS)
    assert event == RunEvent("start", labels[LABEL_JOB_UID], theirs.name)
    assert [row.name for row in await other.list_owned()] == [theirs.name]
    assert [row.name for row in await subject.executor.list_owned()] == [mine.name]
    await heard.aclose()  # type: ignore[attr-defined]
