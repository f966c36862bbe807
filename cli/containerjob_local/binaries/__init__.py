"""Where the programs of the control plane come from: given, cached, downloaded or built, in this order."""

from containerjob_local.binaries.ladder import Binaries, find_binaries

__all__ = ["Binaries", "find_binaries"]
