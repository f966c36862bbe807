"""What the record keeps of an end: last words, and when the object itself expires."""

from typing import Any

import pytest
from tests.unit.decide.builders import ENDS, after, ended, in_phase, running, scheduled

from containerjob_api.jobstatus import LogTail
from containerjob_api.phases import Phase
from containerjob_operator.decide.endings import LAST_WORDS, last_words, time_to_live

FINISHED = {"ttlSecondsAfterFinished": 100}
SUCCESS = {"ttlSecondsAfterSuccess": 5}
FAILURE = {"ttlSecondsAfterFailure": 7}


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        (LogTail(stdout="out", stderr="err"), "err"),
        (LogTail(stdout="out"), "out"),
        (LogTail(), None),
        (LogTail(stderr="x" * 5000 + "end"), "x" * (LAST_WORDS - 3) + "end"),
    ],
    ids=["both", "only stdout", "none", "long"],
)
def test_the_end_of_the_error_output_speaks_for_a_container_that_left_no_message(
    tail: LogTail, expected: str | None
) -> None:
    assert last_words(tail) == expected


@pytest.mark.parametrize(
    ("spec", "won", "lost"),
    [
        ({}, None, None),
        (FINISHED, 100, 100),
        (SUCCESS, 5, None),
        (FAILURE, None, 7),
        (FINISHED | SUCCESS, 5, 100),
        (FINISHED | FAILURE, 100, 7),
        (SUCCESS | FAILURE, 5, 7),
        ({"ttlSecondsAfterFinished": 100, "ttlSecondsAfterSuccess": 0}, 0, 100),
    ],
    ids=lambda spec: "+".join(spec) if isinstance(spec, dict) else "",
)
@pytest.mark.parametrize("phase", ENDS)
def test_a_finished_object_expires_as_its_times_to_live_say(
    phase: Phase, spec: dict[str, Any], won: int | None, lost: int | None
) -> None:
    seconds = won if phase is Phase.SUCCEEDED else lost
    job = running(more=spec)
    assert time_to_live(job, phase) == seconds
    assert ended(phase, job, at=20).status.expire_time == (None if seconds is None else after(20 + seconds))


@pytest.mark.parametrize("phase", [phase for phase in Phase if phase not in ENDS])
def test_an_object_that_goes_on_never_expires(phase: Phase) -> None:
    assert in_phase(phase, more=FINISHED | SUCCESS | FAILURE).status.expire_time is None


def test_an_end_without_a_container_expires_too() -> None:
    assert ended(Phase.CANCELLED, scheduled(more=FINISHED), at=1).status.expire_time == after(101)
