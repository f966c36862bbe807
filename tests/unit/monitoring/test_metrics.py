"""The table of metrics tells exactly what is served, and what is served has few labels."""

import re

from prometheus_client.exposition import generate_latest

from containerjob_operator.metrics import METRICS, PREFIX, REGISTRY

UNITS = ("_seconds", "_bytes", "_total", "_info", "_fds")
COUNTS = ("jobs", "jobs_waiting", "host_up", "host_slots", "host_slots_used", "workqueue_depth", "leader")


def served() -> dict[str, str]:
    """Return the kind of every metric, by name as Prometheus stores it."""
    text = generate_latest(REGISTRY).decode()
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))


def test_the_table_lists_every_metric_that_is_served_with_its_kind() -> None:
    assert {metric.name: metric.kind for metric in METRICS} == served()


def test_every_metric_is_explained_and_named_by_the_rules() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"[A-Z1].*\.", metric.help), metric
        assert (metric.kind == "counter") == metric.name.endswith("_total"), metric
        stem = metric.name.removeprefix(PREFIX)
        assert metric.name.endswith(UNITS) or stem in {*COUNTS, "log_followers"}, metric


def test_no_label_names_a_job() -> None:
    labels = {label for metric in METRICS for label in metric.labels}
    assert labels <= {"phase", "reason", "host", "kind", "call", "version", "python_version"}
