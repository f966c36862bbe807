"""The labels that tell whose a container is. Pure; shared by all executors."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from containerjob_api.names import (
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    container_name,
)
from containerjob_operator.decide.observations import OwnedContainer, RunState

_OWNER: Final = (LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_ATTEMPT)
_DIGITS: Final = 9
"""More than any attempt has; a label is free text to whoever made the container."""


def same_attempt(theirs: Mapping[str, str], ours: Mapping[str, str]) -> bool:
    """Say whether a container that is there already is the one we are asked for."""
    return all(theirs.get(key) == ours[key] for key in _OWNER)


def of_cluster(labels: Mapping[str, str], cluster_uid: str) -> bool:
    """Say whether this cluster made the container; any other is none of its business."""
    return labels.get(LABEL_CLUSTER_UID) == cluster_uid


def owned(
    labels: Mapping[str, str],
    *,
    name: str,
    state: RunState,
    created_at: datetime,
    finished_at: datetime | None = None,
) -> OwnedContainer | None:
    """Make a row of a list; None where the name is not what the labels ask for.

    An image that was made from a job's container has its labels: what a person starts from it is not ours to judge.
    """
    attempt = _number(labels.get(LABEL_ATTEMPT, ""))
    if name != container_name(labels.get(LABEL_JOB_UID, ""), attempt):
        return None
    return OwnedContainer(
        name=name,
        job_uid=labels[LABEL_JOB_UID],
        namespace=labels.get(LABEL_NAMESPACE, ""),
        job_name=labels.get(LABEL_NAME, ""),
        state=state,
        created_at=created_at,
        attempt=attempt,
        finished_at=finished_at,
    )


def _number(text: str) -> int:
    """Read an attempt's label; 0 where it is missing or no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else 0
