"""What the API server refuses of a job's status, said again in Python for the API server in memory."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from containerjob_api.phases import TERMINAL, Phase

Status = dict[str, Any]
OUTCOME: Final = (
    *("phase", "finished", "startTime", "finishTime", "completionTime"),
    *("host", "exitCode", "duration", "attempts"),
)
COUNTS: Final = ("attemptCount", "failed", "launchFailures")
BOUND: Final = ("host", "name", "scheduledTime")
ENDED: Final = ("reason", "exitCode", "signal", "failureClass", "startedAt", "finishedAt")
UNSUCCESSFUL: Final = TERMINAL - {Phase.SUCCEEDED}


def broken_rules(before: Status, after: Status) -> list[str]:
    """Return, in the words of the CRD, which rules a status breaks that follows another one."""
    return [message for message, holds in RULES.items() if not holds(before, after)]


def _over(status: Status) -> bool:
    return bool(status.get("finished"))


def _attempts(status: Status) -> list[Status]:
    attempts: list[Status] = status.get("attempts", [])
    return attempts


def _conditions(status: Status) -> dict[str, bool]:
    told = ("Finished", "Complete", "Failed")
    return {c["type"]: c["status"] == "True" for c in status.get("conditions", []) if c["type"] in told}


def _tells(status: Status) -> dict[str, bool]:
    phase = status.get("phase")
    return {"Finished": _over(status), "Complete": phase == Phase.SUCCEEDED, "Failed": phase in UNSUCCESSFUL}


def _goes_on(before: Status, after: Status) -> Iterator[tuple[Status, Status]]:
    """Pair each attempt with what it was before."""
    known = {attempt["attempt"]: attempt for attempt in _attempts(before)}
    return ((known[new["attempt"]], new) for new in _attempts(after) if new["attempt"] in known)


def _never_back(name: str) -> Callable[[Status, Status], bool]:
    return lambda before, after: before.get(name, 0) <= after.get(name, 0)


def _same_outcome(before: Status, after: Status) -> bool:
    same = all(before.get(name) == after.get(name) for name in OUTCOME)
    return same and all(before.get(name, 0) == after.get(name, 0) for name in COUNTS)


def _under_way(before: Status, after: Status) -> bool:
    newest = after.get("attemptCount", 0) - 1
    return all("reason" in it or (not _over(after) and it["attempt"] == newest) for it in _attempts(after))


def _kept(before: Status, after: Status) -> bool:
    known, there = ({it["attempt"] for it in _attempts(status)} for status in (before, after))
    return all(number in there for number in known if number >= after.get("attemptCount", 0) - 10)


RULES: Final[dict[str, Callable[[Status, Status], bool]]] = {
    "attempts are counted up only: attemptCount may not go back": _never_back("attemptCount"),
    "failures are counted up only: failed may not go back": _never_back("failed"),
    "failures are counted up only: launchFailures may not go back": _never_back("launchFailures"),
    f"the outcome of a finished job is final: {', '.join((*OUTCOME, *COUNTS))} may not change": (
        lambda before, after: not _over(before) or _same_outcome(before, after)
    ),
    f"finished is true in the phases {', '.join(sorted(TERMINAL))}, and in no other": (
        lambda before, after: _over(after) == (after.get("phase") in TERMINAL)
    ),
    "a finished job has a finishTime, and no other job has one": (
        lambda before, after: _over(after) == ("finishTime" in after)
    ),
    "only a job that succeeded has a completionTime": (
        lambda before, after: "completionTime" not in after or after.get("phase") == Phase.SUCCEEDED
    ),
    "a job has succeeded only with exit code 0": (
        lambda before, after: after.get("phase") != Phase.SUCCEEDED or after.get("exitCode") == 0
    ),
    "only a finished job expires: expireTime needs finished": (
        lambda before, after: "expireTime" not in after or _over(after)
    ),
    "attempts are numbered from 0: each number is less than attemptCount": (
        lambda before, after: all(it["attempt"] < after.get("attemptCount", 0) for it in _attempts(after))
    ),
    "only the newest attempt of an unfinished job can be under way: every other one needs its reason": _under_way,
    "the newest ten attempts stay in the record": _kept,
    "the conditions Finished, Complete and Failed say what finished and phase say": (
        lambda before, after: _conditions(after).items() <= _tells(after).items()
    ),
    "a finished job keeps its conditions Finished, Complete and Failed": (
        lambda before, after: not _over(before) or _conditions(before).keys() <= _conditions(after).keys()
    ),
    "an attempt is one container on one host: host, name and scheduledTime may not change": (
        lambda before, after: all(old[name] == new[name] for old, new in _goes_on(before, after) for name in BOUND)
    ),
    f"the outcome of an attempt is final: {', '.join(ENDED)} may not change": (
        lambda before, after: all(
            "reason" not in old or all(old.get(name) == new.get(name) for name in ENDED)
            for old, new in _goes_on(before, after)
        )
    ),
}
"""Message of the CRD, and whether the rule holds for a status and the one that follows it."""
