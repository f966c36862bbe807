"""What the fake engine makes of a command."""

from dataclasses import replace

import pytest

from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.fake.options import FakeOptions
from containerjob_operator.executors.fake.programs import Output, Program, program

OPTIONS = FakeOptions(run_for_seconds=7, exit_code=11)
DEFAULT = Program(7, 11, on_term=143)
RUN = RunSpec(name="n", image="i", command=(), args=(), working_dir="", env=(("NAME", "value"),), labels=())


def made_of(*command: str) -> Program:
    return program(replace(RUN, command=command), OPTIONS)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["true"], Program()),
        (["/bin/true"], Program()),
        (["false"], Program(exit_code=1)),
        (["sleep", "0.5"], Program(0.5)),
        (["echo", "a", "|", "b"], Program(outputs=[Output(0, b"a | b\n")])),
        (["printenv", "NAME"], Program(outputs=[Output(0, b"value\n")])),
        (["printenv", "NONE"], Program(exit_code=1)),
        (["pwd"], Program(outputs=[Output(0, b"/\n")])),
        (["seq", "2"], Program(outputs=[Output(0, b"1\n2\n")])),
        (["seq", "2", "3"], Program(outputs=[Output(0, b"2\n3\n")])),
        (["sh"], Program()),
    ],
)
def test_a_command_does_what_busybox_does(command: list[str], expected: Program) -> None:
    assert made_of(*command) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 300", Program(exit_code=44)),
        ("false; exit", Program(exit_code=1)),
        ("echo a; sleep 1; echo b >&2", Program(1, 0, [Output(0, b"a\n"), Output(1, b"b\n", True)])),
        ("exit 1; echo never", Program(exit_code=1)),
        ("echo a > /m; echo b", Program(outputs=[Output(0, b"a\n", path="/m"), Output(0, b"b\n")])),
        ("seq 2 > /m", Program(outputs=[Output(0, b"1\n2\n", path="/m")])),
        ("echo $NAME $NONE\ntrue", Program(outputs=[Output(0, b"value \n")])),
        ("trap 'exit 3' TERM; sleep 5 & wait", Program(5, on_term=3)),
        ("trap '' TERM; sleep 5", Program(5)),
    ],
)
def test_a_script_does_its_statements_in_turn(script: str, expected: Program) -> None:
    assert made_of("sh", "-c", script) == expected


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["python", "job.py"],
        ["exit", "1"],
        ["sleep", "soon"],
        ["/opt/job", "--fast"],
        ["sh", "-c", "echo a | wc"],
        ["sh", "-c", "echo a >> /m"],
        ["sh", "-c", "echo `date`"],
        ["sh", "-c", "echo 'unbalanced"],
        ["sh", "-c", "make && true"],
    ],
)
def test_what_is_not_understood_takes_the_defaults(command: list[str]) -> None:
    assert made_of(*command) == DEFAULT


@pytest.mark.parametrize(("path", "code"), [("/no-such-command", 127), ("/etc", 126)])
def test_what_cannot_be_executed_fails_to_start(path: str, code: int) -> None:
    failure = made_of(path).start_failure
    assert failure is not None
    assert failure[0] == code
    assert path in failure[1]
