"""The API server and the models agree on every value: two regex engines and two languages say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.crds.rest import HOSTS, JOBS, TEMPLATES, rest

from containerjob_api.failures import FailureReason
from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob
from containerjob_api.templates import ContainerJobTemplate

if TYPE_CHECKING:
    from tests.conftest import TestPlane

Json = dict[str, Any]
READ: dict[str, type[ContainerJob | DockerHost | ContainerJobTemplate]] = {
    "ContainerJob": ContainerJob,
    "DockerHost": DockerHost,
    "ContainerJobTemplate": ContainerJobTemplate,
}
DRY_RUN = {"dryRun": "All", "fieldValidation": "Strict"}
ODD = " \n\t\x00é²/:@=!~A0"


def words(alphabet: str, *, max_size: int = 8) -> st.SearchStrategy[str]:
    """Generate strings of characters that are right, and strings with others among them."""
    return st.text(alphabet, max_size=max_size) | st.text(alphabet + ODD, max_size=max_size)


OTHER_TYPES: list[Any] = ["1", "", True, 0.5, [], {}]
"""JSON that is no whole number."""


def numbers(low: int, high: int) -> st.SearchStrategy[Any]:
    """Generate numbers on both sides of both bounds, and what is no number."""
    edges = st.sampled_from([low - 1, low, low + 1, high - 1, high, high + 1])
    return edges | st.integers(low - 5, high + 5) | st.sampled_from(OTHER_TYPES)


def flags() -> st.SearchStrategy[Any]:
    """Generate booleans and what YAML's readers have taken for one."""
    return st.booleans() | st.sampled_from(["true", "yes", "", 0, 1, []])


def choices(*members: str) -> st.SearchStrategy[Any]:
    """Generate the members of an enumeration, and what is none."""
    return st.sampled_from([*members, members[0].lower(), members[0] + " ", "", 1, True])


def one_of(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Json]:
    """Generate an object that has one of these fields, so that a refusal is that field's."""
    pairs = (st.builds(lambda value, name=name: {name: value}, values) for name, values in fields.items())
    return st.one_of(*pairs)


def some_of(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Json]:
    """Generate an object that has any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


def job(fields: Json) -> Json:
    """Return a job's spec with these fields."""
    return {**container(), **fields}


def policy(rule: Json) -> Json:
    """Return a job's spec with one rule for failures."""
    return job({"podFailurePolicy": {"rules": [rule]}})


def moments() -> st.SearchStrategy[str]:
    """Generate times as RFC 3339 writes them, and nearly so."""
    day = st.dates().map(str) | st.sampled_from(
        ["1970-01-01", "2026-02-29", "2024-02-29", "0000-01-01", "9999-12-31", "2026-1-1"]
    )
    between = st.sampled_from(["T", "T", "T", "t", " "])
    hour = st.times().map(str) | st.sampled_from(
        ["24:00:00", "23:59:60", "18:00", "18:00:00.1234567890", "18:00:00,5"]
    )
    zone = st.sampled_from(["Z", "Z", "+00:00", "-23:59", "+24:00", "+0100", "+05:60", "z", "", "ZT"])
    return st.builds("{}{}{}{}".format, day, between, hour, zone)


def container(**fields: Any) -> Json:
    """Return a job's spec with these fields in its container."""
    return {"template": {"spec": {"containers": [{"name": "main", "image": "busybox", **fields}]}}}


def selector(**fields: Any) -> Json:
    """Return a host's spec that selects namespaces."""
    return {"endpoint": "fake://", "allowedNamespaces": {"from": "Selector", "selector": fields}}


def host(fields: Json) -> Json:
    """Return a host's spec with these fields."""
    return {"endpoint": "fake://", **fields}


def template(*parameters: Json, **job_template: Any) -> Json:
    """Return a template's spec."""
    return {"parameters": list(parameters), "template": {"spec": container(), **job_template}}


def placed(**fields: Any) -> Json:
    """Return a template's spec with these fields in its container."""
    return template(spec=container(**fields))


