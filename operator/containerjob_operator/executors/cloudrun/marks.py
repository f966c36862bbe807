"""Our labels as Google takes them. Pure.

Google's label keys are `[a-z][a-z0-9_-]{0,62}`, its values `[a-z0-9_-]{0,63}`: what does not fit, such as a name with
dots, is an annotation of the Job under our own key.
"""

import re
from collections.abc import Mapping
from typing import Final

from containerjob_api.names import (
    GROUP,
    LABEL_ATTEMPT,
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAME,
    LABEL_NAMESPACE,
    LABEL_SPEC_HASH,
)

_OURS: Final = (
    LABEL_CLUSTER_UID,
    LABEL_JOB_UID,
    LABEL_NAMESPACE,
    LABEL_NAME,
    LABEL_ATTEMPT,
    LABEL_SPEC_HASH,
)
_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")


def google_key(key: str) -> str:
    """Return the label's key on Google: containerjobs.io/uid is containerjobs-uid."""
    return f"containerjobs-{key.removeprefix(f'{GROUP}/')}"


def to_google(labels: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the Job's labels and its annotations."""
    fits = {key: _VALUE.fullmatch(value) is not None for key, value in labels.items()}
    return (
        {google_key(key): value for key, value in labels.items() if fits[key]},
        {key: value for key, value in labels.items() if not fits[key]},
    )


def from_google(labels: Mapping[str, str], annotations: Mapping[str, str]) -> dict[str, str]:
    """Return our labels as they were given; whatever else is on the Job is not ours."""
    read = {key: labels.get(google_key(key), annotations.get(key)) for key in _OURS}
    return {key: value for key, value in read.items() if value is not None}
