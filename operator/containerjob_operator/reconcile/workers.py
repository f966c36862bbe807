"""Runs passes from the queue, many at a time, each key by itself."""

import asyncio

from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.jobs import reconcile_job

PASSES = 256
"""Passes under way at a time. They mostly wait for engines, which have their own, smaller limits."""


async def run_workers(context: Context) -> None:
    """Serve the queue until cancelled."""
    free = asyncio.Semaphore(PASSES)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(uid: str) -> None:
        try:
            await reconcile_job(uid, context)
        finally:
            context.queue.done(uid)
            free.release()

    try:
        while True:
            await free.acquire()
            uid = await context.queue.get()
            task = asyncio.create_task(serve(uid), name=f"reconcile {uid}")
            tasks.add(task)
            task.add_done_callback(tasks.discard)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
