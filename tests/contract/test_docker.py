"""What only a real Docker engine can show; its own client is the oracle."""

import asyncio
from pathlib import Path

import pytest
from docker import DockerClient
from tests.contract.subjects import Subject

from containerjob_api.phases import Reason
from containerjob_operator.decide.observations import ABSENT, RunState
from containerjob_operator.errors import LaunchDelayed, LaunchRejected

pytestmark = pytest.mark.real


@pytest.fixture
def subject(docker_subject: Subject) -> Subject:
    return docker_subject


async def test_limits_and_safety_reach_the_container(subject: Subject, oracle: DockerClient) -> None:
    run = subject.run("true", nano_cpus=500_000_000, memory_bytes=16 * 2**20)
    await subject.executor.create(run)
    attrs = oracle.containers.get(run.name).attrs
    host = attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (500_000_000, 16 * 2**20, 16 * 2**20)
    assert (host["Privileged"], host["AutoRemove"], host["PidsLimit"]) == (False, False, 4096)
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["RestartPolicy"]["Name"] == "no"
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert attrs["Config"]["Labels"].items() >= dict(run.labels).items()


async def test_a_command_without_args_drops_the_images_own_arguments(subject: Subject, oracle: DockerClient) -> None:
    run = subject.run("/bin/echo")
    await subject.executor.create(run)
    config = oracle.containers.get(run.name).attrs["Config"]
    assert (config["Entrypoint"], config["Cmd"] or []) == (["/bin/echo"], [])
    assert oracle.images.get(subject.image).attrs["Config"]["Cmd"]


async def test_args_alone_replace_the_images_own_arguments(subject: Subject) -> None:
    _, seen = await subject.finished(args=("sh", "-c", "exit 7"))
    assert seen.exit_code == 7


async def test_a_line_of_a_megabyte_is_cut_to_its_end(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo end")
    tail = await subject.executor.tail(run.name)
    assert tail.stdout == "x" * (4096 - 4) + "end\n"
    assert tail.truncated


async def test_bytes_that_are_no_text_are_replaced(subject: Subject) -> None:
    run, _ = await subject.finished("printf", "a\\000b\\377c\\033[31md\\r\\ne\\n")
    tail = await subject.executor.tail(run.name)
    assert tail.stdout == "a\ufffdb\ufffdc\ufffd[31md\ne\n"
    assert not tail.truncated


async def test_one_stream_is_kept_beside_many_lines_of_the_other(subject: Subject) -> None:
    run, _ = await subject.finished("sh", "-c", "echo the cause >&2; seq 1 100")
    assert (await subject.executor.tail(run.name)).stderr == "the cause\n"


async def test_a_container_out_of_memory_is_reported_as_killed_for_it(subject: Subject) -> None:
    _, seen = await subject.finished("sh", "-c", "a=x; while :; do a=$a$a; done", memory_bytes=16 * 2**20)
    assert (seen.exit_code, seen.oom_killed) == (137, True)


async def test_the_kernels_kill_for_memory_is_told_as_an_event(subject: Subject) -> None:
    events = subject.executor.events()
    await asyncio.wait_for(anext(events), 60)
    run, _ = await subject.finished("sh", "-c", "a=x; while :; do a=$a$a; done", memory_bytes=16 * 2**20)
    kinds = {(await asyncio.wait_for(anext(events), 60)).kind for _ in range(3)}
    assert kinds == {"start", "oom", "die"}
    assert not (await subject.executor.inspect(run.name)).disrupted
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_start_that_the_machine_refuses_may_pass(subject: Subject, oracle: DockerClient) -> None:
    run = subject.run("true")
    labels, devices = dict(run.labels), ["/dev/none-such:/dev/none-such"]
    oracle.containers.create(subject.image, ["true"], name=run.name, labels=labels, devices=devices)
    await subject.executor.start(run.name)
    seen = await subject.executor.inspect(run.name)
    assert (seen.state, seen.exit_code, seen.start_failed) == (RunState.CREATED, 128, True)
    assert not seen.start_failure_permanent


async def test_a_mount_onto_the_wrong_kind_of_file_may_pass(
    subject: Subject, oracle: DockerClient, tmp_path: Path
) -> None:
    run = subject.run("true")
    volumes = {str(tmp_path): {"bind": "/etc/passwd", "mode": "ro"}}
    oracle.containers.create(subject.image, ["true"], name=run.name, labels=dict(run.labels), volumes=volumes)
    await subject.executor.start(run.name)
    seen = await subject.executor.inspect(run.name)
    assert (seen.exit_code, seen.start_failed, seen.start_failure_permanent) == (127, True, False)


async def test_a_user_that_the_image_lacks_is_refused_for_good(subject: Subject, oracle: DockerClient) -> None:
    run = subject.run("true")
    oracle.containers.create(subject.image, ["true"], name=run.name, labels=dict(run.labels), user="nobody-such")
    await subject.executor.start(run.name)
    assert (await subject.executor.inspect(run.name)).start_failure_permanent


async def test_the_stop_signal_is_the_images_choice(subject: Subject, oracle: DockerClient) -> None:
    run = subject.run("true")
    script = "trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done"
    oracle.containers.run(
        subject.image,
        ["sh", "-c", script],
        name=run.name,
        stop_signal="SIGUSR1",
        detach=True,
        labels=dict(run.labels),
    )
    await subject.prints(run.name, "ready\n")
    await subject.executor.signal_stop(run.name)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 5


async def test_a_paused_container_counts_as_running_and_can_be_killed(subject: Subject, oracle: DockerClient) -> None:
    run = await subject.launched("sleep", "60")
    oracle.containers.get(run.name).pause()
    assert (await subject.executor.inspect(run.name)).state is RunState.RUNNING
    await subject.executor.kill(run.name)
    assert (await subject.reaches(run.name, RunState.EXITED)).exit_code == 137


async def test_a_container_removed_by_hand_is_absent(subject: Subject, oracle: DockerClient) -> None:
    run = await subject.launched("sleep", "60")
    oracle.containers.get(run.name).remove(force=True)
    assert await subject.executor.inspect(run.name) == ABSENT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"memory_bytes": 1000}, "memory limit"),
        ({"image": "UPPER/case:1"}, "must be lowercase"),
        ({"working_dir": "relative"}, "absolute path"),
        ({"working_dir": "/etc/passwd"}, "not a directory"),
        ({"nano_cpus": 10**15}, "CPUs"),
    ],
)
async def test_what_the_engine_will_never_run_is_rejected_in_its_own_words(
    subject: Subject, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(LaunchRejected, match=words) as refused:
        await subject.executor.create(subject.run("true", **changes))
    assert refused.value.reason is Reason.INVALID_SPEC


async def test_a_registry_that_cannot_be_reached_delays_the_launch(subject: Subject) -> None:
    with pytest.raises(LaunchDelayed, match="connection refused") as delayed:
        await subject.executor.create(subject.run("true", image="127.0.0.1:1/nothing:1"))
    assert delayed.value.reason is Reason.IMAGE_PULL_BACK_OFF
