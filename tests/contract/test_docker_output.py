"""Output on a real Docker engine: long lines, short lives, and logs that are rotated while they are read."""

import asyncio
from dataclasses import dataclass, field

import pytest
from docker import DockerClient
from docker.types import LogConfig
from tests.contract.subjects import Subject
from tests.contract.test_output import ALL, FOLLOW, opened, read, text

from containerjob_operator.decide.observations import RunState
from containerjob_operator.errors import OutputGone
from containerjob_operator.executors.outputs import Gap, Output, OutputQuery

pytestmark = pytest.mark.real
LINE = "x" * 60
COUNT = f'i=0; while [ $i -lt %d ]; do i=$((i+1)); echo "$i {LINE}"; done'
LONG = "head -c 40000 /dev/zero | tr '\\0' x; echo; usleep 100000; echo end"


async def logged(subject: Subject, oracle: DockerClient, script: str, driver: str, **options: str) -> str:
    """Start a container whose log is kept in a way of its own."""
    run = subject.run("sh", "-c", script)
    await asyncio.to_thread(
        oracle.containers.run,
        run.image,
        list(run.command),
        name=run.name,
        labels=dict(run.labels),
        log_config=LogConfig(type=driver, config={key.replace("_", "-"): value for key, value in options.items()}),
        detach=True,
    )
    return run.name


@dataclass
class Account:
    """What came of numbered lines."""

    rest: bytes = b""
    last: int = 0
    lost: int = 0
    unmarked: int = 0
    repeated: int = 0
    needless: int = 0
    gap: bool = False
    messages: list[str] = field(default_factory=list)

    def take(self, item: Output | Gap) -> None:
        if isinstance(item, Gap):
            self.gap = True
            self.messages.append(item.message)
            return
        *lines, self.rest = (self.rest + item.data).split(b"\n")
        for line in lines:
            self._count(int(line.split()[0]))

    def _count(self, number: int) -> None:
        missing = number - self.last - 1
        self.repeated += missing < 0
        self.lost += max(0, missing)
        # Of what was gone before anything was read, nothing can be known.
        self.unmarked += missing > 0 and not self.gap and self.last > 0
        self.needless += self.gap and missing == 0
        self.last, self.gap = number, False


async def followed(subject: Subject, name: str, *, hold: float, every: int) -> Account:
    """Follow as a reader who stops now and then."""
    account, taken = Account(), 0
    async with asyncio.timeout(60), opened(subject.executor.output(name, FOLLOW)) as stream:
        async for item in stream:
            account.take(item)
            taken += 1
            if hold and taken % every == 0:
                await asyncio.sleep(hold)
    return account


async def test_a_short_life_loses_no_line(docker_subject: Subject) -> None:
    for number in range(30):
        run = await docker_subject.launched("sh", "-c", f"echo first {number}; seq 1 {number * 20}; echo last >&2")
        followed = await read(docker_subject, run.name, FOLLOW)
        await docker_subject.reaches(run.name, RunState.EXITED)
        later = await read(docker_subject, run.name)
        for stream in (1, 2):
            assert text(followed, stream) == text(later, stream)
        assert text(later, 1) == f"first {number}\n" + "".join(f"{n}\n" for n in range(1, number * 20 + 1))
        assert text(later, 2) == "last\n"


async def test_the_parts_of_a_long_line_make_one_line(docker_subject: Subject) -> None:
    run, _ = await docker_subject.finished("sh", "-c", f"echo begin; {LONG}")
    whole = "x" * 40000 + "\nend\n"
    assert text(await read(docker_subject, run.name)) == f"begin\n{whole}"
    assert text(await read(docker_subject, run.name, OutputQuery(tail=2))) == whole
    assert text(await read(docker_subject, run.name, OutputQuery(tail=1))) == "end\n"
    stamped = text(await read(docker_subject, run.name, OutputQuery(tail=2, timestamps=True)))
    assert [len(line) for line in stamped.splitlines()] == [40031, 34]


