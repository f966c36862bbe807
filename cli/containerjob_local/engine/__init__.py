"""The local container engine: found, or started as one of our own, and the images it needs."""

from containerjob_local.engine.answers import Engine
from containerjob_local.engine.containers import remove_containers
from containerjob_local.engine.errors import EngineError, NoAnswerError
from containerjob_local.engine.images import DEMO_IMAGE, ensure_image
from containerjob_local.engine.ladder import find_engine
from containerjob_local.engine.own_daemon import stop_engine

__all__ = [
    "DEMO_IMAGE",
    "Engine",
    "EngineError",
    "NoAnswerError",
    "ensure_image",
    "find_engine",
    "remove_containers",
    "stop_engine",
]
