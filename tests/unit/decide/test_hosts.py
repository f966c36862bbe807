"""What a host's status says of its engine."""

from typing import Any

import pytest
from tests.unit.decide.builders import START, after

from containerjob_api.hosts import DockerHost, DockerHostStatus, EngineInfo
from containerjob_api.phases import HostReason
from containerjob_operator.decide.hosts import Probe, host_status, judge, slots

ENGINE = EngineInfo(id="E1", name="builder-1", version="28.0.1", api_version="1.48", cpus=4)
SILENT = Probe(None, HostReason.UNREACHABLE, "connection refused")


def host(status: DockerHostStatus | None = None, **spec: Any) -> DockerHost:
    body = {
        "metadata": {"name": "builder-1", "generation": 3},
        "spec": {"endpoint": "unix:///var/run/docker.sock", **spec},
        "status": {} if status is None else status.to_json(),
    }
    return DockerHost.from_body(body)


def told(status: DockerHostStatus) -> dict[str, tuple[str, str]]:
    return {c.type: (c.status, c.reason) for c in status.conditions}


def test_an_engine_that_answers_makes_the_host_ready() -> None:
    status = host_status(host(), judge(host(), Probe(ENGINE)), 2, START)
    assert told(status) == {"Reachable": ("True", "EngineReady"), "Ready": ("True", "EngineReady")}
    assert (status.engine, status.max_concurrent_jobs, status.running_jobs) == (ENGINE, 4, 2)
    assert status.observed_generation == 3


def test_a_silent_engine_makes_the_host_unreachable_and_what_was_known_of_it_stays() -> None:
    before = host(host_status(host(), Probe(ENGINE), 0, START))
    status = host_status(before, judge(before, SILENT), 0, after(9))
    assert told(status) == {"Reachable": ("False", "Unreachable"), "Ready": ("False", "Unreachable")}
    assert {c.message for c in status.conditions} == {"connection refused"}
    assert (status.engine, status.max_concurrent_jobs) == (ENGINE, 4)


def test_a_host_that_never_answered_has_no_slots() -> None:
    assert host_status(host(), SILENT, 0, START).max_concurrent_jobs == 0


def test_another_engine_at_the_same_endpoint_is_not_used_and_the_first_one_stays_on_record() -> None:
    before = host(host_status(host(), Probe(ENGINE), 0, START))
    probe = judge(before, Probe(ENGINE.model_copy(update={"id": "E2"})))
    status = host_status(before, probe, 0, after(9))
    assert told(status) == {
        "Reachable": ("True", "EngineChanged"),
        "Ready": ("False", "EngineChanged"),
        "Stalled": ("True", "EngineChanged"),
    }
    assert status.engine == ENGINE
    assert "E2 answers where E1 was first seen" in probe.problem
    assert "re-create this DockerHost" in probe.problem


def test_the_engine_first_seen_may_change_its_version() -> None:
    before = host(host_status(host(), Probe(ENGINE), 0, START))
    upgraded = ENGINE.model_copy(update={"version": "29.0.0"})
    assert host_status(before, judge(before, Probe(upgraded)), 0, after(9)).engine == upgraded


def test_an_engine_that_told_no_id_yet_is_bound_once_it_does() -> None:
    before = host(host_status(host(), Probe(ENGINE.model_copy(update={"id": ""})), 0, START))
    assert judge(before, Probe(ENGINE)) == Probe(ENGINE)


@pytest.mark.parametrize(("version", "named"), [("1.40", "1.40"), ("1.9", "1.9"), ("", "unknown"), ("x.y", "x.y")])
def test_an_engine_that_is_too_old_is_refused_with_the_version_that_is_needed(version: str, named: str) -> None:
    probe = judge(host(), Probe(ENGINE.model_copy(update={"api_version": version})))
    assert probe.reason is HostReason.ENGINE_UNSUPPORTED
    assert f"API is {named}; 1.41 (Docker 20.10)" in probe.problem
    assert told(host_status(host(), probe, 0, START))["Ready"] == ("False", "EngineUnsupported")


@pytest.mark.parametrize("version", ["1.41", "1.48", "2.0"])
def test_an_engine_that_is_new_enough_is_used(version: str) -> None:
    probe = Probe(ENGINE.model_copy(update={"api_version": version}))
    assert judge(host(), probe) == probe


def test_an_unschedulable_host_is_reachable_and_not_ready() -> None:
    status = host_status(host(unschedulable=True), Probe(ENGINE), 1, START)
    assert told(status) == {"Reachable": ("True", "EngineReady"), "Ready": ("False", "Unschedulable")}


def test_a_silent_host_is_called_unreachable_although_it_is_unschedulable_too() -> None:
    assert told(host_status(host(unschedulable=True), SILENT, 0, START))["Ready"] == ("False", "Unreachable")


@pytest.mark.parametrize("probe", [Probe(ENGINE), SILENT], ids=["ready", "silent"])
def test_a_status_equals_the_stored_one_when_nothing_changed(probe: Probe) -> None:
    before = host(host_status(host(), probe, 1, START))
    assert host_status(before, judge(before, probe), 1, after(3600.5)) == before.status


def test_a_status_differs_when_another_job_runs() -> None:
    before = host(host_status(host(), Probe(ENGINE), 1, START))
    assert host_status(before, Probe(ENGINE), 2, after(1)) != before.status


@pytest.mark.parametrize(
    ("limit", "engine", "expected"),
    [(7, ENGINE, 7), (7, None, 7), (None, ENGINE, 4), (None, EngineInfo(), 1), (None, None, 0)],
)
def test_a_host_has_as_many_slots_as_it_says_or_as_its_engine_has_cpus(
    limit: int | None, engine: EngineInfo | None, expected: int
) -> None:
    assert slots(host(maxConcurrentJobs=limit), engine) == expected


def test_what_a_dry_run_left_is_counted_and_stays_known_until_the_next_look() -> None:
    looked = host(host_status(host(orphanPolicy={"dryRun": True}), Probe(ENGINE), 0, START, spared=3))
    assert looked.status.orphaned_containers == 3
    trying = looked.model_copy(update={"spec": host(orphanPolicy={"dryRun": True}).spec})
    assert host_status(trying, Probe(ENGINE), 0, after(1)).orphaned_containers == 3
    assert host_status(trying, Probe(ENGINE), 0, after(1), spared=0).orphaned_containers is None
    assert host_status(looked, Probe(ENGINE), 0, after(1), spared=3).orphaned_containers is None


def test_a_host_that_somebody_has_put_right_is_stalled_no_more() -> None:
    before = host(host_status(host(), Probe(ENGINE), 0, START))
    changed = host(host_status(before, judge(before, Probe(ENGINE.model_copy(update={"id": "E2"}))), 0, after(9)))
    status = host_status(changed, judge(changed, Probe(ENGINE)), 0, after(18))
    assert told(status)["Stalled"] == ("False", "EngineReady")
    assert told(status)["Ready"] == ("True", "EngineReady")
