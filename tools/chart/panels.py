"""What the dashboard shows, as a table: one line a panel, in the order in which people look."""

from dataclasses import dataclass
from typing import Final

OURS: Final = 'namespace=~"$namespace"'
_RATE: Final = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Query:
    """One line of a panel."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    title: str
    queries: tuple[Query, ...]
    tells: str
    """What a reader learns, and what to do where it looks bad."""
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 12
    """Of 24 columns."""
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A row of panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


def _sum(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by})' if by else ''} ({metric}{{{OURS}}})"


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}{{{OURS}}}[{_RATE}]))"


def _percentiles(metric: str) -> tuple[Query, ...]:
    buckets = f"sum by (le) (rate({metric}_bucket{{{OURS}}}[{_RATE}]))"
    return tuple(Query(f"histogram_quantile({part}, {buckets})", f"p{part:.0%}"[:-1]) for part in (0.5, 0.9, 0.99))


def _stat(title: str, expr: str, tells: str, unit: str = "short") -> Panel:
    return Panel(title, (Query(expr),), tells, "stat", unit, 4)


def _of_process(metric: str) -> str:
    """Only our processes: others export metrics of this name too."""
    return f"{metric}{{{OURS}}} and on (namespace, pod) containerjob_build_info"


PARTS: Final = (
    Part(
        "Now",
        (
            _stat("Leader", _sum("containerjob_leader"), "1, or nothing is launched and nothing is recorded."),
            _stat("Replicas", f"count(containerjob_build_info{{{OURS}}})", "Replicas that answer; 2 by default."),
            _stat("Running", f'sum(containerjob_jobs{{{OURS}, phase="Running"}})', "Jobs whose container runs."),
            _stat("Waiting", _sum("containerjob_jobs_waiting"), "Jobs that wait for a host or a slot."),
            _stat(
                "Hosts that answer",
                f"sum(max by (host) (containerjob_host_up{{{OURS}}}))",
                "Hosts that may be used now.",
            ),
            _stat(
                "Slots in use",
                f"{_sum('containerjob_host_slots_used')} / {_sum('containerjob_host_slots')}",
                "At 100 % new jobs wait for running ones to end.",
                "percentunit",
            ),
        ),
    ),
    Part(
        "Jobs",
        (
            Panel(
                "Unfinished jobs by phase",
                (Query(_sum("containerjob_jobs", "phase"), "{{phase}}"),),
                "What there is to do.",
                stacked=True,
            ),
            Panel(
                "Why jobs wait",
                (Query(_sum("containerjob_jobs_waiting", "reason"), "{{reason}}"),),
                "`kubectl containerjob why NAME` tells the same of one job.",
                stacked=True,
            ),
            Panel(
                "Finished jobs",
                (Query(_rate("containerjob_jobs_finished_total", "phase, reason"), "{{phase}} {{reason}}"),),
                "Outcomes in a second.",
                unit="cps",
                stacked=True,
            ),
            Panel("Wait for a host", _percentiles("containerjob_job_wait_seconds"), "Add hosts or slots.", unit="s"),
            Panel("Launch", _percentiles("containerjob_job_launch_seconds"), "Mostly pulls of images.", unit="s"),
            Panel(
                "From a container's end to its record",
                _percentiles("containerjob_job_exit_seconds"),
                "Tenths of a second, unless a host was away or clocks differ.",
                unit="s",
            ),
        ),
    ),
    Part(
        "Hosts",
        (
            Panel(
                "Hosts that answer",
                (Query(f"max by (host) (containerjob_host_up{{{OURS}}})", "{{host}}"),),
                "0: `kubectl containerjob host show NAME` tells why.",
            ),
            Panel(
                "Slots in use by host",
                (
                    Query(
                        f"max by (host) (containerjob_host_slots_used{{{OURS}}})"
                        f" / max by (host) (containerjob_host_slots{{{OURS}}})",
                        "{{host}}",
                    ),
                ),
                "How full each host is.",
                unit="percentunit",
            ),
            Panel(
                "Engine calls that failed",
                (Query(_rate("containerjob_engine_errors_total", "call, kind"), "{{call}} {{kind}}"),),
                "unavailable: the engine did not answer; rejected: it refused a job; delayed: a passing no.",
                unit="cps",
            ),
            Panel(
                "Containers whose output is read",
                (Query(_sum("containerjob_log_followers", "pod"), "{{pod}}"),),
                "Readers of logs, by replica.",
            ),
        ),
    ),
    Part(
        "Operator",
        (
            Panel(
                "API requests that failed",
                (Query(_rate("containerjob_api_errors_total", "kind"), "{{kind}}"),),
                "refused: a permission is missing, or the CRDs are older than the operator.",
                unit="cps",
            ),
            Panel(
                "Passes that ended in an error",
                (Query(_rate("containerjob_reconcile_errors_total", "kind"), "{{kind}}"),),
                "other: a defect; the log has the trace.",
                unit="cps",
            ),
            Panel("Duration of a pass", _percentiles("containerjob_reconcile_duration_seconds"), "", unit="s"),
            Panel("Wait for a pass", _percentiles("containerjob_workqueue_latency_seconds"), "", unit="s"),
            Panel(
                "Jobs that are due",
                (Query(_sum("containerjob_workqueue_depth"), "due"),),
                "A queue that only grows means an operator that is too slow, or an engine that does not answer.",
            ),
            Panel(
                "Events that were dropped",
                (Query(_rate("containerjob_events_dropped_total", "pod"), "{{pod}}"),),
                "Kubernetes Events are for people; nothing depends on them.",
                unit="cps",
            ),
            Panel("Memory", (Query(_of_process("process_resident_memory_bytes"), "{{pod}}"),), "", unit="bytes"),
            Panel(
                "CPU",
                (
                    Query(
                        f"rate(process_cpu_seconds_total{{{OURS}}}[{_RATE}])"
                        " and on (namespace, pod) containerjob_build_info",
                        "{{pod}}",
                    ),
                ),
                "",
            ),
            Panel("Open files", (Query(_of_process("process_open_fds"), "{{pod}}"),), "Connections are files too."),
            Panel(
                "Versions",
                (Query(f"count by (version, python_version) (containerjob_build_info{{{OURS}}})", "{{version}}"),),
                "More than one: an upgrade is under way.",
            ),
        ),
    ),
)
