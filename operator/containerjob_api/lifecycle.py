"""The API server's own guard of a job's life and record: what may change when, and what can't be true together."""

from typing import Final

from containerjob_api.markers import Rule
from containerjob_api.phases import TERMINAL, Phase

_WAS_FINISHED: Final = "oldSelf.?status.?finished.orValue(false)"
_STARTED: Final = "oldSelf.?status.?attemptCount.orValue(0) > 0"
_OUTCOME: Final = (
    *("phase", "finished", "startTime", "finishTime", "completionTime"),
    *("host", "exitCode", "duration", "attempts"),
)
_COUNTS: Final = {"attemptCount": "attempts", "failed": "failures", "launchFailures": "failures"}
"""Counters, and what they count."""


def _unchanged(path: str) -> str:
    return f"self.{path} == oldSelf.{path}"


def _unchanged_if_there(path: str) -> str:
    """Compare a field that may be absent; optional syntax would do, but the API server cannot bound its cost."""
    there, was_there = f"has(self.{path})", f"has(oldSelf.{path})"
    return f"{there} == {was_there} && (!{there} || {_unchanged(path)})"


def _count(name: str, whole: str = "self") -> str:
    return f"{whole}.?status.?{name}.orValue(0)"


def _fixed_once_started(field: str, unchanged: str) -> Rule:
    return Rule(
        f"{_WAS_FINISHED} || !({_STARTED}) || ({unchanged})",
        f"{field} may change only while no attempt exists: delete the job, or create another under a new name",
        f".spec.{field}",
    )


def _never_back(name: str, counted: str) -> Rule:
    return Rule(
        f"{_count(name, 'oldSelf')} <= {_count(name)}",
        f"{counted} are counted up only: {name} may not go back",
        f".status.{name}",
    )


_SAME_OUTCOME: Final = " && ".join(
    (
        "has(self.status)",
        *(_unchanged_if_there(f"status.{name}") for name in _OUTCOME),
        *(f"{_count(name)} == {_count(name, 'oldSelf')}" for name in _COUNTS),
    )
)

LIFE_CYCLE: Final = (
    *(_never_back(name, counted) for name, counted in _COUNTS.items()),
    _fixed_once_started("template", _unchanged("spec.template")),
    _fixed_once_started("placement", _unchanged_if_there("spec.placement")),
    Rule(
        f"!{_WAS_FINISHED} || {_unchanged('spec')}",
        "a finished job is a record: delete it, or run it again under a new name",
        ".spec",
    ),
    Rule(
        f"!{_WAS_FINISHED} || ({_SAME_OUTCOME})",
        f"the outcome of a finished job is final: {', '.join((*_OUTCOME, *_COUNTS))} may not change",
        ".status",
    ),
)
"""Rules over the whole object, old and new."""


def _phase_is(*phases: Phase) -> str:
    return f"(has(self.phase) && self.phase in [{', '.join(repr(phase.value) for phase in sorted(phases))}])"


_FINISHED: Final = "(has(self.finished) && self.finished)"
_SUCCEEDED: Final = _phase_is(Phase.SUCCEEDED)
_OVER: Final = _phase_is(*TERMINAL)
_ATTEMPTED: Final = "(has(self.attemptCount) ? self.attemptCount : 0)"
_TELLS: Final = {"Finished": _FINISHED, "Complete": _SUCCEEDED, "Failed": _phase_is(*TERMINAL - {Phase.SUCCEEDED})}
"""Conditions that say what phase says, for machines."""
_ALL_TELL: Final = " && ".join(
    f"(c.type != '{type_}' || (c.status == 'True') == {truth})" for type_, truth in _TELLS.items()
)

RECORD: Final = (
    Rule(
        f"{_FINISHED} == {_OVER}",
        f"finished is true in the phases {', '.join(sorted(TERMINAL))}, and in no other",
        ".finished",
    ),
    Rule(
        f"{_FINISHED} == has(self.finishTime)",
        "a finished job has a finishTime, and no other job has one",
        ".finishTime",
    ),
    Rule(
        f"!has(self.completionTime) || {_SUCCEEDED}",
        "only a job that succeeded has a completionTime",
        ".completionTime",
    ),
    Rule(
        f"!{_SUCCEEDED} || (has(self.exitCode) && self.exitCode == 0)",
        "a job has succeeded only with exit code 0",
        ".exitCode",
    ),
    Rule(
        f"!has(self.expireTime) || {_FINISHED}",
        "only a finished job expires: expireTime needs finished",
        ".expireTime",
    ),
    Rule(
        f"!has(self.attempts) || self.attempts.all(a, a.attempt < {_ATTEMPTED})",
        "attempts are numbered from 0: each number is less than attemptCount",
        ".attempts",
    ),
    Rule(
        f"!has(self.attempts) || self.attempts.all(a, has(a.reason) || (!{_FINISHED}"
        f" && a.attempt == {_ATTEMPTED} - 1))",
        "only the newest attempt of an unfinished job can be under way: every other one needs its reason",
        ".attempts",
    ),
    Rule(
        f"!has(oldSelf.attempts) || oldSelf.attempts.all(o, o.attempt < {_ATTEMPTED} - 10"
        " || (has(self.attempts) && self.attempts.exists(a, a.attempt == o.attempt)))",
        "the newest ten attempts stay in the record",
        ".attempts",
    ),
    Rule(
        f"!has(self.conditions) || self.conditions.all(c, {_ALL_TELL})",
        "the conditions Finished, Complete and Failed say what finished and phase say",
        ".conditions",
    ),
    Rule(
        "!(has(oldSelf.finished) && oldSelf.finished) || !has(oldSelf.conditions)"
        f" || oldSelf.conditions.all(o, !(o.type in {list(_TELLS)})"
        " || (has(self.conditions) && self.conditions.exists(c, c.type == o.type)))",
        "a finished job keeps its conditions Finished, Complete and Failed",
        ".conditions",
    ),
)
"""Rules over the status: what the record can't say, and what it can't forget."""

_ENDED: Final = ("reason", "exitCode", "signal", "failureClass", "startedAt", "finishedAt")

ATTEMPT: Final = (
    Rule(
        " && ".join(_unchanged(name) for name in ("host", "name", "scheduledTime")),
        "an attempt is one container on one host: host, name and scheduledTime may not change",
        ".host",
    ),
    Rule(
        f"!has(oldSelf.reason) || ({' && '.join(_unchanged_if_there(name) for name in _ENDED)})",
        f"the outcome of an attempt is final: {', '.join(_ENDED)} may not change",
        ".reason",
    ),
)
"""Rules over one attempt, old and new."""
