"""What a stored status tells of how long things took, and how they ended."""

from datetime import datetime

from containerjob_api.jobs import ContainerJob
from containerjob_operator import metrics
from containerjob_operator.decide.statuses import reason_of


def stored(before: ContainerJob, after: ContainerJob, now: datetime) -> None:
    """Count what a write has made true; each moment of a job's life is written once."""
    was, newest = before.status.newest, after.status.newest
    if newest is not None:
        if after.status.attempt_count > before.status.attempt_count:
            was = None
            if after.status.attempt_count == 1:
                created = after.metadata.creation_timestamp
                metrics.JOB_WAIT.observe(_seconds(max(created, after.spec.not_before or created), now))
        started = newest.launch_time or newest.started_at
        if started is not None and (was is None or not (was.launch_time or was.started_at)):
            metrics.JOB_LAUNCH.observe(_seconds(newest.scheduled_time, started))
        if newest.finished_at is not None and (was is None or was.finished_at is None):
            metrics.JOB_EXIT.observe(_seconds(newest.finished_at, now))
    if after.status.terminal and not before.status.terminal:
        metrics.child(metrics.JOBS_FINISHED, str(after.status.phase), str(reason_of(after.status)[0])).inc()


def _seconds(begin: datetime, end: datetime) -> float:
    """Return how long it was; two machines' clocks may make that negative."""
    return max(0.0, (end - begin).total_seconds())
