"""kubectl as our client: the same kubeconfig, credentials, proxies and impersonation as the person's own calls."""

import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from containerjob_api.names import (
    API_VERSION,
    CONTAINERJOBS,
    CONTAINERJOBTEMPLATES,
    GROUP,
    HOST_PLURALS,
    LOG_API_GROUP,
    VERSION,
)
from kubectl_containerjob.children import STOP_SECONDS, shown
from kubectl_containerjob.problems import NO_KUBECTL, Problem, Refused, from_kubectl

if TYPE_CHECKING:
    import subprocess

# What a plain list does without is imported where it is needed: json, subprocess, urllib.

JOBS: Final = f"{CONTAINERJOBS}.{GROUP}"
HOSTS: Final = {kind: f"{plural}.{GROUP}" for kind, plural in HOST_PLURALS.items()}
"""By kind; the first one is there wherever ContainerJobs are."""
TEMPLATES: Final = f"{CONTAINERJOBTEMPLATES}.{GROUP}"
API: Final = f"/apis/{API_VERSION}"
SUBRESOURCES: Final = f"/apis/{LOG_API_GROUP}/{VERSION}"
APISERVICE: Final = f"{VERSION}.{LOG_API_GROUP}"
PROGRAM: Final = "kubectl"
FIELD_MANAGER: Final = "kubectl-containerjob"
POD_NAMESPACE: Final = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

Body = dict[str, Any]


def of_this_pod(path: str = POD_NAMESPACE) -> str:
    """Return the namespace of the pod's ServiceAccount; nothing outside of pods."""
    try:
        with open(path, encoding="ascii") as told:  # noqa: PTH123 - pathlib takes longer to load than this to run
            return told.read().strip()
    except OSError:
        return ""


@contextlib.contextmanager
def there() -> Iterator[None]:
    """Say so in one line where PATH has no kubectl."""
    try:
        yield
    except FileNotFoundError as error:
        if error.filename != PROGRAM:
            raise
        raise Problem(NO_KUBECTL) from error


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with the person's own connection flags."""

    flags: tuple[str, ...] = ()
    """Flags such as --context=x, passed to every call."""
    chosen_namespace: str | None = None
    """What -n says; None for the namespace of the context."""

    def run(self, *arguments: str, stdin: str | None = None, namespaced: bool = True) -> str:
        """Run kubectl and return what it printed; raises Refused with one line that says why and what to do."""
        import subprocess

        with there():
            done = subprocess.run(
                self.command(*arguments, namespaced=namespaced),
                input=stdin if stdin is not None else "",
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            raise from_kubectl(done.stderr, done.returncode)
        return done.stdout

    def json(self, *arguments: str, stdin: str | None = None, namespaced: bool = True) -> Body:
        """Run a kubectl command with `-o json` and return what it printed."""
        return parsed(self.run(*arguments, "-o", "json", stdin=stdin, namespaced=namespaced))

    def raw(self, path: str, query: Mapping[str, object] | None = None) -> Body:
        """Ask one path of the API server."""
        return parsed(self.run("get", "--raw", with_query(path, query), namespaced=False))

    def find(self, *arguments: str, namespaced: bool = True) -> Body | None:
        """Read one object; None where there is none of this name."""
        text = self.run("get", *arguments, "--ignore-not-found", "-o", "json", namespaced=namespaced)
        return parsed(text) if text.strip() else None

    def items(self, *arguments: str, namespaced: bool = True) -> list[Body]:
        """List objects."""
        found: list[Body] = self.json("get", *arguments, namespaced=namespaced)["items"]
        return found

    def show(self, *arguments: str, namespaced: bool = True) -> None:
        """Run kubectl with our own stdout, for what it prints better than anyone; raises Refused as `run` does."""
        sys.stdout.flush()
        with there():
            code, stderr = shown(self.command(*arguments, namespaced=namespaced))
        if code == -signal.SIGPIPE:
            raise BrokenPipeError  # the reader has seen enough
        if code != 0:
            raise from_kubectl(stderr, code)
        sys.stderr.write(stderr)

    @contextlib.contextmanager
    def stream(self, path: str, query: Mapping[str, object] | None = None) -> Iterator["Stream"]:
        """Open a path that answers for long; kubectl is ended with the block, it would outlive an idle stream."""
        import subprocess

        command = self.command("get", "--raw", with_query(path, query), namespaced=False)
        pipe = subprocess.PIPE
        with (
            there(),
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
            ) as child,
        ):
            assert child.stdout is not None  # noqa: S101 - asked for above
            try:
                yield Stream(child, child.stdout)
            finally:
                end(child)

    def command(self, *arguments: str, namespaced: bool = True) -> list[str]:
        """Return the whole command line; connection flags come last, before a `--` of the caller's own."""
        own = [*self.flags]
        if namespaced and self.chosen_namespace is not None:
            own.append(f"--namespace={self.chosen_namespace}")
        if "--" in arguments:
            at = arguments.index("--")
            return [PROGRAM, *arguments[:at], *own, *arguments[at:]]
        return [PROGRAM, *arguments, *own]

    def namespace(self) -> str:
        """Return the namespace that is meant: of -n, else of the context, else default."""
        if self.chosen_namespace is not None:
            return self.chosen_namespace
        template = "{..namespace}"
        try:
            found = self.run("config", "view", "--minify", "-o", f"jsonpath={template}", namespaced=False).strip()
        except Refused as refused:
            if "current-context must exist" not in refused.message:
                raise
            found = of_this_pod()  # there kubectl needs no kubeconfig
        return found or "default"


