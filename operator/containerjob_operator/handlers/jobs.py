"""ContainerJobs: the watch only feeds the queue; `reconcile.jobs.reconcile_job` does the work."""

from typing import Any

from containerjob_operator.reconcile.intake import suspect_job, take_job


async def watch_job(event: Any, memo: Any, **_: Any) -> None:
    """Take in one watch event. A DELETED is no proof: jobs leave the watch when they finish, too."""
    body = event["object"]
    if event["type"] == "DELETED":
        suspect_job(body["metadata"]["uid"], memo.context)
    else:
        await take_job(body, memo.context)
