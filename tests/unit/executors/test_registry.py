"""From endpoints to executors."""

import subprocess
import sys

import pytest

from containerjob_api.phases import HostReason, Reason
from containerjob_operator.executors.docker.executor import DockerExecutor
from containerjob_operator.executors.fake.executor import FakeExecutor
from containerjob_operator.executors.fake.options import FakeOptions, parse_endpoint
from containerjob_operator.executors.registry import EndpointRefused, executor_for


def refused(endpoint: str, *, allow: bool = True) -> EndpointRefused:
    with pytest.raises(EndpointRefused) as found:
        executor_for(endpoint, cluster_uid="c", allow_fake_hosts=allow)
    return found.value


def test_a_socket_is_a_docker_engine() -> None:
    found = executor_for("unix:///var/run/docker.sock", cluster_uid="c", allow_fake_hosts=False)
    assert isinstance(found, DockerExecutor)


def test_a_fake_engine_needs_permission() -> None:
    assert isinstance(executor_for("fake://a", cluster_uid="c", allow_fake_hosts=True), FakeExecutor)
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
        "import sys; from containerjob_operator.executors.registry import executor_for;"
        "executor_for('fake://a', cluster_uid='c', allow_fake_hosts=True);"
        "print([name for name in ('aiodocker', 'aiohttp') if name in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"
