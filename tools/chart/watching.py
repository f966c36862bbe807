"""Values of what looks at the operator from outside: metrics, alerts, dashboard; and of who may reach what."""

from typing import Annotated

from pydantic import Field
from tools.chart.shapes import Duration, KubeList, Name, Port, Section, StringMap


class MetricsService(Section):
    """A Service in front of all replicas' metrics."""

    enabled: bool = True
    """Make it."""
    port: Port = 8080
    """Port of the Service."""
    annotations: StringMap = Field(default_factory=dict)
    """More annotations for it, such as those that a scraper looks for."""


class ServiceMonitor(Section):
    """A ServiceMonitor of the Prometheus operator; it needs metrics.service."""

    enabled: bool = False
    """Make it."""
    namespace: Name = ""
    """Its namespace; the release's own when empty."""
    labels: StringMap = Field(default_factory=dict)
    """More labels for it, such as those that your Prometheus selects by."""
    interval: Duration = "30s"
    """How often Prometheus reads the metrics."""
    scrape_timeout: Duration = "10s"
    """How long it waits for them."""
    honor_labels: bool = False
    """Let the metrics' own labels win over those of the target."""
    relabelings: KubeList = Field(default_factory=list)
    """Changes of the target's labels."""
    metric_relabelings: KubeList = Field(default_factory=list)
    """Changes of the metrics' labels."""


class Rules(Section):
    """A PrometheusRule with the operator's alerts."""

    enabled: bool = False
    """Make it."""
    namespace: Name = ""
    """Its namespace; the release's own when empty."""
    labels: StringMap = Field(default_factory=dict)
    """More labels for it, such as those that your Prometheus selects by."""
    alert_labels: StringMap = Field(default_factory=dict)
    """More labels for every alert."""


class Dashboard(Section):
    """A ConfigMap with the Grafana dashboard."""

    enabled: bool = False
    """Make it."""
    namespace: Name = ""
    """Its namespace; the release's own when empty."""
    labels: StringMap = Field(default_factory=lambda: {"grafana_dashboard": "1"})
    """Labels by which Grafana's sidecar finds it."""
    annotations: StringMap = Field(default_factory=dict)
    """Annotations, such as the folder that Grafana's sidecar puts it in."""


class Metrics(Section):
    """Who reads the operator's metrics, and what is made of them."""

    service: MetricsService = MetricsService()
    service_monitor: ServiceMonitor = ServiceMonitor()
    rules: Rules = Rules()
    dashboard: Dashboard = Dashboard()


class ApiServer(Section):
    """How the operator reaches the API server."""

    cidrs: list[str] = Field(default_factory=list)
    """Addresses of the API server, such as 10.0.0.1/32; any when empty."""
    ports: Annotated[list[Port], Field(min_length=1)] = Field(default_factory=lambda: [443, 6443])
    """Its ports, both the Service's and the server's own."""


class NetworkPolicy(Section):
    """Closes the operator's pods but for what they need; for clusters whose network honours policies."""

    enabled: bool = False
    """Make it."""
    metrics_from: KubeList = Field(default_factory=list)
    """Who may read the metrics, as a NetworkPolicy's list of peers; everybody in the cluster when empty."""
    log_api_from: KubeList = Field(default_factory=list)
    """Who may reach the log API: the API server, whose address policies often cannot name; everybody when empty."""
    api_server: ApiServer = ApiServer()
    hosts: KubeList = Field(default_factory=list)
    """Engines that the operator may reach over the network, as a NetworkPolicy's list of egress rules."""
    extra_ingress: KubeList = Field(default_factory=list)
    """More ingress rules."""
    extra_egress: KubeList = Field(default_factory=list)
    """More egress rules."""
