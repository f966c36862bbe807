"""Log lines as JSON (for machines) or text (for people), on stderr; libraries' lines come in the same form."""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

from containerjob_api.jobs import ContainerJob

NOISY = ("kopf.objects", "httpx2", "httpcore2", "aiohttp.access")
"""They tell a line per event or request at INFO."""


def about(job: ContainerJob) -> dict[str, str | int | None]:
    """Return what every line about a job tells of it; no attempt where none was ever made."""
    metadata, newest = job.metadata, job.status.newest
    attempt = None if newest is None else newest.attempt
    return {"namespace": metadata.namespace, "job": metadata.name, "uid": metadata.uid, "attempt": attempt}


def set_up_logging(level: str, form: Literal["json", "text"]) -> None:
    """Route structlog and the standard library through one formatter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
