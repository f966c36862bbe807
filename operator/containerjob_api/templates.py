"""ContainerJobTemplate: a job with places for parameters. The plugin renders it; a stored job is complete."""

import re
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field, model_validator

from containerjob_api.jobplaces import JobTemplate
from containerjob_api.markers import LIST_ATOMIC, Marker, Rule, Text, list_map
from containerjob_api.resources import ObjectMeta, Value

CHOOSE_ONE: Final = "a parameter has either required: true or a default: give one of them"
NOT_LISTED: Final = "default must be one of enum"
NO_MATCH: Final = "default must match pattern from beginning to end"
_NO_EXPRESSION: Final = "pattern must be an RE2 regular expression"
_NAME: Final = r"^[a-zA-Z_][-_a-zA-Z0-9]*$"
_READ_DIFFERENTLY: Final = (
    "a pattern is an RE2 regular expression without [[ and {, which others read differently: use [ and {0,"
)


def _check(pattern: str, default: str | None) -> None:
    """Judge as the API server does; what only one of RE2 and Python can read is found by linting."""
    if "[[" in pattern or "{," in pattern:
        raise ValueError(_READ_DIFFERENTLY)
    try:
        expression = re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"{_NO_EXPRESSION}: {error}") from error
    if default is not None and not expression.fullmatch(default):
        raise ValueError(NO_MATCH)


class Parameter(Value):
    """What a job of this template may be given."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule("(has(self.required) && self.required) != has(self.default)", CHOOSE_ONE, ".default"),
        Rule(
            "!has(self.default) || !has(self.enum) || size(self.enum) == 0 || self.default in self.enum",
            NOT_LISTED,
            ".default",
        ),
        Rule(
            "!has(self.default) || !has(self.pattern) || self.default.matches('^(?:' + self.pattern + ')$')",
            NO_MATCH,
            ".default",
        ),
    )

    name: Annotated[
        str,
        Text(
            min_length=1,
            max_length=63,
            pattern=_NAME,
            message="a parameter's name has letters, digits, '_' and '-', and does not begin with a digit or '-'",
        ),
    ]
    """Name of the parameter; it is used as $(params.NAME)."""
    description: Annotated[str, Field(max_length=1024)] = ""
    """What the parameter is for, in a sentence."""
    required: bool = False
    """True: every job must be given a value."""
    default: Annotated[str, Field(max_length=2048)] | None = None
    """Value where none is given; needed unless required."""
    enum: Annotated[tuple[Annotated[str, Field(max_length=1024)], ...], Field(max_length=64), LIST_ATOMIC] = ()
    """The values there are; any when there are none."""
    pattern: (
        Annotated[
            str,
            Field(min_length=1, max_length=256),
            Rule("!self.contains('[[') && !self.contains('{,')", _READ_DIFFERENTLY),
            Rule("''.matches(self) in [true, false]", _NO_EXPRESSION),
        ]
        | None
    ) = None
    """Regular expression (RE2) that a value must match from beginning to end."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.required == (self.default is not None):
            raise ValueError(CHOOSE_ONE)
        if self.pattern is not None:
            _check(self.pattern, self.default)
        if self.default is not None and self.enum and self.default not in self.enum:
            raise ValueError(NOT_LISTED)
        return self


class ContainerJobTemplateSpec(Value):
    """Parameters, and the job they are put into."""

    description: Annotated[str, Field(max_length=1024)] = ""
    """What jobs of this template do, in a sentence."""
    parameters: Annotated[tuple[Parameter, ...], Field(max_length=32), list_map("name")] = ()
    """What a job may be given; each is used as $(params.NAME), and $$(params.NAME) stands for the text itself."""
    template: JobTemplate
    """The job."""


class ContainerJobTemplate(Value):
    """A ContainerJob with parameters, from which the plugin makes jobs."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "size(self.metadata.name) <= 63",
            "a template's name has 63 characters at most: jobs carry it as a label",
            ".metadata",
        ),
    )

    metadata: ObjectMeta
    spec: ContainerJobTemplateSpec
    """Parameters, and the job they are put into."""

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> "ContainerJobTemplate":
        """Read an object as the API server sends it; pydantic's ValidationError where it can't be read."""
        return cls.model_validate(body)
