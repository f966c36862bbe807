"""Every error the operator's own code raises; its kind says what follows.

* ContainerJobError
  x HostUnavailable        could not ask: nothing is known, wait and ask again
    + HostRefused          the host answered, and will not serve us as it stands: a person has to act
  x LaunchRejected         the engine's final no to this job: it fails with the reason
  x LaunchDelayed          a passing no: the job waits, the launch is tried again
  x OutputGone             the container, or its log, is not there to be read
  x LeaseLost              another operator acts now, or may soon: this one ends
  x Unusable               an option names what cannot be used: the process does not start
  x KubeError
    + ObjectGone           404: the object, or this incarnation of it, is not there
    + WriteConflict        409: somebody wrote first; read again, decide again
    + KubeUnavailable      the API server did not answer, or asked for a pause
    + KubeRefused          any other refusal: a missing permission, a rule of the schema
"""

from containerjob_api.phases import HostReason, Reason


class ContainerJobError(Exception):
    """Base of all of them."""


class HostUnavailable(ContainerJobError):
    """The engine could not be asked; what happens there is unknown, not failed."""


class HostRefused(HostUnavailable):
    """The host answered and refused us: the message is what it lacks, and the remedy; `reason` is its condition's."""

    def __init__(self, reason: HostReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class LaunchRejected(ContainerJobError):
    """The engine will never run this job as it stands."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class LaunchDelayed(ContainerJobError):
    """The engine could not launch this now, and may later."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class OutputGone(ContainerJobError):
    """The container, or its log, is not there to be read; the message says which."""


class Unusable(ContainerJobError):
    """What the operator was given cannot be used; the message names the option."""


class KubeError(ContainerJobError):
    """The API server did not do what was asked."""


class ObjectGone(KubeError):
    """The object, or the incarnation with this uid, does not exist."""


class WriteConflict(KubeError):
    """The object has changed since it was read."""


class KubeUnavailable(KubeError):
    """No answer, or a 429/5xx; `retry_after` is the server's wish in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class KubeRefused(KubeError):
    """A final refusal, such as 403 or 422; the message is the server's."""
