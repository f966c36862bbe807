"""The operator's options: one model, from which command line, chart values and documentation are made."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


@dataclass(frozen=True, slots=True)
class Flag:
    """What the command line says of a field beside its description and bounds."""

    name: str = ""
    """The option, where it is not the field's name with hyphens."""
    env: str = ""
    """The environment variable that stands in for it."""
    allowed: str = ""
    """What a value must be, where bounds do not tell."""
    default: str = ""
    """What is taken without the option, where the model's default does not tell."""


_HOST = Flag("--host", allowed="the name of a DockerHost, or cloudrunhost/NAME")
_NAMESPACE = Flag("--namespace", allowed="the name of a namespace")
HostName = Annotated[str, Field(pattern=r"^(cloudrunhost/)?[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", max_length=266)]
NamespaceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
_Seconds = Field(ge=1, le=3600, allow_inf_nan=False)


class Options(BaseModel):
    """How the operator works; every field is an option of the program and a value `operator.*` of the chart."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    max_concurrent: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Jobs that run at a time on all hosts together; without it, as many as the hosts take."""
    hosts: Annotated[tuple[HostName, ...], _HOST] = ()
    """Use only this host, and leave all others alone; may be given several times."""
    namespaces: Annotated[tuple[NamespaceName, ...], _NAMESPACE] = ()
    """Look only after jobs in this namespace, and touch no other job's container; may be given several times."""
    resync_interval: Annotated[float, _Seconds] = 30.0
    """Seconds between two looks at a host: it is asked, listed and swept, whatever its event stream said."""
    shutdown_timeout: Annotated[float, Field(ge=1, le=600, allow_inf_nan=False)] = 30.0
    """Seconds that launches and status writes under way get to finish once the operator is told to stop."""
    once: bool = False
    """Work until every job that can run now has run, then end with exit code 0; what is left is logged."""
    dry_run: bool = False
    """Read and decide, log what would be done, and do nothing: no write, no launch, no Lease."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least severe lines that are logged."""
    log_format: Literal["json", "text"] = "json"
    """Log lines for machines or for people."""
    termination_grace_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 30.0
    """Seconds from a container's stop signal to SIGKILL."""
    concurrency: Annotated[int, Field(ge=1, le=1000)] = 16
    """Creates, starts and removals that one engine is asked for at a time."""
    lease_seconds: Annotated[int, Field(ge=2, le=600)] = 10
    """Seconds without renewal of the Lease after which another replica takes over."""
    allow_fake_hosts: bool = False
    """Accept DockerHosts with a fake:// endpoint, which run nothing, and emulators of Cloud Run: for demos, tests."""
