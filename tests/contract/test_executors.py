"""What every executor promises, on every engine."""

import asyncio

import pytest
from tests.contract.subjects import DEADLINE_SECONDS, Subject, until

from containerjob_api.names import LABEL_ATTEMPT, LABEL_JOB_UID, container_name
from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, RunEvent, RunState
from containerjob_operator.errors import HostUnavailable, LaunchRejected


async def test_a_run_goes_from_created_to_exited(subject: Subject) -> None:
    run = subject.run("sh", "-c", "sleep 0.3; exit 3")
    await subject.executor.create(run)
    created = await subject.executor.inspect(run.name)
    assert (created.state, created.exit_code, created.started_at) == (RunState.CREATED, None, None)
    await subject.executor.start(run.name)
    running = await subject.executor.inspect(run.name)
    assert (running.state, running.exit_code, running.finished_at) == (RunState.RUNNING, None, None)
    exited = await subject.reaches(run.name, RunState.EXITED)
    assert exited.exit_code == 3
    assert exited.container_id == created.container_id != ""
    assert exited.image_id.startswith("sha256:" if subject.engine_facts.tells_image else "")
    assert exited.started_at is not None
    assert exited.finished_at is not None
    assert 0.2 < (exited.finished_at - exited.started_at).total_seconds() < 10


async def test_creating_twice_adopts_the_container(subject: Subject) -> None:
    run = subject.run("true")
    await subject.executor.create(run)
    first = await subject.executor.inspect(run.name)
    await subject.executor.create(run)
    await subject.another(subject.cluster_uid).create(run)
    assert await subject.executor.inspect(run.name) == first


async def test_starting_twice_runs_once(subject: Subject) -> None:
    run = await subject.launched("sleep", "0.2")
    first = await subject.begins(run.name)
    await subject.executor.start(run.name)
    again = await subject.reaches(run.name, RunState.EXITED)
    assert again.started_at == first.started_at


async def test_an_exited_container_is_never_started_again(subject: Subject) -> None:
    run, first = await subject.finished("sh", "-c", "echo once; exit 4")
    await subject.executor.start(run.name)
    await subject.another(subject.cluster_uid).start(run.name)
    assert await subject.executor.inspect(run.name) == first
    assert (await subject.executor.tail(run.name)).stdout == "once\n"


async def test_starting_what_is_not_there_does_nothing(subject: Subject) -> None:
    name = subject.run("true").name
    await subject.executor.start(name)
    assert await subject.executor.inspect(name) == ABSENT


@pytest.mark.parametrize(
    ("command", "code"),
    [(["true"], 0), (["false"], 1), (["sh", "-c", "exit 42"], 42), (["sh", "-c", "exit 255"], 255)],
)
async def test_the_exit_code_is_the_commands_own(subject: Subject, command: list[str], code: int) -> None:
    _, seen = await subject.finished(*command)
    assert (seen.exit_code, seen.error, seen.oom_killed) == (code, "", False)


