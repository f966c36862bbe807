"""Create jobs by one kubectl, however many: a line for each as it is there, and one for all that went wrong."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import click

from kubectl_containerjob.changing.outcomes import DRY_RUNS, KIND
from kubectl_containerjob.creating.job_options import JobOptions, Writing
from kubectl_containerjob.creating.manifests import manifests
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Problem, from_kubectl

STDIN: Final = "--filename=-"
_SERVERS_OWN: Final = ("managedFields",)


def made(kubectl: Kubectl, options: JobOptions) -> list[Body]:
    """Return the manifests of new jobs; where a template is named, it is read and rendered first."""
    base = None
    if options.template is not None:
        from kubectl_containerjob.templates import rendering as templates

        base = templates.render(templates.fetch(kubectl, options.template), options.parameters)
    return manifests(options, base)


def create(kubectl: Kubectl, bodies: Sequence[Body], writing: Writing) -> list[str]:
    """Create them, print what was asked for, and return their names."""
    if writing.dry_run == "client":
        _show(kubectl, bodies, writing)
        return []
    return send(kubectl, (STDIN,), _as_list(bodies), writing)


def create_one(kubectl: Kubectl, body: Body, writing: Writing) -> Body:
    """Create one job silently, and return it as the API server stored it."""
    found: list[str] = []
    _send(kubectl, ("create", STDIN, "--output=json", _manager(writing)), json.dumps(body), found.append)
    job: Body = json.loads("".join(found))
    return job


def send(kubectl: Kubectl, files: Sequence[str], stdin: str, writing: Writing) -> list[str]:
    """Have kubectl create what is in the files, print it as asked for, and return the names of jobs among it."""
    arguments = ["create", *files, _manager(writing), f"--dry-run={writing.dry_run}"]
    found: list[str] = []
    if writing.output in {"json", "yaml"}:
        try:
            _send(kubectl, (*arguments, "--output=json"), stdin, found.append)
        finally:  # what was created is told, whatever went wrong with the rest
            bodies = list(_objects("".join(found)))
            _print(kubectl, bodies, writing.output)
        return [str(body["metadata"]["name"]) for body in bodies if body.get("kind") == "ContainerJob"]
    if writing.output == "name":
        arguments.append("--output=name")

    def told(line: str) -> None:
        found.append(line)
        click.echo(line, nl=False)

    _send(kubectl, arguments, stdin, told)
    return [_name(line) for line in found if line.startswith(f"{KIND}/")]


def _send(kubectl: Kubectl, arguments: Sequence[str], stdin: str, on_line: Callable[[str], None]) -> None:
    """Run kubectl, and hand out its lines as they come; files stand in for pipes that nobody would empty."""
    sys.stdout.flush()
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as complaints:
        given.write(stdin)
        given.seek(0)
        command = kubectl.command(*arguments)
        with subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=complaints, text=True) as child:
            assert child.stdout is not None  # noqa: S101 - asked for above
            for line in child.stdout:
                on_line(line)
        complaints.seek(0)
        if child.returncode != 0:
            raise _refusal(complaints.read(), child.returncode)
        sys.stderr.writelines(complaints)


def _refusal(text: str, code: int) -> Problem:
    """Say the first thing that went wrong, and how many more did."""
    lines = [_without_file(line) for line in text.splitlines() if line.startswith("Error from server")]
    if len(lines) <= 1:
        return from_kubectl(_without_file(text), code)
    first = from_kubectl(lines[0], code)
    return Problem(f"{len(lines)} were not created; the first: {first.message}", first.exit_code)


def _without_file(text: str) -> str:
    before, found, behind = text.partition('error when creating "STDIN": ')
    return before + behind if found else text


def _show(kubectl: Kubectl, bodies: Sequence[Body], writing: Writing) -> None:
    if kubectl.chosen_namespace is not None:
        bodies = [{**body, "metadata": body["metadata"] | {"namespace": kubectl.chosen_namespace}} for body in bodies]
    if writing.output in {"json", "yaml"}:
        _print(kubectl, bodies, writing.output)
        return
    for body in bodies:
        name = body["metadata"].get("name") or f"{body['metadata']['generateName']}…"
        click.echo(f"{KIND}/{name}" + ("" if writing.output else f" created{DRY_RUNS['client']}"))


def _print(kubectl: Kubectl, bodies: Sequence[Body], form: str) -> None:
    plain = [_plain(body) for body in bodies]
    if plain:
        whole = plain[0] if len(plain) == 1 else {"apiVersion": "v1", "kind": "List", "items": plain}
        click.echo(yaml_of(kubectl, plain) if form == "yaml" else json.dumps(whole, indent=4) + "\n", nl=False)


def yaml_of(kubectl: Kubectl, bodies: Sequence[Body]) -> str:
    """Have kubectl write YAML, which asks no cluster; it leaves out what divides one object from the next."""
    local = ("patch", "--local", "--type=merge", "--patch={}", STDIN, "--output=yaml")
    text = kubectl.run(*local, stdin=_as_list(bodies), namespaced=False)
    documents = text.split("\napiVersion: ")
    return "\n---\napiVersion: ".join(documents)


def _plain(body: Body) -> Body:
    """Leave out what no person writes: the status, and who owns which field."""
    metadata = {key: value for key, value in body["metadata"].items() if key not in _SERVERS_OWN}
    return {key: value for key, value in body.items() if key != "status"} | {"metadata": metadata}


def _as_list(bodies: Sequence[Body]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(bodies)})


def _objects(text: str) -> Iterator[Body]:
    """Read what kubectl prints of several objects: one after the other, or a List."""
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        body, end = decoder.raw_decode(text)
        yield from body["items"] if body.get("kind") == "List" else (body,)
        text = text[end:]


def _manager(writing: Writing) -> str:
    return f"--field-manager={writing.field_manager}"


def _name(line: str) -> str:
    return line.split(maxsplit=1)[0].partition("/")[2]