async def test_reading_goes_on_within_a_long_line(docker_subject: Subject) -> None:
    run, _ = await docker_subject.finished("sh", "-c", f"{LONG} >&2")
    outputs = await read(docker_subject, run.name)
    line = [output for output in outputs if output.time == outputs[0].time]
    assert (sum(len(output.data) for output in line), line[-1].ordinal) == (40001, 3)
    rest = text(await read(docker_subject, run.name, OutputQuery(after=(line[0].time, 1))))
    assert rest == "x" * (40000 - 16384) + "\nend\n"


async def test_a_line_that_is_not_ended_is_told_as_such(docker_subject: Subject) -> None:
    run, _ = await docker_subject.finished("printf", "100 %%")
    (output,) = await read(docker_subject, run.name)
    assert (output.data, output.partial) == (b"100 %", True)


@pytest.mark.parametrize(("size", "files"), [("20k", "1"), ("100k", "2"), ("1m", "1")])
async def test_what_is_rotated_away_while_it_is_followed_is_marked(
    docker_subject: Subject, oracle: DockerClient, size: str, files: str
) -> None:
    script = COUNT % 20_000
    name = await logged(docker_subject, oracle, script, "json-file", max_size=size, max_file=files)
    account = await followed(docker_subject, name, hold=0.3, every=100)
    assert (account.last, account.unmarked, account.repeated) == (20_000, 0, 0)
    # A log of one file begins anew at each rotation: whether anything was between, nobody can tell.
    assert account.needless == 0 or files == "1"


async def test_rotation_alone_is_no_gap(docker_subject: Subject, oracle: DockerClient) -> None:
    script = f"i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i {LINE}; usleep 10000; done"
    name = await logged(docker_subject, oracle, script, "json-file", max_size="5k", max_file="3")
    account = await followed(docker_subject, name, hold=0, every=1)
    assert account == Account(last=200)


async def test_a_cursor_that_was_rotated_away_leaves_a_gap(docker_subject: Subject, oracle: DockerClient) -> None:
    name = await logged(docker_subject, oracle, COUNT % 2000, "json-file", max_size="20k", max_file="2")
    await docker_subject.reaches(name, RunState.EXITED)
    outputs = await read(docker_subject, name)
    long_ago = outputs[0].time - 3600 * 10**9
    query = OutputQuery(after=(long_ago, 1))
    async with opened(docker_subject.executor.output(name, query)) as stream:
        gap, *rest = [item async for item in stream]
    assert isinstance(gap, Gap)
    assert "rotated" in gap.message
    assert text([item for item in rest if isinstance(item, Output)]) == text(outputs)


async def test_a_cursor_far_back_is_found(docker_subject: Subject) -> None:
    run, _ = await docker_subject.finished("sh", "-c", "echo first >&2; sleep 0.1; seq 1 40000")
    first = (await read(docker_subject, run.name))[0]
    assert first.data == b"first\n"
    rest = await read(docker_subject, run.name, OutputQuery(after=(first.time, first.ordinal)))
    assert text(rest) == "".join(f"{number}\n" for number in range(1, 40001))


async def test_the_local_driver_is_read_too(docker_subject: Subject, oracle: DockerClient) -> None:
    name = await logged(docker_subject, oracle, "echo a; sleep 0.5; echo b >&2", "local")
    assert text(await read(docker_subject, name, FOLLOW)) == "a\nb\n"


async def test_a_driver_that_cannot_be_read_is_named(docker_subject: Subject, oracle: DockerClient) -> None:
    name = await logged(docker_subject, oracle, "echo a", "none")
    for query in (ALL, FOLLOW):
        with pytest.raises(OutputGone, match="log driver is none"):
            await read(docker_subject, name, query)


async def test_usage_is_what_the_engine_measures(docker_subject: Subject, oracle: DockerClient) -> None:
    run = await docker_subject.launched("sh", "-c", "while :; do :; done")
    used = await docker_subject.executor.usage(run.name)
    told = await asyncio.to_thread(oracle.containers.get(run.name).stats, stream=False)
    assert used is not None
    assert 5 < used.cpu_percent < 150
    assert used.memory_limit_bytes == told["memory_stats"]["limit"]
    assert used.memory_bytes <= told["memory_stats"]["max_usage"]
