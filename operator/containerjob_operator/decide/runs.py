"""What an executor is asked to run: everything about one attempt's container, and nothing about Kubernetes."""

import hashlib
import json
from dataclasses import dataclass

from containerjob_api.jobs import ContainerJob
from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    LABEL_SPEC_HASH,
    container_name,
)
from containerjob_api.quantities import memory_bytes, nano_cpus


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One attempt's container."""

    name: str
    image: str
    command: tuple[str, ...]
    """Replaces ENTRYPOINT when not empty."""
    args: tuple[str, ...]
    """Replaces CMD when not empty."""
    working_dir: str
    env: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    nano_cpus: int | None = None
    memory_bytes: int | None = None


def run_spec(job: ContainerJob, attempt: int, cluster_uid: str) -> RunSpec:
    """Return what attempt number `attempt` of this job runs."""
    container = job.container
    limits = container.resources.limits
    labels = {
        LABEL_CLUSTER_UID: cluster_uid,
        LABEL_JOB_UID: job.metadata.uid,
        LABEL_NAMESPACE: job.metadata.namespace,
        LABEL_NAME: job.metadata.name,
        LABEL_ATTEMPT: str(attempt),
        LABEL_SPEC_HASH: spec_hash(job),
    }
    return RunSpec(
        name=container_name(job.metadata.uid, attempt),
        image=container.image,
        command=container.command,
        args=container.args,
        working_dir=container.working_dir,
        env=tuple((variable.name, variable.value) for variable in container.env),
        labels=tuple(labels.items()),
        nano_cpus=None if limits.cpu is None else nano_cpus(limits.cpu),
        memory_bytes=None if limits.memory is None else memory_bytes(limits.memory),
    )


def spec_hash(job: ContainerJob) -> str:
    """Return a short fingerprint of the template, so that a person can tell what a container was made from."""
    text = json.dumps(job.spec.template.to_json(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
