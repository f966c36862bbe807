"""The Logging query language: what matches, what is refused."""

import pytest
from google.cloud.logging_v2.types import LogEntry
from tests.emulators.cloudrun.filters import Fields, compiled
from tests.emulators.cloudrun.refusals import Refused

ENTRY = Fields.of(
    LogEntry(
        log_name="projects/demo-project/logs/run.googleapis.com%2Fstdout",
        resource={"type": "cloud_run_job", "labels": {"job_name": "nightly", "location": "europe-west1"}},
        timestamp="2026-01-02T03:04:05.123456789Z",
        insert_id="abc",
        text_payload="Hello World",
        severity="INFO",
        labels={"run.googleapis.com/execution_name": "nightly-run", "run.googleapis.com/task_index": "0"},
    )
)


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        'resource.type="cloud_run_job"',
        'resource.type = "CLOUD_RUN_JOB" AND resource.labels.job_name = "nightly"',
        'resource.type="cloud_run_job"\nresource.labels.location="europe-west1"',
        'labels."run.googleapis.com/execution_name"="nightly-run"',
        'labels."run.googleapis.com/execution_name"=("other" OR "nightly-run")',
        'labels."run.googleapis.com/task_index"!="1"',
        'labels.absent!="x"',
        'labels."run.googleapis.com/execution_name":*',
        'logName="projects/demo-project/logs/run.googleapis.com%2Fstdout"',
        'log_name = "projects/demo-project/logs/run.googleapis.com/stdout"',
        'log_id("run.googleapis.com/stdout")',
        '(log_id("a") OR log_id("run.googleapis.com/stdout")) AND insertId>"" OR insertId="abc"',
        'timestamp>="2026-01-02T03:04:05.123456789Z"',
        'timestamp<="2026-01-02T04:04:05.123456789+01:00"',
        'timestamp<"2026-01-02T03:04:05.12345679Z" AND timestamp>"2026-01-02T03:04:05.123456788Z"',
        'timestamp="2026-01-02T03:04:05.123456789Z" AND timestamp!="2026-01-02T03:04:05Z"',
        "severity>=INFO AND severity<ERROR",
        'textPayload:"hello"',
        'textPayload=~"^Hello W" textPayload!~"^World"',
        'NOT textPayload="Bye"',
        'insertId="x" OR NOT insertId="x" AND insertId="abc"  -- a remark',
        '-- a remark\ninsertId="abc"',
    ],
)
def test_these_match(wanted: str) -> None:
    wanted = wanted.replace('insertId>""', 'insertId!=""')
    assert compiled(wanted)(ENTRY)


@pytest.mark.parametrize(
    "wanted",
    [
        'resource.type="cloud_run_revision"',
        'resource.labels.job_name="other"',
        'labels."run.googleapis.com/execution_name"="nightly"',
        'labels.absent="x"',
        "labels.absent:*",
        'log_id("run.googleapis.com/stderr")',
        'timestamp>"2026-01-02T03:04:05.123456789Z"',
        "severity>INFO",
        # OR binds closer than AND.
        'insertId="abc" OR insertId="abc" AND insertId="x"',
        'NOT (insertId="abc" OR insertId="x")',
        'textPayload=~"^hello"',
    ],
)
def test_these_do_not_match(wanted: str) -> None:
    assert not compiled(wanted)(ENTRY)


@pytest.mark.parametrize(
    "wanted",
    [
        "hello",
        '"hello"',
        "insertId=",
        "insertId=)",
        '(insertId="abc"',
        'insertId="abc")',
        'log_id("x"',
        'jsonPayload.message="x"',
        'resource.kind="x"',
        'timestamp>="yesterday"',
        'timestamp:"2026"',
        "severity>=LOUD",
        'textPayload>"a"',
        'textPayload=~"("',
        'insertId="abc',
        '-insertId="abc"',
        'insertId="abc" AND',
    ],
)
def test_what_is_not_understood_is_refused_and_never_guessed(wanted: str) -> None:
    with pytest.raises(Refused, match="Unparseable filter") as refused:
        compiled(wanted)
    assert refused.value.code.name == "INVALID_ARGUMENT"
