"""The few commands that the fake engine understands, judged as a busybox container would run them. Pure.

`true false sleep echo printenv pwd seq exit trap wait`, alone or as `sh -c "…; …"` with `>&2` or `> /file`. A first
process ignores SIGTERM unless it traps it, here as on Linux. Anything else takes the engine's defaults.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from containerjob_operator.decide.runs import RunSpec
from containerjob_operator.executors.fake.options import FakeOptions

SIGTERM_CODE: Final = 143
_PUNCTUATION: Final = ";&>|<"
_TO_STDERR: Final = ">&"
_TO_FILE: Final = ">"
_DIRECTORIES: Final = frozenset({"/", "/bin", "/etc", "/home", "/root", "/tmp", "/usr", "/usr/bin", "/var"})  # noqa: S108


@dataclass(frozen=True, slots=True)
class Output:
    """Something printed, so many seconds after the start."""

    at: float
    data: bytes
    stderr: bool = False
    path: str = ""
    """The file that is overwritten with it, instead of a stream."""


@dataclass(slots=True)
class Program:
    """What a container will do when it is started."""

    seconds: float = 0.0
    exit_code: int = 0
    outputs: list[Output] = field(default_factory=list)
    on_term: int | None = None
    """Exit code if the stop signal ends it; None where the signal is ignored."""
    start_failure: tuple[int, str] | None = None
    """Exit code and words of an engine that cannot start it."""


class NotUnderstood(Exception):
    """The command is none of the few; nobody outside this module sees this."""


def program(run: RunSpec, options: FakeOptions) -> Program:
    """Return what this run does."""
    argv = [*run.command, *run.args]
    if not argv:
        return _default(options)
    failure = _start_failure(argv)
    if failure is not None:
        return Program(start_failure=failure)
    try:
        return _understood(argv, run)
    except (NotUnderstood, ValueError):
        return _default(options)


def _default(options: FakeOptions) -> Program:
    return Program(options.run_for_seconds, options.exit_code, on_term=SIGTERM_CODE)


def _start_failure(argv: Sequence[str]) -> tuple[int, str] | None:
    path = argv[0]
    if path in _DIRECTORIES:
        return 126, f'cannot start process: exec: "{path}": permission denied'
    if path.startswith("/") and len(argv) == 1 and path.rpartition("/")[2] not in _STATEMENTS:
        return 127, f'cannot start process: exec: "{path}": no such file or directory'
    return None


def _understood(argv: Sequence[str], run: RunSpec) -> Program:
    script = Script(run)
    name = argv[0].rpartition("/")[2]
    if name == "sh" and len(argv) > 2 and argv[1] == "-c":
        for statement in statements(argv[2]):
            script.execute(statement)
            if script.exited:
                break
    elif name in _SHELL_ONLY:
        raise NotUnderstood
    else:
        script.execute(argv)
    return script.program


def statements(text: str) -> list[list[str]]:
    """Split a shell script at `;` and line ends; `&` at the end of a statement is dropped."""
    lexer = shlex.shlex(text.replace("\n", ";"), posix=True, punctuation_chars=_PUNCTUATION)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for token in lexer:
        if token in {";", "&"}:
            found.append([])
        elif token not in {_TO_STDERR, _TO_FILE} and set(token) <= set(_PUNCTUATION) and token:
            raise NotUnderstood
        else:
            found[-1].append(token)
    return [statement for statement in found if statement]


class Script:
    """Statements carried out on paper."""

    def __init__(self, run: RunSpec) -> None:
        self.program: Final = Program()
        self.exited = False
        self._run: Final = run
        self._env: Final = dict(run.env)

    def execute(self, argv: Sequence[str]) -> None:
        """Carry out one statement."""
        statement = _STATEMENTS.get(argv[0].rpartition("/")[2])
        if statement is None:
            raise NotUnderstood
        statement(self, list(argv[1:]))

    def _print(self, words: list[str]) -> None:
        words, target = _redirected(words)
        self._write(" ".join(words) + "\n", target)

    def _write(self, text: str, target: Sequence[str]) -> None:
        path = target[1] if target[:1] == [_TO_FILE] else ""
        output = Output(self.program.seconds, text.encode(), stderr=target == [_TO_STDERR, "2"], path=path)
        self.program.outputs.append(output)
        self.program.exit_code = 0

    def _echo(self, words: list[str]) -> None:
        self._print([self._expanded(word) for word in words])

    def _expanded(self, word: str) -> str:
        if not set(word) & set("$`*?"):
            return word
        if word.startswith("$") and word[1:].isidentifier():
            return self._env.get(word[1:], "")
        raise NotUnderstood

    def _printenv(self, words: list[str]) -> None:
        if words[0] in self._env:
            self._print([self._env[words[0]], *words[1:]])
        else:
            self.program.exit_code = 1

    def _pwd(self, words: list[str]) -> None:
        self._print([self._run.working_dir or "/", *words])

    def _seq(self, words: list[str]) -> None:
        words, target = _redirected(words)
        first, last = (1, words[0]) if len(words) == 1 else (int(words[0]), words[1])
        text = "".join(f"{number}\n" for number in range(first, min(int(last), first + 100_000) + 1))
        self._write(text, target)

    def _sleep(self, words: list[str]) -> None:
        self.program.seconds += float(words[0])
        self.program.exit_code = 0

    def _true(self, _words: list[str]) -> None:
        self.program.exit_code = 0

    def _false(self, _words: list[str]) -> None:
        self.program.exit_code = 1

    def _exit(self, words: list[str]) -> None:
        if words:
            self.program.exit_code = int(words[0]) & 0xFF
        self.exited = True

    def _trap(self, words: list[str]) -> None:
        action = shlex.split(words[0])
        self.program.on_term = int(action[1]) if action[:1] == ["exit"] else None


def _redirected(words: list[str]) -> tuple[list[str], list[str]]:
    """Split a statement's words from where its output goes."""
    return (words[:-2], words[-2:]) if words[-2:-1] in ([_TO_STDERR], [_TO_FILE]) else (words, [])


_STATEMENTS: Final[dict[str, Callable[[Script, list[str]], None]]] = {
    "true": Script._true,
    "false": Script._false,
    "sleep": Script._sleep,
    "echo": Script._echo,
    "printenv": Script._printenv,
    "pwd": Script._pwd,
    "seq": Script._seq,
    "exit": Script._exit,
    "trap": Script._trap,
    "wait": Script._true,
    "sh": Script._true,
}
_SHELL_ONLY: Final = frozenset({"exit", "trap", "wait"})
