"""What `why` says of a job: in each phase, for each reason, and in what it looks like."""

import dataclasses

import pytest
from tests.unit.cli.golden_files import assert_golden
from tests.unit.cli.sample_records import AROUND, CASES, NOW, RUNS, attempt, before, condition, host, job, other

from containerjob_api.phases import Phase, Reason
from kubectl_containerjob.explaining import answers, reasons
from kubectl_containerjob.explaining.reasons import Explanation
from kubectl_containerjob.explaining.sentences import CLAUSES
from kubectl_containerjob.explaining.surroundings import HIDDEN
from kubectl_containerjob.explaining.waiting import Surroundings
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens.plain_text import cells

NOTHING = Surroundings()


def explained(shown: Job, around: Surroundings = AROUND) -> Explanation:
    return reasons.explain(shown, around, NOW)


def lines(said: Explanation, *, colour: bool = False) -> list[str]:
    return answers.lines(said, width=80, colour=colour, with_namespace=False)


@pytest.mark.parametrize("name", CASES)
def test_the_answer_for_every_phase_is_as_it_was_approved(name: str) -> None:
    laid = lines(explained(CASES[name]()))
    assert_golden(f"why-{name}", laid)
    assert [line for line in laid if cells(line) > 80] == []


@pytest.mark.parametrize("name", ["queued", "failed"])
def test_the_answer_is_as_it_was_approved_in_colours(name: str) -> None:
    assert_golden(f"why-{name}-colour", lines(explained(CASES[name]()), colour=True))


def test_every_phase_has_somebody_who_speaks_for_it() -> None:
    assert set(reasons.PHASES) == set(Phase)
    assert {CASES[name]().phase for name in CASES} == set(Phase)


def test_every_reason_has_a_sentence() -> None:
    assert set(CLAUSES) == set(Reason)


@pytest.mark.parametrize("around", [AROUND, NOTHING], ids=["hosts known", "hosts unknown"])
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("reason", Reason)
def test_no_phase_and_reason_leave_a_gap_in_a_sentence(phase: Phase, reason: Reason, around: Surroundings) -> None:
    for attempts in ([], [attempt(reason=str(reason), message="so it is")], [attempt(**RUNS)]):
        said = explained(job(str(phase), str(reason), "so it is", attempts=attempts), around)
        assert said.explanation.endswith("."), said
        assert "{" not in said.explanation.replace("{}", ""), said
        assert ": ." not in said.explanation, said
        assert said.remedy.count("`") % 2 == 0, said


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason != Reason.HOST_REACHABLE])
def test_every_failure_comes_with_a_remedy(reason: Reason) -> None:
    assert explained(job("Failed", str(reason), attempts=[attempt(reason=str(reason))])).remedy


def test_a_reason_of_a_newer_operator_is_told_in_its_own_words() -> None:
    said = explained(job("Failed", "EatenByMoths", "moths ate \x1b[2J the container"))
    assert "moths ate \\x1b[2J the container" in said.explanation
    assert explained(job("Failed", "EatenByMoths")).explanation.endswith(
        "the operator gives the reason EatenByMoths."
    )


def test_a_phase_of_a_newer_operator_is_explained_by_its_reason() -> None:
    assert explained(job("Dreaming", "Running")).explanation == "its container runs"


def test_a_job_just_created_is_not_called_forgotten() -> None:
    young = job(None)
    young.body["metadata"]["creationTimestamp"] = before(3)
    assert explained(young).explanation == (
        "It was created 3s ago, and no operator has looked at it yet: one is about to."
    )


@pytest.mark.parametrize(
    ("phase", "spec", "words"),
    [
        ("Running", {"cancel": True}, "It is to be cancelled (spec.cancel)"),
        ("Pending", {"suspend": True}, "It is to be suspended (spec.suspend)"),
        ("Suspended", {"suspend": False}, "It was resumed"),
    ],
)
def test_a_wish_that_nobody_has_taken_up_leads_to_the_doctor(phase: str, spec: dict[str, bool], words: str) -> None:
    unheard = job(phase, "Running", spec=spec)
    unheard.body["metadata"]["generation"] = 2
    said = explained(unheard)
    assert said.explanation == f"{words}, and the operator has not taken that up yet."
    assert said.remedy == "`kubectl containerjob doctor`"


def test_a_change_without_a_consequence_is_no_wish() -> None:
    changed = job("Running", "Running", attempts=[attempt(**RUNS)], host={"name": "builder-1"})
    changed.body["metadata"]["generation"] = 2
    assert explained(changed).explanation.startswith("It runs on host builder-1")


def test_a_host_that_could_take_the_job_means_that_the_operator_is_about_to() -> None:
    said = explained(CASES["queued"](), Surroundings(hosts=(host(),)))
    assert "builder-1 could take it (1 of 2 slots in use)" in said.explanation
    assert said.remedy == "the operator is about to place it; if it does not: `kubectl containerjob doctor`"


