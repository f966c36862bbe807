"""Handlers unpack what kopf hands over and call one function; none compares, writes or remembers."""

import logging
from collections.abc import AsyncIterator
from typing import Any, cast

import kopf
import pytest
from kopf._cogs.structs.references import Resource, Selector
from kopf._core.intents.causes import Activity, SpawningCause
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import H1, OperatorRig, as_body, new_engine
from tests.fakes.troubles import Planned

from containerjob_api.hostrefs import HostReference
from containerjob_api.names import CONTAINERJOBS, GROUP, HOST_FINALIZER, VERSION
from containerjob_operator.handlers.finalizers import NOBODYS
from containerjob_operator.handlers.hosts import time_host, watch_host, watch_namespace
from containerjob_operator.handlers.jobs import watch_job
from containerjob_operator.handlers.register import at_service_address, make_kopf_settings, make_registry
from containerjob_operator.handlers.storage import NoDiffs, NoProgress
from containerjob_operator.settings import Settings


@pytest.fixture
async def rig() -> AsyncIterator[OperatorRig]:
    """An operator that knows nothing yet, beside an API server that has one host and one job."""
    kube, trouble = FakeKube(), Planned()
    kube.create_host("h1", new_engine()[1])
    kube.create_job()
    made = OperatorRig(kube, trouble=trouble)
    yield made
    await made.close()


def event(type_: str | None, body: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "object": body}


@pytest.mark.parametrize("type_", [None, "ADDED", "MODIFIED"])
async def test_a_job_that_is_listed_or_changed_is_enqueued(rig: OperatorRig, type_: str | None) -> None:
    await watch_job(event=event(type_, rig.kube.job()), memo=rig.memo)
    assert rig.is_due(rig.live().uid)
    assert rig.live().suspect is False


async def test_a_deleted_job_is_read_again_before_it_is_believed(rig: OperatorRig) -> None:
    await watch_job(event=event("ADDED", rig.kube.job()), memo=rig.memo)
    await watch_job(event=event("DELETED", rig.kube.job()), memo=rig.memo)
    assert rig.live().suspect
    assert rig.live().changed.is_set()


async def test_a_host_is_asked_and_its_status_told(rig: OperatorRig) -> None:
    await watch_host(event=event("ADDED", rig.kube.host("h1")), memo=rig.memo)
    assert rig.kube.host("h1")["status"]["engine"]["version"] == "fake"


async def test_a_host_that_cannot_be_read_is_no_error_of_the_handler(rig: OperatorRig) -> None:
    bad = {"kind": "DockerHost", "metadata": {"name": "bad"}, "spec": {}}
    await watch_host(event=event("ADDED", bad), memo=rig.memo)
    assert rig.context.hosts.get(HostReference(name="bad")) is None


async def test_a_deleted_host_is_forgotten(rig: OperatorRig) -> None:
    await watch_host(event=event("ADDED", rig.kube.host("h1")), memo=rig.memo)
    await watch_host(event=event("DELETED", rig.kube.host("h1")), memo=rig.memo)
    assert rig.context.hosts.get(H1) is None


async def test_a_tick_looks_after_the_host_and_one_for_a_host_that_is_gone_does_nothing(rig: OperatorRig) -> None:
    await time_host(body=as_body(HostReference(name="nobody")), memo=rig.memo)
    await rig.load()
    await time_host(body=as_body(H1), memo=rig.memo)
    assert isinstance(rig.trouble, Planned)
    assert "list_owned" in rig.trouble.calls


async def test_namespaces_are_known_by_their_labels(rig: OperatorRig) -> None:
    known = rig.context.placements.namespaces
    assert not rig.context.watching
    await watch_namespace(event=event("ADDED", {"metadata": {"name": "a", "labels": {"x": "y"}}}), memo=rig.memo)
    await watch_namespace(event=event("ADDED", {"metadata": {"name": "b"}}), memo=rig.memo)
    assert known == {"a": {"x": "y"}, "b": {}}
    await watch_namespace(event=event("DELETED", {"metadata": {"name": "a"}}), memo=rig.memo)
    assert known == {"b": {}}
    assert rig.context.watching


def test_jobs_have_one_watch_and_no_handler_that_would_write_to_them() -> None:
    async def stop() -> None: ...

    registry = make_registry(Settings(identity="me"), stop)
    assert [handler.fn for handler in registry._watching._handlers] == [
        watch_job,
        watch_host,
        watch_host,
        watch_namespace,
    ]
    assert registry._changing._handlers == []
    assert [handler.fn for handler in registry._spawning._handlers] == [time_host, time_host]


async def test_kopfs_way_out_ends_our_work() -> None:
    stopped: list[bool] = []

    async def stop() -> None:
        stopped.append(True)

    registry = make_registry(Settings(identity="me"), stop)
    cleanup = [h for h in registry._activities._handlers if h.activity is Activity.CLEANUP]
    await cast(Any, cleanup[0].fn)()
    assert stopped == [True]


