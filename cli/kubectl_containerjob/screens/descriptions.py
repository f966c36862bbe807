"""One job on one screen: what it is, runs and did, what was said of it, and what to do next. Pure."""

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import click

from containerjob_api.names import LABEL_TEMPLATE
from containerjob_api.phases import ConditionType, Phase
from kubectl_containerjob.creating.retries import RETRY_OF
from kubectl_containerjob.explaining import answers, reasons
from kubectl_containerjob.explaining.cases import command
from kubectl_containerjob.explaining.waiting import Surroundings
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.records import Job
from kubectl_containerjob.screens import durations
from kubectl_containerjob.screens.attempt_tree import tree
from kubectl_containerjob.screens.durations import moment
from kubectl_containerjob.screens.overview import table
from kubectl_containerjob.screens.plain_text import cells, cut, folded, harmless, lines_of

LABEL: Final = 12
"""Columns of the names on the left."""
NEWEST_EVENTS: Final = 10
NEWEST_LINES: Final = 10
TOLD_ABOVE: Final = frozenset({ConditionType.READY, ConditionType.RECONCILING})
"""Conditions that the head says in words."""
NEXT: Final[dict[str, tuple[str, ...]]] = {
    Phase.PENDING: ("why", "cancel"),
    Phase.QUEUED: ("why", "cancel"),
    Phase.SCHEDULED: ("logs", "cancel"),
    Phase.RUNNING: ("logs", "cancel"),
    Phase.RETRYING: ("logs", "why", "cancel"),
    Phase.SUSPENDED: ("resume", "cancel"),
    Phase.CANCELLING: ("why", "logs"),
    Phase.SUCCEEDED: ("logs", "retry"),
    Phase.FAILED: ("logs", "retry"),
    Phase.CANCELLED: ("logs", "retry"),
    Phase.TIMED_OUT: ("logs", "retry"),
}
"""What people do with a job in each phase."""


def screen(
    job: Job, events: Sequence[Body] | None, now: datetime, *, width: int, colour: bool, tail: bool = True
) -> list[str]:
    """Lay the whole screen out; `events` is None where this user may not read them."""
    said = reasons.explain(job, Surroundings(), now)
    sections = [
        [*answers.lines(said, width=width, colour=colour, with_namespace=False)],
        _facts(job, now, width),
        _titled("Runs", _runs(job, width), colour),
        _titled(_attempts_title(job), tree(job, now, width=width - 2, colour=colour), colour),
        _titled("Conditions", _conditions(job, now, width), colour),
        _titled("Events", _events(events, now, width, colour), colour),
        _titled("Output, the kept last lines", _output(job, width) if tail else [], colour),
        _titled("Next", _next(job, said.remedy), colour),
    ]
    found: list[str] = []
    for section in filter(None, sections):
        found += [*([""] if found else []), *section]
    return found


def line(job: Job, now: datetime) -> str:
    """Return where the job stands in one line, for what is followed without a terminal."""
    reason = f"{job.reason}: " if job.reason else ""
    return f"{durations.absolute(now)}  {job.phase}  {reason}{job.message}".rstrip()


def _titled(title: str, content: list[str], colour: bool) -> list[str]:
    return [answers.bold(title, colour=colour), *(f"  {text}" for text in content)] if content else []


def _facts(job: Job, now: datetime, width: int) -> list[str]:
    times = (("Taken up", "startTime"), ("Finished", "finishTime"), ("Expires", "expireTime"))
    found = [("Namespace", job.namespace), ("Created", durations.ago(job.created, now))]
    found += [(name, durations.ago(when, now)) for name, key in times if (when := job.time(key)) is not None]
    labels = job.body["metadata"].get("labels") or {}
    notes = job.body["metadata"].get("annotations") or {}
    found += [
        ("Retry of", str(notes.get(RETRY_OF, ""))),
        ("Template", str(labels.get(LABEL_TEMPLATE, ""))),
        ("Host", job.host or job.pinned or "any that admits the namespace"),
        ("Exit code", "" if (code := job.status.get("exitCode")) is None else str(code)),
        ("Ran for", str(job.status.get("duration", ""))),
        ("Labels", ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))),
    ]
    return [cut(f"{name:<{LABEL}}{harmless(value)}", width) for name, value in found if value]


