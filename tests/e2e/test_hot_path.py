"""What jobs cost the API server, by its own audit log: few writes while they run, none once they are over."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from bench.meters import Audit, Request
from tests.e2e.conftest import Jobs, Operator, apply_host, wait_for
from tests.size import FULL

from containerjob_api.names import OPERATOR_NAME, OPERATOR_NAMESPACE

BURST = 30
MOST_STATUS_WRITES, MOST_EVENTS = 3, 3
SECONDS = (0, 1.5)
"""Some jobs are over before it is worth telling that they run, others are not."""
RESIDENTS, REST_SECONDS = (1000, 600.0) if FULL else (50, 20.0)
AT_ONCE = 200
CALM_SECONDS = 3.0
STATUS = ("patch", "containerjobs/status")
EVENT = {("create", "events"), ("patch", "events")}


@pytest.fixture
def audit(jobs: Jobs) -> Audit:
    """What the operator, by its ServiceAccount, asks of the API server."""
    user = f"system:serviceaccount:{OPERATOR_NAMESPACE}:{OPERATOR_NAME}"
    return Audit(jobs.plane.plane.state.log("audit"), user)


@pytest.fixture
def fake_host(jobs: Jobs) -> Iterator[str]:
    """A host whose containers end at once and cost nothing."""
    apply_host(jobs.plane, "instant", "fake://instant?runForSeconds=0", maxConcurrentJobs=16)
    jobs.plane.kubectl("wait", "--for=condition=Ready", "dhost/instant", "--timeout=100s")
    yield "instant"
    jobs.plane.kubectl("delete", "dhost", "instant", "--timeout=100s")


def create(jobs: Jobs, commands: list[str], host: str) -> list[str]:
    """Create many jobs at once and return their names."""
    placement = {"hostRef": {"name": host}}
    manifests = [jobs.manifest(command, placement=placement) for command in commands]
    for first in range(0, len(manifests), AT_ONCE):  # kubectl asks for one after the other, and has a minute
        some = manifests[first : first + AT_ONCE]
        jobs.plane.kubectl("create", "-f", "-", input="\n---\n".join(json.dumps(m) for m in some))
    return [manifest["metadata"]["name"] for manifest in manifests]


def succeed(jobs: Jobs, count: int, seconds: float) -> None:
    """Wait until all jobs of the namespace have succeeded."""
    show = "-o=jsonpath={.items[*].status.phase}"
    chosen = ("--field-selector=status.finished=true", show)

    def ended() -> list[str]:
        phases = jobs.plane.kubectl("-n", jobs.namespace, "get", "cjob", *chosen).stdout.split()
        return phases if len(phases) == count else []

    assert wait_for(f"{count} jobs end", ended, seconds) == ["Succeeded"] * count


def written(audit: Audit, since: datetime) -> list[Request]:
    """Return the operator's writes since then."""
    return [request for request in audit.each(since) if request.writes]


def calm(audit: Audit) -> None:
    """Wait until nothing has been written for a while: the last Events follow the last outcome."""

    def quiet() -> bool:
        moment = datetime.now(UTC)
        time.sleep(CALM_SECONDS)
        return not written(audit, moment)

    wait_for("the writes end", quiet, seconds=120)


def renewed(jobs: Jobs) -> str:
    """Return when the operator last renewed its Lease."""
    lease = ("get", "lease", "-n", OPERATOR_NAMESPACE, OPERATOR_NAME, "-o=jsonpath={.spec.renewTime}")
    return jobs.plane.kubectl(*lease).stdout


@pytest.mark.real
def test_a_job_that_succeeds_costs_few_status_writes_and_few_events_and_nothing_else(
    jobs: Jobs, audit: Audit, host: str
) -> None:
    began = datetime.now(UTC)
    names = create(jobs, [f"sleep {SECONDS[n % len(SECONDS)]}" for n in range(BURST)], host)
    succeed(jobs, BURST, seconds=90)
    calm(audit)
    asked = [request for request in written(audit, began) if request.namespace == jobs.namespace]
    kinds = {(request.verb, request.resource) for request in asked}
    assert kinds <= {STATUS, *EVENT}
    statuses = Counter(request.name for request in asked if (request.verb, request.resource) == STATUS)
    events = Counter(request.name.rpartition(".")[0] for request in asked if request.resource == "events")
    assert statuses.keys() == events.keys() == set(names)
    assert max(statuses.values()) <= MOST_STATUS_WRITES
    assert max(events.values()) <= MOST_EVENTS


@pytest.mark.real
@pytest.mark.full
@pytest.mark.timeout(1200 if FULL else 300)
def test_finished_jobs_at_rest_cost_no_write_but_the_lease(
    jobs: Jobs, audit: Audit, fake_host: str, operator: Operator
) -> None:
    create(jobs, ["true"] * RESIDENTS, fake_host)
    succeed(jobs, RESIDENTS, seconds=300)
    calm(audit)
    began, before = datetime.now(UTC), renewed(jobs)
    time.sleep(REST_SECONDS)
    assert Counter((r.verb, r.resource, r.namespace, r.name) for r in written(audit, began)) == {}
    assert renewed(jobs) > before, "an operator that does nothing at all proves nothing"
