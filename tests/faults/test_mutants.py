"""Would the tests see it? Each of these makes one likely mistake in the launch protocol, and a check has to fail.

Checks are tests of the suite, or lives of the crash sweep. Each is made without the mistake first, and passes.
"""

from functools import partial

import pytest
from tests.contract.conftest import cluster_uid, fake_subject  # noqa: F401 - fixtures
from tests.contract.subjects import Subject
from tests.contract.test_executors import (
    test_a_container_of_another_attempt_is_not_adopted as another_attempt_is_not_adopted,
)
from tests.contract.test_executors import test_an_exited_container_is_never_started_again as never_started_again
from tests.fakes.troubles import CrashAt, LoseAt
from tests.faults import test_crash_sweep as crashes
from tests.faults import test_lost_answers as answers
from tests.faults.mutants import Check, at_a_desk, at_once, caught
from tests.unit.decide import test_ends as ends
from tests.unit.decide.builders import exited, scheduled
from tests.unit.reconcile import test_jobs as passes
from tests.unit.reconcile import test_perform as acts
from tests.unit.reconcile import test_sweeping as sweeping
from tests.unit.reconcile import test_upkeep as upkeep

from containerjob_api import names
from containerjob_api.names import LABEL_ATTEMPT
from containerjob_api.phases import Phase, Reason
from containerjob_operator.decide import outcomes, situations, statuses, steps
from containerjob_operator.decide.observations import RunState
from containerjob_operator.executors import marks
from containerjob_operator.executors.fake.executor import FakeExecutor
from containerjob_operator.kube import patches
from containerjob_operator.reconcile import intake, jobs, perform
from containerjob_operator.reconcile import sweeping as clearing
from containerjob_operator.reconcile.live_jobs import LiveJob

RAN_TWICE = r"assert 2 in frozenset\(\{1\}\)"


def undisturbed(life: str) -> Check:
    return lambda: crashes.golden(crashes.LIVES[life])


def crashing(life: str, *, lagging: bool = False) -> Check:
    return lambda: crashes.sweep(
        crashes.LIVES[life], lambda number, when: CrashAt(crashes.COUNTED, number, when), lagging=lagging
    )


def losing_answers(life: str) -> Check:
    return lambda: crashes.sweep(
        crashes.LIVES[life], lambda number, when: LoseAt(crashes.COUNTED, number, when, crashes.lost)
    )


async def test_a_container_name_that_differs_each_time_is_caught() -> None:
    wrong = "-{attempt}-{__import__('secrets').token_hex(2)}\""
    await caught(
        undisturbed("success"), r"assert 0 in frozenset\(\{1\}\)", names.container_name, '-{attempt}"', wrong
    )


async def test_starting_whatever_does_not_run_is_caught(fake_subject: Subject) -> None:  # noqa: F811
    right, wrong = "seen.state is RunState.CREATED", "seen.state is not RunState.RUNNING"
    await caught(lambda: never_started_again(fake_subject), "started_at", FakeExecutor.start, right, wrong)


async def test_adopting_whatever_has_the_name_is_caught(fake_subject: Subject) -> None:  # noqa: F811
    check = partial(another_attempt_is_not_adopted, fake_subject, LABEL_ATTEMPT)
    await caught(check, "DID NOT RAISE", marks.same_attempt, "return all", "return True or all")


async def test_clearing_another_clusters_containers_is_caught() -> None:
    test = sweeping.test_two_clusters_on_one_engine_never_touch_each_others_containers
    check = at_a_desk(test, state=RunState.RUNNING)
    await caught(check, r"assert \[\] ==", marks.of_cluster, "return ", "return True or ")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (at_a_desk(passes.test_after_a_lost_race_the_job_is_read_again_and_bound_once), r"== \[\]"),
        (crashing("cancel-by-kill", lagging=True), r"assert \('Failed', True\) == \('Cancelled', True\)"),
    ],
    ids=["lost race", "stale list"],
)
async def test_a_status_write_without_the_version_that_was_read_is_caught(check: Check, words: str) -> None:
    await caught(check, words, patches.fenced, '"resourceVersion": metadata.resource_version', "")


async def test_an_unknown_exit_code_that_becomes_a_success_is_caught() -> None:
    test = ends.test_an_ended_container_ends_its_job_with_its_own_exit_code
    check = at_once(test, scheduled(), exited(None), Phase.FAILED, Reason.CONTAINER_LOST, None)
    unknown = "if seen.exit_code is None:\n        return Outcome(Reason.CONTAINER_LOST"
    wrong = "if seen.exit_code is None:\n        return Outcome(Reason.COMPLETED"
    await caught(check, "Succeeded", outcomes._outcome_of_its_own, unknown, wrong)


