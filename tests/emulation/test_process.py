"""The emulator as a program of its own."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import grpc.aio
from google.cloud.run_v2 import JobsAsyncClient
from google.cloud.run_v2.services.jobs.transports import JobsGrpcAsyncIOTransport
from google.cloud.run_v2.types import Job
from tests.emulation.customers import PLACE

from containerjob_local.engine import Engine

ROOT = Path(__file__).parents[2]


async def jobs_at(address: str) -> list[Job]:
    async with grpc.aio.insecure_channel(address) as channel:
        jobs = JobsAsyncClient(transport=JobsGrpcAsyncIOTransport(channel=channel))
        return [one async for one in await jobs.list_jobs(parent=PLACE)]


def test_it_says_where_it_serves_and_ends_on_sigterm(engine: Engine) -> None:
    command = [sys.executable, "-m", "tests.emulators.cloudrun", "--engine", engine.endpoint, "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert asyncio.run(jobs_at(process.stdout.readline().strip())) == []
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
