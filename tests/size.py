"""How large and how strict a run is: at full size bars are held to, on a machine that does nothing else."""

import os

FULL = bool(os.environ.get("CONTAINERJOB_FULL"))
ROOM = 1 if FULL else 4
"""How many times a bar's seconds something may take: elsewhere the machine is shared, and slow is not wrong."""
