"""Every exit code of the plugin; where a job's container ended, its own code comes first."""

from typing import Final

DONE: Final = 0
FAILED: Final = 1
USAGE: Final = 2
UNCHANGED: Final = 3
"""Nothing had to be changed, asked for by --error-unchanged."""
DEADLINE: Final = 124
"""The job was stopped because its time was up, or the time to wait for it was."""
NOT_RUN: Final = 125
"""The job ended without a container's own exit code: it was cancelled, refused or lost."""
DETACHED: Final = 130
"""Ctrl-C; the job goes on."""

TEXT: Final = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 unchanged (--error-unchanged); where one ends with its job: "
    "the container's own code, 124 deadline, 125 never ran to an end of its own, 130 detached by Ctrl-C."
)
