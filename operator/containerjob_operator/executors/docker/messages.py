"""A termination message, read from the engine's archive of one path in an ended container."""

import io
import tarfile
from typing import Final

from aiodocker import DockerError

from containerjob_operator.executors.docker.client import EngineClient
from containerjob_operator.executors.tails import message_text

READ_LIMIT: Final = 1024 * 1024
"""Bytes of archive read at most: engines send a file from its beginning, and a message is its end."""


async def termination_message(client: EngineClient, name: str, path: str) -> str | None:
    """Return the end of the file; None where there is no such file, or the engine will not give it.

    A refusal is final here, whatever its number: engines answer 500 where a parent of the path is no folder,
    and no message is worth keeping a job from its end.
    """
    read = bytearray()
    try:
        async with client.stream(f"containers/{name}/archive", {"path": path}) as response, client.in_time():
            async for data in response.content.iter_any():
                read += data
                if len(read) >= READ_LIMIT:
                    break
    except DockerError:
        return None
    content = first_file(bytes(read))
    return None if content is None else message_text(content)


def first_file(archive: bytes) -> bytes | None:
    """Return what there is of an archive's first member; None where that is no plain file."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r|") as opened:
            member = opened.next()
            # A link is not followed: it may lead anywhere on the host.
            if member is None or not member.isreg():
                return None
            return archive[member.offset_data : member.offset_data + member.size]
    except tarfile.TarError:
        return None
