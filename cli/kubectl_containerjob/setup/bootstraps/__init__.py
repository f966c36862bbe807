"""Scripts that prepare a machine for jobs: read by a person, run by a person, printed by `host bootstrap`."""

import importlib.metadata
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Final

import click

_MACHINE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")
_USER: Final = re.compile(r"[a-z_][a-z0-9_.-]*")
_PATH: Final = re.compile(r"/[A-Za-z0-9_./-]*[A-Za-z0-9_-]")
_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?")
_UNIX: Final = "unix://"
_NAMESPACE: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine with a Docker engine; what is not plain text for a shell is refused."""

    host: str
    name: str
    names: tuple[str, ...] = ()
    """Further names and addresses of the machine, for its certificate."""
    port: int = 2376
    days: int = 365
    user: str = "root"
    ssh_port: int = 22
    socket: str = "/var/run/docker.sock"
    namespaces: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _plain("HOST", self.host, _MACHINE)
        _plain("--name", self.name, _NAME)
        _plain("--ssh-user", self.user, _USER)
        _plain("the socket", self.socket, _PATH)
        for each in self.names:
            _plain("--san", each, _MACHINE)
        for each in self.namespaces:
            _plain("--allow-namespaces", each, _NAMESPACE)


def name_for(host: str) -> str:
    """Return a DockerHost's name for a machine: its first label, or its address with dashes."""
    try:
        return re.sub(r"[.:]+", "-", str(ipaddress.ip_address(host)))
    except ValueError:
        return host.partition(".")[0].lower()


def tls(machine: Machine) -> str:
    """Return the script for an engine that is reached over TCP with certificates of both sides."""
    alternatives = dict.fromkeys([machine.host, *machine.names, "localhost", "127.0.0.1"])
    endpoint = f"tcp://{f'[{machine.host}]' if ':' in machine.host else machine.host}:{machine.port}"
    extra = (f"  tls:\n    secretRef:\n      name: {machine.name}-tls",)
    return _script("tls", machine, {"NAMES": ", ".join(map(_alternative, alternatives))}, endpoint, extra)


def ssh(machine: Machine) -> str:
    """Return the script that brings a machine's socket to the operator's over SSH."""
    return _script("ssh", machine, {}, f"{_UNIX}/run/containerjob/{machine.name}.sock")


def unix(machine: Machine) -> str:
    """Return the script for an engine on the operator's own machine."""
    return _script("unix", machine, {}, _UNIX + machine.socket)


def _script(file: str, machine: Machine, values: dict[str, str], endpoint: str, extra: Iterable[str] = ()) -> str:
    text = resources.files(__package__).joinpath(f"{file}.sh").read_text(encoding="utf-8")
    values |= {
        "HOST": machine.host,
        "NAME": machine.name,
        "PORT": str(machine.port),
        "DAYS": str(machine.days),
        "USER": machine.user,
        "SSH_PORT": str(machine.ssh_port),
        "SOCKET": machine.socket,
        "VERSION": _version(),
        "MANIFEST": "\n".join(_manifest(machine, endpoint, extra)),
    }
    # Between a user and a machine stands a third @, which must stay.
    return re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], text)


def _manifest(machine: Machine, endpoint: str, extra: Iterable[str]) -> Iterable[str]:
    yield from ("apiVersion: containerjobs.io/v1alpha1", "kind: DockerHost", "metadata:", f"  name: {machine.name}")
    yield from ("spec:", f"  endpoint: {endpoint}", *extra)
    if not machine.namespaces:
        yield "  # No namespace may use it until it is named here, or `from: All` is said."
        yield from ("  allowedNamespaces:", "    from: None")
        return
    yield from ("  allowedNamespaces:", "    from: Selector", "    selector:", "      matchExpressions:")
    yield from ("        - key: kubernetes.io/metadata.name", "          operator: In")
    yield f"          values: [{', '.join(machine.namespaces)}]"


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def _plain(what: str, text: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(text):
        raise click.UsageError(f"{what} {text!r} is not plain enough for a script: expected {pattern.pattern}")


def _version() -> str:
    try:
        return importlib.metadata.version("containerjob")
    except importlib.metadata.PackageNotFoundError:  # run from a checkout
        return "of today"
