"""Which finished jobs may go, and what is said of the rest."""

from datetime import timedelta
from typing import Any

import click
import pytest
from tests.unit.cli.sample_records import NOW, before, job

from kubectl_containerjob.changing.cleanups import Rule, choose, fate, summary
from kubectl_containerjob.records import Host
from kubectl_containerjob.values.phase_option import Outcomes
from kubectl_containerjob.values.spans import SPAN

Body = dict[str, Any]
HOUR = 3600.0
ANY = Rule(timedelta(), frozenset())


def ended(name: str, seconds: float = HOUR, phase: str = "Succeeded", namespace: str = "team", **meta: Any) -> Body:
    status = {} if phase == "Running" else {"finishTime": before(seconds)}
    body = job(phase, **status).body
    body["metadata"] |= {
        "name": name,
        "namespace": namespace,
        "uid": name,
        "labels": None,
        "annotations": None,
        **meta,
    }
    return body


def doomed(jobs: list[Body], rule: Rule) -> list[str]:
    return [body["metadata"]["name"] for body in choose(jobs, rule, NOW).doomed]


def test_what_finished_long_enough_ago_goes_oldest_first() -> None:
    jobs = [ended("new", 60), ended("old", 2 * HOUR), ended("older", 3 * HOUR), ended("exact", HOUR)]
    assert doomed(jobs, Rule(timedelta(hours=1), frozenset())) == ["older", "old", "exact"]


def test_what_has_not_finished_never_goes() -> None:
    assert doomed([ended("a", phase="Running")], ANY) == []


def test_outcomes_can_be_chosen() -> None:
    jobs = [ended("a"), ended("b", phase="Failed"), ended("c", phase="Cancelled")]
    assert set(doomed(jobs, Rule(timedelta(), frozenset({"Failed", "Cancelled"})))) == {"b", "c"}


def test_the_newest_stay_in_each_namespace() -> None:
    jobs = [ended("a", 1), ended("b", 2), ended("c", 3), ended("d", 9, namespace="other")]
    assert doomed(jobs, Rule(timedelta(), frozenset(), keep=2)) == ["c"]


@pytest.mark.parametrize(
    ("meta", "who"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}, "Argo CD"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, "Flux"),
        ({"annotations": {"meta.helm.sh/release-name": "x"}}, "Helm"),
    ],
)
def test_what_would_be_created_and_run_again_stays_unless_asked_for(meta: Body, who: str) -> None:
    jobs = [ended("a", **meta), ended("b")]
    choice = choose(jobs, ANY, NOW)
    assert ([body["metadata"]["name"] for body in choice.doomed], choice.managed) == (["b"], {who: 1})
    assert len(doomed(jobs, Rule(timedelta(), frozenset(), include_managed=True))) == 2


def test_the_summary_is_one_line() -> None:
    assert summary(0, {}) == "0 jobs deleted"
    assert summary(1, {}) == "1 job deleted"
    assert summary(2, {"Helm": 3, "Argo CD": 1}) == (
        "2 jobs deleted; 1 of Argo CD and 3 of Helm left, they would be created and run again"
        " (--include-managed takes them too)"
    )


def test_the_fate_of_orphans_says_who_removes_them() -> None:
    host = Host({"metadata": {"name": "rack"}, "spec": {}})
    kept = Host({"metadata": {"name": "rack"}, "spec": {"orphanPolicy": {"dryRun": True}}})
    assert fate(host, 0) == "rack: no containers without a job"
    assert fate(host, 1).startswith("rack: 1 container without a job; the operator removes them by itself")
    assert fate(kept, 2).startswith("rack: 2 containers without a job; they stay, as spec.orphanPolicy.dryRun asks")


def test_outcomes_are_read_in_any_case_and_others_refused() -> None:
    assert Outcomes().convert("succeeded, TimedOut", None, None) == {"Succeeded", "TimedOut"}
    assert Outcomes().convert(frozenset({"Failed"}), None, None) == {"Failed"}
    with pytest.raises(click.BadParameter, match="'Running' is no outcome: choose from Cancelled, Failed"):
        Outcomes().convert("Failed,Running", None, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("30s", 30),
        ("5m", 300),
        ("1h30m", 5400),
        ("7d", 604800),
        ("1.5h", 5400),
        ("250ms", 0.25),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert SPAN.convert(text, None, None).total_seconds() == seconds
    assert SPAN.convert(timedelta(seconds=1), None, None) == timedelta(seconds=1)


@pytest.mark.parametrize("text", ["", "soon", "5x", "-5m", "1h 30m", "9" * 30, "9" * 30 + "d"])
def test_what_is_no_span_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"no duration|longer than"):
        SPAN.convert(text, None, None)
