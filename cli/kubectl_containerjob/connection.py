"""The options by which kubectl reaches a cluster, on every verb and before it too; all go to kubectl as they are."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from kubectl_containerjob.kubectl import Kubectl

Command = TypeVar("Command", bound=Callable[..., Any])

_VALUES: Final = (
    ("--context", "Context of the kubeconfig to use"),
    ("--cluster", "Cluster of the kubeconfig to use"),
    ("--user", "User of the kubeconfig to use"),
    ("--kubeconfig", "Path to the kubeconfig file"),
    ("--server", "Address and port of the API server"),
    ("--token", "Bearer token for the API server"),
    ("--as", "User to impersonate"),
    ("--as-group", "Group to impersonate, may be repeated"),
    ("--as-uid", "Uid to impersonate"),
    ("--as-user-extra", "Extra field of the user to impersonate, may be repeated"),
    ("--request-timeout", "How long to wait for one request, such as 5s"),
    ("--certificate-authority", "Path to the API server's certificate authority"),
    ("--client-certificate", "Path to a client certificate"),
    ("--client-key", "Path to the client certificate's key"),
    ("--tls-server-name", "Server name for the check of the API server's certificate"),
    ("--proxy-url", "Proxy through which the API server is reached"),
    ("--cache-dir", "Folder of kubectl's discovery cache"),
)
_SHORT: Final = {"--server": "-s"}
_REPEATED: Final = {"--as-group", "--as-user-extra"}
_SWITCHES: Final = (("--insecure-skip-tls-verify", "Do not check the API server's certificate"),)
_PREFIX: Final = "kubectl_"


def connected(command: Command) -> Command:
    """Give a verb the connection options, and pass it a Kubectl as `kubectl`, its first argument."""

    @functools.wraps(command)
    def with_kubectl(*args: Any, **values: Any) -> Any:
        given = {key: values.pop(key) for key in list(values) if key.startswith(_PREFIX)}
        return command(_merged(click.get_current_context(), given), *args, **values)

    return options(with_kubectl)  # type: ignore[return-value]


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the connection options alone."""
    for name, text in reversed(_SWITCHES):
        command = click.option(name, _PREFIX + _key(name), is_flag=True, hidden=True, help=text)(command)
    for name, text in reversed(_VALUES):
        names = [*([_SHORT[name]] if name in _SHORT else []), name, _PREFIX + _key(name)]
        command = click.option(*names, multiple=name in _REPEATED, hidden=True, help=text)(command)
    return click.option("-n", "--namespace", _PREFIX + "namespace", metavar="NAME", help="Namespace to work in")(
        command
    )


def remember(ctx: click.Context, given: dict[str, Any]) -> None:
    """Keep what was given before the verb, by groups within groups too."""
    ctx.obj = {**(ctx.obj or {}), **{key: value for key, value in given.items() if value}}


def _merged(ctx: click.Context, given: dict[str, Any]) -> "Kubectl":
    """Join what stood before the verb and behind it; the latter wins."""
    before: dict[str, Any] = ctx.obj or {}
    joined = {key: given.get(key) or before.get(key) for key in {*before, *given}}
    flags = []
    for name, _ in _VALUES:
        value = joined.get(_PREFIX + _key(name))
        values = value or () if name in _REPEATED else (value,)
        flags += [f"{name}={each}" for each in values if each is not None]
    flags += [name for name, _ in _SWITCHES if joined.get(_PREFIX + _key(name))]
    from kubectl_containerjob.kubectl import Kubectl  # `--help` needs none

    return Kubectl(tuple(flags), joined.get(_PREFIX + "namespace"))


def _key(name: str) -> str:
    return name.removeprefix("--").replace("-", "_")
