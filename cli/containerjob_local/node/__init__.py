"""A real node for the local plane: pods run on it, in namespaces of its own, so that it goes without a trace."""

from containerjob_local.node.images import import_archive
from containerjob_local.node.lifecycle import describe, make_room, start_node, stop_node

__all__ = ["describe", "import_archive", "make_room", "start_node", "stop_node"]
