"""What an engine's failure means: the one table from transport errors and refusals to our own errors.

=====================  =========================  ==============================
answer                 during a launch            elsewhere
=====================  =========================  ==============================
none, late, garbled    HostUnavailable            HostUnavailable
4xx on the job's spec  LaunchRejected             does not happen
404, 409               see each verb              fine: the container is gone or ended
5xx                    LaunchDelayed              HostUnavailable
=====================  =========================  ==============================
"""

import re
from typing import Final

import aiohttp
from aiodocker import DockerError

from containerjob_api.phases import Reason
from containerjob_operator.errors import HostUnavailable, LaunchDelayed, LaunchRejected

NO_ANSWER: Final = (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError)
"""What asking raises where there is no usable answer; the last three where something else than Docker answers."""
CANNOT_CONNECT: Final = 900
"""aiodocker's status for a connection that failed, before or while it was used."""

_FINAL_PULL_WORDS: Final = re.compile(
    r"manifest unknown|name unknown|pull access denied|repository does not exist|no matching manifest|"
    r"unauthorized:|authorization failed|no basic auth credentials|requested access to the resource is denied|"
    r"manifest for \S+ not found|: not found$"
)
_FINAL_CREATE_WORDS: Final = re.compile(r"^Cannot mkdir: \S+ is not a directory")
"""Said with status 500 of a working directory that is a file in the image."""


class NotAsked(HostUnavailable):
    """The question never left this machine, so nothing can have happened because of it."""


def unavailable(endpoint: str, what: str, exc: BaseException) -> HostUnavailable:
    """Name what was asked of whom, and why there is no answer."""
    if isinstance(exc, TimeoutError):
        return HostUnavailable(f"{endpoint} does not answer in time: {what}")
    for cause in (exc, exc.__context__):
        if isinstance(cause, aiohttp.ClientConnectorError):
            return NotAsked(f"{endpoint} cannot be reached: {cause.os_error.strerror}")
    words = exc.message if isinstance(exc, DockerError) else str(exc) or type(exc).__name__
    return HostUnavailable(f"{endpoint} gave no usable answer: {what}: {words}")


def refused(endpoint: str, what: str, exc: DockerError) -> HostUnavailable:
    """Judge a refusal outside a launch: of an engine that cannot do such a thing, nothing is known."""
    return HostUnavailable(f"{endpoint} refused: {what}: {exc.message}")


def create_refused(exc: DockerError) -> LaunchRejected | LaunchDelayed:
    """Judge a refused create; a name that is taken (409) is the caller's to look into."""
    if exc.status == 404:
        return LaunchDelayed(Reason.IMAGE_PULL_BACK_OFF, exc.message)
    if exc.status in {400, 403} or _FINAL_CREATE_WORDS.search(exc.message):
        return LaunchRejected(Reason.INVALID_SPEC, exc.message)
    return LaunchDelayed(Reason.LAUNCH_BACK_OFF, exc.message)


def start_refused(exc: DockerError) -> LaunchRejected | LaunchDelayed:
    """Judge a refused start that left no word on the container."""
    if exc.status in {400, 403}:
        return LaunchRejected(Reason.START_ERROR, exc.message)
    return LaunchDelayed(Reason.LAUNCH_BACK_OFF, exc.message)


def pull_refused(exc: DockerError) -> LaunchRejected | LaunchDelayed:
    """Judge a failed pull; only what the registry says of this image is final, never how it was reached."""
    if exc.status == 400:
        return LaunchRejected(Reason.INVALID_SPEC, exc.message)
    if exc.status == 404 or _FINAL_PULL_WORDS.search(exc.message):
        return LaunchRejected(Reason.IMAGE_NOT_FOUND, exc.message)
    return LaunchDelayed(Reason.IMAGE_PULL_BACK_OFF, exc.message)
