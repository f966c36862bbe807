"""Which containers may be started: an engine runs an exited container again when told to start it."""

import asyncio
from typing import Final

from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import Observation, RunState
from containerjob_operator.errors import LaunchDelayed

NEW_SECONDS: Final = 30.0
"""A container we created this recently has been started by nobody else."""
_NEW_LIMIT: Final = 1024


class Starts:
    """What this process knows of its own starts on one engine."""

    def __init__(self, *, grace_seconds: float) -> None:
        self._grace_seconds: Final = grace_seconds
        self._new: Final[dict[str, float]] = {}
        # Starts without an answer; the value is when the engine was first seen to answer again.
        self._unanswered: Final[dict[str, float | None]] = {}

    def created(self, name: str) -> None:
        """Remember a container that this process has just created."""
        if len(self._new) >= _NEW_LIMIT:
            del self._new[next(iter(self._new))]
        self._new[name] = asyncio.get_running_loop().time()

    def is_new(self, name: str) -> bool:
        """Say, once, whether the container can be started without looking at it."""
        created_at = self._new.pop(name, None)
        return created_at is not None and asyncio.get_running_loop().time() - created_at < NEW_SECONDS

    def asked(self, name: str) -> None:
        """Note that a start is on its way."""
        self._unanswered[name] = None

    def answered(self, name: str) -> None:
        """Note that the start is over, well or not."""
        self._unanswered.pop(name, None)

    def allowed(self, name: str, seen: Observation) -> bool:
        """Say whether to start what was seen; raise LaunchDelayed while an earlier start may still be coming.

        A start whose answer was lost can sit in a stopped daemon's queue. A second one beside it would run the
        job twice if the job is short, so the engine gets time to work off its queue first.
        """
        if seen.state is not RunState.CREATED or seen.start_failed:
            self.forget(name)
            return False
        if name not in self._unanswered:
            return True
        now = asyncio.get_running_loop().time()
        answering_since = self._unanswered[name]
        if answering_since is None:
            answering_since = self._unanswered[name] = now
        if now - answering_since >= self._grace_seconds:
            return True
        raise LaunchDelayed(Reason.LAUNCH_BACK_OFF, "an earlier start got no answer and may still happen")

    def forget(self, name: str) -> None:
        """Drop what is known; the container has run, or is gone."""
        self._new.pop(name, None)
        self._unanswered.pop(name, None)
