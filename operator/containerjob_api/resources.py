"""What all our models share: frozen values, camelCase on the wire, times as Kubernetes writes them."""

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema
from typing_extensions import override

from containerjob_api.markers import JsonSchema, Marker, Rule


class Value(BaseModel):
    """A frozen part of an object; a change is a new value."""

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = ()
    """What the schema says of every value of this class: rules over several fields, how it merges."""

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler, /) -> JsonSchema:
        reference = handler(core)
        schema = handler.resolve_ref_schema(reference)
        for marker in cls.schema_markers:
            marked = marker.mark(schema)
            schema.clear()
            schema.update(marked)
        return reference

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; what is not set is absent."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _seconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _microseconds(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Time = Annotated[datetime, PlainSerializer(_seconds, return_type=str, when_used="json")]
"""metav1.Time: whole seconds, UTC."""
MicroTime = Annotated[datetime, PlainSerializer(_microseconds, return_type=str, when_used="json")]
"""metav1.MicroTime: what an engine reports of a container, where a second is a long time."""


class ObjectMeta(Value):
    """The part of metadata that decisions look at."""

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime = datetime.fromtimestamp(0, UTC)
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
