"""What a dry run says in place of doing it."""

import structlog

from containerjob_operator.decide.actions import Action, Conclude, Write
from containerjob_operator.decide.statuses import reason_of
from containerjob_operator.logs import about
from containerjob_operator.reconcile.live_jobs import LiveJob

log = structlog.get_logger(__name__)


def rehearse(action: Action, live: LiveJob) -> None:
    """Tell the next step of a job, once: nothing is done, so the next look decides the same."""
    told = {"action": type(action).__name__, **_details(action, live)}
    if told != live.rehearsed:
        live.rehearsed = told
        log.info("would act", **told, **about(live.job))


def _details(action: Action, live: LiveJob) -> dict[str, str]:
    details: dict[str, str] = {"host": str(live.host)} if live.host is not None else {}
    if isinstance(action, Write):
        reason, message = reason_of(action.status)
        return {**details, "phase": str(action.status.phase), "reason": str(reason), "message": message}
    if isinstance(action, Conclude) and action.verdict.outcome is not None:
        return {**details, "reason": str(action.verdict.outcome.reason)}
    current = live.job.status.current
    return details if current is None else {**details, "container": current.name}
