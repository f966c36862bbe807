"""Jobs with attempts, and their containers on a host, put there by hand; and the sweep over them."""

import time
from typing import Any

from tests.fakes.operator_rig import CLUSTER, H1
from tests.unit.reconcile.conftest import Desk

from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    container_name,
)
from containerjob_operator.decide.observations import RunState
from containerjob_operator.executors.fake.engine import Container
from containerjob_operator.executors.fake.programs import Program
from containerjob_operator.kube.resources import DOCKERHOST
from containerjob_operator.reconcile.upkeep import tend_host

RUNNING, EXITED, CREATED = RunState.RUNNING, RunState.EXITED, RunState.CREATED
HOUR = 3600
LONG_AGO = "2026-01-01T00:00:00Z"


def job(desk: Desk, name: str = "hello", *attempts: str | None, **status: Any) -> str:
    """Store a job with these attempts, each with its reason or, under way, none; return its uid."""
    uid: str = desk.kube.create_job(name)["metadata"]["uid"]
    rows = [
        {
            "attempt": n,
            "host": {"name": "h1"},
            "name": container_name(uid, n),
            "scheduledTime": "2026-01-01T00:00:00Z",
        }
        | ({"reason": reason} if reason else {})
        for n, reason in enumerate(attempts)
    ]
    desk.kube.edit_job({"status": {"attempts": rows, "attemptCount": len(rows), **status}}, name)
    return uid


def over(desk: Desk, name: str = "hello", reason: str = "Completed") -> str:
    return job(desk, name, reason, phase="Succeeded", finished=True)


def container(
    desk: Desk,
    uid: str,
    state: RunState = RUNNING,
    *,
    attempt: int = 0,
    job: str = "hello",
    age: float = 0,
    cluster: str = CLUSTER,
    deaf: bool = True,
) -> Container:
    """Put a container of an attempt on the host; `deaf` ones do not care for a stop signal."""
    labels = {LABEL_CLUSTER_UID: cluster, LABEL_JOB_UID: uid, LABEL_NAMESPACE: "team-a", LABEL_NAME: job}
    labels[LABEL_ATTEMPT] = str(attempt)
    made = desk.engine.create(
        container_name(uid, attempt), "busybox", labels, Program(seconds=60, on_term=None if deaf else 0)
    )
    made.created_at -= age
    if state is not CREATED:
        desk.engine.start(made)
    if state is EXITED:
        desk.engine.end(made, 0)
        made.ends_at -= age
    return made


def limit(desk: Desk, **spec: Any) -> None:
    desk.kube.fake.edit(DOCKERHOST, "h1", {"spec": spec})


async def swept(desk: Desk, times: int = 1) -> list[str]:
    """Load and sweep; return which attempts' containers are there, with their state."""
    rig = desk.rig
    if not rig.context.hosts.all_asked() or not list(rig.context.hosts):
        await rig.load()
    for _ in range(times):
        await tend_host(H1, rig.context)
    return there(desk)


def there(desk: Desk) -> list[str]:
    found = desk.engine.containers.values()
    return sorted(f"{each.labels[LABEL_NAME]}-{each.name[-1]} {each.state(time.time())}" for each in found)
