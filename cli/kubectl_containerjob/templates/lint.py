"""What is wrong with a template before anybody uses it: places, parameters, and a job of it on the API server."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.templates.placeholders import places
from kubectl_containerjob.templates.rendering import name_of, parameters_of, refusal, render, wrong_places
from kubectl_containerjob.templates.sample_values import sample

SAMPLES: Final = ("1", "example")
"""Values that are tried before one is made from the pattern; the first one is right almost everywhere."""
_OUR_DOING: Final = frozenset({"Down", "Forbidden", "Unauthorized", "Unknown"})
"""Refusals that say nothing about the template."""


def mistakes(template: Body) -> Iterator[str]:
    """Say what can be seen without the API server."""
    yield from wrong_places(template)
    used = {name for _, name, _ in places(template["spec"]["template"])}
    for name, parameter in parameters_of(template).items():
        if name not in used:
            yield f"parameter {name} is not used: remove it, or write $(params.{name}) where it belongs"
        for kind, value in (("default", parameter.get("default")), *(("enum", v) for v in parameter.get("enum", ()))):
            wrong = refusal(parameter, value) if value is not None else None
            if wrong:
                yield f"{kind}: {wrong}"


def samples(template: Body, given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return values for what is required, and the parameters for which none could be found."""
    values, unknown = dict(given), []
    for name, parameter in parameters_of(template).items():
        if name in values or not parameter.get("required"):
            continue
        found = next((value for value in _tried(template, parameter) if refusal(parameter, value) is None), None)
        if found is None:
            unknown.append(name)
        else:
            values[name] = found
    return values, unknown


def refused_job(kubectl: Kubectl, template: Body, values: Mapping[str, str]) -> str | None:
    """Have the API server judge a job of the template, without storing it; None where it takes it."""
    return _judged(kubectl, "a job of it", render(template, values))


def refused_template(kubectl: Kubectl, template: Body) -> str | None:
    """Have the API server judge a template from a file, whether or not one of its name is there."""
    fresh = {"generateName": f"{name_of(template)}-"}
    return _judged(kubectl, "it", {**template, "metadata": fresh})


def _judged(kubectl: Kubectl, what: str, body: Body) -> str | None:
    strictly = ("create", "--dry-run=server", "--validate=strict", "-o", "name", "-f", "-")
    try:
        kubectl.run(*strictly, stdin=json.dumps(body))
    except Refused as refused:
        if refused.reason in _OUR_DOING:
            raise
        return f"the API server refuses {what}: {refused.message}"
    return None


def _tried(template: Body, parameter: Body) -> tuple[str, ...]:
    """Return values to try, most likely first; a working directory has to be a path."""
    if parameter.get("enum"):
        return tuple(parameter["enum"])
    container = template["spec"]["template"]["spec"]["template"]["spec"]["containers"][0]
    begins = container.get("workingDir", "").startswith(f"$(params.{parameter['name']})")
    return (*(["/example"] if begins else []), *SAMPLES, sample(parameter.get("pattern", "")))
