"""A ContainerJobTemplate becomes a ContainerJob: what may be given, what is wrong with it, and the job."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import click

from containerjob_api.names import API_VERSION, LABEL_TEMPLATE
from kubectl_containerjob.kubectl import TEMPLATES, Body, Kubectl, bare
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.templates.placeholders import filled, places

LONGEST_QUOTE: Final = 60


def parameter_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -p, and pass on what was given as `parameters`, a mapping."""
    return click.option(
        "-p",
        "--param",
        "parameters",
        metavar="NAME=VALUE",
        multiple=True,
        callback=lambda _ctx, _param, pairs: given(pairs),
        help="Value of a parameter of the template, may be repeated",
    )(command)


def given(pairs: Sequence[str]) -> dict[str, str]:
    """Read what -p says; UsageError where it is no NAME=VALUE, or names one twice."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise click.UsageError(f"-p {pair} is not NAME=VALUE")
        if name in values:
            raise click.UsageError(f"-p {name} is given twice")
        values[name] = value
    return values


def fetch(kubectl: Kubectl, name: str) -> Body:
    """Read a template; Refused where there is none of this name."""
    template = kubectl.find(TEMPLATES, bare(name))
    if template is None:
        raise Refused(
            f"there is no ContainerJobTemplate {bare(name)} in this namespace:"
            " see `kubectl containerjob template list`",
            "NotFound",
        )
    return template


def render(template: Body, given: Mapping[str, str]) -> Body:
    """Return the job, with a generateName that the caller may replace; a Problem names every mistake at once."""
    wrong = [*_wrong_values(template, given), *wrong_places(template)]
    if wrong:
        raise Problem(f"template {name_of(template)}: {'; '.join(wrong)}")
    job = template["spec"]["template"]
    made = filled(job, _values(template, given))
    metadata = made.get("metadata") or {}
    labels = {**metadata.get("labels", {}), LABEL_TEMPLATE: name_of(template)}
    return {
        "apiVersion": API_VERSION,
        "kind": "ContainerJob",
        "metadata": {**metadata, "generateName": f"{name_of(template)}-", "labels": labels},
        "spec": made["spec"],
    }


def name_of(template: Body) -> str:
    """Return a template's name."""
    return str(template["metadata"]["name"])


def parameters_of(template: Body) -> dict[str, Body]:
    """Return the parameters by their names, in their order."""
    return {parameter["name"]: parameter for parameter in template["spec"].get("parameters") or ()}


def wrong_places(template: Body) -> Iterator[str]:
    """Say which places in the job stand for no parameter."""
    known = parameters_of(template)
    for where, name, closed in places(template["spec"]["template"]):
        if not closed:
            yield f"{where} has $(params.{name} without its closing bracket: write $(params.NAME)"
        elif name not in known:
            yield f"{where} has $(params.{name}), but there is no parameter {name!r}: it has {_listed(known)}"


def refusal(parameter: Body, value: str) -> str | None:
    """Say why a parameter cannot have this value; None where it can."""
    quoted = repr(value if len(value) <= LONGEST_QUOTE else value[:LONGEST_QUOTE] + "…")
    if parameter.get("enum") and value not in parameter["enum"]:
        return f"parameter {parameter['name']} cannot be {quoted}: give {allowed(parameter)}"
    pattern = parameter.get("pattern")
    if pattern is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python would read differently one day
            fits = re.fullmatch(pattern, value, re.ASCII)
    except (re.error, Warning) as error:
        return f"parameter {parameter['name']} has the pattern {pattern}, which cannot be used ({error}): change it"
    return None if fits else f"parameter {parameter['name']} cannot be {quoted}: give {allowed(parameter)}"


def allowed(parameter: Body) -> str:
    """Say what a parameter may be."""
    if parameter.get("enum"):
        return " or ".join(value or '""' for value in parameter["enum"])
    return f"what matches {parameter['pattern']}" if "pattern" in parameter else "any text"


def _wrong_values(template: Body, given: Mapping[str, str]) -> Iterator[str]:
    known = parameters_of(template)
    for name, parameter in known.items():
        if name in given:
            wrong = refusal(parameter, given[name])
            if wrong:
                yield wrong
        elif parameter.get("required"):
            about = f" ({parameter['description']})" if parameter.get("description") else ""
            yield f"parameter {name}{about} is required: give -p {name}=VALUE, {allowed(parameter)}"
    for name in given:
        if name not in known:
            yield f"there is no parameter {name!r}: it has {_listed(known)}"


def _values(template: Body, given: Mapping[str, str]) -> dict[str, str]:
    known = parameters_of(template)
    return {name: given.get(name, parameter.get("default", "")) for name, parameter in known.items()}


def _listed(known: Mapping[str, Body]) -> str:
    return ", ".join(known) or "none"