async def test_output_is_kept_by_the_stream_it_was_written_to(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", "echo one; echo bad news >&2; echo two")
    tail = await subject.executor.tail(run.name)
    assert (tail.stdout, tail.stderr, tail.truncated) == ("one\ntwo\n", "bad news\n", False)


async def test_the_tail_of_a_running_container_is_what_it_has_printed_so_far(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo early; sleep 5; echo late")
    await subject.prints(run.name, "early\n")


async def test_of_many_lines_the_last_twenty_are_kept(subject: Subject) -> None:
    run, _ = await subject.finished("seq", "1", "5000")
    tail = await subject.executor.tail(run.name)
    assert tail.stdout == "".join(f"{number}\n" for number in range(4981, 5001))
    assert tail.truncated


async def test_there_is_no_tail_of_what_is_not_there(subject: Subject) -> None:
    tail = await subject.executor.tail(subject.run("true").name)
    assert (tail.stdout, tail.stderr, tail.truncated) == ("", "", False)


@pytest.mark.parametrize(("command", "code"), [("/no-such-command", 127), ("/etc", 126)])
async def test_a_refused_start_is_read_from_the_container(subject: Subject, command: str, code: int) -> None:
    run = await subject.launched(command)
    seen = await until(lambda: subject.executor.inspect(run.name), lambda seen: seen.start_failed)
    assert (seen.state, seen.exit_code, seen.started_at) == (RunState.CREATED, code, None)
    assert command in seen.error
    assert seen.start_failure_permanent
    await subject.executor.start(run.name)
    assert await subject.executor.inspect(run.name) == seen


async def test_the_working_directory_is_the_jobs(subject: Subject) -> None:
    run, _ = await subject.finished("pwd", working_dir="/tmp")
    assert (await subject.executor.tail(run.name)).stdout == "/tmp\n"


async def test_the_environment_is_the_jobs(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", "echo $GREETING", env=(("GREETING", "good day = bonjour"),))
    assert (await subject.executor.tail(run.name)).stdout == "good day = bonjour\n"


async def test_args_follow_the_command(subject: Subject) -> None:
    run, _ = await subject.finished("echo", "a", args=("b c",))
    assert (await subject.executor.tail(run.name)).stdout == "a b c\n"


async def test_a_foreign_container_of_our_name_is_a_conflict(subject: Subject) -> None:
    run = subject.run("true")
    await subject.create_foreign(run.name)
    with pytest.raises(LaunchRejected, match=run.name) as refused:
        await subject.executor.create(run)
    assert refused.value.reason is Reason.NAME_CONFLICT


@pytest.mark.parametrize("label", [LABEL_JOB_UID, LABEL_ATTEMPT])
async def test_a_container_of_another_attempt_is_not_adopted(subject: Subject, label: str) -> None:
    run = subject.run("true")
    await subject.executor.create(run)
    other = subject.run("true", name=run.name, labels=tuple({**dict(run.labels), label: "99"}.items()))
    with pytest.raises(LaunchRejected):
        await subject.executor.create(other)


async def test_kill_ends_what_ignores_the_stop_signal(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "trap '' TERM; echo ready; sleep 60")
    await subject.prints(run.name, "ready\n")
    await subject.executor.signal_stop(run.name)
    assert (await subject.executor.inspect(run.name)).state is RunState.RUNNING
    await subject.executor.kill(run.name)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 137


async def test_the_stop_signal_lets_a_command_end_in_its_own_way(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "trap 'exit 9' TERM; echo ready; sleep 60 & wait")
    await subject.prints(run.name, "ready\n")
    await subject.executor.signal_stop(run.name)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 9


async def test_stopping_and_killing_what_has_ended_does_nothing(subject: Subject) -> None:
    run, seen = await subject.finished("true")
    await subject.executor.signal_stop(run.name)
    await subject.executor.kill(run.name)
    assert await subject.executor.inspect(run.name) == seen


async def test_stopping_killing_and_removing_what_is_not_there_does_nothing(subject: Subject) -> None:
    name = subject.run("true").name
    await subject.executor.signal_stop(name)
    await subject.executor.kill(name)
    await subject.executor.remove(name)
    assert await subject.executor.inspect(name) == ABSENT


async def test_a_running_container_can_be_removed(subject: Subject) -> None:
    run = await subject.launched("sleep", "60")
    await subject.executor.remove(run.name)
    assert await subject.executor.inspect(run.name) == ABSENT


async def test_the_list_holds_this_clusters_containers_in_any_state(subject: Subject) -> None:
    created = subject.run("true")
    await subject.executor.create(created)
    running = await subject.launched("sleep", "60")
    exited, _ = await subject.finished("true")
    await subject.create_foreign(subject.run("true").name)
    rows = {row.name: row for row in await subject.executor.list_owned()}
    assert {name: row.state for name, row in rows.items()} == {
        created.name: RunState.CREATED,
        running.name: RunState.RUNNING,
        exited.name: RunState.EXITED,
    }
    row = rows[created.name]
    uid = dict(created.labels)[LABEL_JOB_UID]
    assert (row.job_uid, row.namespace, row.job_name, row.attempt) == (uid, "default", "job", 0)


@pytest.mark.parametrize(("label", "attempt"), [("7", 7), ("", 0), ("seven", 0), ("-1", 0), ("9" * 30, 0)])
async def test_the_list_tells_the_attempt_where_its_label_is_a_number(
    subject: Subject, label: str, attempt: int
) -> None:
    run = subject.run("true")
    labels = tuple({**dict(run.labels), LABEL_ATTEMPT: label}.items())
    name = container_name(dict(run.labels)[LABEL_JOB_UID], attempt)
    await subject.executor.create(subject.run("true", name=name, labels=labels))
    (row,) = await subject.executor.list_owned()
    assert row.attempt == attempt


async def test_an_ordinary_end_is_no_disruption(subject: Subject) -> None:
    for code in (0, 1, 137, 143, 255):
        _, seen = await subject.finished("sh", "-c", f"exit {code}")
        assert (seen.exit_code, seen.disrupted) == (code, False)


async def test_an_end_by_force_is_no_disruption(subject: Subject) -> None:
    run = await subject.launched("sh", "-c", "echo ready; sleep 60")
    await subject.prints(run.name, "ready\n")
    await subject.executor.kill(run.name)
    seen = await subject.reaches(run.name, RunState.EXITED)
    assert (seen.exit_code, seen.disrupted) == (137, False)


async def test_another_clusters_containers_are_not_listed(subject: Subject) -> None:
    await subject.executor.create(subject.run("true"))
    assert await subject.another("another-cluster").list_owned() == ()


async def test_events_tell_of_subscription_start_end_and_removal(subject: Subject) -> None:
    events = subject.executor.events()
    assert await asyncio.wait_for(anext(events), DEADLINE_SECONDS) == RunEvent("subscribed")
    run = await subject.launched("sh", "-c", "sleep 0.1; exit 1")
    uid = dict(run.labels)[LABEL_JOB_UID]
    assert await asyncio.wait_for(anext(events), DEADLINE_SECONDS) == RunEvent("start", uid, run.name)
    assert await asyncio.wait_for(anext(events), DEADLINE_SECONDS) == RunEvent("die", uid, run.name)
    await subject.executor.remove(run.name)
    assert await asyncio.wait_for(anext(events), DEADLINE_SECONDS) == RunEvent("destroy", uid, run.name)
    await events.aclose()  # type: ignore[attr-defined]


async def test_events_of_other_clusters_are_not_told(subject: Subject) -> None:
    events = subject.another("another-cluster").events()
    await asyncio.wait_for(anext(events), DEADLINE_SECONDS)
    await subject.finished("true")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.2)


async def test_the_engine_says_who_it_is(subject: Subject) -> None:
    info, facts = await subject.executor.engine(), subject.engine_facts
    assert info.id
    assert info.version
    assert info.api_version.startswith(facts.api_version)
    assert (info.cpus > 0, info.memory_bytes > 0) == (facts.has_machine, facts.has_machine)
    assert info == await subject.executor.engine()


async def test_every_verb_says_that_the_host_does_not_answer(subject: Subject) -> None:
    gone, run = subject.unreachable, subject.run("true")
    for verb in (gone.start, gone.inspect, gone.signal_stop, gone.kill, gone.remove, gone.tail):
        with pytest.raises(HostUnavailable):
            await verb(run.name)
    with pytest.raises(HostUnavailable):
        await gone.termination_message(run.name, "/message")
    for question in (gone.list_owned, gone.engine):
        with pytest.raises(HostUnavailable):
            await question()
    with pytest.raises(HostUnavailable):
        await gone.create(run)
    with pytest.raises(HostUnavailable):
        await anext(gone.events())