MOST = 2**31 - 1
DAY = 86400
SPEC_NUMBERS = {
    "backoffLimit": numbers(0, MOST),
    "attemptDeadlineSeconds": numbers(1, MOST),
    "startingDeadlineSeconds": numbers(1, MOST),
    "ttlSecondsAfterFinished": numbers(0, MOST),
    "ttlSecondsAfterSuccess": numbers(0, MOST),
    "ttlSecondsAfterFailure": numbers(0, MOST),
}
RETRY_NUMBERS = {
    "initialDelaySeconds": numbers(0, DAY),
    "factor": numbers(1, 10),
    "maxDelaySeconds": numbers(0, DAY),
    "jitterPercent": numbers(0, 100),
    "launchRetryLimit": numbers(0, 1000),
}
RETRY_WORDS = {
    "preset": choices("Default", "Aggressive", "Conservative", "HighPriority"),
    "onHostLost": choices("Wait", "Retry", "Fail"),
    "avoidFailedHost": flags(),
}
DELAYS = {"initialDelaySeconds": st.integers(0, 5), "maxDelaySeconds": st.integers(0, 5)}
CODES: dict[str, st.SearchStrategy[Any]] = {
    "containerName": words("ab-1") | st.just("c" * 64),
    "operator": choices("In", "NotIn"),
    "values": st.lists(st.integers(-1, 3) | st.sampled_from([255, 256]), max_size=4),
}
REASONS = st.sampled_from([*get_args(FailureReason), *get_args(FailureReason), "Completed", "Cancelled", "hostlost"])
CONDITION = some_of({"type": choices("DisruptionTarget"), "status": choices("True")})
RULE: dict[str, st.SearchStrategy[Any]] = {
    "action": st.sampled_from(["FailJob", "Ignore", "Count", "FailIndex"]),
    "onExitCodes": st.just({"operator": "In", "values": [1]}),
    "onPodConditions": st.just([{"type": "DisruptionTarget"}]) | st.lists(CONDITION, max_size=2),
    "onReasons": st.lists(REASONS, max_size=2),
}
HOST_NUMBERS = {"maxRetainedContainers": numbers(0, 100_000), "containerRetentionSeconds": numbers(0, MOST)}
DISCONNECT = {"lostAfterSeconds": numbers(1, MOST), "onHostLost": choices("Wait", "Retry", "Fail")}
ORPHANS = {"dryRun": flags(), "graceSeconds": numbers(0, MOST)}

PARAMETER: dict[str, st.SearchStrategy[Any]] = {
    "required": flags(),
    "default": words("ab", max_size=2),
    "enum": st.lists(words("ab", max_size=1), max_size=3),
    "pattern": st.sampled_from(["a*", "[ab]+", "a|ab", "(a", "[[a]", "a{,2}", "", "p" * 257, "\\Aa", "^b$"]),
}

