"""When a Lease may be taken. Pure: the clock is an argument.

Wall clocks of two machines are never compared: a holder counts as dead when *we* have watched its record stay
the same for as long as it promised to renew it.
"""

from dataclasses import dataclass
from typing import Any, Final

from containerjob_operator.kube.resources import Body

DURATION_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 1.0
"""A standby looks at least this often, so that it leads within 2 s of a Lease that was given up."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A holder gives up (`deadline`) before anybody else may take over (`duration`)."""

    duration: float = DURATION_SECONDS
    renew: float = 5.0
    deadline: float = 10.0
    retry: float = 2.0

    @classmethod
    def within(cls, seconds: float) -> "Timing":
        """Return the timing of a Lease that runs out after so long."""
        return cls(seconds, renew=seconds / 3, deadline=seconds / 1.5, retry=min(LOOK_SECONDS, seconds / 7.5))


@dataclass(frozen=True, slots=True)
class Claim:
    """What the Lease object says."""

    version: str
    holder: str
    renewed: str
    """The holder's own clock: compared for change only."""
    transitions: int
    duration: float
    """Seconds the holder promised to renew within; ours when it promised nothing."""

    @classmethod
    def from_body(cls, body: Body) -> "Claim":
        """Read it; every field of a Lease's spec is optional."""
        spec: dict[str, Any] = body.get("spec") or {}
        return cls(
            version=body["metadata"]["resourceVersion"],
            holder=spec.get("holderIdentity") or "",
            renewed=spec.get("renewTime") or "",
            transitions=spec.get("leaseTransitions") or 0,
            duration=float(spec.get("leaseDurationSeconds") or DURATION_SECONDS),
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """Since when, by our own monotonic clock, the claim has not been renewed."""

    holder: str
    renewed: str
    since: float


def sight(before: Sighting | None, claim: Claim, now: float) -> Sighting:
    """Note what is seen; the time stands still while the holder does not renew."""
    if before is not None and (before.holder, before.renewed) == (claim.holder, claim.renewed):
        return before
    return Sighting(claim.holder, claim.renewed, now)


def may_take(claim: Claim, sighting: Sighting, identity: str, now: float) -> bool:
    """Say whether `identity` may write itself into the Lease as it stands now."""
    if claim.holder in {"", identity}:
        # Our own name means that we crashed: nobody else ever has it.
        return True
    return now - sighting.since > claim.duration
