"""Finished jobs that have a time at which they are deleted: no more of each than that takes to remember."""

from dataclasses import dataclass
from datetime import datetime

from containerjob_operator.kube.resources import Body


@dataclass(frozen=True, slots=True)
class Expiring:
    """One job and its time."""

    uid: str
    namespace: str
    name: str
    time: datetime

    @classmethod
    def from_body(cls, body: Body) -> "Expiring":
        """Read a listed object, whose schema makes sure of the time's form."""
        metadata = body["metadata"]
        time = datetime.fromisoformat(body["status"]["expireTime"])
        return cls(metadata["uid"], metadata["namespace"], metadata["name"], time)
