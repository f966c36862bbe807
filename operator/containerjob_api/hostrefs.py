"""References to hosts, and which namespaces a host admits."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field
from typing_extensions import override

from containerjob_api.markers import LIST_ATOMIC, MAP_ATOMIC, Marker, Rule, Text
from containerjob_api.names import host_text
from containerjob_api.resources import Value

KEY_PATTERN: Final = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
HostName = Annotated[
    str,
    Text(
        min_length=1,
        max_length=253,
        pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$",
        message="a host's name has lower-case letters, digits, '-' and '.' only, such as builder-1",
    ),
]
LabelValue = Annotated[
    str,
    Text(
        max_length=63,
        pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
        message="no label has this value: use letters, digits, '-', '_' and '.' only, such as batch-jobs",
    ),
]
LabelKey = Annotated[
    str,
    Text(
        min_length=1,
        max_length=317,
        pattern=KEY_PATTERN,
        message="no label has this key: use letters, digits, '-', '_' and '.', such as example.com/team",
    ),
]


HostKind = Literal["DockerHost", "CloudRunHost"]


class HostReference(Value):
    """Names one host; two of different kinds may have the same name."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (MAP_ATOMIC,)

    kind: HostKind = "DockerHost"
    """Kind of the host: DockerHost or CloudRunHost."""
    name: HostName
    """Name of the host; hosts are cluster-scoped."""

    @override
    def __str__(self) -> str:
        """Return what options, labels and logs say: NAME of a DockerHost, else cloudrunhost/NAME."""
        return host_text(self.kind, self.name)

    @property
    def short(self) -> str:
        """Return what people read where only the name is needed: NAME of a DockerHost."""
        return self.name if self.kind == "DockerHost" else self.full

    @property
    def full(self) -> str:
        """Return what people read where the kind matters: DockerHost NAME."""
        return f"{self.kind} {self.name}"

    @property
    def called(self) -> str:
        """Return what people read of a host of theirs: host NAME, where it is a DockerHost."""
        return f"host {self.name}" if self.kind == "DockerHost" else self.full


class Operator(StrEnum):
    """How a requirement compares, as in metav1.LabelSelectorRequirement."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelSelectorRequirement(Value):
    """One comparison of a label."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "values must be set for the operators In and NotIn, and only for them",
            ".values",
        ),
    )

    key: LabelKey
    """Label key that the requirement applies to."""
    operator: Operator
    """How the label's value relates to `values`."""
    values: Annotated[tuple[LabelValue, ...], Field(max_length=64), LIST_ATOMIC] = ()
    """Needed for In and NotIn, must be empty for Exists and DoesNotExist."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether these labels meet the requirement."""
        match self.operator:
            case Operator.IN:
                return labels.get(self.key) in self.values
            case Operator.NOT_IN:
                return labels.get(self.key) not in self.values
            case Operator.EXISTS:
                return self.key in labels
            case Operator.DOES_NOT_EXIST:
                return self.key not in labels


MatchLabels = Annotated[
    dict[LabelKey, LabelValue],
    Field(max_length=64),
    Rule(
        f"self.all(key, size(key) <= 317 && key.matches(r'{KEY_PATTERN}'))",
        "no label can have one of these keys: use letters, digits, '-', '_' and '.', such as example.com/team",
        replaces=("propertyNames",),
    ),
]


class LabelSelector(Value):
    """metav1.LabelSelector: all requirements must hold; an empty one matches everything."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (MAP_ATOMIC,)

    match_labels: MatchLabels = Field(default_factory=dict)
    """Labels that must be there with exactly these values."""
    match_expressions: Annotated[tuple[LabelSelectorRequirement, ...], Field(max_length=32), LIST_ATOMIC] = ()
    """Requirements that must hold."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Say whether an object with these labels is selected."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.matches(labels) for requirement in self.match_expressions
        )


class From(StrEnum):
    """Which namespaces may use a host, in the words of the Gateway API."""

    ALL = "All"
    SELECTOR = "Selector"
    NONE = "None"


class AllowedNamespaces(Value):
    """Namespaces whose jobs may run on a host; absent means none."""

    schema_markers: ClassVar[tuple[Marker | Rule, ...]] = (
        Rule(
            "self.from != 'Selector' || has(self.selector)",
            "from: Selector needs a selector: add one, or use from: All or from: None",
            ".selector",
        ),
        Rule(
            "self.from == 'Selector' || !has(self.selector)",
            "a selector is used with from: Selector only: set it, or remove the selector",
            ".from",
        ),
    )

    from_: Annotated[From, Field(alias="from")] = From.NONE
    """All, Selector (those that `selector` matches) or None."""
    selector: LabelSelector | None = None
    """Selects namespaces by their labels; only with from: Selector."""

    def admit(self, labels: Mapping[str, str]) -> bool:
        """Say whether a namespace with these labels may use the host."""
        match self.from_:
            case From.ALL:
                return True
            case From.SELECTOR:
                return self.selector is not None and self.selector.matches(labels)
            case From.NONE:
                return False
