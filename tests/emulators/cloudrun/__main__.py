"""Serve an emulated project until SIGTERM: python -m tests.emulators.cloudrun --engine unix:///… --port N.

As part of an installed package it has another name: nothing in here may import it by its whole name.
"""

import argparse
import asyncio
import signal

from .options import Options
from .server import serving


async def serve(endpoint: str, port: int, options: Options) -> None:
    """Serve, and say where once it is ready."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with serving(endpoint, options, port) as emulator:
        print(emulator.address, flush=True)
        await ended.wait()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Serve an emulated project of Google Cloud until SIGTERM.")
    parser.add_argument("--engine", required=True, help="endpoint of the Docker engine that runs the tasks")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 is any free one")
    parser.add_argument("--owner", default="", help="label of its containers, by which others find what a kill left")
    given = parser.parse_args()
    asyncio.run(serve(given.engine, given.port, Options(owner=given.owner)))


if __name__ == "__main__":
    main()
