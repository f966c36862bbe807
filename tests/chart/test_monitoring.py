"""Dashboard, alerts and the rest of what watches: every query asks for a metric that the operator has."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from tests.chart.conftest import CHART, NAME, NAMESPACE
from tools.chart.panels import PARTS

from containerjob_operator.metrics import METRICS

ALERTS = yaml.safe_load((CHART / "monitoring" / "alerts.yaml").read_text())
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
LABELS = re.compile(r"([a-z_]+)\s*(?:=~|!=|!~|=)\s*\"")
NAMES = re.compile(r"\b((?:containerjob|process)_[a-z_]+)\b")
BY = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
TARGET = {"namespace", "pod", "le"}
"""What Prometheus adds to every sample, and to buckets."""


def samples() -> dict[str, set[str]]:
    """Return the name of every sample that is exported, and its labels."""
    found: dict[str, set[str]] = {}
    for metric in METRICS:
        endings = ("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",)
        found |= {metric.name + ending: set(metric.labels) for ending in endings}
    return found


def queries() -> Iterator[tuple[str, str]]:
    for part in PARTS:
        for panel in part.panels:
            yield from ((f"panel {panel.title}", query.expr) for query in panel.queries)
    yield from ((f"alert {rule['alert']}", rule["expr"]) for rule in RULES)


@pytest.mark.parametrize(("where", "expr"), list(queries()), ids=lambda value: value if " " in value else None)
def test_a_query_asks_for_what_there_is(where: str, expr: str) -> None:
    known = samples()
    asked = NAMES.findall(expr)
    assert asked, where
    assert set(asked) <= known.keys(), where
    labels = set().union(*(known[name] for name in asked)) | TARGET
    used = set(LABELS.findall(expr)) | {name.strip() for found in BY.findall(expr) for name in found.split(",")}
    assert used <= labels, where
    assert expr.count("(") == expr.count(")")


def test_the_dashboard_shows_every_metric() -> None:
    shown = {name for _, expr in queries() for name in NAMES.findall(expr)}
    unseen = {metric.name for metric in METRICS if not {f"{metric.name}{end}" for end in ("", "_bucket")} & shown}
    assert unseen == {"process_virtual_memory_bytes", "process_start_time_seconds"}


def test_the_committed_dashboard_is_well_formed() -> None:
    board = json.loads((CHART / "monitoring" / "dashboard.json").read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(places) == len(set(places))
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in board["panels"])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")
    assert len(rule["annotations"]["runbook"]) > 80
    assert re.fullmatch(r"[0-9]+[mh]", rule["for"])


def test_the_rules_are_the_alerts_with_the_labels_that_were_asked_for(render: Any) -> None:
    values = {"enabled": True, "namespace": "watch", "labels": {"a": "b"}, "alertLabels": {"team": "c"}}
    rule = render({"metrics": {"rules": values}}).one("PrometheusRule")
    assert (rule["metadata"]["namespace"], rule["metadata"]["labels"]["a"]) == ("watch", "b")
    made = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    assert all(each["labels"].pop("team") == "c" for each in made)
    assert made == RULES


def test_the_monitor_finds_the_metrics_service(render: Any) -> None:
    rendered = render({"metrics": {"serviceMonitor": {"enabled": True, "labels": {"release": "p"}}}})
    monitor, service = rendered.one("ServiceMonitor"), rendered.one("Service", f"{NAME}-metrics")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["namespaceSelector"] == {"matchNames": [NAMESPACE]}
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert monitor["metadata"]["labels"]["release"] == "p"


def test_the_dashboard_is_in_a_configmap_that_grafana_finds(render: Any) -> None:
    made = render({"metrics": {"dashboard": {"enabled": True}}}).one("ConfigMap", f"{NAME}-dashboard")
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(made["data"]["containerjobs.json"]) == json.loads(
        (CHART / "monitoring" / "dashboard.json").read_text()
    )


def test_watching_is_off_until_it_is_asked_for(default: Any) -> None:
    assert not {"ServiceMonitor", "PrometheusRule", "ConfigMap", "NetworkPolicy"} & default.kinds()


def test_the_network_is_closed_but_for_what_is_needed(render: Any) -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]
    hosts = [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 2376}]}]
    values = {"enabled": True, "metricsFrom": peers, "apiServer": {"cidrs": ["10.0.0.1/32"]}, "hosts": hosts}
    policy = render({"networkPolicy": values}).one("NetworkPolicy")["spec"]
    assert policy["ingress"] == [{"ports": [{"port": "http"}], "from": peers}, {"ports": [{"port": "api"}]}]
    names = {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
    server = {"ports": [{"port": 443}, {"port": 6443}], "to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}]}
    assert policy["egress"] == [names, server, *hosts]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
