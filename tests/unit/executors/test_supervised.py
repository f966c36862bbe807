"""Whoever must not act any more reaches no engine, a rehearsal changes nothing, and every failed call is counted."""

import contextlib
from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.operator_rig import CLUSTER, new_engine
from tests.fakes.troubled_executor import TroubledExecutor
from tests.fakes.troubles import Planned

from containerjob_api.phases import Reason
from containerjob_operator import metrics
from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected
from containerjob_operator.executors.registry import executor_at
from containerjob_operator.executors.supervised import Supervised
from containerjob_operator.kube.lease import LeaseLost

RUN: RunSpec = None  # type: ignore[assignment]  # refused before it is looked at
CHANGES: dict[str, Callable[[Supervised], Awaitable[None]]] = {
    "create": lambda executor: executor.create(RUN),
    "start": lambda executor: executor.start("cj-a-0"),
    "signal_stop": lambda executor: executor.signal_stop("cj-a-0"),
    "kill": lambda executor: executor.kill("cj-a-0"),
    "remove": lambda executor: executor.remove("cj-a-0"),
}
LOOKS: dict[str, Callable[[Supervised], Awaitable[object]]] = {
    "inspect": lambda executor: executor.inspect("cj-a-0"),
    "tail": lambda executor: executor.tail("cj-a-0"),
    "usage": lambda executor: executor.usage("cj-a-0"),
    "termination_message": lambda executor: executor.termination_message("cj-a-0", "/m"),
    "list_owned": lambda executor: executor.list_owned(),
    "engine": lambda executor: executor.engine(),
}


def lost() -> None:
    raise LeaseLost("it ran out")


def supervised(
    trouble: Planned, permit: Callable[[], None] = lambda: None, *, rehearsing: bool = False
) -> Supervised:
    real = executor_at(new_engine()[1], cluster_uid=CLUSTER, allow_fake_hosts=True)
    return Supervised(TroubledExecutor(real, trouble), permit, rehearsing=rehearsing)


def failures(call: str, kind: str) -> float:
    return metrics.REGISTRY.get_sample_value("containerjob_engine_errors_total", {"call": call, "kind": kind}) or 0.0


@pytest.mark.parametrize("verb", CHANGES)
async def test_without_the_lease_nothing_changes_on_an_engine(verb: str) -> None:
    trouble = Planned()
    with pytest.raises(LeaseLost):
        await CHANGES[verb](supervised(trouble, lost))
    assert trouble.calls == []


@pytest.mark.parametrize("verb", CHANGES)
async def test_a_rehearsal_changes_nothing_on_an_engine_and_is_not_asked_for_the_lease(verb: str) -> None:
    trouble = Planned()
    await CHANGES[verb](supervised(trouble, lost, rehearsing=True))
    assert trouble.calls == []


@pytest.mark.parametrize("verb", LOOKS)
async def test_looking_is_always_allowed(verb: str) -> None:
    trouble = Planned()
    with contextlib.suppress(HostUnavailable):  # there is no such container
        await LOOKS[verb](supervised(trouble, lost, rehearsing=True))
    assert trouble.calls == [verb]


@pytest.mark.parametrize(
    ("problem", "kind"),
    [
        (HostUnavailable("away"), "unavailable"),
        (LaunchRejected(Reason.INVALID_SPEC, "no"), "rejected"),
        (LaunchDelayed(Reason.LAUNCH_BACK_OFF, "later"), "delayed"),
    ],
    ids=["unavailable", "rejected", "delayed"],
)
async def test_a_failed_call_is_counted_by_its_kind_and_passed_on(problem: Exception, kind: str) -> None:
    trouble = Planned()
    trouble.fail("start", lambda: problem)
    before = failures("start", kind)
    with pytest.raises(type(problem)):
        await supervised(trouble).start("cj-a-0")
    assert failures("start", kind) == before + 1
