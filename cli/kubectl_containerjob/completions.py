"""What kubectl asks for behind TAB: it runs kubectl_complete-containerjob with all words, the last one unfinished.

The answer is cobra's: lines of `word<TAB>description`, and `:<directive>` last. It never says anything else, takes
two seconds at most, and gives a hundred names at most.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import click

from containerjob_api.names import HOST_PLURALS, host_text
from kubectl_containerjob.kubectl import Kubectl, path_of
from kubectl_containerjob.main import COMMANDS, cli
from kubectl_containerjob.problems import Problem, Refused

FILES: Final = ":0"
"""Cobra's ShellCompDirectiveDefault: the shell completes names of files."""
NOTHING_ELSE: Final = ":4"
"""Cobra's ShellCompDirectiveNoFileComp."""
SECONDS: Final = 2.0
MOST: Final = 100
READ: Final = 500
"""Objects that are read to find names in; a list is sorted by name."""
UNFINISHED: Final = "status.finished!=true"
FORMATS: Final = ("wide", "json", "yaml", "name", "jsonpath=", "custom-columns=")

Word = tuple[str, str]
"""A word and its description."""


@dataclass(slots=True)
class Line:
    """The words before the one that is being typed, understood as far as they go."""

    command: click.Command
    path: tuple[str, ...] = ()
    given: list[str] = field(default_factory=list)
    """Arguments of the command."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """Values of options, by the parameter's name."""
    pending: click.Option | None = None
    """An option whose value is being typed."""
    closed: bool = False
    """Nothing of ours follows: the container's own command, or words that make no sense."""

    def take(self, word: str) -> None:
        """Understand one more word."""
        if self.pending is not None:
            self._keep(self.pending, word)
            self.pending = None
        elif word == "--":
            self.closed = True
        elif word.startswith("-") and word != "-":
            name, sign, value = word.partition("=")
            option = option_named(self.command, name)
            if option is not None and sign:
                self._keep(option, value)
            elif option is not None and not option.is_flag:
                self.pending = option
        elif isinstance(self.command, click.Group):
            self._enter(self.command, word)
        else:
            self.given.append(word)

    def kubectl(self) -> Kubectl:
        """Return kubectl with the connection that the words ask for."""
        flags = []
        for name, values in self.options.items():
            if name.startswith("kubectl_") and name != "kubectl_namespace":
                flags += [f"--{name.removeprefix('kubectl_').replace('_', '-')}={value}" for value in values]
        namespaces = self.options.get("kubectl_namespace")
        return Kubectl((*flags, f"--request-timeout={SECONDS:g}s"), namespaces[-1] if namespaces else None)

    def _keep(self, option: click.Option, value: str) -> None:
        self.options.setdefault(option.name or "", []).append(value)

    def _enter(self, group: click.Group, word: str) -> None:
        found = group.get_command(click.Context(group), word)
        if found is None:
            self.closed = True
        else:
            self.command, self.path = found, (*self.path, word)


def main() -> None:
    """Answer kubectl; whatever goes wrong, there is just nothing to complete."""
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    words: list[Word] = []
    directive = NOTHING_ELSE
    try:
        words, directive = complete(sys.argv[1:])
    except (Problem, TimeoutError, OSError, ValueError, LookupError, click.ClickException):
        words = []
    signal.setitimer(signal.ITIMER_REAL, 0)
    for word, text in words[:MOST]:
        print(f"{word}\t{' '.join(text.split())}" if text else word)
    print(directive)


def complete(words: Sequence[str]) -> tuple[list[Word], str]:
    """Return what the last word may become, and the directive."""
    *before, typed = words or [""]
    line = Line(cli)
    for word in before:
        if line.closed:
            break
        line.take(word)
    if line.closed:
        return [], FILES
    if line.pending is None and typed.startswith("-") and "=" in typed:
        name, _, typed = typed.partition("=")
        line.pending = option_named(line.command, name)
        if line.pending is None:
            return [], NOTHING_ELSE
    if line.pending is not None:
        found = _values(line, line.pending)
    elif typed.startswith("-"):
        found = _options(line.command, typed)
    elif isinstance(line.command, click.Group):
        found = _subcommands(line.command)
    else:
        found = _arguments(line)
    if found is None:
        return [], FILES
    return [(word, text) for word, text in found if word.startswith(typed)], NOTHING_ELSE


def option_named(command: click.Command, name: str) -> click.Option | None:
    """Return the option of this name."""
    options = (each for each in command.params if isinstance(each, click.Option))
    return next((option for option in options if name in (*option.opts, *option.secondary_opts)), None)


def _options(command: click.Command, typed: str) -> Iterator[Word]:
    """List options by their long names; kubectl's own ones only where they are being typed."""
    for option in (each for each in command.params if isinstance(each, click.Option)):
        if option.hidden and len(typed) <= len("--"):
            continue
        names = [name for name in (*option.opts, *option.secondary_opts) if name.startswith("--")]
        yield from ((name, option.help or "") for name in names or option.opts)
    yield "--help", "Show what the command takes"


def _subcommands(group: click.Group) -> Iterator[Word]:
    context = click.Context(group)
    for name in group.list_commands(context):
        if group is cli:
            yield name, COMMANDS[name]
        else:
            command = group.get_command(context, name)
            yield name, command.get_short_help_str(80).removesuffix(".") if command is not None else ""


