"""A follower outlives its operator: nothing is missing and nothing comes twice, however often it is killed."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Cluster, Shell, add_hosts, wait_for
from tests.conftest import report

from containerjob_local.engine import Engine
from containerjob_local.environment import Component, Options, down, status, up
from containerjob_local.operator_process import OperatorOptions

LINES = 600
SCRIPT = (
    f"i=0; while [ $i -lt {LINES} ]; do echo out-$i; [ $((i % 3)) = 0 ] && echo err-$i >&2; i=$((i+1)); "
    "usleep 30000; done; exit 7"
)


@pytest.fixture(scope="module")
def options(short_folder: Path, engine: Engine) -> Iterator[Options]:
    """An environment whose operator may be killed: of this module's own."""
    parts = frozenset({Component.PLANE, Component.API, Component.OPERATOR})
    made = Options(short_folder / "kills", components=parts, operator=OperatorOptions(allow_fake_hosts=True))
    try:
        add_hosts(Cluster(up(made, report).state), engine.endpoint)
        yield made
    finally:
        down(made.state_dir, report)


def kill_operator(folder: Path) -> None:
    """Kill it at once, as the kernel would."""
    (operator,) = (part for part in status(folder) if part.name == "operator")
    number = re.fullmatch(r"pid (\d+)", operator.detail)
    assert number is not None, operator
    os.kill(int(number[1]), signal.SIGKILL)
    wait_for("the operator is gone", lambda: not any(p.name == "operator" and p.running for p in status(folder)))


def test_a_follower_of_an_operator_that_is_killed_three_times_misses_nothing(
    options: Options, tmp_path: Path
) -> None:
    shell = Shell(Cluster(up(options, report).state), "default")
    shell.create("long", SCRIPT, placement={"hostRef": {"kind": "DockerHost", "name": "local"}})
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        command = shell.command("logs", "long", "-f", "--exit-code")
        child = subprocess.Popen(command, env=shell.cluster.environment, stdout=stdout, stderr=stderr)
    for _ in range(3):
        before = out.stat().st_size
        wait_for("more was read", lambda before=before: out.stat().st_size > before)
        kill_operator(options.state_dir)
        up(options, report)
    assert child.wait(120) == 7
    assert out.read_text().split() == [f"out-{number}" for number in range(LINES)]
    told = [line for line in err.read_text().splitlines() if not line.startswith("---")]
    assert told == [f"err-{number}" for number in range(0, LINES, 3)]
