"""Where this process stands in its life; `serve` and `leading` write it, health and reports read it."""

import asyncio
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from containerjob_operator.api.server import LogApi
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.kube.lease import Lease
from containerjob_operator.reconcile.context import Context
from containerjob_operator.settings import Settings


class Stage(StrEnum):
    """What a process does."""

    STARTING = "Starting"
    """It waits for the API server, or looks at what is there."""
    STANDING_BY = "StandingBy"
    """Another replica holds the Lease; this one serves logs."""
    LEADING = "Leading"
    """It works."""
    DRAINING = "Draining"
    """It was told to stop and finishes what is under way."""


@dataclass(slots=True)
class Life:
    """One process."""

    settings: Settings
    started: float = field(default_factory=time.monotonic)
    stage: Stage = Stage.STARTING
    since: float = field(default_factory=time.monotonic)
    reached: bool = False
    """The API server has answered, and has all that the operator needs."""
    log_api: LogApi | None = None
    lease: Lease | None = None
    """The one that this process holds."""
    context: Context | None = None
    recorder: EventRecorder | None = None
    parts: "dict[str, asyncio.Task[Any]]" = field(default_factory=dict)
    """What has to be alive while it leads."""

    def enter(self, stage: Stage) -> None:
        """Go on to another stage."""
        if stage is not self.stage:
            self.stage, self.since = stage, time.monotonic()
