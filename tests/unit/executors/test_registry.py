"""From endpoints to executors."""

import importlib.util
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from tests.fakes.operator_rig import no_key

from containerjob_api.cloudrunhosts import CloudRunHost
from containerjob_api.hostparts import AnyHost
from containerjob_api.hosts import DockerHost
from containerjob_api.phases import HostReason, Reason
from containerjob_local.ports import free_ports
from containerjob_operator.errors import HostRefused, HostUnavailable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.docker.executor import DockerExecutor
from containerjob_operator.executors.fake.executor import FakeExecutor
from containerjob_operator.executors.fake.options import FakeOptions, parse_endpoint
from containerjob_operator.executors.registry import EndpointRefused, _place, executor_at, executor_for
from containerjob_operator.executors.renewing import Renewing


def refused(endpoint: str, *, allow: bool = True) -> EndpointRefused:
    with pytest.raises(EndpointRefused) as found:
        executor_at(endpoint, cluster_uid="c", allow_fake_hosts=allow)
    return found.value


def test_a_socket_is_a_docker_engine() -> None:
    found = executor_at("unix:///var/run/docker.sock", cluster_uid="c", allow_fake_hosts=False)
    assert isinstance(found, DockerExecutor)


def test_a_fake_engine_needs_permission() -> None:
    assert isinstance(executor_at("fake://a", cluster_uid="c", allow_fake_hosts=True), FakeExecutor)
    error = refused("fake://a", allow=False)
    assert error.reason is HostReason.FAKE_HOSTS_NOT_ALLOWED
    assert "--allow-fake-hosts" in error.message


def test_another_scheme_is_refused_with_the_remedy() -> None:
    error = refused("tcp://10.0.0.1:2375")
    assert error.reason is HostReason.UNREACHABLE
    assert "unix:///var/run/docker.sock" in error.message


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("speed=9", "no parameter speed"),
        ("runForSeconds=-1", "from 0 to 86400"),
        ("runForSeconds=nan", "from 0 to 86400"),
        ("exitCode=256", "from 0 to 255"),
        ("exitCode=", "exitCode="),
        ("cpus=0", "from 1 to 10000"),
        ("failCreate=Never", "InvalidSpec"),
    ],
)
def test_a_wrong_parameter_of_a_fake_engine_is_named(query: str, words: str) -> None:
    assert words in refused(f"fake://a?{query}").message


def test_the_parameters_of_a_fake_engine_are_read() -> None:
    query = "runForSeconds=0.2&exitCode=3&startDelaySeconds=1&failCreate=InvalidSpec&cpus=8"
    assert parse_endpoint(f"fake://rack/1?{query}") == ("rack/1", FakeOptions(0.2, 3, 1.0, Reason.INVALID_SPEC, 8))


