"""From a host's endpoint to what speaks with it."""

from typing import Final

from containerjob_api.phases import HostReason
from containerjob_operator.executors.base import Executor

_UNIX: Final = "unix://"
_FAKE: Final = "fake://"


class EndpointRefused(ValueError):
    """No executor for this endpoint; the reason is what the host's Ready condition says."""

    def __init__(self, reason: HostReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def executor_for(endpoint: str, *, cluster_uid: str, allow_fake_hosts: bool, concurrency: int = 16) -> Executor:
    """Return an executor for spec.endpoint; nothing is connected yet.

    `concurrency` bounds the creates, starts and removals that one engine is asked for at a time.
    """
    if endpoint.startswith(_UNIX):
        return _docker(endpoint.removeprefix(_UNIX), cluster_uid, concurrency)
    if endpoint.startswith(_FAKE):
        if not allow_fake_hosts:
            raise EndpointRefused(
                HostReason.FAKE_HOSTS_NOT_ALLOWED,
                "spec.endpoint is fake://, which runs nothing; start the operator with --allow-fake-hosts,"
                " or name an engine's socket such as unix:///var/run/docker.sock",
            )
        return _fake(endpoint, cluster_uid)
    raise EndpointRefused(
        HostReason.UNREACHABLE,
        f"spec.endpoint {endpoint!r} is not supported; name a socket such as unix:///var/run/docker.sock",
    )


def _docker(socket: str, cluster_uid: str, concurrency: int) -> Executor:
    # Imported where used: an operator without Docker hosts does not pay for the client.
    from containerjob_operator.executors.docker.client import EngineClient
    from containerjob_operator.executors.docker.executor import DockerExecutor

    return DockerExecutor(EngineClient(socket, lanes=concurrency), cluster_uid=cluster_uid)


def _fake(endpoint: str, cluster_uid: str) -> Executor:
    from containerjob_operator.executors.fake.executor import FakeExecutor
    from containerjob_operator.executors.fake.options import parse_endpoint

    try:
        name, options = parse_endpoint(endpoint)
    except ValueError as exc:
        raise EndpointRefused(HostReason.UNREACHABLE, str(exc)) from exc
    return FakeExecutor(name, options, cluster_uid=cluster_uid)
