"""The engine's JSON as values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from containerjob_api.hosts import EngineInfo
from containerjob_api.names import LABEL_ATTEMPT, LABEL_JOB_UID, LABEL_NAME, LABEL_NAMESPACE
from containerjob_operator.decide.observations import Observation, OwnedContainer, RunEvent, RunState
from containerjob_operator.executors.docker import read

NEVER = "0001-01-01T00:00:00Z"
STARTED = "2026-11-22T17:06:43.801808146Z"
FINISHED = "2026-11-22T17:06:44.5+00:00"


def inspected(status: str, **state: Any) -> dict[str, Any]:
    return {
        "Id": "c1",
        "Image": "sha256:i",
        "Config": {},
        "State": {"Status": status, "ExitCode": 0, "StartedAt": NEVER, "FinishedAt": NEVER} | state,
    }


def test_a_new_container_has_no_exit_code_and_no_times() -> None:
    assert read.observation(inspected("created")) == Observation(RunState.CREATED, "c1", "sha256:i")


def test_a_refused_start_keeps_its_code_and_words() -> None:
    seen = read.observation(inspected("created", ExitCode=127, Error="no such file"))
    assert (seen.start_failed, seen.exit_code, seen.error) == (True, 127, "no such file")


@pytest.mark.parametrize("status", ["running", "paused", "restarting", "stopping"])
def test_what_has_not_ended_is_running_without_an_exit_code(status: str) -> None:
    seen = read.observation(inspected(status, StartedAt=STARTED, FinishedAt=FINISHED, ExitCode=3))
    assert (seen.state, seen.exit_code, seen.finished_at) == (RunState.RUNNING, None, None)


@pytest.mark.parametrize("status", ["exited", "stopped", "dead", "removing"])
def test_what_has_ended_has_its_code_and_times(status: str) -> None:
    seen = read.observation(inspected(status, StartedAt=STARTED, FinishedAt=FINISHED, ExitCode=137, OOMKilled=True))
    assert seen == Observation(
        RunState.EXITED,
        "c1",
        "sha256:i",
        exit_code=137,
        oom_killed=True,
        started_at=datetime(2026, 11, 22, 17, 6, 43, 801808, UTC),
        finished_at=datetime(2026, 11, 22, 17, 6, 44, 500000, UTC),
    )


@pytest.mark.parametrize("status", ["dead", "removing"])
def test_what_goes_without_having_run_has_no_exit_code(status: str) -> None:
    seen = read.observation(inspected(status))
    assert (seen.state, seen.exit_code, seen.start_failed) == (RunState.CREATED, None, False)


def test_the_stop_signal_is_sigterm_unless_the_image_says_otherwise() -> None:
    assert read.stop_signal({"Config": {}}) == "SIGTERM"
    assert read.stop_signal({"Config": {"StopSignal": "SIGINT"}}) == "SIGINT"


def test_a_row_of_the_list_tells_whose_it_is() -> None:
    marks = {LABEL_JOB_UID: "u", LABEL_NAMESPACE: "ns", LABEL_NAME: "job", LABEL_ATTEMPT: "3"}
    row = {"Names": ["/cj-u-3"], "Labels": marks, "State": "exited", "Created": 1795366331}
    created = datetime.fromtimestamp(1795366331, UTC)
    assert read.owned(row) == OwnedContainer("cj-u-3", "u", "ns", "job", RunState.EXITED, created, attempt=3)


@pytest.mark.parametrize("marks", [None, {}, {"containerjobs.io/cluster-uid": "c"}])
def test_a_row_without_a_jobs_uid_is_not_ours(marks: dict[str, str] | None) -> None:
    assert read.owned({"Names": ["/x"], "Labels": marks, "State": "running", "Created": 0}) is None


def test_a_container_from_an_image_that_was_made_of_a_jobs_container_is_not_ours() -> None:
    marks = {LABEL_JOB_UID: "u", LABEL_NAMESPACE: "ns", LABEL_NAME: "job", LABEL_ATTEMPT: "3"}
    row = {"Names": ["/happy_turing"], "Labels": marks, "State": "exited", "Created": 1795366331}
    assert read.owned(row) is None


def test_an_event_names_the_job_and_the_container() -> None:
    message = {"Action": "die", "Actor": {"Attributes": {"name": "cj-u-0", LABEL_JOB_UID: "u", "exitCode": "0"}}}
    assert read.run_event(message) == RunEvent("die", "u", "cj-u-0")
    assert read.run_event({"Action": "oom"}) == RunEvent("oom")


def test_an_engine_that_says_little_is_described_by_that() -> None:
    assert read.engine_info({"ID": "a"}, {"ApiVersion": "1.41"}) == EngineInfo(id="a", api_version="1.41")


def test_a_container_without_labels_has_none() -> None:
    assert read.labels({"Config": {"Labels": None}}) == {}
