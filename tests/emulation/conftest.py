"""The emulator on a real engine, and the official clients before it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from tests.emulation.customers import Customer, customer_of
from tests.emulators.cloudrun import Options, serving

from containerjob_local.engine import Engine

QUICK = Options(stop_grace_seconds=1.0)


Serve = Callable[..., AbstractAsyncContextManager[Customer]]


@pytest.fixture
def serve(engine: Engine) -> Serve:
    """Start emulators with options of a test's own."""

    @asynccontextmanager
    async def started(options: Options = QUICK) -> AsyncIterator[Customer]:
        async with serving(engine.endpoint, options) as emulator, customer_of(emulator) as customer:
            yield customer

    return started


@pytest.fixture
async def reader() -> AsyncIterator[Customer]:
    """A customer of an emulator without an engine: for rules that are checked before anything runs."""
    async with serving("unix:///nowhere.sock", QUICK) as emulator, customer_of(emulator) as found:
        yield found


@pytest.fixture
async def customer(serve: Serve) -> AsyncIterator[Customer]:
    """A customer of an emulator with the usual options."""
    async with serve() as found:
        yield found
