"""What the API server stores and what Python holds are the same thing."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import Container, ContainerJob, ContainerJobSpec, EnvVar, PodSpec, PodTemplate
from containerjob_api.jobstatus import Attempt, ContainerJobStatus, StopRequest
from containerjob_api.names import container_name
from containerjob_api.phases import TERMINAL, Phase, Reason
from containerjob_api.resources import ObjectMeta

HOST_REF = {"kind": "DockerHost", "name": "builder-1"}
JOB: dict[str, Any] = {
    "metadata": {
        "name": "hello",
        "namespace": "team",
        "uid": "0000-1",
        "resourceVersion": "7",
        "generation": 2,
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
    },
    "spec": {
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "containers": [
                    {
                        "name": "main",
                        "image": "busybox:1.37",
                        "command": ["sh"],
                        "args": ["-c", "true"],
                        "workingDir": "/tmp",
                        "env": [{"name": "A", "value": "b"}],
                        "resources": {"limits": {"cpu": 2, "memory": "64Mi"}},
                        "terminationMessagePath": "/tmp/message",
                        "terminationMessagePolicy": "FallbackToLogsOnError",
                    }
                ],
            }
        },
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 2,
        "retryPolicy": {
            "preset": "Aggressive",
            "initialDelaySeconds": 1,
            "factor": 3,
            "maxDelaySeconds": 9,
            "jitterPercent": 0,
            "launchRetryLimit": 4,
            "onHostLost": "Retry",
            "avoidFailedHost": True,
        },
        "podFailurePolicy": {
            "rules": [
                {"action": "FailJob", "onExitCodes": {"containerName": "main", "operator": "In", "values": [42]}},
                {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                {"action": "Count", "onReasons": ["ImageNotFound"]},
            ]
        },
        "activeDeadlineSeconds": 60,
        "attemptDeadlineSeconds": 30,
        "startingDeadlineSeconds": 20,
        "notBefore": "2026-01-02T03:04:00.000000Z",
        "suspend": True,
        "cancel": True,
        "ttlSecondsAfterFinished": 3,
        "ttlSecondsAfterSuccess": 0,
        "ttlSecondsAfterFailure": 9,
        "placement": {"hostRef": HOST_REF},
    },
    "status": {
        "observedGeneration": 2,
        "phase": "Failed",
        "conditions": [
            {
                "type": "Failed",
                "status": "True",
                "observedGeneration": 2,
                "lastTransitionTime": "2026-01-02T03:04:07Z",
                "reason": "NonZeroExitCode",
                "message": "exit code 3",
            }
        ],
        "startTime": "2026-01-02T03:04:05.000000Z",
        "finishTime": "2026-01-02T03:04:07.000000Z",
        "finished": True,
        "expireTime": "2026-01-02T03:04:16Z",
        "host": HOST_REF,
        "exitCode": 3,
        "duration": "2s",
        "attemptCount": 1,
        "failed": 1,
        "launchFailures": 0,
        "nextRetryTime": "2026-01-02T03:04:08.500000Z",
        "attempts": [
            {
                "index": 0,
                "attempt": 0,
                "host": HOST_REF,
                "name": "cj-0000-1-0",
                "scheduledTime": "2026-01-02T03:04:05Z",
                "launchTime": "2026-01-02T03:04:05.500000Z",
                "containerID": "abc",
                "imageID": "sha256:def",
                "startedAt": "2026-01-02T03:04:05.250000Z",
                "finishedAt": "2026-01-02T03:04:07.125000Z",
                "exitCode": 3,
                "signal": 15,
                "reason": "NonZeroExitCode",
                "failureClass": "Application",
                "message": "exit code 3",
                "terminationMessage": "bye",
                "logTail": {"stdout": "", "stderr": "oh\n", "truncated": False},
                "stop": {"reason": "Cancelled", "time": "2026-01-02T03:04:06.500000Z"},
            }
        ],
    },
}
HOST: dict[str, Any] = {
    "metadata": {
        "name": "builder-1",
        "namespace": "",
        "uid": "0000-2",
        "resourceVersion": "8",
        "generation": 1,
        "creationTimestamp": "2026-01-02T03:04:05Z",
        "labels": {},
        "annotations": {},
    },
    "spec": {
        "endpoint": "unix:///var/run/docker.sock",
        "maxConcurrentJobs": 4,
        "unschedulable": True,
        "allowedNamespaces": {
            "from": "Selector",
            "selector": {
                "matchLabels": {"team": "batch"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["gold"]}],
            },
        },
        "maxRetainedContainers": 3,
        "containerRetentionSeconds": 60,
        "disconnect": {"lostAfterSeconds": 30, "onHostLost": "Fail"},
        "orphanPolicy": {"dryRun": True, "graceSeconds": 5},
    },
    "status": {
        "observedGeneration": 1,
        "conditions": [],
        "engine": {
            "id": "E1",
            "name": "box",
            "version": "28.0.1",
            "apiVersion": "1.48",
            "os": "linux",
            "architecture": "x86_64",
            "cpus": 2,
            "memoryBytes": 1024,
        },
        "maxConcurrentJobs": 4,
        "runningJobs": 1,
        "orphanedContainers": 2,
    },
}
SPEC = ContainerJobSpec(template=PodTemplate(spec=PodSpec(containers=(Container(name="main", image="busybox"),))))


def test_a_job_survives_the_way_to_the_server_and_back() -> None:
    assert ContainerJob.from_body(JOB).to_json() == JOB


def test_a_host_survives_the_way_to_the_server_and_back() -> None:
    assert DockerHost.from_body(HOST).to_json() == HOST


def test_the_smallest_objects_are_read() -> None:
    job = ContainerJob.from_body(
        {
            "metadata": {"name": "hello"},
            "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "busybox"}]}}},
            "status": {"observedGeneration": -1},
        }
    )
    host = DockerHost.from_body({"metadata": {"name": "here"}, "spec": {"endpoint": "fake://"}})

    assert job == ContainerJob(metadata=ObjectMeta(name="hello"), spec=SPEC)
    assert job.container.image == "busybox"
    assert job.status.current is None
    assert host.status.observed_generation == -1
    assert not host.spec.allowed_namespaces.admit({})


def test_fields_of_a_later_version_are_read_over() -> None:
    body = {**JOB, "spec": {**JOB["spec"], "fromTheFuture": 1}}

    assert ContainerJob.from_body(body) == ContainerJob.from_body(JOB)


@pytest.mark.parametrize(
    "change",
    [
        {"parallelism": 2},
        {"completions": 0},
        {"activeDeadlineSeconds": 0},
        {"placement": {"hostRef": {"name": "A b"}}},
        {"template": {"spec": {"containers": []}}},
        {"backoffLimit": -1},
        {"notBefore": "2026-01-02T03:04:05"},
        {"notBefore": "2026-02-30T03:04:05Z"},
        {"retryPolicy": {"initialDelaySeconds": 2, "maxDelaySeconds": 1}},
        {"template": {"spec": {"restartPolicy": "OnFailure", "containers": [{"name": "a", "image": "b"}]}}},
        {"template": {"spec": {"containers": [{"name": "main"}]}}},
        {"template": {"spec": {"restartPolicy": "Always", "containers": [{"name": "a", "image": "b"}]}}},
    ],
    ids=str,
)
def test_an_object_that_cannot_be_honoured_cannot_be_read(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ContainerJob.from_body({**JOB, "spec": {**JOB["spec"], **change}})


def test_values_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        EnvVar(name="A").value = "b"  # type: ignore[misc]


def test_times_are_written_in_utc_as_kubernetes_does() -> None:
    moment = datetime.fromisoformat("2026-01-02T04:04:05.250000+01:00")
    attempt = Attempt.model_validate({"attempt": 0, "host": HOST_REF, "name": "c", "scheduledTime": moment})
    stop = StopRequest(reason=Reason.CANCELLED, time=moment)

    assert attempt.to_json()["scheduledTime"] == "2026-01-02T03:04:05Z"
    assert stop.to_json()["time"] == "2026-01-02T03:04:05.250000Z"


def test_the_newest_attempt_is_the_current_one_while_it_is_under_way() -> None:
    first, second = (
        Attempt.model_validate(
            {"attempt": number, "host": HOST_REF, "name": "c", "scheduledTime": datetime(2026, 1, 2, tzinfo=UTC)}
        )
        for number in (0, 1)
    )
    over = second.model_copy(update={"reason": Reason.NON_ZERO_EXIT_CODE})

    assert ContainerJobStatus(attempts=(first, second)).current == second
    assert ContainerJobStatus(attempts=(first, over)).current is None
    assert ContainerJobStatus(attempts=(first, over)).newest == over
    assert ContainerJobStatus().newest is None


def test_a_time_that_is_one_already_is_taken_as_it_is() -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)

    assert ContainerJobSpec(template=SPEC.template, not_before=moment).not_before == moment


@pytest.mark.parametrize("phase", [None, *Phase])
def test_a_status_is_terminal_by_its_phase_or_its_mark(phase: Phase | None) -> None:
    assert ContainerJobStatus(phase=phase).terminal == (phase in TERMINAL)
    assert ContainerJobStatus(phase=phase, finished=True).terminal


def test_a_containers_name_tells_job_and_attempt() -> None:
    assert container_name("0000-1", 3) == "cj-0000-1-3"


def test_names_cost_the_plugin_nothing() -> None:
    code = "import sys, containerjob_api.names; print('pydantic' in sys.modules, 'yaml' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["False", "False"]
