"""The next run of a job: its name, its links, what it takes over and what it must not."""

from typing import Any

import pytest
from tests.unit.cli.sample_records import job

from kubectl_containerjob.creating.retries import (
    FIRST_UID,
    RETRY_NUMBER,
    RETRY_OF,
    RETRY_OF_UID,
    Run,
    again,
    check,
    families,
    first_uid,
    outdated,
    taken,
)
from kubectl_containerjob.problems import Problem

Body = dict[str, Any]


def source(phase: str = "Failed", *, name: str = "report", uid: str = "u0", number: int = 0, **spec: Any) -> Body:
    body = job(phase, spec=spec).body
    body["metadata"] |= {"name": name, "uid": uid, "labels": {"app": "x"}, "annotations": {}}
    if number:
        body["metadata"]["labels"][FIRST_UID] = "u0"
        body["metadata"]["annotations"][RETRY_NUMBER] = str(number)
    return body


def run(number: int, phase: str = "Failed") -> Run:
    return Run(number, f"report-retry-{number}", phase, phase != "Running")


def test_the_next_run_takes_the_spec_and_the_labels_and_says_whose_retry_it_is() -> None:
    old = source(cancel=True, suspend=True, backoffLimit=3)
    made = again(old, [], None)
    assert made["metadata"] == {
        "name": "report-retry-1",
        "namespace": old["metadata"]["namespace"],
        "labels": {"app": "x", FIRST_UID: "u0"},
        "annotations": {RETRY_OF: "report", RETRY_OF_UID: "u0", RETRY_NUMBER: "1"},
    }
    assert made["spec"] == {key: value for key, value in old["spec"].items() if key not in {"cancel", "suspend"}}
    made["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert old["spec"]["template"]["spec"]["containers"][0]["image"] != "other"
    assert "status" not in made


def test_marks_of_tools_that_would_prune_a_copy_stay_behind() -> None:
    old = source()
    old["metadata"]["labels"] |= {"argocd.argoproj.io/instance": "x", "app.kubernetes.io/instance": "x"}
    old["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "x"}
    made = again(old, [], None)["metadata"]
    assert set(made["labels"]) == {"app", FIRST_UID}
    assert set(made["annotations"]) == {RETRY_OF, RETRY_OF_UID, RETRY_NUMBER}


def test_runs_of_one_thing_are_counted_together() -> None:
    second = source(name="report-retry-1", uid="u1", number=1)
    assert again(second, [run(1)], None)["metadata"]["name"] == "report-retry-2"
    assert again(second, [run(1), run(2)], None)["metadata"]["name"] == "report-retry-3"
    assert again(source(), [run(1), run(4)], None)["metadata"]["name"] == "report-retry-5"
    assert again(second, [], None)["metadata"]["annotations"][RETRY_OF_UID] == "u1"
    assert first_uid(second) == first_uid(source()) == "u0"


def test_a_first_run_may_be_called_as_if_it_were_a_retry() -> None:
    assert again(source(name="x-retry-9"), [], None)["metadata"]["name"] == "x-retry-9-retry-1"


def test_a_name_that_is_given_wins_and_a_long_one_is_cut_to_fit() -> None:
    assert again(source(), [], "mine")["metadata"]["name"] == "mine"
    name = again(source(name="a" * 253), [], None)["metadata"]["name"]
    assert len(name) == 253
    assert name.endswith("a-retry-1")


def test_a_count_that_somebody_spoilt_counts_as_none() -> None:
    old = source(name="report-retry-1", uid="u1", number=1)
    old["metadata"]["annotations"][RETRY_NUMBER] = "many"
    assert again(old, [], None)["metadata"]["annotations"][RETRY_NUMBER] == "1"


def test_only_what_has_finished_is_retried() -> None:
    with pytest.raises(Problem, match=r"report has not finished \(Running\): wait for it, or cancel it first"):
        check(source("Running"), [], named=True)
    check(source("Succeeded"), [run(1)], named=False)


def test_a_run_under_way_is_not_doubled_unless_a_person_names_the_new_one() -> None:
    with pytest.raises(Problem, match=r"retried already, as report-retry-2 \(Running\)"):
        check(source(), [run(1), run(2, "Running")], named=False)
    check(source(), [run(1, "Running")], named=True)


def test_of_the_runs_of_one_thing_only_the_newest_is_up_to_date() -> None:
    first, second = source(), source(name="report-retry-1", uid="u1", number=1)
    runs = families([second])["u0"]
    assert runs == [run(1)]
    assert outdated(first, runs)
    assert not outdated(second, runs)


def test_a_name_that_is_taken_is_explained() -> None:
    rival = source(name="report-retry-1", uid="u1", number=1)
    stranger = source(name="report-retry-1", uid="u9")
    assert "just retried by somebody else, as report-retry-1" in taken(source(), "report-retry-1", rival).message
    assert "there is such a job: give a --name" in taken(source(), "report-retry-1", stranger).message
    assert "there is such a job: give a --name" in taken(source(), "report", source()).message
    assert "give a --name" in taken(source(), "report-retry-1", None).message