def test_a_pinned_job_is_told_of_its_host_alone() -> None:
    pinned = job("Pending", "HostNotReady", spec={"placement": {"hostRef": {"name": "builder-2"}}})
    said = explained(pinned)
    assert said.explanation == (
        "It waits for a host: builder-2 has not been ready for 10m (Unreachable: connection refused)."
    )
    assert said.remedy == "see what is wrong there: `kubectl containerjob host test builder-2`"


def test_a_host_that_was_never_asked_is_said_to_be_so() -> None:
    fresh = host("fresh")
    fresh.body["status"] = {}
    said = explained(CASES["queued"](), Surroundings(hosts=(fresh,)))
    assert "fresh has not been asked by the operator yet" in said.explanation


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"sales": {"team": "sales"}}, "builder-1 could take it (1 of 2"),
        ({"sales": {"team": "it"}}, "builder-1 does not admit namespace sales"),
        ({}, "builder-1 could take it if it admits this namespace's labels (1 of 2"),
    ],
)
def test_a_hosts_selector_is_judged_where_the_labels_may_be_read(
    labels: dict[str, dict[str, str]], words: str
) -> None:
    allowed = {"from": "Selector", "selector": {"matchLabels": {"team": "sales"}}}
    around = Surroundings(hosts=(host(allowedNamespaces=allowed),), labels=labels)
    assert words in explained(CASES["queued"](), around).explanation


def test_who_may_not_list_hosts_gets_the_answer_and_a_hint() -> None:
    said = explained(CASES["queued"](), Surroundings(hint=HIDDEN))
    assert said.explanation == f"It waits for a host: every host it may use is full. {HIDDEN}"


def test_the_place_in_line_counts_those_that_wait_for_the_same_hosts() -> None:
    said = explained(
        CASES["queued"](),
        dataclasses.replace(AROUND, others=(*(AROUND.others or ()), other("x", "Retrying", pinned="y"))),
    )
    assert "It is number 2 of 3 in line." in said.explanation
    assert "in line" not in explained(CASES["queued"](), dataclasses.replace(AROUND, others=None)).explanation


def test_the_deadline_to_start_counts_from_the_end_of_the_suspension() -> None:
    resumed = job(
        "Pending",
        "JobResumed",
        spec={"startingDeadlineSeconds": 90},
        conditions=(condition("Suspended", "False", "JobResumed", seconds=30),),
    )
    assert explained(resumed).explanation.endswith(
        "It fails at 2026-01-31 12:01:00Z if it has not started by then (startingDeadlineSeconds)."
    )


def test_a_stop_that_takes_long_leads_to_the_doctor() -> None:
    slow = attempt(**RUNS, stop={"reason": "DeadlineExceeded", "time": before(200)})
    said = explained(job("Running", "DeadlineExceeded", attempts=[slow], spec={"activeDeadlineSeconds": 60}))
    assert "it was active for longer than 60 s" in said.explanation
    assert said.remedy == "this takes long: `kubectl containerjob doctor`"


@pytest.mark.parametrize(
    ("own", "hosts", "words"),
    [
        (
            None,
            AROUND.hosts,
            "the attempt counts as lost at 2026-01-31 12:04:15Z (in 4m15s) and another attempt follows",
        ),
        ("Fail", AROUND.hosts, "and the job fails (onHostLost Fail)"),
        ("Wait", None, "It waits for the host however long that takes"),
        ("Retry", None, "counts as lost after the host's lostAfterSeconds and another attempt follows"),
        (None, None, "What follows is in the host's spec.disconnect."),
    ],
)
def test_what_follows_for_a_job_on_a_host_that_stays_away_is_its_own_word_or_the_hosts(
    own: str | None, hosts: tuple[reasons.Surroundings, ...], words: str
) -> None:
    away = CASES["unreachable"]()
    away.body["spec"]["retryPolicy"] = {"onHostLost": own} if own else {}
    assert words in explained(away, Surroundings(hosts=hosts)).explanation  # type: ignore[arg-type]


def test_a_retried_job_that_finds_no_host_says_both() -> None:
    waits = job("Retrying", "HostFull", attempts=[attempt(reason="HostLost")])
    assert explained(waits, NOTHING).explanation == (
        "It is to be tried again. It waits for a host: every host it may use is full."
    )
    assert explained(job("Retrying", "HostFull"), NOTHING).explanation.startswith("It waits for a host")


def test_a_retry_whose_pause_is_over_is_due() -> None:
    due = job("Retrying", "NonZeroExitCode", attempts=[attempt(reason="StartError")], nextRetryTime=before(1))
    assert "; the next one is due." in explained(due).explanation


def test_a_long_message_is_cut_in_a_sentence() -> None:
    said = explained(job("Failed", "StartError", attempts=[attempt(reason="StartError", message="x" * 4000)]))
    assert len(said.explanation) < 500


def test_hosts_are_asked_for_only_where_they_have_a_part_in_the_answer() -> None:
    asked = {name for name in CASES if reasons.asks_hosts(CASES[name]())}
    assert asked == {"pending", "queued", "unreachable"}


def test_a_name_carries_its_namespace_where_there_are_several() -> None:
    head = answers.lines(explained(CASES["new"]()), width=80, colour=False, with_namespace=True)[0]
    assert head == "○ sales/report  Pending"
