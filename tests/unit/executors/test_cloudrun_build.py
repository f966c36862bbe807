"""RunSpec and Place to the Job that Google is asked to create."""

from dataclasses import replace
from datetime import timedelta

import pytest
from google.cloud import run_v2

from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    LABEL_SPEC_HASH,
)
from containerjob_api.phases import Reason
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import LaunchRejected
from containerjob_operator.executors.cloudrun import build, marks
from containerjob_operator.executors.cloudrun.place import Place
from containerjob_operator.executors.cloudrun.sizes import Size, effective

GI = 2**30
PLACE = Place("demo", "europe-west1")
RUN = RunSpec(
    name="cj-u1-0",
    image="busybox:1.37",
    command=("sh", "-c"),
    args=("echo $A",),
    working_dir="/data",
    env=(("A", "1"), ("B", "")),
    labels=(
        (LABEL_CLUSTER_UID, "c1"),
        (LABEL_JOB_UID, "u1"),
        (LABEL_NAMESPACE, "team"),
        (LABEL_NAME, "report.2026"),
        (LABEL_ATTEMPT, "0"),
        (LABEL_SPEC_HASH, "abc"),
    ),
    nano_cpus=3 * 10**9,
    memory_bytes=3 * GI + 1,
)
LABELS = {
    "containerjobs-cluster-uid": "c1",
    "containerjobs-uid": "u1",
    "containerjobs-namespace": "team",
    "containerjobs-attempt": "0",
    "containerjobs-spec-hash": "abc",
}


def test_a_run_becomes_this_job() -> None:
    place = replace(
        PLACE,
        service_account="jobs@demo.iam.gserviceaccount.com",
        vpc_egress="AllTraffic",
        network="net",
        subnetwork="sub",
        encryption_key="projects/p/locations/l/keyRings/r/cryptoKeys/k",
        labels=(("cost", "42"),),
        task_timeout_seconds=3600,
    )
    labels = {"cost": "42"} | LABELS
    assert build.job_of(RUN, place) == run_v2.Job(
        labels=labels,
        annotations={LABEL_NAME: "report.2026"},
        template=run_v2.ExecutionTemplate(
            labels=labels,
            task_count=1,
            template=run_v2.TaskTemplate(
                containers=[
                    run_v2.Container(
                        image="busybox:1.37",
                        command=["sh", "-c"],
                        args=["echo $A"],
                        working_dir="/data",
                        env=[run_v2.EnvVar(name="A", value="1"), run_v2.EnvVar(name="B", value="")],
                        resources=run_v2.ResourceRequirements(limits={"cpu": "4", "memory": "3073Mi"}),
                    )
                ],
                max_retries=0,
                timeout=timedelta(hours=1),
                service_account="jobs@demo.iam.gserviceaccount.com",
                execution_environment=run_v2.ExecutionEnvironment.EXECUTION_ENVIRONMENT_GEN2,
                encryption_key="projects/p/locations/l/keyRings/r/cryptoKeys/k",
                vpc_access=run_v2.VpcAccess(
                    egress=run_v2.VpcAccess.VpcEgress.ALL_TRAFFIC,
                    network_interfaces=[run_v2.VpcAccess.NetworkInterface(network="net", subnetwork="sub")],
                ),
            ),
        ),
    )


def test_what_is_left_open_is_left_to_the_image_and_to_google() -> None:
    bare = RunSpec("cj-u1-0", "img", (), (), "", (), ())
    job = build.job_of(bare, replace(PLACE, execution_environment=""))
    limits = run_v2.ResourceRequirements(limits={"cpu": "1", "memory": "512Mi"})
    assert job == run_v2.Job(
        template=run_v2.ExecutionTemplate(
            task_count=1,
            template=run_v2.TaskTemplate(
                containers=[run_v2.Container(image="img", resources=limits)],
                max_retries=0,
                timeout=timedelta(hours=168),
            ),
        ),
    )
    assert "max_retries" in job.template.template, "left out it would be three"


