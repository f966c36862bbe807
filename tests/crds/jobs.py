"""A job on the API server, as its owner and as the operator change it."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tests.conftest import TestPlane

Json = dict[str, Any]
OURS = {"written-by": "schema-tests"}
TIME = "2026-01-02T03:04:05Z"
ATTEMPT: Json = {
    "index": 0,
    "attempt": 0,
    "host": {"kind": "DockerHost", "name": "builder-1"},
    "name": "cj-uid-0",
    "scheduledTime": TIME,
}
ATTEMPTED: Json = {"phase": "Scheduled", "attemptCount": 1, "attempts": [ATTEMPT]}
FINISHED: Json = {
    "phase": "Failed",
    "finished": True,
    "finishTime": TIME,
    "exitCode": 3,
    "attemptCount": 1,
    "attempts": [{**ATTEMPT, "exitCode": 3, "reason": "NonZeroExitCode"}],
}
TERMINAL: dict[str, Json] = {
    "Succeeded": {
        **FINISHED,
        "phase": "Succeeded",
        "exitCode": 0,
        "completionTime": TIME,
        "attempts": [{**ATTEMPT, "exitCode": 0, "reason": "Completed"}],
    },
    "Failed": FINISHED,
    "Cancelled": {"phase": "Cancelled", "finished": True, "finishTime": TIME},
    "TimedOut": {
        **FINISHED,
        "phase": "TimedOut",
        "exitCode": 143,
        "attempts": [{**ATTEMPT, "exitCode": 143, "signal": 15, "reason": "DeadlineExceeded"}],
    },
}
"""One status for each phase that a job can end in."""
SPEC: Json = {
    "placement": {"hostRef": {"name": "builder-1"}},
    "template": {"spec": {"containers": [{"name": "main", "image": "busybox:1.37", "args": ["true"]}]}},
}


@dataclass(frozen=True, slots=True)
class StoredJob:
    """One ContainerJob that really is there."""

    plane: TestPlane
    name: str

    def patch(self, change: Json | list[Json], *options: str, kind: str = "merge") -> CompletedProcess[str]:
        """Change the object; the answer may be a refusal."""
        patch = json.dumps(change)
        return self.plane.kubectl("patch", "cjob", self.name, f"--type={kind}", "-p", patch, *options, check=False)

    def edit(self, spec: Json) -> CompletedProcess[str]:
        """Change the spec as its owner does."""
        return self.patch({"spec": spec})

    def record(self, status: Json) -> CompletedProcess[str]:
        """Change the status as the operator does."""
        return self.patch({"status": status}, "--subresource=status")

    def read(self) -> Json:
        """Return the stored object."""
        body: Json = json.loads(self.plane.kubectl("get", "cjob", self.name, "-o", "json").stdout)
        return body

    def listed_by(self, selector: str) -> bool:
        """Say whether a field selector selects this job."""
        names = self.plane.kubectl("get", "cjob", f"--field-selector={selector}", "-o", "name").stdout.split()
        return f"containerjob.containerjobs.io/{self.name}" in names


def new_job(plane: TestPlane, status: Json | None = None) -> StoredJob:
    """Create a job under a new name, with the status it is to begin with."""
    job = StoredJob(plane, f"job-{secrets.token_hex(4)}")
    body = {
        "apiVersion": "containerjobs.io/v1alpha1",
        "kind": "ContainerJob",
        "metadata": {"name": job.name, "labels": OURS},
        "spec": SPEC,
    }
    plane.kubectl("create", "--validate=strict", "-f", "-", input=json.dumps(body))
    if status is not None:
        done = job.record(status)
        assert done.returncode == 0, done.stderr
    return job
