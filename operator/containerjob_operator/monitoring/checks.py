"""Is this process alive, and is it ready? Each answer is a list of checks with what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from containerjob_operator.errors import ContainerJobError
from containerjob_operator.monitoring.life import Life, Stage

UNWATCHED: Final = "no namespace was delivered yet: may this account list and watch namespaces?"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; all is well where there is no problem."""

    name: str
    problem: str = ""


def alive(life: Life) -> Iterator[Check]:
    """Look at what only a new process would mend."""
    yield Check("ping")
    if life.stage is not Stage.LEADING:
        return
    for name, task in life.parts.items():
        yield Check(name, "it has ended" if task.done() else "")
    if life.lease is not None:
        yield Check("lease-renewal", _unrenewed(life))


def ready(life: Life) -> Iterator[Check]:
    """Look at what keeps this process from serving; a standby is ready too, and a leader once its watches deliver."""
    yield Check("api-server", "" if life.reached else "it has not answered yet")
    if life.settings.log_api is not None:
        serving = life.log_api is not None and life.log_api.serving
        yield Check("log-api", "" if serving else "it is not served yet")
    if life.stage is Stage.LEADING:
        yield Check("watch", "" if life.context is not None and life.context.watching else UNWATCHED)
    yield Check("shutdown", "the process was told to stop" if life.stage is Stage.DRAINING else "")


def told(question: str, checks: list[Check]) -> str:
    """Write the checks down as Kubernetes' own components do."""
    lines = [f"[-]{each.name} failed: {each.problem}" if each.problem else f"[+]{each.name} ok" for each in checks]
    verdict = "failed" if any(each.problem for each in checks) else "passed"
    return "\n".join((*lines, f"{question} check {verdict}", ""))


def _unrenewed(life: Life) -> str:
    try:
        if life.lease is not None:
            life.lease.check()
    except ContainerJobError as problem:
        return str(problem)
    return ""
