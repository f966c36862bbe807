"""Binds our functions to kopf and sets kopf up as the watch and authentication shell. Nothing happens at import."""

import dataclasses
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import kopf

from containerjob_api.hostkinds import reference_of
from containerjob_api.hostrefs import HostKind
from containerjob_api.names import CONTAINERJOBS, GROUP, HOST_FINALIZER, HOST_PLURALS, VERSION
from containerjob_operator.handlers.finalizers import NOBODYS, leave_others_alone
from containerjob_operator.handlers.hosts import time_host, watch_host, watch_namespace
from containerjob_operator.handlers.jobs import watch_job
from containerjob_operator.handlers.storage import NoDiffs, NoProgress
from containerjob_operator.settings import Settings


def make_registry(
    settings: Settings,
    stop_work: Callable[[], Awaitable[None]],
    host_kinds: Iterable[HostKind] = ("DockerHost", "CloudRunHost"),
) -> kopf.OperatorRegistry:
    """Return a registry with all handlers. No create, update or resume handlers: they would write to every job."""
    registry = kopf.OperatorRegistry()
    leave_others_alone(registry, settings)

    async def stop_working(**_: Any) -> None:
        await stop_work()

    kopf.on.cleanup(registry=registry)(stop_working)
    kopf.on.login(registry=registry)(_login_with(settings))
    kopf.on.event(GROUP, VERSION, CONTAINERJOBS, registry=registry)(watch_job)
    for kind in host_kinds:
        _look_after(HOST_PLURALS[kind], registry, settings)
    kopf.on.event("v1", "namespaces", registry=registry)(watch_namespace)
    return registry


def _look_after(plural: str, registry: kopf.OperatorRegistry, settings: Settings) -> None:
    """Watch one kind of hosts, and time each of them."""
    kopf.on.event(GROUP, VERSION, plural, registry=registry)(watch_host)
    if not settings.dry_run:  # a timer puts a finalizer on its host, which is a write
        kopf.timer(
            GROUP,
            VERSION,
            plural,
            registry=registry,
            interval=settings.resync_interval,
            initial_delay=min(5.0, settings.resync_interval),
            errors=kopf.ErrorsMode.IGNORED,
            when=lambda body, **_: settings.serves_host(reference_of(body)),
        )(time_host)


def make_kopf_settings(settings: Settings) -> kopf.OperatorSettings:
    """Return kopf's settings; each differs from its default for the reason beside it."""
    kopf_settings = kopf.OperatorSettings()
    # Finished jobs cost nothing: the API server does not even send them.
    kopf_settings.watching.field_selectors[GROUP, VERSION, CONTAINERJOBS] = "status.finished!=true"
    # Half-open streams are bounded; kopf's own defaults wait for ever.
    kopf_settings.watching.server_timeout = 300
    kopf_settings.watching.client_timeout = 330
    kopf_settings.watching.connect_timeout = 5
    # A stream that is dead and does not say so; the API server sends a bookmark every minute.
    kopf_settings.watching.inactivity_timeout = max(60, 2 * settings.resync_interval + 10)
    # A worker per object frees its memory soon: handlers only enqueue.
    kopf_settings.queueing.idle_timeout = 0.2
    kopf_settings.networking.request_timeout = 30
    kopf_settings.networking.connect_timeout = 5
    kopf_settings.networking.error_backoffs = (0.2, 0.5, 1, 2, 4)
    # The kinds are known, and checked before kopf starts: no cluster-wide look at all CRDs.
    kopf_settings.scanning.disabled = True
    # We record our own Events, and kopf's logs of every handled event tell nothing.
    kopf_settings.posting.enabled = False
    kopf_settings.persistence.finalizer = NOBODYS if settings.dry_run else HOST_FINALIZER
    # No handler compares old with new: nothing is remembered in annotations, nothing is copied per event.
    kopf_settings.persistence.diffbase_storage = NoDiffs()
    kopf_settings.persistence.progress_storage = NoProgress()
    kopf_settings.persistence.consistency_timeout = 0
    return kopf_settings


def _login_with(settings: Settings) -> Any:
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        if settings.kubeconfig is None:
            found = kopf.login_with_service_account(**kwargs)
            return found and at_service_address(found, os.environ)
        return kopf.login_with_kubeconfig(**kwargs)

    return login


def at_service_address(found: kopf.ConnectionInfo, variables: Mapping[str, str]) -> kopf.ConnectionInfo:
    """Reach the API server from a pod by its address, as other clients do; kopf's name for it takes cluster DNS."""
    host, port = variables["KUBERNETES_SERVICE_HOST"], variables["KUBERNETES_SERVICE_PORT"]
    return dataclasses.replace(found, server=f"https://{f'[{host}]' if ':' in host else host}:{port}")
