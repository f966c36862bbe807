"""kubectl's own flags for lists, taken as they are and handed to `kubectl get` as they are."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import click

from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.kubectl import Kubectl, bare

_SWITCHES: Final = (
    (("-w", "--watch"), "Show changes too, after what is there"),
    (("--watch-only",), "Show changes only"),
    (("-A", "--all-namespaces"), "List every namespace"),
    (("--no-headers",), "Leave the header line out"),
    (("--show-labels",), "Add a column with all labels"),
    (("--show-kind",), "Write the kind before each name"),
    (("--show-managed-fields",), "Keep managedFields in JSON and YAML"),
    (("--ignore-not-found",), "Succeed although a named object is not there"),
    (("--output-watch-events",), "Print watch events instead of objects"),
)
_VALUES: Final = (
    (("-l", "--selector"), "QUERY", "List what has these labels, such as app=report"),
    (("--field-selector",), "QUERY", "List what has these fields, such as metadata.name=x"),
    (("--sort-by",), "JSONPATH", "Sort by a field, such as .metadata.creationTimestamp"),
    (("--chunk-size",), "NUMBER", "How many objects to ask for at a time; 0 for all"),
    (("--template",), "TEXT", "Template for -o go-template"),
)
_PREFIX: Final = "get_"


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked for on the command line."""

    names: tuple[str, ...]
    output: str | None
    switches: tuple[str, ...]
    """Such as --watch."""
    values: tuple[tuple[str, str], ...]
    """Such as --selector and app=report."""

    def show(self, kubectl: Kubectl, *resources: str) -> None:
        """Let kubectl print it."""
        kubectl.show(*self.arguments(*resources), *([f"--output={self.output}"] if self.output else []))

    def arguments(self, *resources: str) -> list[str]:
        """Return the command line of kubectl, without -o."""
        values = [f"{flag}={value}" for flag, value in self.values]
        return ["get", *resources, *map(bare, self.names), *self.switches, *values]

    def selecting(self, fields: Sequence[str]) -> "Listing":
        """Return the same, for objects only that have these fields too."""
        if not fields:
            return self
        own = [value for flag, value in self.values if flag == "--field-selector" and value]
        others = tuple(pair for pair in self.values if pair[0] != "--field-selector")
        return replace(self, values=(*others, ("--field-selector", ",".join((*own, *fields)))))


def listing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add [NAME]... and the flags of `kubectl get`, and pass them on as `asked`."""

    @functools.wraps(command)
    def listed(*args: Any, names: tuple[str, ...], output: str | None, **values: Any) -> Any:
        flags = {key: values.pop(key) for key in list(values) if key.startswith(_PREFIX)}
        asked = Listing(
            names,
            output,
            tuple(switch[-1] for switch, _ in _SWITCHES if flags[_key(switch)]),
            (
                *((flag[-1], flags[_key(flag)]) for flag, *_ in _VALUES if flags[_key(flag)] is not None),
                *(("--label-columns", columns) for columns in flags[_PREFIX + "label_columns"]),
            ),
        )
        return command(*args, asked=asked, **values)

    columns = "Add columns with these labels, may be repeated"
    formats = "Format: wide, json, yaml, name, jsonpath=…, custom-columns=… and every other of kubectl get"
    given: tuple[Callable[[Any], Any], ...] = (
        click.option(
            "-L", "--label-columns", _PREFIX + "label_columns", metavar="NAMES", multiple=True, help=columns
        ),
        *(click.option(*flag, _key(flag), metavar=metavar, help=text) for flag, metavar, text in reversed(_VALUES)),
        *(click.option(*switch, _key(switch), is_flag=True, help=text) for switch, text in reversed(_SWITCHES)),
        click.option("-o", "--output", metavar="FORMAT", help=formats),
        click.argument("names", metavar="[NAME]...", nargs=-1),
    )
    return decorated(listed, given)


def _key(flag: Sequence[str]) -> str:
    return _PREFIX + flag[-1].removeprefix("--").replace("-", "_")
