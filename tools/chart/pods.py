"""Values that end up in the operator's pods, under the names that charts usually have for them."""

from typing import Annotated

from pydantic import Field
from tools.chart.shapes import KubeList, KubeObject, Section, StringMap


class PodValues(Section):
    """How and where the operator's pods run."""

    deployment_annotations: StringMap = Field(default_factory=dict)
    """More annotations for the Deployment."""
    pod_annotations: StringMap = Field(default_factory=dict)
    """More annotations for the operator's pods."""
    pod_labels: StringMap = Field(default_factory=dict)
    """More labels for the operator's pods."""
    pod_security_context: KubeObject = Field(
        default_factory=lambda: {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
    )
    """Security context of every pod of the chart; as it is, Pod Security's restricted profile takes it."""
    security_context: KubeObject = Field(
        default_factory=lambda: {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    )
    """Security context of every container of the chart."""
    resources: KubeObject = Field(
        default_factory=lambda: {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}
    )
    """Resources of the operator's container."""
    liveness_probe: KubeObject = Field(
        default_factory=lambda: {"periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": 6}
    )
    """Settings of the liveness probe; it asks /healthz."""
    readiness_probe: KubeObject = Field(
        default_factory=lambda: {"periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3}
    )
    """Settings of the readiness probe; it asks /readyz."""
    startup_probe: KubeObject = Field(default_factory=lambda: {"periodSeconds": 1, "failureThreshold": 60})
    """Settings of the startup probe; it asks /healthz."""
    update_strategy: KubeObject = Field(default_factory=dict)
    """The Deployment's strategy; when empty a new pod is ready before an old one ends, except with hostNetwork."""
    revision_history_limit: Annotated[int, Field(ge=0, le=100)] = 3
    """How many old ReplicaSets are kept to roll back to."""
    termination_grace_period_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    """Seconds a pod gets to end; operator.shutdownTimeout and fifteen more when null."""
    node_selector: StringMap = Field(default_factory=dict)
    """Labels of the nodes that the pods may run on."""
    tolerations: KubeList = Field(default_factory=list)
    """Taints that the pods tolerate."""
    affinity: KubeObject = Field(default_factory=dict)
    """Affinity of the operator's pods."""
    topology_spread_constraints: KubeList = Field(
        default_factory=lambda: [
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}
        ]
    )
    """How the operator's pods spread; the label selector is added where there is none."""
    priority_class_name: str = ""
    """Priority class of the operator's pods."""
    runtime_class_name: str = ""
    """Runtime class of the operator's pods."""
    host_network: bool = False
    """Use the node's network, as where the API server cannot reach pods; ports are the node's then."""
    dns_policy: str = ""
    """DNS policy of the operator's pods; ClusterFirst, or ClusterFirstWithHostNet with hostNetwork, when empty."""
    dns_config: KubeObject = Field(default_factory=dict)
    """DNS settings of the operator's pods."""
    host_aliases: KubeList = Field(default_factory=list)
    """More lines for /etc/hosts of the operator's pods."""
    extra_args: list[str] = Field(default_factory=list)
    """More arguments for the operator."""
    extra_env: KubeList = Field(default_factory=list)
    """More environment variables for the operator; POD_NAME and POD_NAMESPACE are taken."""
    extra_env_from: KubeList = Field(default_factory=list)
    """ConfigMaps and Secrets whose keys become environment variables."""
    extra_volumes: KubeList = Field(default_factory=list)
    """More volumes for the operator's pods."""
    extra_volume_mounts: KubeList = Field(default_factory=list)
    """More mounts for the operator's container."""
    extra_containers: KubeList = Field(default_factory=list)
    """More containers beside the operator, such as a tunnel to an engine."""
    init_containers: KubeList = Field(default_factory=list)
    """Containers that run before the operator."""
