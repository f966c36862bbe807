"""What an executor can say of one container. "Could not ask" is no observation but HostUnavailable."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
_OF_A_MOUNT: Final = re.compile(r"error mounting|rootfs_linux|trying to mount")
"""Engines give 126 and 127 for these too; they are the host's affair and may pass."""
_OF_THE_JOB: Final = re.compile(
    r"executable file|exec format error|exec: \"[^\"]*\": |chdir to cwd|unable to find (user|group) |"
    r"working directory .* (invalid|is not|does not)|^image '[^']+' not found",
    re.IGNORECASE,
)
"""What runtimes say of a command, working directory or user that the image does not have, or of the image."""


class RunState(StrEnum):
    """The only states there are; success is derived from the exit code."""

    ABSENT = "absent"
    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


@dataclass(frozen=True, slots=True)
class Observation:
    """One container, as its engine describes it just now."""

    state: RunState
    container_id: str = ""
    image_id: str = ""
    exit_code: int | None = None
    oom_killed: bool = False
    error: str = ""
    """The engine's own words where it could not start the container."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    disrupted: bool = False
    """Exited, and for all its engine can tell because the engine or its machine was restarted."""
    cancelled: bool = False
    """Exited, and because somebody had it cancelled: this operator, or a person at the engine's own console."""

    @property
    def start_failed(self) -> bool:
        """Created, and a start was tried and refused; Docker leaves the exit code (126, 127) and its words."""
        return self.state is RunState.CREATED and bool(self.error or self.exit_code)

    @property
    def start_failure_permanent(self) -> bool:
        """A start was refused for what image and job are, so it would be refused everywhere and always."""
        if not self.start_failed or _OF_A_MOUNT.search(self.error):
            return False
        return self.exit_code in {NOT_EXECUTABLE, NOT_FOUND} or _OF_THE_JOB.search(self.error) is not None


ABSENT = Observation(RunState.ABSENT)


@dataclass(frozen=True, slots=True)
class OwnedContainer:
    """A row of a host's list: enough to tell whose it is and whether it may go."""

    name: str
    job_uid: str
    namespace: str
    job_name: str
    state: RunState
    created_at: datetime
    attempt: int = 0
    """The number on its label."""
    finished_at: datetime | None = None
    """Known to the second from lists that tell it; None while it runs or where the list does not say."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something happened on a host: a hint to look, never a fact."""

    kind: str
    """`subscribed` once the stream stands (list after it); else start, die, destroy, oom."""
    job_uid: str = ""
    name: str = ""
