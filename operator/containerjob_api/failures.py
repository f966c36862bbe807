"""podFailurePolicy: what a failed attempt means for its job, in batch/v1's shape and with our reasons beside it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, model_validator

from containerjob_api.markers import LIST_ATOMIC, Marker, Rule
from containerjob_api.phases import Reason
from containerjob_api.resources import Value

ZERO: Final = "exit code 0 is no failure: remove it from the values of In"
ONE_MATCHER: Final = "a rule needs exactly one of onExitCodes, onPodConditions and onReasons"
ExitCode = Annotated[int, Field(ge=0, le=255)]


class FailureAction(StrEnum):
    """What follows from a failed attempt."""

    FAIL_JOB = "FailJob"
    """The job fails at once."""
    IGNORE = "Ignore"
    """Another attempt follows and nothing is counted."""
    COUNT = "Count"
    """Another attempt follows while backoffLimit allows it."""


class OnExitCodes(Value):
    """Matches attempts by their container's exit code."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule("self.operator != 'In' || !(0 in self.values)", ZERO, ".values"),
    )

    container_name: Annotated[str, Field(max_length=63)] | None = None
    """The container that is meant; any when absent."""
    operator: Literal["In", "NotIn"]
    """Whether the code must be among `values` or must not."""
    values: Annotated[tuple[ExitCode, ...], Field(min_length=1, max_length=255), LIST_ATOMIC]
    """Exit codes."""

    @model_validator(mode="after")
    def _only_failures(self) -> Self:
        if self.operator == "In" and 0 in self.values:
            raise ValueError(ZERO)
        return self


class OnPodCondition(Value):
    """Matches attempts that ended for a reason outside the container."""

    type: Literal["DisruptionTarget"]
    """DisruptionTarget: the host was lost, or its engine ended the container."""
    status: Literal["True"] = "True"
    """True."""


PodConditions = Annotated[tuple[OnPodCondition, ...], Field(min_length=1, max_length=20), LIST_ATOMIC]
FailureReason = Literal[
    Reason.NON_ZERO_EXIT_CODE,
    Reason.OOM_KILLED,
    Reason.OOM_SUSPECTED,
    Reason.ATTEMPT_DEADLINE_EXCEEDED,
    Reason.IMAGE_NOT_FOUND,
    Reason.IMAGE_PULL_BACK_OFF,
    Reason.INVALID_SPEC,
    Reason.START_ERROR,
    Reason.LAUNCH_BACK_OFF,
    Reason.NAME_CONFLICT,
    Reason.CONTAINER_LOST,
    Reason.CANCELLED_EXTERNALLY,
    Reason.HOST_DISRUPTION,
    Reason.HOST_LOST,
]
"""Every reason that a failed attempt can have."""


class FailureRule(Value):
    """One rule; the first that matches a failed attempt decides."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "[has(self.onExitCodes), has(self.onPodConditions), has(self.onReasons)].filter(it, it).size() == 1",
            ONE_MATCHER,
            ".onExitCodes",
        ),
    )

    action: FailureAction
    """FailJob, Ignore or Count."""
    on_exit_codes: OnExitCodes | None = None
    """Matches exit codes."""
    on_pod_conditions: PodConditions | None = None
    """Matches lost hosts and engines that ended the container."""
    on_reasons: Annotated[tuple[FailureReason, ...], Field(min_length=1, max_length=20), LIST_ATOMIC] | None = None
    """Matches the attempt's reason; not in batch/v1."""

    @model_validator(mode="after")
    def _one_matcher(self) -> Self:
        if sum(it is not None for it in (self.on_exit_codes, self.on_pod_conditions, self.on_reasons)) != 1:
            raise ValueError(ONE_MATCHER)
        return self


class PodFailurePolicy(Value):
    """Rules for failed attempts, tried in order; without a match the defaults hold."""

    rules: Annotated[tuple[FailureRule, ...], Field(min_length=1, max_length=20), LIST_ATOMIC]
    """At most 20 rules."""
