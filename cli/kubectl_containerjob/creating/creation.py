"""Create jobs by one kubectl, however many: a line for each as it is there, and one for all that went wrong."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Final

import click

from kubectl_containerjob.changing.outcomes import DRY_RUNS, KIND
from kubectl_containerjob.creating.job_options import JobOptions, Writing
from kubectl_containerjob.creating.manifests import manifests
from kubectl_containerjob.kubectl import Body, Kubectl, as_list, documents, there
from kubectl_containerjob.objects import without_bookkeeping, written
from kubectl_containerjob.problems import Problem, from_kubectl
from kubectl_containerjob.setup.samples import identity

STDIN: Final = "--filename=-"


def made(kubectl: Kubectl, options: JobOptions) -> list[Body]:
    """Return the manifests of new jobs; where a template is named, it is read and rendered first."""
    base = None
    if options.template is not None:
        from kubectl_containerjob.templates import rendering as templates

        base = templates.render(templates.fetch(kubectl, options.template), options.parameters)
    return manifests(options, base)


def create(kubectl: Kubectl, bodies: Sequence[Body], writing: Writing, *, whole: bool = False) -> list[Body]:
    """Create them, and print what was asked for; return them where they are wanted `whole`."""
    if writing.dry_run == "client":
        _show(kubectl, bodies, writing)
        return []
    return send(kubectl, (STDIN,), json.dumps(as_list(bodies)), writing, whole=whole)


def create_one(kubectl: Kubectl, body: Body, writing: Writing) -> Body:
    """Create one job silently, and return it as the API server stored it."""
    found: list[str] = []
    _send(kubectl, ("create", STDIN, "--output=json", _manager(writing)), json.dumps(body), found.append)
    job: Body = json.loads("".join(found))
    return job


def send(kubectl: Kubectl, files: Sequence[str], stdin: str, writing: Writing, *, whole: bool = False) -> list[Body]:
    """Have kubectl create what is in the files, and print it as asked for; return the jobs that it has `whole`."""
    arguments = ["create", *files, _manager(writing), f"--dry-run={writing.dry_run}"]
    if whole or writing.output in {"json", "yaml"}:
        found: list[str] = []
        try:
            _send(kubectl, (*arguments, "--output=json"), stdin, found.append)
        finally:  # what was created is told, whatever went wrong with the rest
            bodies = documents("".join(found))
            _tell(kubectl, bodies, writing)
        return [body for body in bodies if body.get("kind") == "ContainerJob"]
    if writing.output == "name":
        arguments.append("--output=name")
    _send(kubectl, arguments, stdin, lambda line: click.echo(line, nl=False))
    return []


def _send(kubectl: Kubectl, arguments: Sequence[str], stdin: str, on_line: Callable[[str], None]) -> None:
    """Run kubectl, and hand out its lines as they come; files stand in for pipes that nobody would empty."""
    sys.stdout.flush()
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as complaints:
        given.write(stdin)
        given.seek(0)
        command = kubectl.command(*arguments)
        with (
            there(),
            subprocess.Popen(command, stdin=given, stdout=subprocess.PIPE, stderr=complaints, text=True) as child,
        ):
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


def _tell(kubectl: Kubectl, bodies: Sequence[Body], writing: Writing) -> None:
    """Print what kubectl has made as it would have itself."""
    if writing.output in {"json", "yaml"}:
        _print(kubectl, bodies, writing.output)
        return
    for body in bodies:
        click.echo(identity(body) + ("" if writing.output else f" created{DRY_RUNS[writing.dry_run]}"))


def _print(kubectl: Kubectl, bodies: Sequence[Body], form: str) -> None:
    plain = [_plain(body) for body in bodies]
    if plain:
        click.echo(written(kubectl, plain, form), nl=False)


def _plain(body: Body) -> Body:
    """Leave out what no person writes: the status, and who owns which field."""
    return {key: value for key, value in without_bookkeeping(body).items() if key != "status"}


def _manager(writing: Writing) -> str:
    return f"--field-manager={writing.field_manager}"
