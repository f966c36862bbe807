"""`kubectl containerjob template`: jobs with places for parameters."""

import json
import shlex
import sys
from collections.abc import Iterator
from typing import Any, Final

import click

from kubectl_containerjob.connection import connected, options, remember
from kubectl_containerjob.kubectl import TEMPLATES, Body, Kubectl, documents
from kubectl_containerjob.listing import Listing, listing
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.templates.rendering import (
    allowed,
    fetch,
    name_of,
    parameter_option,
    parameters_of,
    render,
    wrong_places,
)
from kubectl_containerjob.values.job_names import checked

KIND: Final = "ContainerJobTemplate"
PRINTED: Final = "containerjobtemplate.containerjobs.io"
FILE = click.option("-f", "--filename", metavar="FILE", help="Read templates from a file instead, - for stdin")


@click.group(name="template")
@options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Show, check and render job templates.

    \b
    # See what a template may be given, then run a job of it
    kubectl containerjob template show report
    kubectl containerjob run report-1 --from-template report -p month=2026-01
    """
    remember(ctx, given)


@command.command(name="list")
@connected
@listing
def list_(kubectl: Kubectl, asked: Listing) -> None:
    """List templates as kubectl get does.

    \b
    # List the templates of this namespace, and what they do
    kubectl containerjob template list -o wide
    """
    asked.show(kubectl, TEMPLATES)


@command.command()
@connected
@click.argument("name")
def show(kubectl: Kubectl, name: str) -> None:
    """Show what a template may be given, and how it is used.

    \b
    # Show the template report
    kubectl containerjob template show report
    """
    for line in _described(fetch(kubectl, name)):
        click.echo(line)


@command.command(name="render")
@connected
@click.argument("name", required=False)
@FILE
@parameter_option
@click.option("--name", "job_name", metavar="JOB", help="Name of the job  [default: the template's and five letters]")
@click.option("-o", "--output", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True, help="Format")
def render_(kubectl: Kubectl, name: str | None, filename: str | None, job_name: str | None, **given: Any) -> None:
    """Print the job that a template makes, and create nothing.

    \b
    # Make a job of the template report, and look at it before it is created
    kubectl containerjob template render report -p month=2026-01 --name report-1 > job.yaml
    kubectl apply -f job.yaml
    """
    if (name is None) == (filename is None):
        raise click.UsageError("name a template, or give a file with -f FILE")
    template = fetch(kubectl, name) if name is not None else _only(kubectl, filename or "")
    job = render(template, given["parameters"])
    del job["metadata"]["generateName"]
    job["metadata"] = {"name": checked(job_name) if job_name else _fresh(name_of(template)), **job["metadata"]}
    shape = ("--dry-run=client", "--validate=false", "-o", given["output"], "-f", "-")
    click.echo(kubectl.run("create", *shape, stdin=json.dumps(job)), nl=False)


@command.command(
    short_help="Check templates, and a job that each of them makes.",
    epilog="Exit codes: 0 every template is right, 1 one is not, or could not be checked.",
)
@connected
@click.argument("names", metavar="[NAME]...", nargs=-1)
@FILE
@parameter_option
def lint(kubectl: Kubectl, names: tuple[str, ...], filename: str | None, parameters: dict[str, str]) -> None:
    """Check templates: their parameters, where these are used, and a job that the API server judges but never stores.

    What is required gets a sample value that fits; -p gives another one.

    \b
    # Check a file before it is applied
    kubectl containerjob template lint -f template.yaml
    """
    if bool(names) == (filename is not None):
        raise click.UsageError("name templates, or give a file with -f FILE")
    templates = [fetch(kubectl, name) for name in names] if names else _read(kubectl, filename or "")
    wrong = 0
    for template in templates:
        found = list(_checked(kubectl, template, parameters, stored=bool(names)))
        wrong += bool(found)
        for line in found or ("valid",):
            click.echo(f"{PRINTED}/{name_of(template)}{':' if found else ''} {line}")
    if wrong:
        raise Problem(f"{wrong} of {_counted(templates)} {'has' if wrong == 1 else 'have'} mistakes: see above")


def _counted(templates: list[Body]) -> str:
    return f"{len(templates)} template{'s' if len(templates) > 1 else ''}"


def _checked(kubectl: Kubectl, template: Body, given: dict[str, str], *, stored: bool) -> Iterator[str]:
    """Yield what is wrong, from the outside in: a job is made only of a template that is right so far."""
    from kubectl_containerjob.templates.lint import mistakes, refused_job, refused_template, samples

    refused = None if stored else refused_template(kubectl, template)
    if refused is not None:
        yield refused
        return
    yield from mistakes(template)
    if any(wrong_places(template)):
        return
    values, unknown = samples(template, given)
    if unknown:
        wanted = " ".join(f"-p {name}=VALUE" for name in unknown)
        yield f"no job of it was tried, for want of a value that matches the pattern: give {wanted}"
        return
    refused = refused_job(kubectl, template, values)
    if refused is not None:
        yield refused


def _read(kubectl: Kubectl, filename: str) -> list[Body]:
    """Let kubectl read YAML or JSON; what is no template in it is left out."""
    text = sys.stdin.read() if filename == "-" else None
    printed = kubectl.run("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", filename, stdin=text)
    found = [body for body in documents(printed) if body.get("kind") == KIND]
    if not found:
        raise Problem(f"{filename} holds no {KIND}: see `kubectl explain containerjobtemplate`")
    if not all(body["metadata"].get("name") for body in found):
        raise Problem(f"{filename} holds a {KIND} without a name: give it metadata.name")
    return found


def _only(kubectl: Kubectl, filename: str) -> Body:
    """Read the one template of a file, if it is one that the API server takes."""
    from kubectl_containerjob.templates.lint import refused_template

    templates = _read(kubectl, filename)
    if len(templates) > 1:
        raise Problem(f"{filename} holds {len(templates)} templates, and one is rendered at a time: give it alone")
    refused = refused_template(kubectl, templates[0])
    if refused is not None:
        raise Problem(f"template {name_of(templates[0])}: {refused}")
    return templates[0]


def _fresh(base: str) -> str:
    """Return a name that no other job has, made as the API server makes its own."""
    import secrets

    return f"{base}-{''.join(secrets.choice('bcdfghjklmnpqrstvwxz2456789') for _ in range(5))}"


def _described(template: Body) -> Iterator[str]:
    from kubectl_containerjob.screens.plain_text import harmless

    name, known = name_of(template), parameters_of(template)
    container = template["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]
    yield f"Name:         {name}"
    yield f"Namespace:    {template['metadata']['namespace']}"
    if template["spec"].get("description"):
        yield f"Description:  {harmless(template['spec']['description'])}"
    yield f"Image:        {harmless(container['image'])}"
    yield "Parameters:" if known else "Parameters:   none"
    yield from _table([("NAME", "DEFAULT", "ALLOWED", "DESCRIPTION"), *map(_row, known.values())] if known else [])
    needed = [f"-p {each}=VALUE" for each, parameter in known.items() if parameter.get("required")]
    yield "Example:"
    yield "  " + " ".join((f"kubectl containerjob run {name}-1 --from-template={name}", *needed))


def _row(parameter: Body) -> tuple[str, ...]:
    default = "(required)" if parameter.get("required") else shlex.quote(parameter.get("default", ""))
    return parameter["name"], default, allowed(parameter), parameter.get("description", "")


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    from kubectl_containerjob.screens.plain_text import cells, harmless, padded

    shown = [[harmless(cell) for cell in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        yield ("  " + "   ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True))).rstrip()
