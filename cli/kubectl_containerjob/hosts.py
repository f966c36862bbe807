"""Hosts of every kind: as they are named on the command line, read and listed."""

from dataclasses import dataclass
from typing import Any, Final

import click

from containerjob_api.names import HOST_PLURALS, host_text, read_host
from kubectl_containerjob.kubectl import HOSTS, SUBRESOURCES, Body, Kubectl, path_of
from kubectl_containerjob.problems import Problem, Refused

DOCKER: Final = "DockerHost"


@dataclass(frozen=True, slots=True)
class Named:
    """One host, as a person names it: NAME of a DockerHost, or cloudrunhost/NAME."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Write it as it may be typed again."""
        return host_text(self.kind, self.name)

    @property
    def resource(self) -> str:
        """What kubectl calls its kind."""
        return HOSTS[self.kind]

    @property
    def typed(self) -> str:
        """The word of its kind in a command of kubectl."""
        return self.kind.lower()

    def subresource(self, word: str) -> str:
        """Return the path of a question to the operator about it."""
        return path_of(HOST_PLURALS[self.kind], name=f"{self.name}/{word}", base=SUBRESOURCES)

    def find(self, kubectl: Kubectl) -> Body | None:
        """Read it; None where there is none."""
        return kubectl.find(self.resource, self.name, namespaced=False)

    def missing(self) -> Refused:
        """Say that there is no such host."""
        return Refused(f"there is no {self.kind} {self.name}: see `kubectl containerjob host list`", "NotFound")


def named(text: str) -> Named:
    """Read what a person, or kubectl's own -o name, calls a host; Problem where it names no kind of host."""
    word, slash, name = text.rpartition("/")
    try:
        return Named(*read_host(f"{word.partition('.')[0]}{slash}{name}"))
    except ValueError as error:
        raise Problem(str(error)) from error


class HostName(click.ParamType[str]):
    """NAME of a DockerHost, or cloudrunhost/NAME."""

    name = "host"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it, and write it in its shortest form."""
        try:
            return str(Named(*read_host(str(value))))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def items(kubectl: Kubectl, *arguments: str) -> list[Body]:
    """List the hosts of every kind that this cluster has and this user may list; a DockerHost comes first."""
    try:
        return kubectl.items(",".join(HOSTS.values()), *arguments, namespaced=False)
    except Refused as refused:
        if refused.reason == "Down":
            raise
    # A cluster before its upgrade knows one kind only, and a role may name one only.
    return kubectl.items(HOSTS[DOCKER], *arguments, namespaced=False)