def test_a_connector_reaches_the_vpc_alone() -> None:
    access = build.job_of(RUN, replace(PLACE, vpc_connector="c", vpc_egress="PrivateRangesOnly"))
    assert access.template.template.vpc_access == run_v2.VpcAccess(
        connector="c", egress=run_v2.VpcAccess.VpcEgress.PRIVATE_RANGES_ONLY
    )


def test_a_start_repeats_the_job_with_the_one_token() -> None:
    job = build.job_of(RUN, PLACE)
    job.name, job.uid, job.etag, job.execution_count = "projects/p/locations/l/jobs/cj-u1-0", "uid", "etag", 3
    expected = build.job_of(RUN, PLACE)
    expected.name, expected.start_execution_token = job.name, "run"
    assert build.started(job) == expected


@pytest.mark.parametrize("value", ["", "a-b_c9", "x" * 63])
def test_what_fits_google_is_a_label_and_comes_back(value: str) -> None:
    labels, annotations = marks.to_google({LABEL_NAME: value})
    assert (labels, annotations) == ({"containerjobs-name": value}, {})
    assert marks.from_google(labels, annotations) == {LABEL_NAME: value}


@pytest.mark.parametrize("value", ["x" * 64, "with.dots", "Upper", "ü"])
def test_what_does_not_fit_google_is_an_annotation_and_comes_back(value: str) -> None:
    labels, annotations = marks.to_google({LABEL_NAME: value})
    assert (labels, annotations) == ({}, {LABEL_NAME: value})
    assert marks.from_google(labels, annotations) == {LABEL_NAME: value}


def test_what_others_put_on_a_job_is_not_ours() -> None:
    assert marks.from_google({"cost": "42", "containerjobs-other": "x"}, {"note": "y"}) == {}


@pytest.mark.parametrize(
    ("cpus", "memory", "size"),
    [
        (None, None, Size(1, 512 * 2**20)),
        (0.1, 1, Size(1, 512 * 2**20)),
        (1, 4 * GI, Size(1, 4 * GI)),
        (1, 4 * GI + 1, Size(2, 4 * GI + 2**20)),
        (2.5, GI, Size(4, 2 * GI)),
        (None, 9 * GI, Size(4, 9 * GI)),
        (None, 32 * GI, Size(8, 32 * GI)),
        (4.001, None, Size(8, 4 * GI)),
    ],
)
def test_sizes_are_rounded_up_to_what_there_is(cpus: float | None, memory: int | None, size: Size) -> None:
    nano = None if cpus is None else int(cpus * 10**9)
    assert effective(replace(RUN, nano_cpus=nano, memory_bytes=memory), PLACE) == size


@pytest.mark.parametrize(
    ("cpus", "memory", "place", "words"),
    [
        (9, None, PLACE, r"limits\.cpu: 9 CPUs are more than the 8"),
        (2.5, None, replace(PLACE, max_cpus=3), r"limits\.cpu: 2\.5 CPUs are more than the 2"),
        (1, None, replace(PLACE, max_cpus=0.5), r"limits\.cpu: 1 CPUs are more than the 0"),
        (1, 33 * GI, PLACE, r"limits\.memory: 33792Mi is more than the 32768Mi"),
        (1, 5 * GI, replace(PLACE, max_cpus=1), r"limits\.memory: 5120Mi is more than what goes with 1 CPUs"),
        (4, GI, replace(PLACE, max_memory_bytes=GI), r"limits\.cpu: 4 CPUs need 2048Mi"),
    ],
)
def test_what_no_task_can_have_is_refused_with_the_fields_name(
    cpus: float, memory: int | None, place: Place, words: str
) -> None:
    with pytest.raises(
        LaunchRejected, match=rf"spec\.template\.spec\.containers\[0\]\.resources\.{words}"
    ) as refused:
        build.job_of(replace(RUN, nano_cpus=int(cpus * 10**9), memory_bytes=memory), place)
    assert refused.value.reason is Reason.INVALID_SPEC
    assert "demo/europe-west1" in refused.value.message
