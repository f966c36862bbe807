"""The button Retry makes the very job that `kubectl containerjob retry` makes."""

import copy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.gitops import lua_machine, objects

from containerjob_api.jobs import ContainerJob
from containerjob_api.recreators import marks_owner
from kubectl_containerjob.creating.retries import FIRST_UID, RETRY_NUMBER, again

Body = dict[str, Any]
ACCEPTED = sorted((Path(__file__).parents[2] / "crds" / "corpus" / "accepted").glob("job-*.yaml"))
FAILED: Body = dict(objects.jobs())["failed"]
MARKS = (
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
    "helm.toolkit.fluxcd.io/name",
    "meta.helm.sh/release-name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
)
PLAIN = ("app", "app.kubernetes.io/name", "containerjobs.io/template", "argocd.argoproj.iox/y", "helm.sh/chart")


def finished(name: str = "report", *, number: int | str = 0, labels: dict[str, str] | None = None) -> Body:
    body = copy.deepcopy(FAILED)
    body["metadata"] |= {"name": name, "labels": labels or {}, "annotations": {"note": "x"}}
    if number:
        body["metadata"]["labels"][FIRST_UID] = "u0"
        body["metadata"]["annotations"][RETRY_NUMBER] = str(number)
    return body


def made(source: Body) -> Body:
    [only] = lua_machine.act("retry", source)
    assert only["operation"] == "create"
    return dict(only["resource"])


@pytest.mark.parametrize(
    "source",
    [
        finished(),
        finished("report-retry-1", number=1),
        finished("report-retry-9", number=9),
        finished("report-retry-1"),
        finished("other", number=3),
        finished("re-try-4x", number=4),
        finished("shop.report-2026.01.31"),
        finished("r" * 253),
        finished("r" * 243 + "-" + "r" * 9),
        finished("r" * 241 + "-.-" + "r" * 9),
        finished("r" * 245 + "-retry-9", number=9),
        finished(number="nonsense"),
        finished(number="-1"),
        finished(number="1.5"),
        finished(number="12345678901"),
        finished(labels=dict.fromkeys((*MARKS, *PLAIN), "x")),
        finished(labels={"app": "x"}, number=2),
    ],
    ids=lambda body: f"{body['metadata']['name'][-20:]}-{body['metadata']['annotations'].get(RETRY_NUMBER, 0)}",
)
def test_the_next_run_is_that_of_the_plugin(source: Body) -> None:
    assert made(source) == without_empties(again(source, [], None))


@pytest.mark.parametrize("key", MARKS)
def test_marks_by_which_tools_find_what_is_theirs_stay_behind(key: str) -> None:
    assert marks_owner(key)
    assert made(finished(labels={key: "x"}))["metadata"]["labels"].keys() == {FIRST_UID}


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_whatever_a_job_can_ask_for_is_asked_for_again(path: Path) -> None:
    written = yaml.safe_load(path.read_text())
    source = {**finished(), "spec": without_nulls(written["spec"])}
    run = ContainerJob.from_body(made(source))
    assert run.spec == ContainerJob.from_body(again(source, [], None)).spec


def without_empties(value: Any) -> Any:
    """Return a value without lists and maps that hold nothing: Lua can't tell which of the two an empty table is."""
    if isinstance(value, dict):
        plain = {key: without_empties(item) for key, item in value.items()}
        return {key: item for key, item in plain.items() if item not in ({}, [])}
    return [without_empties(item) for item in value] if isinstance(value, list) else value


def without_nulls(value: Any) -> Any:
    """Return a value as the API server stores it."""
    if isinstance(value, datetime):  # YAML reads a time where the API server reads its text
        return value.isoformat()
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
