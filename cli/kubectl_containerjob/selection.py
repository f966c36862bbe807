"""Which jobs a verb means: names, or a selector; one named job at once, many only with -y or a person's yes."""

import functools
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.kubectl import JOBS, Body, Kubectl, bare
from kubectl_containerjob.problems import Problem, Refused

_NAME: Final = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")
SHOWN: Final = 5
"""Names that a question lists."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for on the command line."""

    names: tuple[str, ...]
    selector: str | None
    everything: bool
    all_namespaces: bool

    def jobs(self, kubectl: Kubectl) -> list[Body]:
        """Read the jobs that are meant; a missing one, or no choice at all, is a Problem."""
        jobs, missing = self.found(kubectl)
        if missing:
            raise missing[0]
        return jobs

    def found(self, kubectl: Kubectl) -> tuple[list[Body], list[Refused]]:
        """Read the jobs that are meant by one call; return them, and a Refused for each name that there is not."""
        self.check()
        if self.names:
            return _named(kubectl, tuple(dict.fromkeys(map(bare, self.names))))
        arguments = [JOBS]
        if self.selector:
            arguments.append(f"--selector={self.selector}")
        if self.all_namespaces:
            arguments.append("--all-namespaces")
        return kubectl.items(*arguments), []

    def check(self) -> None:
        """Refuse what says nothing, or two things."""
        if self.names and (self.selector or self.everything or self.all_namespaces):
            raise click.UsageError("give names, or a selector, or --all; not names with either")
        if self.selector and self.everything:
            raise click.UsageError("give a selector or --all, not both")
        if not (self.names or self.selector or self.everything):
            raise click.UsageError("say which: names, -l SELECTOR, or --all")

    def looking(self) -> "Selection":
        """Return what a verb that only looks means: there -A alone is every job of every namespace, as in lists."""
        alone = self.all_namespaces and not (self.names or self.selector)
        return replace(self, everything=True) if alone else self

    @property
    def bulk(self) -> bool:
        """Whether a person did not name each job."""
        return not self.names


def selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add [NAME]..., -l, --all and -A, and pass them on as `selection`."""

    @functools.wraps(command)
    def selected(
        *args: Any,
        names: tuple[str, ...],
        selector: str | None,
        everything: bool,
        all_namespaces: bool,
        **values: Any,
    ) -> Any:
        return command(*args, selection=Selection(names, selector, everything, all_namespaces), **values)

    given: tuple[Callable[[Any], Any], ...] = (
        click.option("-A", "--all-namespaces", is_flag=True, help="Jobs of every namespace"),
        click.option("--all", "everything", is_flag=True, help="Every job of the namespace"),
        click.option("-l", "--selector", metavar="QUERY", help="Jobs whose labels match, such as app=report"),
        click.argument("names", metavar="[NAME]...", nargs=-1),
    )
    return decorated(selected, given)


def confirm(action: str, jobs: Sequence[Body], *, bulk: bool, yes: bool) -> None:
    """Ask before many jobs are changed; without a terminal to ask on, -y is needed."""
    if not bulk or yes or not jobs:
        return
    what = f"{action} {len(jobs)} job{'s' if len(jobs) > 1 else ''}"
    if not sys.stdin.isatty():
        raise Problem(f"{what}: give -y to say yes, or --dry-run=client to see which")
    names = ", ".join(map(name_of, jobs[:SHOWN])) + (" …" if len(jobs) > SHOWN else "")
    if not click.confirm(f"{what} ({names})?", err=True):
        raise Problem("the answer was no: nothing was changed")


def none_found(kubectl: Kubectl, *, all_namespaces: bool) -> None:
    """Say on stderr, as kubectl does, that a selection is empty; that is no error."""
    where = "" if all_namespaces else f" in {kubectl.namespace()} namespace"
    click.echo(f"No ContainerJobs found{where}.", err=True)


def name_of(job: Body) -> str:
    """Return a job's name."""
    return str(job["metadata"]["name"])


def namespace_of(job: Body) -> str:
    """Return a job's namespace."""
    return str(job["metadata"]["namespace"])


def uid_of(job: Body) -> str:
    """Return a job's uid: another job of the same name has another."""
    return str(job["metadata"]["uid"])


def one_job(name: str) -> str:
    """Return the bare name of a job that is asked for by its path, where what is no name may mean something else."""
    found = bare(name)
    if not _NAME.fullmatch(found):
        raise missing_job(found)
    return found


def missing_job(name: str) -> Refused:
    """Say that there is none of this name."""
    return Refused(f"there is no ContainerJob {name} in this namespace: see `kubectl containerjob list`", "NotFound")


def _named(kubectl: Kubectl, names: tuple[str, ...]) -> tuple[list[Body], list[Refused]]:
    """Read jobs by name, in the order given; what can't be a name is no argument of kubectl either."""
    possible = [name for name in names if _NAME.fullmatch(name)]
    answer = kubectl.find(JOBS, *possible) if possible else None
    listed = [] if answer is None else answer.get("items", [answer])
    there = {name_of(job): job for job in listed}
    return [there[name] for name in names if name in there], [missing_job(n) for n in names if n not in there]
