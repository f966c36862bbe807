"""New jobs from old ones: what is taken over, how the runs are linked, and what may not be doubled. Pure."""

import copy
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from containerjob_api.names import API_VERSION, GROUP
from containerjob_api.phases import Phase
from containerjob_api.recreators import marks_owner
from kubectl_containerjob.kubectl import Body
from kubectl_containerjob.problems import Problem, Refused
from kubectl_containerjob.records import Job
from kubectl_containerjob.selection import uid_of
from kubectl_containerjob.values.job_names import LIMIT

RETRY_OF: Final = f"{GROUP}/retry-of"
"""Annotation: name of the job that this one runs again."""
RETRY_OF_UID: Final = f"{GROUP}/retry-of-uid"
"""Annotation: that job's uid; another job may have its name by now."""
RETRY_NUMBER: Final = f"{GROUP}/retry-number"
"""Annotation: counts the retries of the first run, from 1."""
FIRST_UID: Final = f"{GROUP}/first-uid"
"""Label: uid of the first run; all runs of one thing have it in common, but for the first."""
UNSUCCESSFUL: Final = frozenset({Phase.FAILED, Phase.TIMED_OUT})
"""What a selection retries unless told otherwise: a cancelled job was stopped on purpose."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a thing that was retried."""

    number: int
    name: str
    phase: str
    finished: bool


def first_uid(job: Body) -> str:
    """Return the uid of the first run, which may be the job itself."""
    return str((job["metadata"].get("labels") or {}).get(FIRST_UID) or uid_of(job))


def number_of(job: Body) -> int:
    """Return which retry a job is; 0 for a first run, and where somebody wrote nonsense."""
    text = str((job["metadata"].get("annotations") or {}).get(RETRY_NUMBER, "0"))
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


def families(jobs: Iterable[Body]) -> dict[str, list[Run]]:
    """Return the retries there are, by the uid of their first run, oldest first."""
    found: dict[str, list[Run]] = {}
    for body in jobs:
        job = Job(body)
        found.setdefault(first_uid(body), []).append(Run(number_of(body), job.name, job.phase, job.finished))
    return {uid: sorted(runs, key=lambda run: run.number) for uid, runs in found.items()}


def outdated(job: Body, runs: list[Run]) -> bool:
    """Whether the job was retried already, so that it is not the newest run."""
    return any(run.number > number_of(job) for run in runs)


def check(source: Body, runs: list[Run], *, named: bool) -> None:
    """Refuse a retry that would run a thing twice at a time; `named` says that a person chose a name for it."""
    job = Job(source)
    if not job.finished:
        raise Problem(f"job {job.name} has not finished ({job.phase}): wait for it, or cancel it first")
    under_way = next((run for run in runs if not run.finished), None)
    if under_way is not None and not named:
        raise Problem(
            f"job {job.name} is being retried already, as {under_way.name} ({under_way.phase}):"
            " wait for it, or give another run a --name of its own"
        )


def again(source: Body, runs: list[Run], name: str | None) -> Body:
    """Return the manifest of the next run; its name is the same for all who ask at the same time."""
    job = Job(source)
    number = 1 + max((run.number for run in runs), default=number_of(source))
    labels = {key: value for key, value in (source["metadata"].get("labels") or {}).items() if not marks_owner(key)}
    metadata = {
        "name": name or _name(source, number),
        "namespace": job.namespace,
        "labels": {**labels, FIRST_UID: first_uid(source)},
        "annotations": {RETRY_OF: job.name, RETRY_OF_UID: uid_of(source), RETRY_NUMBER: str(number)},
    }
    spec = {key: copy.deepcopy(value) for key, value in job.spec.items() if key not in {"cancel", "suspend"}}
    return {"apiVersion": API_VERSION, "kind": "ContainerJob", "metadata": metadata, "spec": spec}


def taken(source: Body, wanted: str, there: Body | None) -> Refused:
    """Explain why the name of the next run exists: another person's retry, or a stranger."""
    name = Job(source).name
    if there is not None and first_uid(there) == first_uid(source) and uid_of(there) != uid_of(source):
        return Refused(f"job {name} was just retried by somebody else, as {wanted}: follow that one", "AlreadyExists")
    return Refused(f"job {name} can't be retried as {wanted}, there is such a job: give a --name", "AlreadyExists")


def _name(source: Body, number: int) -> str:
    name = Job(source).name
    stem = re.sub(r"-retry-\d+$", "", name) if number_of(source) else name
    suffix = f"-retry-{number}"
    return stem[: LIMIT - len(suffix)].rstrip("-.") + suffix
