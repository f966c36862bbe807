"""Everything a pass works with, built once in one place and handed down."""

import asyncio
from dataclasses import dataclass, field
from functools import partial

from containerjob_api.hostparts import AnyHost, Disconnect
from containerjob_api.jobs import ContainerJob
from containerjob_api.retries import DAY
from containerjob_operator.decide.actions import Place
from containerjob_operator.decide.facts import Facts
from containerjob_operator.decide.jobs import decide
from containerjob_operator.decide.observations import RunEvent
from containerjob_operator.executors.base import Executor
from containerjob_operator.executors.registry import executor_for
from containerjob_operator.executors.supervised import Supervised
from containerjob_operator.followers import Followers
from containerjob_operator.kube.client import Kube
from containerjob_operator.kube.events import EventRecorder
from containerjob_operator.reconcile.clock import Clock, wall_clock
from containerjob_operator.reconcile.expiry import Expiry
from containerjob_operator.reconcile.hosts import Host, Hosts
from containerjob_operator.reconcile.live_jobs import LiveJob, LiveJobs
from containerjob_operator.reconcile.placements import Placements
from containerjob_operator.reconcile.queue import WorkQueue
from containerjob_operator.settings import Settings


@dataclass(slots=True)
class Context:
    """The operator's parts. Belongs to one event loop."""

    settings: Settings
    kube: Kube
    recorder: EventRecorder
    cluster_uid: str
    queue: WorkQueue
    jobs: LiveJobs
    hosts: Hosts
    placements: Placements
    expiry: Expiry
    followers: Followers
    now: Clock = wall_clock
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the operator was told to stop: what is under way ends, nothing else begins."""
    tending: set[asyncio.Task[None]] = field(default_factory=set)
    """One for each host that is being looked after at this moment."""
    watching: bool = False
    """The watches have delivered something: whoever cannot watch would work once, and then hear of nothing new."""

    def executor_of(self, live: LiveJob) -> Executor | None:
        """Return the executor of the job's host; None where the host is gone or may not be used."""
        host = self._host_of(live)
        return host.executor if host is not None and host.usable else None

    def disconnect_of(self, live: LiveJob) -> Disconnect:
        """Return what the job's host wants done while it does not answer; the default where the host is gone."""
        host = self._host_of(live)
        return Disconnect() if host is None else host.body.spec.disconnect

    def retention_of(self, live: LiveJob) -> int:
        """Return for how many seconds the job's host keeps finished containers; the default where it is gone."""
        host = self._host_of(live)
        return DAY if host is None else host.body.spec.container_retention_seconds

    def problem_of(self, live: LiveJob) -> str:
        """Say why the job's host cannot be asked."""
        host = self._host_of(live)
        if host is None:
            return f"{live.host.full if live.host is not None else 'its host'} does not exist"
        return host.probe.problem or "the engine does not answer"

    def observe(self, job: ContainerJob) -> None:
        """Take in a job as the API server has it, and have it looked at."""
        if self.take(job):
            self.queue.add(job.metadata.uid)

    def take(self, job: ContainerJob) -> bool:
        """Take in a job as the API server has it; say whether that is news of an unfinished one."""
        known = self.jobs.get(job.metadata.uid)
        if not self._is_ours(job):
            if known is not None:
                self.end(known, finished=False)
            return False
        moved = known is not None and known.job.spec.placement != job.spec.placement
        bound = known is not None and known.job.status.current is not None
        live = self.jobs.observe(job)
        if live is None:
            if known is not None and known.uid not in self.jobs:
                self.end(known, finished=True)
            return False
        if moved or (bound and job.status.current is None):  # whoever ended the attempt, its slot is free
            self.placements.release(live)
        if job.status.current is not None:
            self.placements.hold(live)
        elif (known is None or moved) and isinstance(decide(Facts(job=job, now=self.now())), Place):
            self.placements.wait_for_host(live)
        return True

    def wake_jobs_of(self, host: Host) -> None:
        """Look at every job that holds a slot there."""
        for uid in self.placements.held[host.reference]:
            live = self.jobs.get(uid)
            if live is not None:
                live.expected = None
                live.forget_passing_refusal()
                self.queue.add(uid)

    def wake(self, uid: str) -> None:
        """Look at a job whose container stirred."""
        live = self.jobs.get(uid)
        if live is not None:
            live.expected = None
            self.queue.add(uid)

    def hear(self, event: RunEvent) -> None:
        """Take an engine's hint: remember what no later look can tell, and look."""
        live = self.jobs.get(event.job_uid)
        current = live.job.status.current if live is not None else None
        if live is not None and current is not None and (event.kind, event.name) == ("oom", current.name):
            live.oom_seen = True
        self.wake(event.job_uid)

    def end(self, live: LiveJob, *, finished: bool) -> None:
        """Let go of a job that is over (its outcome is stored) or gone."""
        self.placements.release(live)
        self.queue.forget(live.uid)
        if finished:
            self.jobs.finish(live.uid)
        else:
            self.jobs.forget(live.uid)

    def _is_ours(self, job: ContainerJob) -> bool:
        """Say whether this operator looks after the job, which names no host of another one."""
        current, pinned = job.status.current, job.spec.placement.host_ref
        host = current.host if current is not None else pinned
        served = self.settings.serves_namespace(job.metadata.namespace)
        return served and (host is None or self.settings.serves_host(host))

    def _host_of(self, live: LiveJob) -> Host | None:
        return None if live.host is None else self.hosts.get(live.host)


def build_context(
    settings: Settings,
    kube: Kube,
    recorder: EventRecorder,
    cluster_uid: str,
    clock: Clock = wall_clock,
    followers: Followers | None = None,
) -> Context:
    """Put the parts together; nothing runs yet. `followers` are those of this process's log API, if it serves one."""
    followers = followers or Followers()
    kube.namespaces_served, kube.rehearsing = settings.namespaces, settings.dry_run

    def make_executor(host: AnyHost) -> Executor:
        executor = executor_for(
            host,
            cluster_uid=cluster_uid,
            allow_fake_hosts=settings.allow_fake_hosts,
            read_key=partial(kube.host_key, settings.lease_namespace),
            concurrency=settings.concurrency,
        )
        return Supervised(executor, kube.permit, rehearsing=settings.dry_run)

    queue = WorkQueue(clock)
    hosts = Hosts(make_executor)
    placements = Placements(hosts, queue, settings.max_concurrent)
    context = Context(
        settings=settings,
        kube=kube,
        recorder=recorder,
        cluster_uid=cluster_uid,
        queue=queue,
        jobs=LiveJobs(),
        hosts=hosts,
        placements=placements,
        expiry=Expiry(kube, hosts, recorder, clock, followers),
        followers=followers,
        now=clock,
    )
    hosts.tell(on_change=placements.hosts_changed, hear=context.hear, wake_all=context.wake_jobs_of)
    return context
