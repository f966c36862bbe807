"""Mistakes of a few tokens, made in the operator's own code for the length of one check."""

import inspect
import re
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import CodeType
from typing import Any

import pytest
from tests.fakes.fake_kube import FakeKube
from tests.fakes.operator_rig import OperatorRig, new_engine, until
from tests.fakes.troubles import Planned
from tests.unit.reconcile.conftest import Desk

Check = Callable[[], Awaitable[object]]
FAILURES = (AssertionError, pytest.fail.Exception)
"""What a check ends with that fails; the second is that of `pytest.raises`."""
SHORT_PATIENCE = 1.5
"""Seconds that a check waits at least under a mistake; without it, it has all its time."""
PATIENCE_PART = 0.25
"""Of the time that the check took without the mistake: a busy machine must not look like a mistake."""


def mutated(function: Callable[..., Any], right: str, wrong: str) -> CodeType:
    """Return the function's code with one place of its source changed; the place must be there exactly once."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(right) == 1, f"{right!r} is there {source.count(right)} times in\n{source}"
    module = compile(source.replace(right, wrong), f"<{function.__qualname__} with a mistake>", "exec")
    return next(c for c in module.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__)


async def caught(check: Check, words: str, function: Callable[..., Any], right: str, wrong: str) -> None:
    """Assert that a check passes, and that with this mistake it fails in these words, a regular expression."""
    began = time.monotonic()
    await check()
    patience = max(SHORT_PATIENCE, PATIENCE_PART * (time.monotonic() - began))
    with pytest.MonkeyPatch.context() as patch:
        # Not the name but the code behind it: tables and importers hold the function itself.
        patch.setattr(function, "__code__", mutated(function, right, wrong))
        patch.setattr(until, "__defaults__", (patience,))
        with pytest.raises(FAILURES) as failed:
            await check()
    told = str(failed.value)
    assert re.search(words, told), f"it failed for another reason: {told}"


@asynccontextmanager
async def new_desk() -> AsyncIterator[Desk]:
    """One more desk: a check that is made twice needs two."""
    engine, endpoint = new_engine()
    kube, trouble = FakeKube(), Planned()
    kube.fake.trouble = trouble
    kube.create_host("h1", endpoint)
    desk = Desk(kube, engine, endpoint, trouble, OperatorRig(kube, trouble=trouble))
    yield desk
    await desk.rig.close()


def at_a_desk(test: Callable[..., Awaitable[None]], **given: Any) -> Check:
    """Return a check out of a test that is done at a desk."""

    async def check() -> None:
        async with new_desk() as desk:
            await test(desk, **given)

    return check


def at_once(test: Callable[..., None], *given: Any) -> Check:
    """Return a check out of a test that awaits nothing."""

    async def check() -> None:
        test(*given)

    return check
