"""How the verbs that change jobs tell what they did: a line per job, a line per failure, and the exit code."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import click

from kubectl_containerjob import exits
from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.objects import without_bookkeeping, written
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.selection import name_of

KIND: Final = "containerjob.containerjobs.io"
DRY_RUNS: Final = {"none": "", "client": " (dry run)", "server": " (server dry run)"}


@dataclass(frozen=True, slots=True)
class How:
    """What every such verb is asked on its command line."""

    dry_run: str = "none"
    yes: bool = False
    output: str | None = None

    @property
    def sends(self) -> bool:
        """Whether the API server is asked at all."""
        return self.dry_run != "client"


def telling(*formats: str, asks: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --dry-run, -o with these formats and, to a verb that `asks`, -y; and pass them on as `how`."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def told(*args: Any, dry_run: str, output: str | None, yes: bool = False, **values: Any) -> Any:
            return command(*args, how=How(dry_run, yes, output), **values)

        dry_runs = click.Choice(list(DRY_RUNS))
        given: tuple[Callable[[Any], Any], ...] = (
            click.option("-o", "--output", type=click.Choice(formats), help="Print this instead of a sentence"),
            *([click.option("-y", "--yes", is_flag=True, help="Do not ask before many jobs are changed")] * asks),
            click.option(
                "--dry-run",
                type=dry_runs,
                default="none",
                show_default=True,
                help="Show what would be done: client changes nothing, server has the API server check it too",
            ),
        )
        return decorated(told, given)

    return decorate


@dataclass(slots=True)
class Report:
    """What came of one command."""

    kubectl: Kubectl
    how: How
    kind: str = KIND
    quiet: bool = False
    """Whether failures alone are told."""
    changed: int = 0
    problems: list[Problem] = field(default_factory=list)
    objects: list[Body] = field(default_factory=list)

    def tell(self, job: Body, word: str, *, changed: bool = True) -> None:
        """Say what was done to a job, or keep the job for -o json and -o yaml."""
        self.changed += changed
        if self.quiet:
            return
        if self.how.output is None:
            click.echo(f"{self.kind}/{name_of(job)} {word}{DRY_RUNS[self.how.dry_run]}")
        elif self.how.output == "name":
            click.echo(f"{self.kind}/{name_of(job)}")
        else:
            self.objects.append(job)

    def fail(self, problem: Problem) -> None:
        """Say what could not be done; the other jobs go on."""
        self.problems.append(problem)
        problem.show()

    def finish(self, *, error_unchanged: bool = False) -> int:
        """Print what was kept, and return the exit code: of the failures where they agree on one, else 1."""
        if self.objects:
            plain = [without_bookkeeping(body) for body in self.objects]
            click.echo(written(self.kubectl, plain, self.how.output or "json"), nl=False)
        if self.problems:
            codes = {problem.exit_code for problem in self.problems}
            return codes.pop() if len(codes) == 1 else exits.FAILED
        return exits.UNCHANGED if error_unchanged and not self.changed else exits.DONE
