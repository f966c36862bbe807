"""ContainerJob: what people ask for. The shape is batch/v1 Job's; only what is honoured is in it."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from containerjob_api.hostrefs import HostReference
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.lifecycle import LIFE_CYCLE
from containerjob_api.markers import LIST_ATOMIC, Marker, Rule, Text, list_map
from containerjob_api.quantities import QUANTITY_PATTERN
from containerjob_api.resources import ObjectMeta, Value

ABSOLUTE: Final = "workingDir must be an absolute path, such as /data"
Argument = Annotated[str, Field(max_length=131072)]
"""Linux refuses a longer single argument (MAX_ARG_STRLEN)."""
Quantity = Annotated[
    Annotated[int, Field(ge=1)] | Annotated[str, Field(max_length=32, pattern=QUANTITY_PATTERN)],
    Rule(
        f"string(self).matches(r'{QUANTITY_PATTERN}')",
        "must be a quantity greater than zero, such as 2 or 500m for cpu and 256Mi for memory",
        replaces=("minimum", "pattern"),
    ),
]
OnlyOne = Annotated[
    int,
    Field(ge=1, le=1),
    Rule(
        "self == 1",
        "must be 1: one ContainerJob is one run of one container; create one ContainerJob for each run",
        replaces=("minimum", "maximum"),
    ),
]


class EnvVar(Value):
    """One environment variable."""

    name: Annotated[
        str,
        Text(
            min_length=1,
            max_length=256,
            pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$",
            message="a variable's name has letters, digits, '_', '-' and '.', and does not begin with a digit",
        ),
    ]
    """Name of the variable."""
    value: Annotated[str, Field(max_length=131072)] = ""
    """Its value, taken literally."""


class ResourceLimits(Value):
    """What the container may use at most."""

    cpu: Quantity | None = None
    """CPUs, such as 500m or 2; a fraction needs quotes."""
    memory: Quantity | None = None
    """Memory, such as 256Mi; the container gets no swap beyond it."""


class Resources(Value):
    """Compute resources, as in core/v1."""

    limits: ResourceLimits = ResourceLimits()
    """What the container may use at most."""


class Container(Value):
    """The container that does the work, as in core/v1."""

    name: Annotated[
        str,
        Text(
            min_length=1,
            max_length=63,
            pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            message="a container's name has lower-case letters, digits and '-' only, such as main",
        ),
    ]
    """Any name you like; a DNS label."""
    image: Annotated[
        str,
        Text(
            min_length=1,
            max_length=1024,
            pattern=r"^[!-~]+$",
            message="an image is named in ASCII without spaces, such as busybox:1.37; arguments belong into args",
        ),
    ]
    """Image reference; pulled when the host does not have it."""
    command: Annotated[tuple[Argument, ...], Field(max_length=1024), LIST_ATOMIC] = ()
    """Replaces the image's ENTRYPOINT; never run through a shell."""
    args: Annotated[tuple[Argument, ...], Field(max_length=1024), LIST_ATOMIC] = ()
    """Replaces the image's CMD."""
    working_dir: Annotated[str, Text(max_length=4096, pattern=r"^(/.*)?$", message=ABSOLUTE)] = ""
    """Absolute path of the working directory; the image's own when empty."""
    env: Annotated[tuple[EnvVar, ...], Field(max_length=1024), list_map("name")] = ()
    """Environment variables."""
    resources: Resources = Resources()
    """Compute resources."""


class PodSpec(Value):
    """The subset of core/v1 PodSpec that is honoured."""

    restart_policy: Literal["Never", "OnFailure"] = "Never"
    """With either, one attempt is one container, which is never started twice."""
    containers: Annotated[tuple[Container, ...], Field(min_length=1, max_length=1), list_map("name")]
    """Exactly one container."""


class PodTemplate(Value):
    """Describes the container to run."""

    spec: PodSpec
    """What to run."""


class Placement(Value):
    """Where the job may run; without it, on any host that admits its namespace."""

    host_ref: HostReference | None = None
    """The one host to run on."""


class ContainerJobSpec(Value):
    """What is to run, where, and for how long."""

    template: PodTemplate
    """Describes the container; may change only while no attempt exists."""
    parallelism: OnlyOne = 1
    """How many containers run at a time; only 1."""
    completions: OnlyOne = 1
    """How many successes complete the job; only 1."""
    active_deadline_seconds: Annotated[int, Field(ge=1, le=2147483647)] | None = None
    """Seconds after status.startTime at which the job is stopped and fails with DeadlineExceeded."""
    cancel: bool = False
    """Desired state: true stops the job; its record stays."""
    placement: Placement = Placement()
    """Where the job may run."""


class ContainerJob(Value):
    """A run-to-completion container outside the cluster."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = LIFE_CYCLE

    metadata: ObjectMeta
    spec: ContainerJobSpec
    """What is to run, where, and for how long."""
    status: ContainerJobStatus = ContainerJobStatus()
    """What happened so far; written by the operator alone."""

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> "ContainerJob":
        """Read an object as the API server sends it; pydantic's ValidationError where it can't be read."""
        return cls.model_validate(body)

    @property
    def container(self) -> Container:
        """The one container of the template."""
        return self.spec.template.spec.containers[0]