@dataclass(frozen=True, slots=True)
class Stream:
    """A long answer: its bytes, and how it ended."""

    child: "subprocess.Popen[bytes]"
    out: IO[bytes]

    def events(self) -> Iterator[Body]:
        """Yield the events of a watch."""
        for line in self.out:
            if line.endswith(b"\n"):  # a line that broke off is nothing; the next watch tells it again
                yield parsed(line)

    def check(self) -> None:
        """Raise Refused where kubectl ended with an error; call it at the end of the bytes."""
        code = self.child.wait()
        if code != 0:
            stderr = self.child.stderr.read().decode(errors="replace") if self.child.stderr else ""
            raise from_kubectl(stderr, code)


def parsed(text: str | bytes) -> Body:
    """Read one JSON object."""
    import json

    body: Body = json.loads(text)
    return body


def documents(text: str) -> list[Body]:
    """Read what kubectl prints of several objects: one after the other, or a List."""
    import json

    decoder = json.JSONDecoder()
    found: list[Body] = []
    while text := text.lstrip():
        body, end = decoder.raw_decode(text)
        found += body["items"] if body.get("kind") == "List" else [body]
        text = text[end:]
    return found


def path_of(resource: str, namespace: str | None = None, name: str = "", *, base: str = API) -> str:
    """Return the path of a list or of an object, such as `containerjobs` and its subresource as the name `x/log`."""
    from urllib.parse import quote

    parts: Sequence[str] = ("namespaces", quote(namespace, safe=""), resource) if namespace else (resource,)
    return "/".join((base, *parts, *([quote(name, safe="/")] if name else [])))


def as_list(bodies: Sequence[Body]) -> Body:
    """Return several objects as the one that kubectl takes in their place."""
    return {"apiVersion": "v1", "kind": "List", "items": list(bodies)}


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    """Add a query; what is None or empty is left out, true and false are written as JSON does."""
    from urllib.parse import urlencode

    given = {key: _value(value) for key, value in (query or {}).items() if value is not None and value != ""}
    return f"{path}?{urlencode(given)}" if given else path


def _value(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def bare(name: str) -> str:
    """Return a name without the kind that kubectl prints before it, as in `containerjob.containerjobs.io/x`."""
    return name.partition("/")[2] or name


def end(child: "subprocess.Popen[Any]") -> None:
    """End a kubectl that would go on, and close its pipes."""
    import subprocess

    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