def test_the_docker_client_is_not_loaded_for_a_fake_engine() -> None:
    script = (
        "import sys; from containerjob_operator.executors.registry import executor_at;"
        "executor_at('fake://a', cluster_uid='c', allow_fake_hosts=True);"
        "print([name for name in ('aiodocker', 'aiohttp') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"


def cloud(**spec: Any) -> CloudRunHost:
    place = {"project": "demo-project", "location": "europe-west1"}
    return CloudRunHost.from_body({"metadata": {"name": "eu"}, "spec": {**place, **spec}})


def made(host: AnyHost, *, allow: bool = False) -> Executor:
    return executor_for(host, cluster_uid="c", allow_fake_hosts=allow, read_key=no_key)


def test_a_dockerhost_is_spoken_with_at_its_endpoint() -> None:
    host = DockerHost.from_body({"metadata": {"name": "a"}, "spec": {"endpoint": "fake://a"}})
    assert isinstance(made(host, allow=True), FakeExecutor)


def test_an_emulator_of_cloud_run_needs_permission() -> None:
    with pytest.raises(EndpointRefused, match="--allow-fake-hosts") as found:
        made(cloud(endpoint="127.0.0.1:8085"))
    assert found.value.reason is HostReason.FAKE_HOSTS_NOT_ALLOWED
    assert isinstance(made(cloud(endpoint="127.0.0.1:8085"), allow=True), Renewing)


def test_a_kind_that_this_operator_does_not_know_is_refused() -> None:
    class MoonHost(AnyHost):
        kind: ClassVar[Any] = "MoonHost"

    with pytest.raises(EndpointRefused, match="knows no MoonHost"):
        made(MoonHost.from_body({"metadata": {"name": "far"}, "spec": {}}))


@pytest.mark.parametrize("missing", ["google.cloud.run_v2", "google.cloud.logging_v2", "google"])
def test_without_googles_client_the_variant_of_the_image_is_named(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> Any:
        if missing == "google":
            raise ModuleNotFoundError("No module named 'google'")
        return None if name == missing else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(EndpointRefused, match="use the cloudrun variant of its image") as found:
        made(cloud())
    assert found.value.reason is HostReason.CLIENT_MISSING


def test_googles_libraries_are_not_loaded_before_a_host_is_asked() -> None:
    script = (
        "import sys, asyncio; from containerjob_operator.executors.registry import executor_for;"
        "from containerjob_api.cloudrunhosts import CloudRunHost;"
        "host = CloudRunHost.from_body({'metadata': {'name': 'eu'}, 'spec':"
        " {'project': 'demo-project', 'location': 'europe-west1'}});"
        "executor_for(host, cluster_uid='c', allow_fake_hosts=False, read_key=None);"
        "print([name for name in ('grpc', 'google.auth', 'google.cloud.run_v2') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"


async def test_a_region_where_nobody_listens_is_unavailable_and_not_refused() -> None:
    executor = made(cloud(endpoint=f"127.0.0.1:{free_ports(1)[0]}"), allow=True)
    with pytest.raises(HostUnavailable) as silent:
        await executor.engine()
    assert not isinstance(silent.value, HostRefused)
    await executor.aclose()


def test_every_field_of_the_host_reaches_the_place() -> None:
    place = _place(
        cloud(
            serviceAccount="tasks@x.y",
            vpcAccess={"connector": "net", "egress": "AllTraffic"},
            encryptionKey="projects/p/locations/l/keyRings/r/cryptoKeys/k",
            credentials={"impersonateServiceAccount": "other@x.y"},
            labels={"b": "2", "a": "1"},
            limits={"cpu": "500m", "memory": "1Gi", "taskTimeoutSeconds": 60},
            logReadsPerMinute=7,
            refreshSeconds=9,
            endpoint="127.0.0.1:8085",
        ).spec,
        "{}",
    )
    assert (place.project, place.location, place.endpoint) == ("demo-project", "europe-west1", "127.0.0.1:8085")
    assert (place.credentials.key, place.credentials.impersonate) == ("{}", "other@x.y")
    assert (place.service_account, place.vpc_connector, place.vpc_egress) == ("tasks@x.y", "net", "AllTraffic")
    assert (place.execution_environment, place.encryption_key[-1]) == ("Gen2", "k")
    assert (place.labels, place.log_reads_per_minute) == ((("a", "1"), ("b", "2")), 7)
    assert (place.max_cpus, place.max_memory_bytes, place.task_timeout_seconds) == (0.5, 2**30, 60)
    assert place.refresh_seconds == 9
    direct = _place(cloud(vpcAccess={"network": "n", "subnetwork": "s"}).spec, None)
    assert (direct.network, direct.subnetwork, direct.vpc_egress) == ("n", "s", "PrivateRangesOnly")


def test_what_a_host_leaves_out_is_left_to_google() -> None:
    place = _place(cloud().spec, None)
    assert (place.endpoint, place.service_account, place.vpc_egress, place.network) == ("", "", "", "")
    assert (place.max_cpus, place.max_memory_bytes, place.task_timeout_seconds) == (8, 32 * 2**30, 604800)
