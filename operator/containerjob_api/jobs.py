"""ContainerJob: what people ask for. The shape is batch/v1 Job's; only what is honoured is in it."""

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from containerjob_api.failures import PodFailurePolicy
from containerjob_api.hostrefs import HostReference
from containerjob_api.jobstatus import ContainerJobStatus
from containerjob_api.lifecycle import LIFE_CYCLE
from containerjob_api.markers import LIST_ATOMIC, Marker, Rule, Text, list_map
from containerjob_api.quantities import QUANTITY_PATTERN
from containerjob_api.resources import MicroTime, ObjectMeta, Value
from containerjob_api.retries import RetryPolicy

MESSAGE_PATTERN: Final = r"^(|/d|/de|/([^d/]|d[^e]|de[^v]|dev[^/]).*)$"
MESSAGE_FILE: Final = (
    "terminationMessagePath must be an absolute path outside /dev, such as /tmp/termination-log:"
    " an engine drops /dev with the container's end"
)
MessagePath = Annotated[str, Text(max_length=4096, pattern=MESSAGE_PATTERN, message=MESSAGE_FILE)]
NEVER_ONLY: Final = "podFailurePolicy needs restartPolicy Never, as in batch/v1: set it, or remove the policy"
ABSOLUTE: Final = "workingDir must be an absolute path, such as /data"
Seconds = Annotated[int, Field(ge=1, le=2147483647)]
TtlSeconds = Annotated[int, Field(ge=0, le=2147483647)]
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
MOMENT_PATTERN: Final = (
    rf"^[1-8][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}:[0-5][0-9](\.[0-9]{{1,9}})?(Z|[-+]{_CLOCK})$"
)
MOMENT: Final = "must be a time with its zone, such as 2026-01-31T18:00:00Z or 2026-01-31T18:00:00+01:00"


def _moment(value: Any) -> Any:
    """Read text as the API server does; Python knows other ways to write a time, some of them without a zone."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(MOMENT_PATTERN, value):
        raise ValueError(MOMENT)
    return datetime.fromisoformat(value)


Moment = Annotated[
    MicroTime,
    BeforeValidator(_moment),
    Marker((("maxLength", 40),)),
    Rule(
        f"self.matches(r'{MOMENT_PATTERN}') && timestamp(self) > timestamp('0001-01-01T00:00:00Z')",
        MOMENT,
        replaces=("format",),
    ),
]
"""A time that a person writes. The format date-time would do, but its refusal tells nobody what to write."""
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
    termination_message_path: MessagePath = ""
    """Absolute path of a file outside /dev that the container leaves a message in; at most 4096 bytes are kept."""
    termination_message_policy: Literal["File", "FallbackToLogsOnError"] = "File"
    """FallbackToLogsOnError: where a failed container left no message, the last lines of its output are it."""


class PodSpec(Value):
    """The subset of core/v1 PodSpec that is honoured."""

    restart_policy: Literal["Never", "OnFailure"] = "Never"
    """With either a failed container is followed by a new one, as backoffLimit allows; none is ever started twice."""
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

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "!has(self.podFailurePolicy) || !has(self.template.spec.restartPolicy)"
            " || self.template.spec.restartPolicy == 'Never'",
            NEVER_ONLY,
            ".podFailurePolicy",
        ),
    )

    template: PodTemplate
    """Describes the container; may change only while no attempt exists."""
    parallelism: OnlyOne = 1
    """How many containers run at a time; only 1."""
    completions: OnlyOne = 1
    """How many successes complete the job; only 1."""
    backoff_limit: Annotated[int, Field(ge=0, le=2147483647)] = 6
    """How often the job is tried again after its container failed; launches that failed do not count."""
    retry_policy: RetryPolicy = RetryPolicy()
    """Pauses between attempts, and what else leads to another one."""
    pod_failure_policy: PodFailurePolicy | None = None
    """What a failed attempt means for the job, by its exit code or reason; only with restartPolicy Never."""
    active_deadline_seconds: Seconds | None = None
    """Seconds after status.startTime at which the job is stopped, over all attempts: DeadlineExceeded."""
    attempt_deadline_seconds: Seconds | None = None
    """Seconds that one attempt's container may run; then it is stopped and counts as failed."""
    starting_deadline_seconds: Seconds | None = None
    """Seconds from creation (or notBefore, or the end of a suspension) within which a container must have started."""
    not_before: Moment | None = None
    """No container is started before this time."""
    suspend: bool = False
    """Desired state: true stops the container and keeps the job from running until it is false again."""
    cancel: bool = False
    """Desired state: true stops the job; its record stays."""
    ttl_seconds_after_finished: TtlSeconds | None = None
    """Seconds after the end at which the object is deleted; never when absent."""
    ttl_seconds_after_success: TtlSeconds | None = None
    """Overrides ttlSecondsAfterFinished for jobs that succeeded."""
    ttl_seconds_after_failure: TtlSeconds | None = None
    """Overrides ttlSecondsAfterFinished for jobs that ended in any other way."""
    placement: Placement = Placement()
    """Where the job may run."""

    @model_validator(mode="after")
    def _policy_fits(self) -> Self:
        if self.pod_failure_policy is not None and self.template.spec.restart_policy != "Never":
            raise ValueError(NEVER_ONLY)
        return self


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
