"""Which containers of a host may go, and how."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.decide.builders import after, new_job

from containerjob_api.hosts import DockerHostSpec
from containerjob_api.names import container_name
from containerjob_operator.decide.observations import OwnedContainer, RunState
from containerjob_operator.decide.sweeps import (
    FINISHED,
    UNREADABLE,
    Fate,
    Owner,
    Step,
    Sweep,
    ended,
    fate,
    owner_of,
    step,
    sweep,
)

NOW = 100_000.0
DAY = 24 * 3600.0
EXITED, RUNNING, CREATED, ABSENT = RunState.EXITED, RunState.RUNNING, RunState.CREATED, RunState.ABSENT
LONG_AGO = NOW - 2 * DAY


def spec(
    *, keep: int = 200, seconds: int = 86400, dry_run: bool = False, grace: int = 300, endpoint: str = "fake://h"
) -> DockerHostSpec:
    policy = {"dryRun": dry_run, "graceSeconds": grace}
    retention = {"maxRetainedContainers": keep, "containerRetentionSeconds": seconds}
    return DockerHostSpec.model_validate({"endpoint": endpoint, "orphanPolicy": policy, **retention})


def row(
    uid: str, state: RunState = EXITED, *, attempt: int = 0, created: float = NOW - 9, finished: float | None = None
) -> OwnedContainer:
    at = None if finished is None else after(finished)
    return OwnedContainer(
        container_name(uid, attempt), uid, "team-a", uid, state, after(created), attempt=attempt, finished_at=at
    )


def runs(uid: str, attempt: int = 0) -> Owner:
    """Return a job whose attempt of this number is under way."""
    return Owner(container_name(uid, attempt), attempt + 1)


def between(attempts: int) -> Owner:
    """Return an unfinished job whose attempts are all over."""
    return Owner(None, attempts)


def swept(
    rows: list[OwnedContainer],
    *,
    existing: str = "",
    unfinished: dict[str, Owner] | None = None,
    host: DockerHostSpec | None = None,
) -> Sweep:
    return sweep(iter(rows), set(existing), unfinished or {}, host or spec(), after(NOW))


def names(rows: tuple[OwnedContainer, ...]) -> list[str]:
    return sorted(f"{c.job_uid}{c.attempt}" for c in rows)


def then(
    container: OwnedContainer,
    owner: Owner | None,
    *,
    expired: bool = False,
    signalled: bool = False,
    host: DockerHostSpec | None = None,
) -> Step:
    return step(container, owner, expired=expired, signalled=signalled, spec=host or spec(), now=after(NOW))


@pytest.mark.parametrize("state", RunState)
def test_a_container_whose_job_does_not_exist_is_orphaned_in_any_state(state: RunState) -> None:
    assert names(swept([row("a", state)]).suspects) == ["a0"]


@pytest.mark.parametrize("state", RunState)
def test_the_container_of_an_attempt_under_way_is_never_touched(state: RunState) -> None:
    nothing_kept = spec(keep=0, seconds=0, grace=0)
    old = row("a", state, created=LONG_AGO, finished=LONG_AGO)
    assert swept([old], existing="a", unfinished={"a": runs("a")}, host=nothing_kept) == Sweep()
    for expired in (False, True):
        assert then(old, runs("a"), expired=expired, signalled=True, host=nothing_kept) is Step.NOTHING


def test_a_container_of_a_job_that_the_list_lacks_and_this_process_knows_is_no_orphan() -> None:
    assert swept([row("a", RUNNING)], unfinished={"a": runs("a")}) == Sweep()


def test_a_finished_container_is_kept_for_its_time() -> None:
    rows = [row("a", finished=NOW - DAY), row("b", finished=NOW - DAY + 1)]
    assert names(swept(rows, existing="ab").expired) == ["a0"]


def test_the_time_counts_from_the_creation_where_the_end_is_unknown() -> None:
    rows = [row("a", created=NOW - DAY - 1), row("b", created=NOW - DAY + 1)]
    assert names(swept(rows, existing="ab").expired) == ["a0"]


def test_a_long_run_does_not_shorten_the_time_its_container_is_kept() -> None:
    assert swept([row("a", created=NOW - 3 * DAY, finished=NOW - 60)], existing="a") == Sweep()


def test_the_oldest_go_when_a_host_keeps_too_many() -> None:
    rows = [row("b", finished=NOW - 20), row("a", finished=NOW - 30), row("c", finished=NOW - 10)]
    assert names(swept(rows, existing="abc", host=spec(keep=2)).expired) == ["a0"]


def test_orphans_and_active_ones_do_not_count_among_those_kept() -> None:
    rows = [row("a", finished=NOW - 30), row("b", finished=NOW - 20), row("c", finished=NOW - 10)]
    plan = swept(rows, existing="ac", unfinished={"c": runs("c")}, host=spec(keep=1))
    assert (names(plan.suspects), names(plan.expired)) == (["b0"], [])


def test_keeping_nothing_removes_what_has_finished() -> None:
    assert names(swept([row("a", finished=NOW - 0.5)], existing="a", host=spec(seconds=0)).expired) == ["a0"]


def test_earlier_attempts_of_an_unfinished_job_are_kept_and_expire_like_finished_ones() -> None:
    rows = [
        row("a", attempt=0, finished=NOW - 40),
        row("a", attempt=1, finished=NOW - 30),
        row("b", finished=NOW - 20),
        row("a", RUNNING, attempt=2),
    ]
    unfinished = {"a": runs("a", 2)}
    assert swept(rows, existing="ab", unfinished=unfinished) == Sweep()
    assert names(swept(rows, existing="ab", unfinished=unfinished, host=spec(keep=2)).expired) == ["a0"]
    assert names(swept(rows, existing="ab", unfinished=unfinished, host=spec(seconds=0)).expired) == [
        "a0",
        "a1",
        "b0",
    ]


@pytest.mark.parametrize("owner", [runs("a", 1), between(1)])
@pytest.mark.parametrize("state", [RUNNING, CREATED])
def test_an_attempt_that_was_given_up_is_left_over_while_it_is_not_over(owner: Owner, state: RunState) -> None:
    assert names(swept([row("a", state)], existing="a", unfinished={"a": owner}).suspects) == ["a0"]


def test_what_runs_though_its_job_has_finished_is_left_over_and_what_never_ran_is_kept() -> None:
    plan = swept([row("a", RUNNING), row("b", CREATED)], existing="ab", host=spec(keep=0))
    assert (names(plan.suspects), names(plan.expired)) == (["a0"], ["b0"])


def test_what_is_left_over_ends_by_itself_if_it_can_and_its_logs_are_kept() -> None:
    left = row("a", RUNNING)
    assert then(left, runs("a", 1)) is Step.STOP
    assert then(left, runs("a", 1), signalled=True) is Step.KILL
    assert then(replace(left, state=EXITED), runs("a", 1), signalled=True) is Step.NOTHING
    assert then(replace(left, state=CREATED), runs("a", 1)) is Step.REMOVE
    assert then(replace(left, state=CREATED), Owner(None, 1, finished=True)) is Step.NOTHING


def test_what_is_orphaned_ends_by_itself_if_it_can_and_goes() -> None:
    assert then(row("a", RUNNING), None) is Step.STOP
    assert then(row("a", RUNNING), None, signalled=True) is Step.REMOVE
    assert then(row("a", EXITED), None) is Step.REMOVE
    assert then(row("a", CREATED), None) is Step.REMOVE
    assert then(row("a", ABSENT), None) is Step.NOTHING


def test_what_was_kept_goes_only_where_its_time_is_over() -> None:
    done = Owner(None, 1, finished=True)
    assert then(row("a"), done, expired=True) is Step.REMOVE
    assert then(row("a"), done) is Step.NOTHING
    assert then(row("a", RUNNING), done, expired=True) is Step.STOP


@pytest.mark.parametrize("state", [RUNNING, CREATED, EXITED])
@pytest.mark.parametrize(("owner", "attempt"), [(runs("a", 0), 1), (between(2), 2), (between(0), 0)])
def test_an_attempt_that_was_never_written_down_is_spared_for_a_grace(
    state: RunState, owner: Owner, attempt: int
) -> None:
    young, old = (row("a", state, attempt=attempt, created=NOW - age) for age in (299, 300))
    assert fate(young, owner) is Fate.UNRECORDED
    assert swept([young], existing="a", unfinished={"a": owner}) == Sweep()
    assert then(young, owner, signalled=True) is Step.NOTHING
    assert names(swept([old], existing="a", unfinished={"a": owner}).suspects) == [f"a{attempt}"]
    assert then(old, owner, signalled=True) is Step.REMOVE
    assert then(old, owner) is (Step.STOP if state is RUNNING else Step.REMOVE)


def test_whether_a_finished_job_knows_an_attempt_is_told_by_reading_it() -> None:
    left = row("a", RUNNING, attempt=7, created=NOW - 10)
    assert fate(left, FINISHED) is Fate.LEFT_OVER
    assert then(left, Owner(None, 1, finished=True)) is Step.NOTHING
    assert then(left, Owner(None, 1, finished=True), host=spec(grace=10)) is Step.STOP


def test_a_job_that_cannot_be_read_keeps_all_its_containers() -> None:
    for state in RunState:
        assert then(row("a", state), UNREADABLE, expired=True, signalled=True, host=spec(grace=0)) is Step.NOTHING


def test_a_dry_run_leaves_what_belongs_to_no_job_and_counts_it() -> None:
    host = spec(dry_run=True)
    old = row("c", attempt=5, created=NOW - 300)
    rows = [row("a", RUNNING), row("b"), old, row("d", attempt=5), row("e", RUNNING)]
    plan = swept(rows, existing="cde", unfinished={"c": between(1), "d": between(1)}, host=host)
    assert (names(plan.spared), names(plan.suspects)) == (["a0", "b0", "c5"], ["e0"])
    assert {then(each, None, signalled=True, host=host) for each in rows} == {Step.NOTHING}
    assert then(old, between(1), host=host) is Step.NOTHING


def test_a_dry_run_ends_what_was_given_up_all_the_same() -> None:
    assert then(row("a", RUNNING), runs("a", 1), host=spec(dry_run=True)) is Step.STOP


def test_an_empty_host_needs_nothing() -> None:
    assert swept([]) == Sweep()


def job(*reasons: str | None, count: int = 0, **status: Any) -> Owner:
    attempts = [
        {"attempt": n, "host": {"name": "h"}, "name": f"cj-u1-{n}", "scheduledTime": "2026-01-01T00:00:00Z"}
        | ({"reason": reason} if reason else {})
        for n, reason in enumerate(reasons)
    ]
    return owner_of(new_job(status={"attempts": attempts, "attemptCount": count or len(reasons), **status}))


def test_a_jobs_record_tells_which_container_is_its_current_one() -> None:
    assert job() == Owner(None, 0)
    assert job(None) == Owner("cj-u1-0", 1)
    assert job("HostLost", None) == Owner("cj-u1-1", 2)
    assert job("HostLost") == Owner(None, 1)
    assert job("HostLost", count=12) == Owner(None, 12)
    assert job("HostLost", phase="Failed", finished=True) == Owner(None, 1, finished=True)
    assert job(None, phase="Failed", finished=True) == Owner(None, 1, finished=True)


UIDS = "abcdef"
OWNERS = st.one_of(
    st.none(),
    st.just(FINISHED),
    st.integers(0, 3).map(between),
    st.integers(0, 3).map(lambda attempt: Owner("?", attempt + 1)),
)
SPECS = st.builds(
    spec, keep=st.integers(0, 4), seconds=st.integers(0, 50), dry_run=st.booleans(), grace=st.integers(0, 50)
)


@st.composite
def hosts(draw: st.DrawFn) -> tuple[list[OwnedContainer], dict[str, Owner | None]]:
    """Draw jobs of every kind and containers of any of them, each at most once."""
    owners = {uid: draw(OWNERS) for uid in UIDS}
    owners = {
        uid: Owner(container_name(uid, owner.attempts - 1), owner.attempts) if owner and owner.current else owner
        for uid, owner in owners.items()
    }
    keys = draw(st.sets(st.tuples(st.sampled_from(UIDS), st.integers(0, 4))))
    rows = []
    for uid, attempt in sorted(keys):
        created, ran = draw(st.integers(0, 100)), draw(st.integers(0, 100))
        state = draw(st.sampled_from((EXITED, RUNNING, CREATED)))
        at = NOW - max(0, created - ran) if state is EXITED and draw(st.booleans()) else None
        rows.append(row(uid, state, attempt=attempt, created=NOW - created, finished=at))
    return rows, owners


@given(hosts(), SPECS, st.data())
def test_no_active_container_is_ever_chosen_and_the_counts_hold(
    host: tuple[list[OwnedContainer], dict[str, Owner | None]], limits: DockerHostSpec, data: st.DataObject
) -> None:
    rows, owners = host
    unfinished = {uid: owner for uid, owner in owners.items() if owner is not None and not owner.finished}
    # A list may lack a job that this process knows, and never one that has finished.
    existing = {uid for uid, owner in owners.items() if owner is not None} - data.draw(st.sets(st.sampled_from(UIDS)))
    existing |= {uid for uid, owner in owners.items() if owner is FINISHED}
    plan = sweep(rows, existing, unfinished, limits, after(NOW))
    chosen = (*plan.suspects, *plan.expired, *plan.spared)
    assert len(set(chosen)) == len(chosen)
    active = {owner.current for owner in unfinished.values()}
    assert not active & {container.name for container in chosen}
    assert bool(plan.spared) <= limits.orphan_policy.dry_run
    kept = [r for r in rows if fate(r, owners[r.job_uid]) is Fate.KEPT]
    left = [r for r in kept if r not in plan.expired]
    assert set(plan.expired) <= set(kept)
    assert len(left) <= limits.max_retained_containers
    assert all(ended(r) > after(NOW - limits.container_retention_seconds) for r in left)
    if left and plan.expired and limits.container_retention_seconds > 100:
        assert max(map(ended, plan.expired)) <= min(map(ended, left))


@given(hosts(), SPECS, st.data())
def test_no_look_just_before_lets_an_active_container_go_or_touches_anything_in_doubt(
    host: tuple[list[OwnedContainer], dict[str, Owner | None]], limits: DockerHostSpec, data: st.DataObject
) -> None:
    rows, owners = host
    for listed in rows:
        state = data.draw(st.sampled_from(RunState))
        seen = replace(listed, state=state)
        owner = owners[listed.job_uid]
        expired, signalled = data.draw(st.booleans()), data.draw(st.booleans())
        what = step(seen, owner, expired=expired, signalled=signalled, spec=limits, now=after(NOW))
        if (owner is not None and owner.current == seen.name) or state is ABSENT:
            assert what is Step.NOTHING
        if what in (Step.STOP, Step.KILL):
            assert state is RUNNING
        if owner is None:
            assert (what is Step.NOTHING) == (limits.orphan_policy.dry_run or state is ABSENT)
        elif what is Step.REMOVE and state is RUNNING:
            assert seen.attempt >= owner.attempts
