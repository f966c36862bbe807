"""What every value of the chart is made of: closed sections, bounds, and Kubernetes' own objects left open."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Section(BaseModel):
    """A group of values. A key that is not in it is a typing error, and refused."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        validate_default=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )


KubeObject = dict[str, Any]
"""An object of Kubernetes' own API: the API server checks it."""
KubeList = list[dict[str, Any]]
StringMap = dict[str, str]
Port = Annotated[int, Field(ge=1, le=65535)]
# A port below 1024 would need a capability, which the pod does not have.
OpenPort = Annotated[int, Field(ge=1024, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=86400)]
Days = Annotated[int, Field(ge=1, le=36500)]
Name = Annotated[str, Field(max_length=63, pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$")]
"""A DNS label, or nothing."""
Duration = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h))+$")]
"""As Prometheus and cert-manager write it, such as 30s."""
AbsolutePath = Annotated[str, Field(max_length=4096, pattern=r"^/.+$")]
