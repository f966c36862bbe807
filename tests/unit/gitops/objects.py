"""ContainerJobs and hosts as the API server stores them, in every state, by the operator's own functions."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.unit.decide.builders import (
    START,
    after,
    changed,
    ends,
    exited,
    in_phase,
    stopping,
    stored,
    suspended,
    unreachable,
)

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.conditions import condition
from containerjob_api.hostparts import AnyHost
from containerjob_api.hosts import DockerHost, EngineInfo
from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.names import API_VERSION
from containerjob_api.phases import ConditionType, HostReason, Phase, Reason
from containerjob_operator.decide import statuses
from containerjob_operator.decide.endings import Remains, concluded
from containerjob_operator.decide.hosts import Probe, host_status
from containerjob_operator.decide.verdicts import verdict_without_attempt

Body = dict[str, Any]
NEW_JOB: Body = {"observedGeneration": -1, "phase": "Pending"}
NEW_HOST: Body = {"observedGeneration": -1}
"""What the API server itself gives to a new object."""
ENGINE = EngineInfo(id="ENGINE-1", name="builder-1", version="27.1.1", api_version="1.46", cpus=4)
GOOGLE = EngineInfo(id="projects/demo-project/locations/europe-west1", api_version="v2")
OTHER = ENGINE.model_copy(update={"id": "ENGINE-2"})
OLD = ENGINE.model_copy(update={"api_version": "1.40"})


def jobs() -> Iterator[tuple[str, Body]]:
    """Yield the name of each case, and the job."""
    yield "new", body_of(in_phase(Phase.PENDING)) | {"status": NEW_JOB}
    running = in_phase(Phase.RUNNING)
    ended = {
        Phase.SUCCEEDED: ends(running, 5, seen=exited(0)),
        Phase.FAILED: ends(running, 5, seen=exited(3)),
        Phase.CANCELLED: ends(stopping(), 12, seen=exited(143)),
        Phase.TIMED_OUT: ends(stopping(Reason.DEADLINE_EXCEEDED), 12, seen=exited(143)),
    }
    for phase in Phase:
        yield _dashed(phase), body_of(ended.get(phase) or in_phase(phase))
    yield "cancelled-hook", marked(body_of(ended[Phase.CANCELLED]))
    yield "changed", body_of(changed(running, activeDeadlineSeconds=600))
    yield "unreachable", body_of(unreachable(running))
    yield "reachable-again", body_of(stored(running, statuses.reachable(unreachable(running), after(3))))
    yield "suspend-asked", body_of(changed(running, suspend=True))
    yield "suspending", body_of(_suspending(running))
    yield "suspended-and-changed", body_of(changed(suspended(), activeDeadlineSeconds=600))
    yield "resume-asked", body_of(changed(suspended(), suspend=False))
    yield "resumed", body_of(_resumed())
    yield "cancelled-while-suspended", body_of(_cancelled_while_suspended())
    yield "cancelling-out-of-sight", body_of(unreachable(stopping()))
    yield "unreadable", body_of(_unreadable())
    yield "deleted", _deleted(body_of(running))


def hosts() -> Iterator[tuple[str, Body]]:
    """Yield the name of each case, and the host."""
    yield "new", host_body() | {"status": NEW_HOST}
    yield "ready", host_body(Probe(ENGINE))
    yield "cordoned", host_body(Probe(ENGINE), unschedulable=True)
    yield "unreachable", host_body(Probe(None, HostReason.UNREACHABLE, "no such file: /var/run/docker.sock"))
    yield "engine-changed", host_body(Probe(ENGINE), Probe(OTHER))
    yield "engine-unsupported", host_body(Probe(OLD))
    yield (
        "fake-not-allowed",
        host_body(Probe(None, HostReason.FAKE_HOSTS_NOT_ALLOWED, "start with --allow-fake-hosts")),
    )
    yield "changed", _next_generation(host_body(Probe(ENGINE)))


REFUSALS = {
    HostReason.CREDENTIALS_INVALID: "Secret containerjob-system/key does not exist",
    HostReason.PERMISSION_DENIED: "run.jobs.create is missing",
    HostReason.API_DISABLED: "enable run.googleapis.com",
    HostReason.PROJECT_NOT_FOUND: "there is no project demo-project",
    HostReason.LOCATION_NOT_FOUND: "Cloud Run has no location mars-north1",
    HostReason.QUOTA_EXHAUSTED: "wait, or ask for more",
    HostReason.CLIENT_MISSING: "use the cloudrun variant of the image",
}
"""What Google, or our own installation, says no with."""


def cloud_hosts() -> Iterator[tuple[str, Body]]:
    """Yield the name of each case, and the CloudRunHost."""
    yield "new", cloud_body() | {"status": NEW_HOST}
    yield "ready", cloud_body(Probe(GOOGLE))
    yield "cordoned", cloud_body(Probe(GOOGLE), unschedulable=True)
    yield "unreachable", cloud_body(Probe(None, HostReason.UNREACHABLE, "no answer from run.googleapis.com"))
    for reason, words in REFUSALS.items():
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", reason.replace("API", "Api")).lower()
        yield name, cloud_body(Probe(None, reason, words))
    yield "changed", _next_generation(cloud_body(Probe(GOOGLE)))


def body_of(job: ContainerJob) -> Body:
    """Return a job as the API server sends it."""
    known = ("name", "namespace", "generation")
    metadata = {key: value for key, value in job.metadata.to_json().items() if key in known}
    metadata |= {"uid": "9f3e0f64-6a3c-4f0e-9a49-4a5b6c7d8e9f", "creationTimestamp": "2026-03-01T12:00:00Z"}
    body = {"metadata": metadata, "spec": job.spec.to_json(), "status": job.status.to_json()}
    return {"apiVersion": API_VERSION, "kind": "ContainerJob"} | body


def marked(body: Body) -> Body:
    """Return a job as Argo CD creates it for a sync."""
    labels = {"app": "shop", "app.kubernetes.io/instance": "shop", "argocd.argoproj.io/instance": "shop"}
    annotations = {
        "argocd.argoproj.io/hook": "PreSync",
        "argocd.argoproj.io/tracking-id": "shop:containerjobs.io/ContainerJob:team-a/hello",
    }
    return body | {"metadata": body["metadata"] | {"labels": labels, "annotations": annotations}}


def host_body(*probes: Probe, **spec: Any) -> Body:
    """Return a host whose engine has answered so, one after the other."""
    metadata = {"name": "builder-1", "generation": 1, "uid": "5b1f6f0e-8a0b-4b53-a0c3-0f7f3f0b7f11"}
    spec = {"endpoint": "unix:///var/run/docker.sock", **spec}
    return _probed(DockerHost, metadata, spec, probes)


def cloud_body(*probes: Probe, **spec: Any) -> Body:
    """Return a CloudRunHost whose region has answered so, one after the other."""
    metadata = {"name": "europe", "generation": 1, "uid": "0d7a4b62-6b1c-4d43-8a3e-55e0c1f4a9b2"}
    spec = {"project": "demo-project", "location": "europe-west1", **spec}
    return _probed(CloudRunHost, metadata, spec, probes)


def _probed(kind: type[AnyHost], metadata: Body, spec: Body, probes: tuple[Probe, ...]) -> Body:
    host = kind.from_body({"metadata": metadata, "spec": spec})
    for probe in probes:
        host = host.model_copy(update={"status": _asked(host, probe)})
    status = host.status.to_json()
    return {"apiVersion": API_VERSION, "kind": kind.kind, "metadata": metadata, "spec": spec, "status": status}


def _asked(host: AnyHost, probe: Probe) -> Any:
    from containerjob_operator.decide.hosts import judge

    return host_status(host, judge(host, probe), running=0, now=START)


def _suspending(running: ContainerJob) -> ContainerJob:
    """Return a job whose container is being stopped for suspend."""
    asked = changed(running, suspend=True)
    return stored(asked, statuses.stopping(asked, Reason.JOB_SUSPENDED, after(3)))


def _resumed() -> ContainerJob:
    asked = changed(suspended(), suspend=False)
    return stored(asked, statuses.resumed(asked, START + timedelta(seconds=9)))


def _cancelled_while_suspended() -> ContainerJob:
    asked = changed(suspended(), cancel=True)
    verdict = verdict_without_attempt(asked, Reason.CANCELLED)
    return stored(asked, concluded(asked, verdict, Remains(), after(9)))


def _unreadable() -> ContainerJob:
    """Return a job that this operator could not read, as `reconcile/intake.py` marks it."""
    job = in_phase(Phase.PENDING)
    told = condition(
        ConditionType.STALLED, True, Reason.INVALID_SPEC, "this operator cannot read it", now=START, generation=1
    )
    return stored(job, ContainerJobStatus(observed_generation=1, phase=Phase.PENDING, conditions=(told,)))


def _deleted(body: Body) -> Body:
    return body | {"metadata": body["metadata"] | {"deletionTimestamp": "2026-03-01T12:00:10Z"}}


def _next_generation(body: Body) -> Body:
    return body | {"metadata": body["metadata"] | {"generation": 2}}


def _dashed(phase: Phase) -> str:
    return "timed-out" if phase is Phase.TIMED_OUT else phase.lower()
