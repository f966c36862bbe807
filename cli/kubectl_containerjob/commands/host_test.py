"""`kubectl containerjob host test`: ask a host's engine now, through the operator."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import click

from kubectl_containerjob import exits
from kubectl_containerjob.connection import connected
from kubectl_containerjob.hosts import Named, named
from kubectl_containerjob.kubectl import Body, Kubectl
from kubectl_containerjob.problems import Refused
from kubectl_containerjob.records import Host
from kubectl_containerjob.screens.plain_text import harmless
from kubectl_containerjob.setup.remedies import remedy

AT_ONCE = 8


@click.command(name="test", epilog="Exit codes: 0 every host answers, 1 one does not.")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Choice(["json"]), help="Output format")
@connected
def command(kubectl: Kubectl, *, names: tuple[str, ...], output: str | None) -> None:
    """Ask the engines of hosts whether they answer.

    Without the log API the answer is what the operator last saw.

    \b
    # See whether a host answers, and how fast
    kubectl containerjob host test builder-1
    """
    with ThreadPoolExecutor(AT_ONCE) as beside:
        answers = list(beside.map(lambda host: _ask(kubectl, host), list(map(named, names))))
    if output:
        click.echo(json.dumps(answers[0] if len(answers) == 1 else {"items": answers}, indent=2))
    else:
        for answer in answers:
            _say(answer)
    if not all(answer["reachable"] for answer in answers):
        sys.exit(exits.FAILED)


def _ask(kubectl: Kubectl, host: Named) -> Body:
    """Return the probe's answer; where there is no log API, or not for us, what the host's status says."""
    try:
        answer = kubectl.raw(host.subresource("probe"))
    except Refused as refused:
        if refused.reason == "Down":
            raise
        return _last_seen(kubectl, host, refused)
    return {"name": str(host), "live": True, **answer}


def _last_seen(kubectl: Kubectl, asked: Named, refused: Refused) -> Body:
    body = asked.find(kubectl)
    if body is None:
        raise asked.missing()
    host = Host(body)
    conditions = {each["type"]: each for each in host.status.get("conditions", ())}
    reachable = conditions.get("Reachable", {})
    why = "you may not ask the host" if refused.reason == "Forbidden" else "the log API is not there"
    return {
        "name": host.name,
        "live": False,
        "reachable": reachable.get("status") == "True",
        "reason": reachable.get("reason", ""),
        "message": reachable.get("message", "the operator has not asked it yet"),
        "latencyMilliseconds": None,
        "engine": host.status.get("engine"),
        "endpoint": host.spec.get("endpoint"),
        "note": f"as the operator last saw it, since {why}",
    }


def _say(answer: Body) -> None:
    if answer["reachable"]:
        latency = answer.get("latencyMilliseconds")
        parts = [f"{latency:g} ms" if latency is not None else "", engine_line(answer.get("engine") or {})]
        text = ", ".join(["reachable", *filter(None, parts)])
    else:
        reason = answer.get("reason", "")
        text = f"not reachable: {harmless(answer.get('message') or reason)}"
    note = f" ({answer['note']})" if "note" in answer else ""
    click.echo(f"{'✔' if answer['reachable'] else '✘'} {answer['name']}: {text}{note}")
    todo = remedy(answer.get("reason", ""), answer["name"], answer.get("endpoint"))
    if not answer["reachable"] and todo:
        click.echo(f"  → {todo}")


def engine_line(engine: Body) -> str:
    """Say what is known of an engine; empty for nothing."""
    cpus = engine.get("cpus")
    memory = engine.get("memoryBytes")
    parts = (
        f"engine {engine['version']}" if engine.get("version") else "",
        f"API {engine['apiVersion']}" if engine.get("apiVersion") else "",
        engine.get("os", ""),
        engine.get("architecture", ""),
        f"{cpus} CPU{'s' if cpus != 1 else ''}" if cpus else "",
        f"{memory / 2**30:.1f} GiB" if memory else "",
    )
    return harmless(", ".join(filter(None, parts)))
