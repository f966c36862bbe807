"""The chart's values: the one model that values.yaml, values.schema.json and the chart's README are made from."""

from typing import Annotated, Any, Literal

from pydantic import Field
from tools.chart.pods import PodValues
from tools.chart.shapes import (
    AbsolutePath,
    Days,
    Duration,
    KubeList,
    KubeObject,
    Name,
    OpenPort,
    Seconds,
    Section,
    StringMap,
)
from tools.chart.watching import Metrics, NetworkPolicy

from containerjob_operator.options import Options


class Image(Section):
    """The operator's image; the hooks and the test run it too."""

    registry: str = ""
    """Registry that the image is pulled from, such as registry.example.com; your nodes' default when empty."""
    repository: Annotated[str, Field(min_length=1)] = "containerjob-operator"
    """Name of the image, with its path in the registry."""
    tag: str = ""
    """Tag of the image; the chart's appVersion when empty."""
    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """Digest that the image must have, such as sha256:...; beside it the tag means nothing."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    """When nodes pull the image."""


class Crds(Section):
    """The custom resource definitions. They are templates: `helm upgrade` brings new versions of them."""

    enabled: bool = True
    """Install and upgrade the definitions with this release."""
    keep: bool = True
    """Leave them, and with them every job and host, in the cluster when the release is uninstalled."""
    annotations: StringMap = Field(default_factory=dict)
    """More annotations for them."""


class Rbac(Section):
    """Permissions."""

    create: bool = True
    """Make the operator's roles and bindings; without them somebody else has to."""
    aggregate: bool = True
    """Make the roles of people, and add them to the cluster's view, edit and admin."""


class ServiceAccount(Section):
    """Who the operator is to the API server."""

    create: bool = True
    """Make it."""
    name: Name = ""
    """Its name; made from the release's name when empty (default when create is false)."""
    annotations: StringMap = Field(default_factory=dict)
    """More annotations for it."""


class Renewal(Section):
    """Renews the log API's self-signed certificate between upgrades; the operator reads it anew without a restart."""

    enabled: bool = True
    """Make the CronJob; without it, upgrade the release before the certificate ends."""
    schedule: Annotated[str, Field(min_length=9)] = "17 3 * * 1"
    """When it looks whether it is time, as cron writes it."""


class Certificate(Section):
    """The self-signed certificate of the log API; made by a hook, and not used where certManager is enabled."""

    lifetime_days: Days = 365
    """Days that the certificate is valid; it is renewed in the last third."""
    authority_days: Days = 3650
    """Days that its authority is valid; renewed in the last third, the old one is trusted until its end."""
    renewal: Renewal = Renewal()


class LogApi(Section):
    """The aggregated API that `kubectl containerjob logs -f`, `top` and `host test` read from."""

    enabled: bool = True
    """Serve it, and register it with the API server."""
    port: OpenPort = 8443
    """Port in the container, and on the node with hostNetwork."""
    certificate: Certificate = Certificate()


class CertManager(Section):
    """Certificates of the log API by cert-manager in place of the hook's."""

    enabled: bool = False
    """Have cert-manager make and renew the certificate, and tell the API server its authority."""
    issuer_ref: KubeObject = Field(default_factory=dict)
    """Issuer to ask, as {name, kind, group}; an authority of the release's own when empty."""
    duration: Duration = "8760h"
    """How long the certificate is valid."""
    renew_before: Duration = "2920h"
    """How long before its end it is renewed."""


class Http(Section):
    """The plain HTTP port: /healthz, /readyz and /metrics."""

    port: OpenPort = 8080
    """Port in the container, and on the node with hostNetwork."""


class CloudRun(Section):
    """Hosts on Google Cloud Run.

    The operator's identity on Google Cloud is that of its ServiceAccount where the cluster has Workload Identity
    (serviceAccount.annotations), or a service account's key in a Secret that a CloudRunHost names.
    """

    enabled: bool = False
    """Run the variant of the image that has the client of Cloud Run, where image.tag is empty."""
    secrets: list[Annotated[str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]] = Field(
        default_factory=list
    )
    """Secrets of the operator's namespace that CloudRunHosts may name for their key; the operator reads no others."""


