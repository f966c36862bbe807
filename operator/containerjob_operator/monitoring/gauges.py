"""Numbers that are counted only when somebody asks for them: at rest they cost nothing."""

from containerjob_api.phases import TERMINAL, Phase
from containerjob_operator import metrics
from containerjob_operator.monitoring.life import Life, Stage
from containerjob_operator.monitoring.report import UNDECIDED, WAITING, phases, waiting
from containerjob_operator.reconcile.context import Context


def refresh(life: Life) -> None:
    """Set every gauge to what holds now."""
    metrics.LEADER.set(life.lease is not None and life.stage in (Stage.LEADING, Stage.DRAINING))
    metrics.LOG_FOLLOWERS.set(0 if life.log_api is None else life.log_api.followers.count)
    if life.context is not None:
        _work(life.context)


def _work(context: Context) -> None:
    metrics.WORKQUEUE_DEPTH.set(context.queue.ready)
    by_phase, by_reason = phases(context), waiting(context)
    for phase in set(Phase) - TERMINAL:
        metrics.JOBS.labels(phase).set(by_phase[phase])
    for reason in (*WAITING, UNDECIDED):
        metrics.JOBS_WAITING.labels(reason).set(by_reason[reason])
    for gauge in (metrics.HOST_UP, metrics.HOST_SLOTS, metrics.HOST_SLOTS_USED):
        gauge.clear()  # hosts that are gone
    for host in context.hosts:
        name = str(host.reference)
        metrics.HOST_UP.labels(name).set(host.usable)
        metrics.HOST_SLOTS.labels(name).set(host.slots)
        metrics.HOST_SLOTS_USED.labels(name).set(len(context.placements.held.get(host.reference, ())))
