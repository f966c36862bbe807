"""What an executor is asked to run."""

from tests.unit.decide.builders import new_job, running

from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    LABEL_SPEC_HASH,
)
from containerjob_operator.decide.runs import run_spec, spec_hash


def test_a_plain_container_leaves_everything_else_to_the_image() -> None:
    run = run_spec(new_job(), 0, "cluster-1")
    assert (run.name, run.image) == ("cj-u1-0", "busybox")
    assert (run.command, run.args, run.working_dir, run.env) == ((), (), "", ())
    assert (run.nano_cpus, run.memory_bytes) == (None, None)


def test_everything_a_job_asks_for_is_in_the_run() -> None:
    job = new_job(
        command=["sh", "-c"],
        args=["echo $A"],
        workingDir="/data",
        env=[{"name": "A", "value": "1"}, {"name": "B"}],
        resources={"limits": {"cpu": "500m", "memory": "64Mi"}},
    )
    run = run_spec(job, 2, "cluster-1")
    assert (run.name, run.command, run.args, run.working_dir) == ("cj-u1-2", ("sh", "-c"), ("echo $A",), "/data")
    assert run.env == (("A", "1"), ("B", ""))
    assert (run.nano_cpus, run.memory_bytes) == (500_000_000, 64 * 1024**2)


def test_a_container_carries_whose_it_is() -> None:
    job = new_job()
    assert dict(run_spec(job, 1, "cluster-1").labels) == {
        LABEL_CLUSTER_UID: "cluster-1",
        LABEL_JOB_UID: "u1",
        LABEL_NAMESPACE: "team-a",
        LABEL_NAME: "hello",
        LABEL_ATTEMPT: "1",
        LABEL_SPEC_HASH: spec_hash(job),
    }


def test_the_fingerprint_of_a_template_is_the_same_in_every_process() -> None:
    assert spec_hash(new_job()) == "841bfff0b2341b0e"


def test_the_fingerprint_ignores_everything_but_the_template() -> None:
    assert spec_hash(running(cancel=True, deadline=5, generation=7)) == spec_hash(new_job())


def test_the_fingerprint_changes_with_the_template() -> None:
    hashes = {spec_hash(new_job(**part)) for part in ({}, {"args": ["a"]}, {"args": ["a", "b"]}, {"image": "alpine"})}
    assert len(hashes) == 4


def test_the_order_of_keys_does_not_matter_and_a_default_written_out_neither() -> None:
    assert spec_hash(new_job(workingDir="", args=[])) == spec_hash(new_job())
