"""The shape of a job inside a template: texts may hold $(params.NAME) where a job's own rules would refuse it."""

from typing import Annotated, ClassVar, Final, Self

from pydantic import Field, model_validator

from containerjob_api.hostrefs import KEY_PATTERN, HostReference, LabelKey
from containerjob_api.jobs import (
    Container,
    ContainerJobSpec,
    EnvVar,
    Placement,
    PodSpec,
    PodTemplate,
    ResourceLimits,
    Resources,
)
from containerjob_api.markers import Marker, Rule, Text, list_map
from containerjob_api.quantities import QUANTITY_PATTERN
from containerjob_api.resources import Value

PLACEHOLDER: Final = r"\$\(params[.]"
"""How a place for a parameter begins; what follows is checked where the template is rendered or linted."""
TAKEN: Final = "no variable's name begins with params.: $(params.NAME) stands for a parameter"


def _or_place(pattern: str) -> str:
    """Allow a place for a parameter anywhere in what otherwise must match."""
    return rf"({pattern})|{PLACEHOLDER}"


QuantityPlace = Annotated[
    Annotated[int, Field(ge=1)] | Annotated[str, Field(max_length=128, pattern=_or_place(QUANTITY_PATTERN))],
    Rule(
        f"string(self).matches(r'{_or_place(QUANTITY_PATTERN)}')",
        "must be a quantity greater than zero, such as 2, 500m or 256Mi, or hold $(params.NAME)",
        replaces=("minimum", "pattern"),
    ),
]
HostNamePlace = Annotated[
    str,
    Text(
        min_length=1,
        max_length=253,
        pattern=_or_place(r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
        message="a host's name has lower-case letters, digits, '-' and '.' only; or it holds $(params.NAME)",
    ),
]
LabelValuePlace = Annotated[
    str,
    Text(
        max_length=253,
        pattern=_or_place(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$"),
        message="no label has this value: use 63 letters, digits, '-', '_' and '.' at most, or $(params.NAME)",
    ),
]
_KEYS: Final = Rule(
    f"self.all(key, size(key) <= 317 && key.matches(r'{KEY_PATTERN}'))",
    "there can be no such key: use letters, digits, '-', '_' and '.', such as example.com/team",
    replaces=("propertyNames",),
)


class LimitPlaces(ResourceLimits):
    """What the container may use at most."""

    cpu: QuantityPlace | None = None
    """CPUs, such as 500m or 2; a fraction needs quotes. May hold $(params.NAME)."""
    memory: QuantityPlace | None = None
    """Memory, such as 256Mi; the container gets no swap beyond it. May hold $(params.NAME)."""


class ResourcePlaces(Resources):
    """Compute resources, as in core/v1."""

    limits: LimitPlaces = LimitPlaces()
    """What the container may use at most."""


class EnvPlace(EnvVar):
    """One environment variable."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (Rule("!self.name.startsWith('params.')", TAKEN, ".name"),)

    @model_validator(mode="after")
    def _not_taken(self) -> Self:
        if self.name.startswith("params."):
            raise ValueError(TAKEN)
        return self


class ContainerPlaces(Container):
    """The container that does the work; its texts may hold $(params.NAME)."""

    working_dir: Annotated[
        str,
        Text(
            max_length=4096,
            pattern=_or_place("^(/.*)?$"),
            message="workingDir must be an absolute path, such as /data, or hold $(params.NAME)",
        ),
    ] = ""
    """Absolute path of the working directory; the image's own when empty."""
    env: Annotated[tuple[EnvPlace, ...], Field(max_length=1024), list_map("name")] = ()
    """Environment variables."""
    resources: ResourcePlaces = ResourcePlaces()
    """Compute resources."""


class PodPlaces(PodSpec):
    """The subset of core/v1 PodSpec that is honoured."""

    containers: Annotated[tuple[ContainerPlaces, ...], Field(min_length=1, max_length=1), list_map("name")]
    """Exactly one container."""


class PodTemplatePlaces(PodTemplate):
    """Describes the container to run."""

    spec: PodPlaces
    """What to run."""


class HostPlace(HostReference):
    """Names one host."""

    name: HostNamePlace
    """Name of the host; hosts are cluster-scoped. May hold $(params.NAME)."""


class PlacementPlaces(Placement):
    """Where the job may run; without it, on any host that admits its namespace."""

    host_ref: HostPlace | None = None
    """The one host to run on."""


class JobPlaces(ContainerJobSpec):
    """The spec of a ContainerJob; its texts may hold $(params.NAME), its numbers may not."""

    template: PodTemplatePlaces
    """Describes the container."""
    placement: PlacementPlaces = PlacementPlaces()
    """Where the job may run."""


class JobMetadata(Value):
    """What every job of this template carries."""

    labels: Annotated[dict[LabelKey, LabelValuePlace], Field(max_length=64), _KEYS] = Field(default_factory=dict)
    """Labels; values may hold $(params.NAME)."""
    annotations: Annotated[dict[LabelKey, Annotated[str, Field(max_length=16384)]], Field(max_length=64), _KEYS] = (
        Field(default_factory=dict)
    )
    """Annotations; values may hold $(params.NAME)."""


class JobTemplate(Value):
    """The job, as it is but for its name and its parameters."""

    metadata: JobMetadata = JobMetadata()
    """What every job of this template carries, beside the label containerjobs.io/template."""
    spec: JobPlaces
    """What is to run, where, and for how long."""
