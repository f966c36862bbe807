"""The API server's own guard of a job's life: what may change when, as transition rules over the whole object."""

from typing import Final

from containerjob_api.markers import Rule

_FINISHED: Final = "oldSelf.?status.?finished.orValue(false)"
_STARTED: Final = "oldSelf.?status.?attemptCount.orValue(0) > 0"
_OUTCOME: Final = ("phase", "finished", "finishTime", "exitCode", "attempts")


def _unchanged(path: str) -> str:
    return f"self.{path} == oldSelf.{path}"


def _unchanged_if_there(path: str) -> str:
    """Compare a field that may be absent; optional syntax would do, but the API server cannot bound its cost."""
    there, was_there = f"has(self.{path})", f"has(oldSelf.{path})"
    return f"{there} == {was_there} && (!{there} || {_unchanged(path)})"


def _fixed_once_started(field: str, unchanged: str) -> Rule:
    return Rule(
        f"{_FINISHED} || !({_STARTED}) || ({unchanged})",
        f"{field} may change only while no attempt exists: delete the job, or create another under a new name",
        f".spec.{field}",
    )


_SAME_OUTCOME: Final = " && ".join(
    ("has(self.status)", *(_unchanged_if_there(f"status.{name}") for name in _OUTCOME))
)

LIFE_CYCLE: Final = (
    _fixed_once_started("template", _unchanged("spec.template")),
    _fixed_once_started("placement", _unchanged_if_there("spec.placement")),
    Rule(
        f"!{_FINISHED} || {_unchanged('spec')}",
        "a finished job is a record: delete it, or run it again under a new name",
        ".spec",
    ),
    Rule(
        f"!{_FINISHED} || ({_SAME_OUTCOME})",
        f"the outcome of a finished job is final: {', '.join(_OUTCOME)} may not change",
        ".status",
    ),
)
