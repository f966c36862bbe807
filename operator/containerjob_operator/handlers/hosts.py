"""Hosts and namespaces: what they allow may start or stop jobs from waiting."""

from typing import Any

from containerjob_api.hostkinds import reference_of
from containerjob_api.hostparts import AnyHost
from containerjob_operator.reconcile.intake import take_host, take_namespace
from containerjob_operator.reconcile.upkeep import tell_status, tend_host


async def watch_host(event: Any, memo: Any, **_: Any) -> None:
    """Take in one watch event of a host."""
    body = event["object"]
    if event["type"] == "DELETED":
        memo.context.hosts.forget(reference_of(body))
        return
    host = take_host(body, memo.context)
    if host is not None:
        await host.probed.wait()
        if not memo.context.settings.namespaces or _is_new(host.body):
            await tell_status(host, memo.context)


def _is_new(host: AnyHost) -> bool:
    """Say whether it was not told of yet.

    Operators for different namespaces write one status: the one's write must not start the other's at once.
    """
    return host.status.observed_generation != host.metadata.generation


async def time_host(body: Any, memo: Any, **_: Any) -> None:
    """Look after one host: monitoring (probe, resync) and clean-up (retention, orphans)."""
    await tend_host(reference_of(body), memo.context)


async def watch_namespace(event: Any, memo: Any, **_: Any) -> None:
    """Take in one watch event of a Namespace. Every cluster has some, so that they tell whether watches work."""
    memo.context.watching = True
    metadata = event["object"]["metadata"]
    labels = None if event["type"] == "DELETED" else dict(metadata.get("labels", {}))
    take_namespace(metadata["name"], labels, memo.context)
