from uuid import uuid4

from tests.kube.oracle import Oracle

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.events import EventRecorder


async def test_an_event_is_written_and_its_repetition_counted(kube: Kube, oracle: Oracle, namespace: str) -> None:
    job = ContainerJob.from_body(oracle.create_job("a" * 253, namespace))
    recorder = EventRecorder(kube, instance="operator-0")
    recorder.record(job, "Warning", "ImageNotFound", "no such image " * 200)
    await recorder._waiting.join()
    recorder.record(job, "Warning", "ImageNotFound", "no such image " * 200)
    recorder.record(job, "Normal", "Started", "started")
    await recorder.aclose()
    assert recorder.dropped == 0
    events = {event["reason"]: event for event in oracle.events_about(job.metadata.uid, namespace)}
    assert set(events) == {"ImageNotFound", "Started"}
    warning = events["ImageNotFound"]
    assert (warning["type"], warning["count"]) == ("Warning", 2)
    assert len(warning["message"].encode()) <= 1024
    assert warning["involvedObject"] == {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "ContainerJob",
        "namespace": namespace,
        "name": "a" * 253,
        "uid": job.metadata.uid,
    }
    assert warning["reportingComponent"] == "containerjob-operator"
    assert warning["reportingInstance"] == "operator-0"
    assert events["Started"]["count"] == 1


async def test_an_event_about_a_host_is_kept_in_the_default_namespace(kube: Kube, oracle: Oracle) -> None:
    name = f"h-{uuid4().hex[:8]}"
    host = DockerHost.from_body(oracle.create_host(name))
    oracle.delete_host(name)
    recorder = EventRecorder(kube)
    recorder.record(host, "Normal", "EngineReady", "the engine answers")
    await recorder.aclose()
    assert [event["reason"] for event in oracle.events_about(host.metadata.uid, "default")] == ["EngineReady"]
