"""Runs passes from the queue, many at a time, each key by itself."""

import asyncio

import structlog

from containerjob_operator.logs import about
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.jobs import reconcile_job

PASSES = 256
"""Passes under way at a time. They mostly wait for engines, which have their own, smaller limits."""


async def run_workers(context: Context) -> None:
    """Serve the queue until cancelled, or until the operator drains: passes under way come to their end then."""
    free = asyncio.Semaphore(PASSES)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(uid: str) -> None:
        live = context.jobs.get(uid)
        if live is not None:  # this task's lines, whoever logs them, tell whom they are about
            structlog.contextvars.bind_contextvars(**about(live.job))
        try:
            await reconcile_job(uid, context)
        finally:
            context.queue.done(uid)
            free.release()

    async def take() -> None:
        while True:
            await free.acquire()
            uid = await context.queue.get()
            task = asyncio.create_task(serve(uid), name=f"reconcile {uid}")
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    taking = asyncio.create_task(take(), name="take from the queue")
    told = asyncio.create_task(context.draining.wait(), name="workers drain")
    try:
        await asyncio.wait({taking, told}, return_when=asyncio.FIRST_COMPLETED)
        if taking.done():
            taking.result()
        taking.cancel()
        while tasks:
            await asyncio.wait(tasks)
    finally:
        for task in (taking, told, *tasks):
            task.cancel()
        await asyncio.gather(taking, told, *tasks, return_exceptions=True)
