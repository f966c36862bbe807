"""How objects are listed: default status, selectable fields, columns, and uids without objects."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.crds.jobs import ATTEMPTED, FINISHED, OURS, TIME, new_job
from tests.crds.rest import JOBS, rest

if TYPE_CHECKING:
    from tests.conftest import TestPlane

HOST = {
    "apiVersion": "containerjobs.io/v1alpha1",
    "kind": "DockerHost",
    "metadata": {"name": "listed", "labels": OURS},
    "spec": {"endpoint": "unix:///var/run/docker.sock"},
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def header(plane: TestPlane, *arguments: str) -> list[str]:
    """Return the first line of `kubectl get`, as columns."""
    return plane.kubectl("get", *arguments).stdout.splitlines()[0].split()


def table(plane: TestPlane, **query: str) -> dict[str, Any]:
    """List the jobs of the default namespace as the operator does: rows only."""
    with rest(plane) as api:
        status, listed = api.send("GET", JOBS, {"includeObject": "None", **query}, accept=TABLE)
    assert status == 200, listed
    return listed


def uids(listed: dict[str, Any]) -> set[str]:
    """Return the cells of the UID column."""
    column = [definition["name"] for definition in listed["columnDefinitions"]].index("UID")
    return {row["cells"][column] for row in listed["rows"]}


def test_a_fresh_object_says_that_nobody_has_seen_it(schemas: TestPlane) -> None:
    host = json.loads(
        schemas.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", input=json.dumps(HOST)).stdout
    )

    assert new_job(schemas).read()["status"] == {"observedGeneration": -1, "phase": "Pending"}
    assert host["status"] == {"observedGeneration": -1}


def test_defaults_are_stored_where_a_reader_would_wonder(schemas: TestPlane) -> None:
    spec = new_job(schemas).read()["spec"]

    assert {name: value for name, value in spec.items() if name not in ("template", "placement")} == {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "suspend": False,
        "cancel": False,
    }
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["placement"]["hostRef"] == {"kind": "DockerHost", "name": "builder-1"}
    container = spec["template"]["spec"]["containers"][0]
    assert set(container) == {"name", "image", "args", "terminationMessagePolicy"}
    assert container["terminationMessagePolicy"] == "File"


def test_jobs_are_selected_by_whether_they_finished(schemas: TestPlane) -> None:
    fresh, running, done = (
        new_job(schemas),
        new_job(schemas, {**ATTEMPTED, "finished": False}),
        new_job(schemas, FINISHED),
    )

    assert [job.listed_by("status.finished!=true") for job in (fresh, running, done)] == [True, True, False]
    assert [job.listed_by("status.finished=true") for job in (fresh, running, done)] == [False, False, True]
    assert [job.listed_by("status.finished=false") for job in (fresh, running, done)] == [False, True, False]


def test_finished_jobs_that_expire_are_selected(schemas: TestPlane) -> None:
    kept, expiring = new_job(schemas, FINISHED), new_job(schemas, {**FINISHED, "expireTime": TIME})

    assert [job.listed_by("status.expireTime!=") for job in (kept, expiring)] == [False, True]


def test_the_columns_are_those_that_people_need(schemas: TestPlane) -> None:
    new_job(schemas)
    schemas.kubectl("apply", "-f", "-", input=json.dumps(HOST))

    job_columns = ["NAME", "PHASE", "HOST", "EXIT", "DURATION", "AGE"]
    host_columns = ["NAME", "READY", "ENGINE", "RUNNING", "MAX", "AGE"]
    assert header(schemas, "cjob") == job_columns
    assert header(schemas, "cjob", "-o", "wide") == [*job_columns, "REASON", "IMAGE", "ATTEMPTS", "UID", "HOST-KIND"]
    assert header(schemas, "dhost") == host_columns
    assert header(schemas, "dhost", "-o", "wide") == [*host_columns, "ENDPOINT", "REASON"]


def test_a_row_tells_the_outcome(schemas: TestPlane) -> None:
    job = new_job(schemas, {**FINISHED, "host": {"kind": "DockerHost", "name": "builder-1"}, "duration": "7s"})

    row = schemas.kubectl("get", "cjob", job.name, "--no-headers").stdout.split()

    assert row[:5] == [job.name, "Failed", "builder-1", "3", "7s"]


def test_jobs_are_part_of_all(schemas: TestPlane) -> None:
    job = new_job(schemas)

    assert f"containerjob.containerjobs.io/{job.name}" in schemas.kubectl("get", "all", "-o", "name").stdout


def test_uids_are_listed_without_objects_and_by_field_selector(schemas: TestPlane) -> None:
    fresh, done = new_job(schemas), new_job(schemas, FINISHED)
    fresh_uid, done_uid = fresh.read()["metadata"]["uid"], done.read()["metadata"]["uid"]

    everything, unfinished = table(schemas), table(schemas, fieldSelector="status.finished!=true")

    assert {fresh_uid, done_uid} <= uids(everything)
    assert fresh_uid in uids(unfinished)
    assert done_uid not in uids(unfinished)
    assert all(row.get("object") is None for row in everything["rows"])
    assert everything["metadata"]["resourceVersion"]


def test_a_page_of_rows_names_the_next_one(schemas: TestPlane) -> None:
    jobs = [new_job(schemas) for _ in range(2)]

    first = table(schemas, limit="1")
    rest = table(schemas, **{"continue": first["metadata"]["continue"]})

    assert len(first["rows"]) == 1
    assert {job.read()["metadata"]["uid"] for job in jobs} <= uids(first) | uids(rest)