async def test_a_vanished_container_that_is_created_again_is_caught() -> None:
    check = at_a_desk(passes.test_a_container_that_somebody_removed_is_lost_and_never_run_again)
    await caught(check, "'Scheduled', 2", situations.vanished, "facts.launched_at is not None", "False")


async def test_a_start_without_an_answer_that_counts_as_none_is_caught() -> None:
    check = at_a_desk(answers.container_removed_after_a_start_without_an_answer)
    await caught(check, "LaunchBackOff", perform._start, "live.launched_at = context.now()  #", "#")


async def test_a_refused_start_that_counts_as_a_run_is_caught() -> None:
    check = at_a_desk(answers.start_refused_before_a_long_silence)
    await caught(check, "AttemptDeadlineExceeded", perform._on_the_host, "live.launched_at = None", "pass")


async def test_a_deletion_that_is_believed_without_a_read_is_caught() -> None:
    check = at_a_desk(passes.test_a_job_that_left_the_watch_but_is_still_there_goes_on)
    await caught(check, "True is False", intake.suspect_job, "live.suspect = True", "live.gone = True")


async def test_a_container_that_goes_before_its_outcome_is_stored_is_caught() -> None:
    write = "after = await context.kube.write_job_status(before, status)\n"
    removed_first = "if executor is not None: await executor.remove(before.status.attempts[-1].name)\n    " + write
    await caught(crashing("success-removed-at-once"), RAN_TWICE, perform._conclude, write, removed_first)


async def test_a_silent_host_that_counts_as_one_without_the_container_is_caught() -> None:
    right = "return None, str(problem)"
    wrong = "from containerjob_operator.decide.observations import ABSENT\n        return ABSENT, str(problem)"
    await caught(losing_answers("success"), r"\('Failed', False\) == \('Succeeded', True\)", jobs._look, right, wrong)


async def test_a_memory_of_one_attempt_that_is_taken_for_the_nexts_is_caught() -> None:
    check = undisturbed("failure-with-retries")
    await caught(check, r"assert 1 in frozenset\(\{3\}\)", LiveJob.accept, "self.forget_attempt()", "pass")


async def test_a_stop_that_is_sent_before_it_is_written_down_is_caught() -> None:
    wrong = "return SignalStop() if facts.stop_signalled_at is None else Write("
    await caught(undisturbed("cancel-by-signal"), "'Failed', True", steps.write_the_stop, "return Write(", wrong)


async def test_a_sweep_that_goes_by_its_list_of_jobs_is_caught() -> None:
    check = at_a_desk(upkeep.test_nothing_goes_without_a_read_just_before)
    right = "await self._read(uid, namespace, name)"
    await caught(check, "'inspect'", clearing._Clearance.run, right, "None")


async def test_a_sweep_that_goes_by_its_list_of_containers_is_caught() -> None:
    check = at_a_desk(sweeping.test_an_attempt_that_ended_after_the_list_is_kept)
    right = "row = replace(row, state=(await self.executor.inspect(row.name)).state)"
    await caught(check, "'signal_stop' not in", clearing._Clearance._treat, right, "pass")


async def test_a_container_that_counts_as_ended_before_it_started_is_caught() -> None:
    right, wrong = (
        "_is(facts, RunState.EXITED)",
        "not _is(facts, RunState.ABSENT) and not _is(facts, RunState.RUNNING)",
    )
    await caught(undisturbed("success"), r"assert 0 in frozenset\(\{1\}\)", situations.exited, right, wrong)


async def test_an_attempt_that_is_not_counted_is_caught() -> None:
    # The server refuses such a record, so the job never gets on.
    await caught(undisturbed("success"), "not within", statuses.scheduled, "number + 1", "number")


async def test_a_grace_that_is_not_waited_for_is_caught() -> None:
    check = at_a_desk(acts.test_who_ignores_the_stop_signal_is_killed_when_the_grace_is_over_and_not_before)
    await caught(check, "'kill' not in", situations.grace_is_over, " and facts.now >= kill_at(facts)", "")


async def test_a_launch_on_the_word_of_an_old_list_is_caught() -> None:
    check = crashing("success-removed-at-once", lagging=True)
    await caught(check, RAN_TWICE, perform._create, "live.suspect = True", "pass")


async def test_a_mistake_that_no_check_sees_is_told() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        await caught(undisturbed("success"), "", situations.vanished, "facts.launched_at is not None", "False")


async def test_a_check_that_fails_for_another_reason_is_told() -> None:
    with pytest.raises(AssertionError, match="for another reason"):
        await caught(undisturbed("success"), "no such words", statuses.scheduled, "number + 1", "number")


async def test_a_mistake_that_has_lost_its_place_is_told() -> None:
    with pytest.raises(AssertionError, match="is there 0 times"):
        await caught(undisturbed("success"), "", statuses.scheduled, "number - 1", "number")