CASES: list[tuple[str, Callable[[Any], Json], st.SearchStrategy[Any]]] = [
    (
        "container-name",
        lambda it: container(name=it),
        words("ab-1") | st.integers(62, 64).map(lambda size: "n" * size),
    ),
    ("image", lambda it: container(image=it), words("ab/:@.-")),
    ("working-dir", lambda it: container(workingDir=it), words("/a")),
    ("env-name", lambda it: container(env=[{"name": it}]), words("aA_.-1")),
    ("args", lambda it: container(args=[it]), words("a")),
    (
        "quantity",
        lambda it: container(resources={"limits": {"memory": it}}),
        words("0123.mkMGTi", max_size=5) | st.integers(-2, 2**40),
    ),
    ("message-path", lambda it: container(terminationMessagePath=it), words("/dev/tmp")),
    (
        "message-policy",
        lambda it: container(terminationMessagePolicy=it),
        choices("File", "FallbackToLogsOnError"),
    ),
    ("number", job, one_of(SPEC_NUMBERS)),
    ("suspend", lambda it: job({"suspend": it}), flags()),
    ("not-before", lambda it: job({"notBefore": it}), moments() | words("2026-01T:Z") | st.integers()),
    ("retry-field", lambda it: job({"retryPolicy": it}), one_of({**RETRY_NUMBERS, **RETRY_WORDS})),
    ("retry-delays", lambda it: job({"retryPolicy": it}), some_of(DELAYS)),
    ("failure-codes", lambda it: policy({"action": "Ignore", "onExitCodes": it}), some_of(CODES)),
    ("failure-rule", policy, some_of(RULE)),
    ("failure-reasons", lambda it: policy({"action": "Ignore", "onReasons": it}), st.lists(REASONS, max_size=21)),
    (
        "failure-rules",
        lambda it: job({"podFailurePolicy": {"rules": [{"action": "Count", "onReasons": ["HostLost"]}] * it}}),
        st.sampled_from([0, 1, 20, 21]),
    ),
    (
        "failure-policy-and-restarts",
        lambda it: {
            "podFailurePolicy": {"rules": [{"action": "Count", "onReasons": ["HostLost"]}]},
            "template": {"spec": {**container()["template"]["spec"], **it}},
        },
        some_of({"restartPolicy": choices("Never", "OnFailure")}),
    ),
    ("host-number", host, one_of(HOST_NUMBERS)),
    ("disconnect", lambda it: host({"disconnect": it}), one_of(DISCONNECT)),
    ("orphans", lambda it: host({"orphanPolicy": it}), one_of(ORPHANS)),
    ("parallelism", lambda it: {**container(), "parallelism": it}, st.integers(-1, 3)),
    ("deadline", lambda it: {**container(), "activeDeadlineSeconds": it}, st.integers(-1, 2**32)),
    ("host-name", lambda it: {**container(), "placement": {"hostRef": {"name": it}}}, words("ab-.1")),
    (
        "endpoint",
        lambda it: {"endpoint": it},
        words("/a").map("unix://{}".format) | words("/a").map("fake:/{}".format),
    ),
    ("label-value", lambda it: selector(matchLabels={"team": it}), words("aB1-_.")),
    ("label-key", lambda it: selector(matchLabels={it: ""}), words("aB1-_./")),
    ("parameter", lambda it: template({"name": "x", **it}), some_of(PARAMETER)),
    ("parameter-name", lambda it: template({"name": it, "required": True}), words("aA_-1")),
    ("place-of-a-path", lambda it: placed(workingDir=it), words("/a") | st.just("$(params.x)")),
    (
        "place-of-a-quantity",
        lambda it: placed(resources={"limits": {"cpu": it}}),
        words("012.mMi", max_size=5) | st.sampled_from(["$(params.x)", "$(params.x)Mi", "$(x)", 0, 1]),
    ),
    ("place-of-an-env-name", lambda it: placed(env=[{"name": it}]), words("params.") | st.just("params.x")),
    (
        "place-of-a-label",
        lambda it: template(metadata={"labels": {"x": it}}, spec=container()),
        words("aB-_.") | st.sampled_from(["$(params.x)", "a$(params.x)", "$(x)", "a" * 63, "a" * 64]),
    ),
    (
        "place-of-a-host",
        lambda it: template(spec=job({"placement": {"hostRef": {"name": it}}})),
        words("ab-.") | st.sampled_from(["$(params.x)", "rack-$(params.x)"]),
    ),
    ("annotation-key", lambda it: template(metadata={"annotations": {it: ""}}, spec=container()), words("aB-_./")),
    ("requirement-key", lambda it: selector(matchExpressions=[{"key": it, "operator": "Exists"}]), words("aB1-_./")),
]


@pytest.mark.parametrize(("spec", "values"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_server_and_models_accept_the_same_values(
    schemas: TestPlane, spec: Callable[[Any], Json], values: st.SearchStrategy[Any]
) -> None:
    with rest(schemas) as api:

        @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(values)
        def agree(value: Any) -> None:
            wanted = spec(value)
            kind, path = ("DockerHost", HOSTS) if "endpoint" in wanted else ("ContainerJob", JOBS)
            kind, path = ("ContainerJobTemplate", TEMPLATES) if "parameters" in wanted else (kind, path)
            body = {
                "apiVersion": "containerjobs.io/v1alpha1",
                "kind": kind,
                "metadata": {"name": "agree"},
                "spec": wanted,
            }

            status, answer = api.send("POST", path, DRY_RUN, body=body)

            assert status in {201, 422}, answer
            assert (status == 201) == (problem(body) is None), (problem(body), answer)
            assert status == 422 or READ[kind].from_body(body)

        agree()


def problem(body: Json) -> str | None:
    """Say why the models refuse an object, taken at its word: the text "1" is no number, as for the API server."""
    try:
        READ[body["kind"]].model_validate_json(json.dumps(body), strict=True)
    except ValidationError as refusal:
        return str(refusal)
    return None