def _runs(job: Job, width: int) -> list[str]:
    container = job.container
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    limits = (container.get("resources") or {}).get("limits") or {}
    found = [
        ("Image", str(container.get("image", ""))),
        (_words_name(container), shlex.join(words) if words else "what the image runs by itself"),
        ("Workdir", str(container.get("workingDir") or "")),
        *_environment(container.get("env") or ()),
        ("Limits", ", ".join(f"{name} {limits[name]}" for name in ("cpu", "memory") if limits.get(name))),
        ("Deadlines", _listed(job.spec, _DEADLINES)),
        ("Retries", _retries(job.spec)),
        ("Begins", f"not before {begin}" if (begin := job.spec.get("notBefore")) else ""),
    ]
    return [cut(f"{name:<{LABEL - 2}}{harmless(value)}", width - 2) for name, value in found if value]


_DEADLINES: Final = ("activeDeadlineSeconds", "attemptDeadlineSeconds", "startingDeadlineSeconds")


def _words_name(container: Body) -> str:
    return "Command" if container.get("command") or not container.get("args") else "Args"


def _environment(variables: Sequence[Body]) -> list[tuple[str, str]]:
    return [
        ("" if number else "Env", f"{each['name']}={each.get('value', '')}") for number, each in enumerate(variables)
    ]


def _retries(spec: Body) -> str:
    policy: dict[str, Any] = spec.get("retryPolicy") or {}
    set_here = [f"{name} {value}" for name, value in sorted(policy.items()) if value not in {None, False}]
    return ", ".join([f"backoffLimit {spec.get('backoffLimit', 6)}", *set_here])


def _listed(spec: Body, names: Sequence[str]) -> str:
    return ", ".join(f"{name} {spec[name]}" for name in names if spec.get(name) is not None)


def _attempts_title(job: Job) -> str:
    kept = len(job.attempts)
    return f"Attempts, the newest {kept} of {job.tried}" if job.tried > kept else "Attempts"


def _conditions(job: Job, now: datetime, width: int) -> list[str]:
    told = [known for known in job.status.get("conditions") or () if known.get("type") not in TOLD_ABOVE]
    if not told:
        return []
    rows = [[harmless(str(each.get(key, ""))) for key in ("type", "status", "reason")] for each in told]
    ages = [durations.age(now - when) if (when := moment(each.get("lastTransitionTime"))) else "" for each in told]
    header = ["TYPE", "STATUS", "REASON", "AGE"]
    whole = [[*row, age] for row, age in zip(rows, ages, strict=True)]
    return [text.removeprefix("  ") for text in table(header, whole, width, {})]


def _events(events: Sequence[Body] | None, now: datetime, width: int, colour: bool) -> list[str]:
    if events is None:
        return ["<forbidden>"]
    newest = sorted(events, key=_last_seen)[-NEWEST_EVENTS:]
    ages = [_event_age(event, now) for event in newest]
    wide = max(map(cells, ages), default=0)
    found = []
    for event, age in zip(newest, ages, strict=True):
        kind = f"{harmless(str(event.get('type', ''))):<7}"
        indent = " " * (wide + 2 + cells(kind) + 2)
        said = harmless(f"{event.get('reason', '')}: {event.get('message', '')}")
        first, *rest = folded(said, width - 2, indent)
        shaded = click.style(kind, fg="yellow") if colour and kind == "Warning" else kind
        found += [f"{age:<{wide}}  {shaded}  {first.strip()}", *rest]
    return found


def _event_age(event: Body, now: datetime) -> str:
    seen, count = moment(_last_seen(event)), int(event.get("count") or 1)
    return (durations.age(now - seen) if seen else "<unknown>") + (f" (x{count})" if count > 1 else "")


def _last_seen(event: Body) -> str:
    return str(
        event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or ""
    )


def _output(job: Job, width: int) -> list[str]:
    kept: Body = next((each["logTail"] for each in reversed(job.attempts) if each.get("logTail")), {})
    found = []
    for stream in ("stdout", "stderr"):
        lines = lines_of(str(kept.get(stream) or "")) if kept.get(stream) else []
        found += [cut(f"{stream} │ {text}", width - 2) for text in lines[-NEWEST_LINES:]]
    return [*found, "more with --logs"] if found and (kept.get("truncated") or _longer(kept)) else found


def _longer(kept: Body) -> bool:
    return any(str(kept.get(stream) or "").count("\n") > NEWEST_LINES for stream in ("stdout", "stderr"))


def _next(job: Job, remedy: str) -> list[str]:
    """Return the commands of the phase that the remedy above does not name already."""
    commands = [command(verb, job) for verb in NEXT.get(job.phase, ())]
    return [text for text in commands if text not in remedy and cells(text)]
