"""metav1.Condition, and the one way to change a list of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from containerjob_api.markers import list_map
from containerjob_api.resources import Time, Value


class Condition(Value):
    """One observation about an object, as metav1.Condition."""

    type: Annotated[str, Field(max_length=316)]
    """What is observed."""
    status: Literal["True", "False", "Unknown"]
    """Whether it holds."""
    observed_generation: Annotated[int, Field(ge=0)] | None = None
    """The generation of the object that this speaks of."""
    last_transition_time: Time
    """When status last changed."""
    reason: Annotated[str, Field(min_length=1, max_length=1024)]
    """Why, in one word for machines."""
    message: Annotated[str, Field(max_length=32768)] = ""
    """Why, in a sentence for people."""


Conditions = Annotated[tuple[Condition, ...], Field(max_length=32), list_map("type")]


def with_conditions(old: Iterable[Condition], new: Iterable[Condition]) -> tuple[Condition, ...]:
    """Return `old` overlaid with `new`; a transition time moves only when the status does."""
    merged = {condition.type: condition for condition in old}
    for condition in new:
        known = merged.get(condition.type)
        if known is not None and known.status == condition.status:
            condition = condition.model_copy(update={"last_transition_time": known.last_transition_time})  # noqa: PLW2901
        merged[condition.type] = condition
    return tuple(merged.values())


def condition(
    type_: str, status: bool | None, reason: str, message: str, *, now: datetime, generation: int
) -> Condition:
    """Build a condition; None is Unknown."""
    word: Literal["True", "False", "Unknown"] = "Unknown" if status is None else "True" if status else "False"
    return Condition(
        type=type_,
        status=word,
        reason=reason,
        message=message,
        last_transition_time=now.replace(microsecond=0),
        observed_generation=generation,
    )