@pytest.mark.parametrize("from_a_pod", [True, False])
async def test_kopf_signs_in_as_our_own_client_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, from_a_pod: bool
) -> None:
    async def stop() -> None: ...

    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],"
        " clusters: [{name: k, cluster: {server: 'https://plane'}}], users: [{name: u, user: {token: secret}}]}"
    )
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    registry = make_registry(Settings(identity="me", kubeconfig=None if from_a_pod else kubeconfig), stop)
    login = [h for h in registry._activities._handlers if h.activity is Activity.AUTHENTICATION]
    found = cast(Any, login[0].fn)(settings=make_kopf_settings(Settings(identity="me")))
    assert (getattr(found, "server", None)) == (None if from_a_pod else "https://plane")


@pytest.mark.parametrize(
    ("host", "server"), [("10.0.0.1", "https://10.0.0.1:443"), ("fd00::1", "https://[fd00::1]:443")]
)
def test_a_pod_reaches_the_api_server_without_cluster_dns(host: str, server: str) -> None:
    found = kopf.ConnectionInfo(server="https://kubernetes.default.svc", token="t", ca_path="/ca.crt")
    variables = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}
    there = at_service_address(found, variables)
    assert (there.server, there.token, there.ca_path) == (server, "t", "/ca.crt")


def test_kopf_watches_unfinished_jobs_only_and_writes_nothing_but_the_hosts_finalizer() -> None:
    settings = make_kopf_settings(Settings(identity="me"))
    [(kind, selector)] = dict(settings.watching.field_selectors).items()
    assert isinstance(kind, Selector)
    assert (kind.group, kind.version, kind.any_name) == (GROUP, VERSION, CONTAINERJOBS)
    assert selector == "status.finished!=true"
    assert settings.posting.enabled is False
    assert settings.persistence.finalizer == HOST_FINALIZER
    assert (settings.watching.server_timeout, settings.watching.client_timeout) == (300, 330)


def test_nothing_is_remembered_on_objects() -> None:
    body, patch = kopf.Body({"metadata": {"name": "a"}}), kopf.Patch()
    diffs, progress = NoDiffs(), NoProgress()
    assert diffs.build(body=body) == {}
    assert diffs.fetch(body=body) is None
    diffs.store(body=body, patch=patch, essence={})
    assert progress.fetch(key="h", body=body) is None
    progress.store(key="h", record={}, body=body, patch=patch)
    progress.purge(key="h", body=body, patch=patch)
    progress.touch(body=body, patch=patch, value="x")
    assert progress.clear(essence={"a": 1}) == {"a": 1}
    assert dict(patch) == {}


def spawning_cause(name: str, finalizers: tuple[str, ...]) -> SpawningCause:
    """What kopf decides on whether a host needs its finalizer."""
    metadata = {"name": name, "finalizers": list(finalizers)}
    body = kopf.Body({"kind": "DockerHost", "metadata": metadata, "spec": {}, "status": {}})
    known: dict[str, Any] = {"logger": logging.getLogger("test"), "indices": {}, "memo": kopf.Memo()}
    resource: Any = Resource(GROUP, VERSION, "dockerhosts")
    return SpawningCause(**known, resource=resource, patch=kopf.Patch(), body=body, reset=False)


@pytest.mark.parametrize(
    ("name", "finalizers", "required"),
    [
        ("ours", (), True),
        ("ours", (HOST_FINALIZER,), True),
        ("others", (), False),
        ("others", (HOST_FINALIZER,), True),
    ],
    ids=["ours gets it", "ours keeps it", "another's gets none", "another's keeps what it has"],
)
async def test_kopfs_finalizer_on_another_operators_host_stays_as_it_is(
    name: str, finalizers: tuple[str, ...], required: bool
) -> None:
    async def stop() -> None: ...

    registry = make_registry(Settings(identity="me", hosts=("ours",)), stop)
    assert registry._spawning.requires_finalizer(spawning_cause(name, finalizers)) is required


async def test_a_cluster_without_hosts_on_cloud_run_has_no_watch_of_them() -> None:
    async def stop() -> None: ...

    registry = make_registry(Settings(identity="me"), stop, ["DockerHost"])
    assert [handler.fn for handler in registry._watching._handlers] == [watch_job, watch_host, watch_namespace]


async def test_a_dry_run_has_no_timers_and_a_finalizer_that_no_object_has() -> None:
    async def stop() -> None: ...

    settings = Settings(identity="me", dry_run=True)
    assert make_registry(settings, stop)._spawning._handlers == []
    assert make_kopf_settings(settings).persistence.finalizer == NOBODYS != HOST_FINALIZER
