"""Whatever stands on a host, whatever its limits are: sweeps leave what is active and what is another cluster's."""

import asyncio
import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, new_engine
from tests.fakes.troubles import Planned
from tests.unit.reconcile.conftest import Desk
from tests.unit.reconcile.containers import CREATED, EXITED, HOUR, RUNNING, container, job, limit, swept

from containerjob_api.names import container_name

STATES = st.sampled_from((CREATED, RUNNING, EXITED))
ROWS = st.lists(
    st.tuples(st.sampled_from(("goes-on", "over", "nobody")), STATES, st.integers(0, 2 * HOUR)), max_size=6
)
LIMITS = st.fixed_dictionaries(
    {
        "maxRetainedContainers": st.integers(0, 2),
        "containerRetentionSeconds": st.sampled_from((0, HOUR)),
        "orphanPolicy": st.fixed_dictionaries({"dryRun": st.booleans(), "graceSeconds": st.sampled_from((0, 300))}),
    }
)


@settings(deadline=None, max_examples=60)
@given(ROWS, LIMITS, STATES)
def test_three_sweeps_leave_the_active_and_the_foreign(rows: list[Any], limits: dict[str, Any], state: Any) -> None:
    asyncio.run(story(rows, limits, state))


async def story(rows: list[Any], limits: dict[str, Any], state: Any) -> None:
    engine, endpoint = new_engine()
    kube, trouble = FakeKube(), Planned()
    kube.fake.trouble = trouble
    kube.create_host("h1", endpoint, unschedulable=True)
    desk = Desk(kube, engine, endpoint, trouble, OperatorRig(kube, trouble=trouble))
    limit(desk, **limits)
    done = job(desk, "over", *["NonZeroExitCode"] * 10, phase="Failed", finished=True)
    uids = {"goes-on": job(desk, "goes-on", *["HostLost"] * 9, None), "over": done, "nobody": "nobody"}
    container(desk, uids["goes-on"], state, attempt=9, job="goes-on", age=HOUR)
    container(desk, "theirs", state, cluster="cluster-2", age=HOUR)
    for attempt, (name, each, age) in enumerate(rows):
        container(desk, uids[name], each, attempt=attempt, job=name, age=age)
    before = set(engine.containers)
    try:
        await swept(desk, 3)
    finally:
        await desk.rig.close()
    current, foreign = container_name(uids["goes-on"], 9), container_name("theirs", 0)
    states = {name: made.state(time.time()) for name, made in engine.containers.items()}
    assert (states.pop(current), states.pop(foreign)) == (state, state)
    nobodys = {name for name in before if "nobody" in name}
    assert nobodys & set(states) == (nobodys if limits["orphanPolicy"]["dryRun"] else set())
    kept = [name for name, each in states.items() if name not in nobodys and each is not RUNNING]
    assert len(kept) <= limits["maxRetainedContainers"]
