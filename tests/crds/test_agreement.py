"""The API server and the models agree on every value: two regex engines and two languages say the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.crds.rest import HOSTS, JOBS, rest

from containerjob_api.hosts import DockerHost
from containerjob_api.jobs import ContainerJob

if TYPE_CHECKING:
    from tests.conftest import TestPlane

Json = dict[str, Any]
DRY_RUN = {"dryRun": "All", "fieldValidation": "Strict"}
ODD = " \n\t\x00é²/:@=!~A0"


def words(alphabet: str, *, max_size: int = 8) -> st.SearchStrategy[str]:
    """Generate strings of characters that are right, and strings with others among them."""
    return st.text(alphabet, max_size=max_size) | st.text(alphabet + ODD, max_size=max_size)


def container(**fields: Any) -> Json:
    """Return a job's spec with these fields in its container."""
    return {"template": {"spec": {"containers": [{"name": "main", "image": "busybox", **fields}]}}}


def selector(**fields: Any) -> Json:
    """Return a host's spec that selects namespaces."""
    return {"endpoint": "fake://", "allowedNamespaces": {"from": "Selector", "selector": fields}}


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
    ("requirement-key", lambda it: selector(matchExpressions=[{"key": it, "operator": "Exists"}]), words("aB1-_./")),
]


@pytest.mark.parametrize(("spec", "values"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_server_and_models_accept_the_same_values(
    schemas: TestPlane, spec: Callable[[Any], Json], values: st.SearchStrategy[Any]
) -> None:
    with rest(schemas) as api:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(values)
        def agree(value: Any) -> None:
            wanted = spec(value)
            kind, path = ("DockerHost", HOSTS) if "endpoint" in wanted else ("ContainerJob", JOBS)
            body = {
                "apiVersion": "containerjobs.io/v1alpha1",
                "kind": kind,
                "metadata": {"name": "agree"},
                "spec": wanted,
            }

            status, answer = api.send("POST", path, DRY_RUN, body=body)

            assert status in {201, 422}, answer
            assert (status == 201) == readable(body), answer

        agree()


def readable(body: Json) -> bool:
    """Say whether the models can read an object."""
    read = DockerHost.from_body if body["kind"] == "DockerHost" else ContainerJob.from_body
    try:
        read(body)
    except ValidationError:
        return False
    return True
