"""Kubernetes Events about a job: at most two in a smooth life, all droppable."""

from containerjob_api.jobs import ContainerJob
from containerjob_api.phases import Phase
from containerjob_operator.decide.statuses import reason_of
from containerjob_operator.reconcile.context import Context


def moved(before: ContainerJob, after: ContainerJob, context: Context) -> None:
    """Tell that a container runs, how a job ended, or why it does not go on; silent about smooth steps."""
    reason, message = reason_of(after.status)
    phase = after.status.phase
    if (reason, message) == reason_of(before.status) or phase is Phase.QUEUED:
        return
    if phase in (Phase.SUCCEEDED, Phase.RUNNING, Phase.CANCELLING, Phase.SUSPENDED, Phase.CANCELLED):
        context.recorder.record(after, "Normal", reason, message)
    elif after.status.terminal or phase in (Phase.PENDING, Phase.RETRYING) or phase is before.status.phase:
        context.recorder.record(after, "Warning", reason, message)
