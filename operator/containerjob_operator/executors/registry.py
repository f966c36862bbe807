"""From a host to what speaks with it."""

import importlib.util
from functools import partial
from typing import Final

from containerjob_api.cloudrunhosts import CloudRunHost, CloudRunHostSpec, VpcAccess
from containerjob_api.hostparts import AnyHost
from containerjob_api.hosts import DockerHost
from containerjob_api.phases import HostReason
from containerjob_api.quantities import memory_bytes, parse_quantity
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.cloudrun.place import MOST_CPUS, MOST_MEMORY_BYTES, Credentials, Place
from containerjob_operator.executors.renewing import ReadKey, Renewing

_UNIX: Final = "unix://"
_FAKE: Final = "fake://"
_CLIENT: Final = ("google.cloud.run_v2", "google.cloud.logging_v2")


class EndpointRefused(ValueError):
    """No executor for this host; the reason is what the host's Ready condition says."""

    def __init__(self, reason: HostReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def executor_for(
    host: AnyHost, *, cluster_uid: str, allow_fake_hosts: bool, read_key: ReadKey, concurrency: int = 16
) -> Executor:
    """Return an executor for a host; nothing is connected yet.

    `read_key` reads the Secret that a CloudRunHost names. `concurrency` bounds the creates, starts and removals that
    one engine is asked for at a time.
    """
    match host:
        case DockerHost():
            endpoint = host.spec.endpoint
            return executor_at(
                endpoint, cluster_uid=cluster_uid, allow_fake_hosts=allow_fake_hosts, concurrency=concurrency
            )
        case CloudRunHost():
            if host.spec.endpoint is not None and not allow_fake_hosts:
                raise EndpointRefused(
                    HostReason.FAKE_HOSTS_NOT_ALLOWED,
                    "spec.endpoint is that of an emulator; start the operator with --allow-fake-hosts,"
                    " or remove the field to use Google Cloud",
                )
            return _cloud_run(host.spec, cluster_uid, concurrency, read_key)
        case _:
            raise EndpointRefused(HostReason.UNREACHABLE, f"this operator knows no {host.kind}")


def executor_at(endpoint: str, *, cluster_uid: str, allow_fake_hosts: bool, concurrency: int = 16) -> Executor:
    """Return an executor for the endpoint of a DockerHost."""
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


def _cloud_run(spec: CloudRunHostSpec, cluster_uid: str, concurrency: int, read_key: ReadKey) -> Executor:
    if not _client_is_there():
        raise EndpointRefused(
            HostReason.CLIENT_MISSING,
            "this operator has no client of Cloud Run: use the cloudrun variant of its image,"
            " or install containerjob[cloudrun]",
        )

    def make(key: str | None) -> Executor:
        # Imported where used; Google's libraries, a second and 79 MB, are loaded by its first call, in a thread.
        from containerjob_operator.executors.cloudrun.executor import CloudRunExecutor

        return CloudRunExecutor(_place(spec, key), cluster_uid=cluster_uid, concurrency=concurrency)

    secret = spec.credentials.secret_ref
    return Renewing(make, None if secret is None else partial(read_key, secret.name))


def _place(spec: CloudRunHostSpec, key: str | None) -> Place:
    vpc, limits = spec.vpc_access or VpcAccess(), spec.limits
    return Place(
        project=spec.project,
        location=spec.location,
        endpoint=spec.endpoint or "",
        credentials=Credentials(key, spec.credentials.impersonate_service_account),
        service_account=spec.service_account or "",
        execution_environment=spec.execution_environment,
        vpc_connector=vpc.connector or "",
        vpc_egress=vpc.egress if spec.vpc_access is not None else "",
        network=vpc.network or "",
        subnetwork=vpc.subnetwork or "",
        encryption_key=spec.encryption_key or "",
        labels=tuple(sorted(spec.labels.items())),
        task_timeout_seconds=limits.task_timeout_seconds,
        max_cpus=MOST_CPUS if limits.cpu is None else float(parse_quantity(limits.cpu)),
        max_memory_bytes=MOST_MEMORY_BYTES if limits.memory is None else memory_bytes(limits.memory),
        refresh_seconds=spec.refresh_seconds,
        log_reads_per_minute=spec.log_reads_per_minute,
    )


def _client_is_there() -> bool:
    """Say whether Google's libraries are installed, without loading them."""
    try:
        return all(importlib.util.find_spec(name) is not None for name in _CLIENT)
    except ModuleNotFoundError:
        return False
