"""Every line about a job tells its uid and attempt, whoever logs it; every line about a host names the host."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from tests.fakes.operator_rig import H1, until
from tests.unit.reconcile.conftest import Desk

from containerjob_operator.errors import HostUnavailable, WriteConflict
from containerjob_operator.logs import set_up_logging
from containerjob_operator.reconcile.upkeep import tend_host


@pytest.fixture
def lines() -> Iterator[Any]:
    """The log as it is written, one dictionary a line."""
    root, spoken = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    before = structlog.get_config()
    set_up_logging("INFO", "json")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(spoken)
    yield lambda: [json.loads(line) for line in spoken.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


async def test_lines_of_a_pass_tell_job_uid_and_attempt_also_those_of_libraries(desk: Desk, lines: Any) -> None:
    job = desk.kube.create_job(argv=["sleep", "60"])
    desk.trouble.fail("create", lambda: _warn("an engine's library speaks"))
    desk.trouble.fail("patch ContainerJob", lambda: WriteConflict("somebody wrote"), times=6)
    async with desk.rig.working():
        await until(lambda: desk.phase() == "Running", "it runs")
        desk.kube.edit_job({"spec": {"cancel": True}})
        desk.trouble.fail("signal_stop", lambda: HostUnavailable("away"))
        await until(lambda: desk.phase() == "Cancelled", "it is over")
    uid = job["metadata"]["uid"]
    told = [line for line in lines() if line["event"] in ("will try again", "an engine's library speaks")]
    assert {line["event"] for line in told} == {"will try again", "an engine's library speaks"}
    assert {(line["namespace"], line["job"], line["uid"]) for line in told} == {("team-a", "hello", uid)}
    assert {line["attempt"] for line in told} == {None, 0}


def _warn(text: str) -> Exception:
    logging.getLogger("a.library").warning(text)
    return HostUnavailable("it broke")


async def test_lines_while_a_host_is_looked_after_name_it(desk: Desk, lines: Any) -> None:
    await desk.rig.load()
    desk.trouble.fail("list_owned", lambda: _warn("while it is listed"))
    await tend_host(H1, desk.rig.context)
    told = [line for line in lines() if "host" in line["event"] or "listed" in line["event"]]
    assert len(told) >= 2
    assert {line.get("host") for line in told} == {"h1"}
    await asyncio.sleep(0)
