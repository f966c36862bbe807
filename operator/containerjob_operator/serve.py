"""One operator's life: check the CRDs, serve logs, win the Lease, work, and let go of the Lease."""

from functools import partial

import structlog

from containerjob_api.hostkinds import reference_from, reference_of
from containerjob_api.hostparts import AnyHost
from containerjob_api.names import OPERATOR_NAME
from containerjob_operator.api.server import LogApi
from containerjob_operator.errors import Unusable
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import executor_for
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.lease import Lease, LeaseLost
from containerjob_operator.kube.lease_rules import Timing
from containerjob_operator.leading import Leadership, patiently
from containerjob_operator.monitoring.life import Life, Stage
from containerjob_operator.monitoring.report import report
from containerjob_operator.monitoring.server import MonitoringServer
from containerjob_operator.settings import Settings
from containerjob_operator.signals import Signals, Told

log = structlog.get_logger(__name__)


class NotInstalledError(Exception):
    """The cluster lacks what the operator needs; the message says what and what to do."""


async def serve(settings: Settings) -> None:
    """Run until told to stop; raises LeaseLost where another operator took over, NotInstalledError at start."""
    life = Life(settings)
    signals = Signals(lambda: log.info("status", **report(life)))
    kube = Kube.connect(settings.kubeconfig)
    signals.listen()
    try:
        monitoring = await MonitoringServer.start(life)
        try:
            await _live(kube, life, signals, monitoring)
        except Told:
            log.info("stopped before there was anything to finish")
        finally:
            await _close_servers(life, monitoring)
    finally:
        signals.close()
        await kube.aclose()


async def _live(kube: Kube, life: Life, signals: Signals, monitoring: MonitoringServer | None) -> None:
    settings = life.settings
    missing = await signals.unless_told(patiently(kube.missing_fields))
    if missing:
        raise NotInstalledError("; ".join(missing))
    await signals.unless_told(patiently(kube.find_host_kinds))
    await signals.unless_told(check_hosts(settings, kube))
    life.reached = True
    life.log_api = await signals.unless_told(serve_logs(settings, kube))
    if not settings.dry_run:
        life.lease = await _win(kube, life, signals)
    await Leadership(kube, life, signals, lambda: _close_servers(life, monitoring)).run()


async def check_hosts(settings: Settings, kube: Kube) -> None:
    """Refuse the name of a host that is not there: it would be waited for in silence."""
    if not settings.hosts:
        return
    there = sorted(str(reference_of(body)) for body in await patiently(kube.hosts))
    unknown = [name for name in settings.hosts if name not in there]
    if unknown:
        known = f"there are: {', '.join(there)}" if there else "there is none"
        kinds = " or ".join(sorted({reference_from(name).kind for name in unknown}, reverse=True))
        raise Unusable(f"--host {', '.join(unknown)}: no such {kinds}; {known}")


async def serve_logs(settings: Settings, kube: Kube) -> LogApi | None:
    """Serve the log API, if asked to; a standby does so as well as the leader."""
    if settings.log_api is None:
        return None

    def make_executor(host: AnyHost, cluster_uid: str) -> Executor:
        return executor_for(
            host,
            cluster_uid=cluster_uid,
            allow_fake_hosts=settings.allow_fake_hosts,
            read_key=partial(kube.host_key, settings.lease_namespace),
        )

    return await LogApi.start(settings.log_api, kube, make_executor)


async def _win(kube: Kube, life: Life, signals: Signals) -> Lease:
    """Stand by until the Lease is ours."""
    settings = life.settings
    timing = Timing.within(settings.lease_seconds)
    lease = Lease(kube, settings.lease_namespace, OPERATOR_NAME, settings.identity, timing=timing)
    life.enter(Stage.STANDING_BY)
    log.info("standing by", identity=settings.identity)
    try:
        await signals.unless_told(lease.acquire())
    except Told:
        await lease.release()  # the answer that it is ours may have been on its way
        raise
    log.info("leading", identity=settings.identity)
    return lease


async def _close_servers(life: Life, monitoring: MonitoringServer | None) -> None:
    if life.log_api is not None:
        await life.log_api.aclose()
    if monitoring is not None:
        await monitoring.aclose()


__all__ = ["LeaseLost", "NotInstalledError", "Unusable", "serve"]