def _values(line: Line, option: click.Option) -> Iterable[Word] | None:
    """List values of an option; None for names of files."""
    if isinstance(option.type, click.Choice):
        return [(str(choice), "") for choice in option.type.choices]
    for name in option.opts:
        if name in _BY_OPTION:
            return _BY_OPTION[name](line)
    files = {"-f", "--filename", "--env-file", "--kubeconfig", "--certificate-authority", "--client-key"}
    files |= {"--client-certificate", "--cache-dir", "--params-file"}
    return None if files & set(option.opts) or isinstance(option.type, click.Path | click.File) else ()


def _arguments(line: Line) -> Iterable[Word] | None:
    """List what a command's arguments may be: names of what is there, by what the verb does."""
    argument = next((each for each in line.command.params if isinstance(each, click.Argument)), None)
    if argument is not None and isinstance(argument.type, click.Path):
        return None
    if argument is None or (line.given and argument.nargs == 1):
        return ()
    if isinstance(argument.type, click.Choice):
        return [(str(choice), "") for choice in argument.type.choices]
    source = _BY_COMMAND.get(" ".join(line.path))
    return [word for word in source(line) if word[0] not in line.given] if source else ()


def _objects(line: Line, resource: str, query: str = "", *, namespaced: bool = True) -> Iterator[dict[str, Any]]:
    kubectl = line.kubectl()
    path = path_of(resource, kubectl.namespace() if namespaced else None)
    yield from kubectl.raw(path, {"fieldSelector": query, "limit": READ})["items"]


def _jobs(query: str = "", *phases: str) -> Callable[[Line], Iterator[Word]]:
    def names(line: Line) -> Iterator[Word]:
        for job in _objects(line, "containerjobs", query):
            phase = (job.get("status") or {}).get("phase") or "Pending"
            if not phases or phase in phases:
                yield job["metadata"]["name"], phase

    return names


def _hosts(line: Line) -> Iterator[Word]:
    for kind, plural in HOST_PLURALS.items():
        with contextlib.suppress(Refused):  # a cluster before its upgrade, or a role, may have one kind only
            for host in _objects(line, plural, namespaced=False):
                spec = host["spec"]
                yield host_text(kind, host["metadata"]["name"]), str(spec.get("endpoint") or spec.get("project", ""))


def _templates(line: Line) -> Iterator[Word]:
    for template in _objects(line, "containerjobtemplates"):
        yield template["metadata"]["name"], str(template["spec"].get("description", ""))


def _parameters(line: Line) -> Iterator[Word]:
    """List the parameters of the template that was named before."""
    chosen = [*line.options.get("from_template", ()), *line.given][:1]
    for template in _objects(line, "containerjobtemplates", f"metadata.name={chosen[0]}" if chosen else ""):
        if chosen:
            for parameter in template["spec"].get("parameters", ()):
                yield f"{parameter['name']}=", str(parameter.get("description", ""))


def _namespaces(line: Line) -> Iterator[Word]:
    text = line.kubectl().run("get", "namespaces", "-o", "name", namespaced=False)
    return ((name.partition("/")[2], "") for name in text.splitlines())


def _configured(what: str) -> Callable[[Line], Iterator[Word]]:
    def names(line: Line) -> Iterator[Word]:
        arguments = ("config", what, *(["-o", "name"] if what == "get-contexts" else []))
        lines = line.kubectl().run(*arguments, namespaced=False).splitlines()
        return ((name, "") for name in lines if name != "NAME")

    return names


def _phases(_line: Line) -> Iterator[Word]:
    from containerjob_api.phases import Phase

    return ((str(phase), "") for phase in Phase)


def _formats(_line: Line) -> Iterator[Word]:
    return ((form, "") for form in FORMATS)


def _out_of_time(_signal: int, _frame: object) -> None:
    raise TimeoutError


_BY_OPTION: Final[dict[str, Callable[[Line], Iterable[Word]]]] = {
    "--namespace": _namespaces,
    "--context": _configured("get-contexts"),
    "--cluster": _configured("get-clusters"),
    "--user": _configured("get-users"),
    "--host": _hosts,
    "--host-name": _hosts,
    "--from-template": _templates,
    "-p": _parameters,
    "--phase": _phases,
    "--output": _formats,
}
_BY_COMMAND: Final[dict[str, Callable[[Line], Iterable[Word]]]] = {
    "cancel": _jobs(UNFINISHED),
    "cleanup": _hosts,
    "delete": _jobs(),
    "host cordon": _hosts,
    "host list": _hosts,
    "host show": _hosts,
    "host test": _hosts,
    "host uncordon": _hosts,
    "list": _jobs(),
    "logs": _jobs(),
    "resume": _jobs(UNFINISHED, "Suspended"),
    "retry": _jobs("status.finished=true"),
    "run": _jobs(UNFINISHED),
    "show": _jobs(),
    "suspend": _jobs(UNFINISHED),
    "template lint": _templates,
    "template list": _templates,
    "template render": _templates,
    "template show": _templates,
    "top": _jobs(UNFINISHED, "Running"),
    "wait": _jobs(UNFINISHED),
    "why": _jobs(UNFINISHED),
}


if __name__ == "__main__":
    main()
