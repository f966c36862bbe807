"""When cancel, suspend and resume have something to do, and when it is done."""

import pytest
from tests.unit.cli.sample_records import job

from kubectl_containerjob.changing.changes import Change
from kubectl_containerjob.changing.wishes import CANCEL, RESUME, SUSPEND
from kubectl_containerjob.records import Job


def verdict(change: Change, about: Job) -> str:
    if change.impossible(about):
        return "impossible"
    return "needless" if change.needless(about) else "wanted"


@pytest.mark.parametrize(
    ("about", "cancel", "suspend", "resume"),
    [
        (job(None), "wanted", "wanted", "needless"),
        (job("Running"), "wanted", "wanted", "needless"),
        (job("Suspended", spec={"suspend": True}), "wanted", "needless", "wanted"),
        (job("Running", spec={"suspend": True}), "wanted", "needless", "wanted"),
        (job("Cancelling", spec={"cancel": True}), "needless", "impossible", "impossible"),
        (job("Cancelled", spec={"cancel": True}), "needless", "impossible", "impossible"),
        (job("Succeeded"), "impossible", "impossible", "impossible"),
        (job("Failed", spec={"cancel": True}), "impossible", "impossible", "impossible"),
    ],
)
def test_each_verb_knows_what_it_can_do_for_a_job(about: Job, cancel: str, suspend: str, resume: str) -> None:
    assert (verdict(CANCEL, about), verdict(SUSPEND, about), verdict(RESUME, about)) == (cancel, suspend, resume)


def test_the_refusal_names_the_job_and_how_it_ended() -> None:
    ended = job("Succeeded")
    assert CANCEL.impossible(ended) == f"job {ended.name} has finished (Succeeded): nothing to cancel"
    assert RESUME.impossible(job("Running", spec={"cancel": True})).endswith("is being cancelled: nothing to resume")


def test_a_change_is_done_when_the_operator_has_seen_it() -> None:
    stale, seen = job("Suspended"), job("Suspended")
    stale.body["metadata"]["generation"] = 2
    seen.body["metadata"]["generation"] = 1
    assert (SUSPEND.reached(stale), SUSPEND.reached(seen)) == (False, True)
    assert not RESUME.reached(seen)
    resumed = job("Running")
    resumed.body["metadata"]["generation"] = 1
    assert RESUME.reached(resumed)
    assert RESUME.reached(job("Succeeded"))
    assert CANCEL.reached(job("Cancelled"))
    assert not CANCEL.reached(job("Cancelling"))
