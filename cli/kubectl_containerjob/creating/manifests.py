"""The manifests of new jobs: from an image, or a rendered template, and what was asked for besides. Pure."""

import copy
from typing import Any, Final

from containerjob_api.names import API_VERSION, read_host
from kubectl_containerjob.creating.job_options import JobOptions
from kubectl_containerjob.exits import USAGE
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.problems import Problem
from kubectl_containerjob.values.job_names import checked, filled, numbered, stem

KIND: Final = "ContainerJob"
CONTAINER: Final = "main"


def manifests(options: JobOptions, base: Body | None = None) -> list[Body]:
    """Return what to create, `--count` times; options win over `base`, the rendered template."""
    body = _body(options, base)
    if options.count is None:
        return [_named(body, _name(options, body))]
    return [_numbered(body, metadata, index) for index, metadata in enumerate(_names(options, body))]


def _body(options: JobOptions, base: Body | None) -> Body:
    body: Body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {}, "spec": {}}
    body |= copy.deepcopy(base or {})
    metadata = body["metadata"]
    for name, given in (("labels", options.labels), ("annotations", options.annotations)):
        if given:
            metadata[name] = {**(metadata.get(name) or {}), **given}
    body["spec"] = _spec(options, body["spec"])
    return body


def _spec(options: JobOptions, spec: Body) -> Body:
    wishes = {
        "backoffLimit": options.retries,
        "activeDeadlineSeconds": options.timeout,
        "notBefore": options.at,
        "suspend": options.suspend or None,
        "ttlSecondsAfterFinished": options.ttl,
        "placement": None if options.host is None else {"hostRef": _host(options.host)},
    }
    spec |= {name: wish for name, wish in wishes.items() if wish is not None}
    pod = spec.setdefault("template", {}).setdefault("spec", {})
    containers = pod.setdefault("containers", []) or [{"name": CONTAINER}]
    pod["containers"] = [_container(options, containers[0]), *containers[1:]]
    return spec


def _host(text: str) -> Body:
    kind, name = read_host(text)
    return {"kind": kind, "name": name}


def _container(options: JobOptions, container: Body) -> Body:
    if options.image is not None:
        container["image"] = options.image
    if options.words:
        container.pop("args", None)
        container["command" if options.command else "args"] = list(options.words)
    if options.workdir is not None:
        container["workingDir"] = options.workdir
    if options.env:
        known = {each["name"]: each for each in container.get("env") or ()}
        known |= {name: {"name": name, "value": value} for name, value in options.env.items()}
        container["env"] = list(known.values())
    limits = {name: value for name, value in (("cpu", options.cpu), ("memory", options.memory)) if value is not None}
    if limits:
        resources = container.setdefault("resources", {})
        resources["limits"] = {**(resources.get("limits") or {}), **limits}
    if not container.get("image"):
        raise Problem("there is no image: give one with --image", USAGE)
    return container


def _name(options: JobOptions, body: Body) -> Body:
    """Return the part of metadata that names one job."""
    if options.name is not None:
        return {"name": checked(options.name)}
    return {"generateName": f"{_stem(options, body)}-"}


def _names(options: JobOptions, body: Body) -> list[Body]:
    """Return the part of metadata that names each of several."""
    count = options.count or 1
    if options.name is not None:
        return [{"name": name} for name in numbered(options.name, count)]
    return [{"generateName": f"{name}-"} for name in numbered(_stem(options, body), count)]


def _stem(options: JobOptions, body: Body) -> str:
    return stem(options.template or body["spec"]["template"]["spec"]["containers"][0]["image"])


def _named(body: Body, name: Body) -> Body:
    rest = {key: value for key, value in body["metadata"].items() if key not in {"name", "generateName"}}
    return {**body, "metadata": {**name, **rest}}


def _numbered(body: Body, name: Body, index: int) -> Body:
    """Fill the index in where a person writes words: command, arguments and environment."""
    made = _named(copy.deepcopy(body), name)
    for container in made["spec"]["template"]["spec"]["containers"]:
        _fill(container, "command", index)
        _fill(container, "args", index)
        for variable in container.get("env") or ():
            _fill(variable, "value", index)
    return made


def _fill(holder: dict[str, Any], key: str, index: int) -> None:
    value = holder.get(key)
    if isinstance(value, str):
        holder[key] = filled(value, index)
    elif value:
        holder[key] = [filled(str(word), index) for word in value]