class DockerSocket(Section):
    """The engine's socket of the node that the operator runs on, for hosts with a unix:// endpoint.

    Such a socket is one node's: pin the operator to that node with nodeSelector, and let the pods be there together
    (topologySpreadConstraints: []). Whoever may use the socket is root on the node, and the namespace must allow
    hostPath volumes, which Pod Security's baseline and restricted do not.
    """

    enabled: bool = False
    """Mount the socket into the operator's pods, at the same path."""
    path: AbsolutePath = "/var/run/docker.sock"
    """Path of the socket; a DockerHost names it as unix://PATH."""
    folder: Annotated[str, Field(pattern=r"^(/.+)?$")] = ""
    """Folder to mount in place of the socket alone: needed where the engine, at its restart, makes a new socket."""
    group: Annotated[int, Field(ge=0, le=2147483647)] | None = None
    """Number of the group that owns the socket; the operator joins it. 0 is refused by restricted clusters."""


class PriorityClass(Section):
    """A PriorityClass of the operator's own."""

    create: bool = False
    """Make it, and use it where priorityClassName is empty."""
    value: Annotated[int, Field(ge=-2147483648, le=1000000000)] = 1000000
    """Its value; Kubernetes keeps more than 1000000000 for itself."""


class PodDisruptionBudget(Section):
    """Keeps a drain of nodes from ending all replicas at once."""

    enabled: bool = True
    """Make it where there are two replicas or more."""
    max_unavailable: Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^[0-9]+%$")] = 1
    """How many replicas may be gone at a time, as a number or in per cent."""


class Hooks(Section):
    """The Jobs that Helm runs: the certificate's at install and upgrade, and the one that cleans up at uninstall."""

    uninstall: bool = True
    """Before an uninstall: unregister the log API, stop the operator, free the hosts. Without it, docs tell how."""
    deadline_seconds: Seconds = 180
    """How long a hook may take in all."""
    resources: KubeObject = Field(
        default_factory=lambda: {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
    )
    """Resources of the hooks' and the test's pods."""


class Test(Section):
    """`helm test`: a small ContainerJob that has to succeed."""

    enabled: bool = True
    """Make the test."""
    namespace: Name = ""
    """Namespace of the job, which a host has to admit; the release's own when empty."""
    host: str = ""
    """Host to run on, NAME or cloudrunhost/NAME; any that admits the namespace when empty."""
    image: Annotated[str, Field(min_length=1)] = "busybox:1.37"
    """Image of the job; it needs `echo`."""
    timeout_seconds: Seconds = 120
    """How long the job may take from its creation to its end."""


class Values(PodValues):
    """All values of the chart."""

    name_override: Name = ""
    """Replaces the chart's name in names and labels."""
    fullname_override: Name = ""
    """Replaces the release's name as the start of all names."""
    common_labels: StringMap = Field(default_factory=dict)
    """More labels for every object."""
    image: Image = Image()
    image_pull_secrets: KubeList = Field(default_factory=list)
    """Secrets to pull the image with, as [{name: ...}]."""
    replicas: Annotated[int, Field(ge=0, le=10)] = 2
    """How many operators run: one leads, the others stand by and serve logs."""
    operator: Options = Options()
    crds: Crds = Crds()
    rbac: Rbac = Rbac()
    service_account: ServiceAccount = ServiceAccount()
    log_api: LogApi = LogApi()
    cert_manager: CertManager = CertManager()
    http: Http = Http()
    docker_socket: DockerSocket = DockerSocket()
    cloud_run: CloudRun = CloudRun()
    metrics: Metrics = Metrics()
    network_policy: NetworkPolicy = NetworkPolicy()
    pod_disruption_budget: PodDisruptionBudget = PodDisruptionBudget()
    priority_class: PriorityClass = PriorityClass()
    hooks: Hooks = Hooks()
    test: Test = Test()
    extra_objects: list[dict[str, Any] | str] = Field(default_factory=list)
    """More objects for the release; templates in them are rendered."""
    # Not `global`, which Python keeps for itself.
    global_: Annotated[dict[str, Any], Field(alias="global")] = Field(default_factory=dict)
    """Values that a parent chart gives to all of its charts; this chart reads none of them."""
    enabled: bool = True
    """Read by a parent chart only, as the condition of this dependency."""
