"""What can go wrong between us and a container engine, as one line for the person at the terminal."""

from containerjob_local.errors import LocalError


class EngineError(LocalError):
    """The engine, or something needed to start one, refused; the message carries its own words."""


class NoAnswerError(EngineError):
    """Nobody that speaks the Docker API, in a version we can use, answers at an endpoint."""
