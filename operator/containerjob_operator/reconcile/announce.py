"""Kubernetes Events about a job: at most three in a smooth life, all droppable."""

from containerjob_api.jobs import ContainerJob
from containerjob_api.jobstatus import Attempt
from containerjob_api.phases import Phase
from containerjob_operator.decide.statuses import reason_of
from containerjob_operator.reconcile.context import Context
from containerjob_operator.reconcile.live_jobs import LiveJob


def started(live: LiveJob, attempt: Attempt, context: Context) -> None:
    """Tell that the container was started."""
    context.recorder.record(
        live.job, "Normal", "Started", f"started container {attempt.name} on host {attempt.host.name}"
    )


def moved(before: ContainerJob, after: ContainerJob, context: Context) -> None:
    """Tell how a job ended, or why it does not go on; silent about the smooth steps between."""
    reason, message = reason_of(after.status)
    if (reason, message) == reason_of(before.status):
        return
    phase = after.status.phase
    if phase is Phase.SUCCEEDED:
        context.recorder.record(after, "Normal", reason, message)
    elif after.status.terminal or (phase is before.status.phase and phase is Phase.SCHEDULED):
        context.recorder.record(after, "Warning", reason, message)
    elif phase in (Phase.PENDING, Phase.QUEUED, Phase.CANCELLING):
        context.recorder.record(after, "Normal", reason, message)
