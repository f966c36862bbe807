"""Takes in what the watches deliver. Raw objects come in; one that cannot be read never stops the others."""

from typing import Any

import structlog
from pydantic import ValidationError

from containerjob_api.conditions import condition
from containerjob_api.hostkinds import host_of, reference_of
from containerjob_api.jobs import Container, ContainerJob, ContainerJobSpec, PodSpec, PodTemplate
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.phases import ConditionType, Reason
from containerjob_api.resources import ObjectMeta
from containerjob_operator.errors import ContainerJobError
from containerjob_operator.logs import about
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.hosts import Host

log = structlog.get_logger(__name__)

UNREADABLE = ContainerJobSpec(
    template=PodTemplate(spec=PodSpec(containers=(Container(name="unreadable", image="unreadable"),)))
)
"""Stands in for a spec that cannot be read, where only metadata and status matter."""


async def take_job(raw: dict[str, Any], context: Context) -> None:
    """Take in a job that was listed, added or changed."""
    try:
        job = ContainerJob.from_body(raw)
    except ValidationError as problem:
        await _refuse(raw, problem, context)
        return
    context.observe(job)


def suspect_job(uid: str, context: Context) -> None:
    """Have a job read again that left the watch: deleted, or finished by our own write."""
    live = context.jobs.get(uid)
    if live is not None:
        live.suspect = True
        live.changed.set()
        context.queue.add(uid)


def take_host(raw: dict[str, Any], context: Context) -> Host | None:
    """Take in a host that was listed, added or changed; None where it is not ours to use, or cannot be read."""
    reference = reference_of(raw)
    if not context.settings.serves_host(reference):
        return None
    try:
        host = host_of(raw)
    except ValidationError as problem:
        log.warning("a host cannot be read", host=reference.full, problem=_first(problem))
        return None
    return context.hosts.observe(host)


def take_namespace(name: str, labels: dict[str, str] | None, context: Context) -> None:
    """Take in a namespace's labels; None when it is gone."""
    known = context.placements.namespaces
    if known.get(name) == labels:
        return
    if labels is None:
        del known[name]
    else:
        known[name] = labels
    context.placements.hosts_changed()


async def load(context: Context) -> None:
    """Take in everything there is before anything is decided, so that no slot is given out twice."""
    for name, labels in (await context.kube.namespaces()).items():
        take_namespace(name, labels, context)
    jobs = await context.kube.live_jobs()
    for raw in await context.kube.hosts():
        take_host(raw, context)
    for raw in sorted(jobs, key=lambda job: str(job["metadata"]["creationTimestamp"])):
        await take_job(raw, context)
    log.info("loaded", unfinished_jobs=len(context.jobs))


async def _refuse(raw: dict[str, Any], problem: ValidationError, context: Context) -> None:
    """Say on the object itself that this operator cannot read it."""
    metadata = ObjectMeta.model_validate(raw["metadata"])
    message = f"this operator cannot read the object: {_first(problem)}"
    if _says(raw, message):
        return
    blank = ContainerJob(metadata=metadata, spec=UNREADABLE)
    log.warning(message, **about(blank))
    stalled = condition(
        ConditionType.STALLED, True, Reason.INVALID_SPEC, message, now=context.now(), generation=metadata.generation
    )
    status = ContainerJobStatus(observed_generation=metadata.generation, conditions=(stalled,))
    try:
        await context.kube.write_job_status(blank, status)
    except ContainerJobError as refused:
        log.warning("could not say so on the object", problem=str(refused), **about(blank))


def _says(raw: dict[str, Any], message: str) -> bool:
    """Say whether the object tells this already; writing it again would bring the next watch event, and so on."""
    match raw:
        case {"status": {"conditions": [*known]}}:
            return any(isinstance(each, dict) and each.get("message") == message for each in known)
        case _:
            return False


def _first(problem: ValidationError) -> str:
    error = problem.errors()[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
