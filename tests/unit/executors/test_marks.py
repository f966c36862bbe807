"""Whose a container is, by its labels."""

import pytest

from containerjob_api.names import LABEL_ATTEMPT, LABEL_CLUSTER_UID, LABEL_JOB_UID
from containerjob_operator.executors import marks

OURS = {LABEL_CLUSTER_UID: "c", LABEL_JOB_UID: "u", LABEL_ATTEMPT: "2"}


def test_an_attempts_container_carries_all_three_of_its_labels() -> None:
    assert marks.same_attempt(OURS | {"more": "labels"}, OURS)


@pytest.mark.parametrize("label", [LABEL_CLUSTER_UID, LABEL_JOB_UID, LABEL_ATTEMPT])
def test_one_label_that_differs_or_is_missing_makes_it_somebody_elses(label: str) -> None:
    assert not marks.same_attempt(OURS | {label: "9"}, OURS)
    assert not marks.same_attempt({key: value for key, value in OURS.items() if key != label}, OURS)


def test_a_container_without_labels_is_no_clusters() -> None:
    assert not marks.of_cluster({}, "c")
