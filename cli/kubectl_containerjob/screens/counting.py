"""Reads what `status` shows: a handful of kubectl calls side by side, and one more for who waits longest."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Final

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE
from kubectl_containerjob.explaining import reasons
from kubectl_containerjob.explaining.reasons import Explanation
from kubectl_containerjob.explaining.surroundings import HIDDEN, hosts, namespace_labels, readable
from kubectl_containerjob.explaining.waiting import Other, Surroundings
from kubectl_containerjob.kubectl import APISERVICE, JOBS, Kubectl
from kubectl_containerjob.records import HOLDING, Host, Job
from kubectl_containerjob.screens.census import (
    FORBIDDEN,
    Census,
    Operator,
    Row,
    log_api_of,
    longest_waiting,
    operator_of,
    rows_of,
)
from kubectl_containerjob.screens.durations import seconds_of

LEASE: Final = "leases.coordination.k8s.io"
LOG_API: Final = ("apiservices.apiregistration.k8s.io", APISERVICE)


def count(kubectl: Kubectl, *, everywhere: bool) -> Census:
    """Read everything; what is forbidden is named so."""
    with ThreadPoolExecutor() as pool:
        operator = pool.submit(readable, lambda: operator_seen(kubectl))
        log_api = pool.submit(readable, lambda: log_api_of(kubectl.find(*LOG_API, namespaced=False)))
        found_hosts = pool.submit(readable, lambda: hosts(kubectl))
        jobs = pool.submit(_jobs, kubectl, everywhere)
        namespace, rows = jobs.result()
        known = found_hosts.result()
        return Census(
            now=datetime.now(UTC),
            operator=operator.result() or FORBIDDEN,
            log_api=log_api.result() or FORBIDDEN,
            hosts=FORBIDDEN if known is None else known,
            jobs=FORBIDDEN if rows is None else rows,
            namespace=namespace,
            waiting=_waiting(kubectl, namespace, rows or (), known),
        )


def operator_seen(kubectl: Kubectl) -> Operator:
    """Read the Lease, and judge by it whether the operator is alive."""
    lease = kubectl.find(LEASE, OPERATOR_NAME, f"--namespace={OPERATOR_NAMESPACE}", namespaced=False)
    return operator_of(lease, datetime.now(UTC))


def _jobs(kubectl: Kubectl, everywhere: bool) -> tuple[str | None, tuple[Row, ...] | None]:
    """List the jobs as the server's own table, which costs a tenth of the objects; (namespace, None) if forbidden."""
    # In one piece: kubectl lays out each chunk of a table anew.
    table = ("get", JOBS, "-o=wide", "--chunk-size=0")
    if everywhere or kubectl.chosen_namespace is None:
        text = readable(lambda: kubectl.run(*table, "--all-namespaces", namespaced=False))
        if text is not None or everywhere:
            return None, None if text is None else rows_of(text, None)
    namespace = kubectl.namespace()
    text = readable(lambda: kubectl.run(*table, f"--namespace={namespace}", namespaced=False))
    return namespace, None if text is None else rows_of(text, namespace)


def _waiting(
    kubectl: Kubectl, namespace: str | None, rows: tuple[Row, ...], known: tuple[Host, ...] | None
) -> Explanation | None:
    oldest = longest_waiting(rows)
    if oldest is None:
        return None
    body = kubectl.find(JOBS, oldest.name, f"--namespace={oldest.namespace}", namespaced=False)
    if body is None:  # it has just been deleted
        return None
    now = datetime.now(UTC)
    others = tuple(_other(row, now) for row in rows if row.phase in HOLDING) if namespace is None else None
    labels = namespace_labels(kubectl, known or (), [oldest.namespace])
    around = Surroundings(known, others, labels, "" if known is not None else HIDDEN)
    return reasons.explain(Job(body), around, now)


def _other(row: Row, now: datetime) -> Other:
    return Other(row.namespace, row.name, now - timedelta(seconds=seconds_of(row.age)), row.phase, row.host, "")
