"""click's options, made from a model's fields; a bad value is answered by one line with the option and its range."""

import sys
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import click
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from typing_extensions import override

from containerjob_operator.options import Flag

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Described:
    """A field, as command line and documentation tell it."""

    field: str
    option: str
    kind: Any
    """Its type, or that of its elements, with the constraints."""
    allowed: str
    """What a value must be; empty where everything is allowed, or nothing is given."""
    default: Any
    default_said: str
    """For people; empty where it is nothing."""
    help: str
    env: str = ""
    many: bool = False

    @property
    def metavar(self) -> str:
        """A word for the value."""
        return "number" if " number " in self.allowed else "name" if self.allowed else "text"


def described(model: type[BaseModel]) -> list[Described]:
    """Describe every field, in the order of the model."""
    return [_described(name, field) for name, field in model.model_fields.items()]


def options_of(model: type[BaseModel], **defaults: Any) -> list[click.Option]:
    """Make click's options; `defaults` are for fields whose default the model does not know."""
    return [_option(each, defaults) for each in described(model)]


class OneLine(click.Command):
    """A command that says what is wrong in one line, without its usage."""

    @override
    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; exit code 2 for what was typed wrongly."""
        try:
            return super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.ClickException as problem:
            click.echo(f"error: {problem.format_message()}", err=True)
            sys.exit(problem.exit_code)


class _Value(click.ParamType[Any]):
    """What the model's own constraints allow."""

    def __init__(self, described: Described) -> None:
        self._adapter: TypeAdapter[Any] = TypeAdapter(described.kind)
        self._allowed = described.allowed
        self.name = described.metavar

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value; refuse it with what would be allowed."""
        try:
            return self._adapter.validate_python(value)
        except ValidationError:
            self.fail(f"{value!r} is not {self._allowed}.", param, ctx)


def _option(described: Described, defaults: dict[str, Any]) -> click.Option:
    declared = [described.option, described.field]
    more: dict[str, Any] = {"help": _help(described), "envvar": described.env or None}
    if described.kind is bool:
        return click.Option(declared, is_flag=True, **more)
    more |= {"type": _type(described), "multiple": described.many}
    return click.Option(declared, default=defaults.get(described.field, described.default), **more)


def _type(described: Described) -> click.ParamType[Any]:
    if get_origin(described.kind) is Literal:
        return click.Choice(get_args(described.kind))
    return _FILE if described.kind is Path else _Value(described)


def _help(described: Described) -> str:
    told = (described.env and f"${described.env}", described.default_said, _bounded(described.allowed))
    notes = [note for note in told if note]
    return f"{described.help}  [{'; '.join(notes)}]" if notes else described.help


def _bounded(allowed: str) -> str:
    return allowed if " from " in allowed else ""


def _described(name: str, field: FieldInfo) -> Described:
    flag = next((each for each in field.metadata if isinstance(each, Flag)), Flag())
    kind, many = _kind(field)
    default = None if field.is_required() else field.default
    return Described(
        field=name,
        option=flag.name or f"--{name.replace('_', '-')}",
        kind=kind,
        allowed=flag.allowed or _range(kind),
        default=default,
        default_said=flag.default or _said(default),
        help=str(field.description),
        env=flag.env,
        many=many,
    )


def _said(default: Any) -> str:
    if default in (None, "", (), False):
        return ""
    return f"default: {default:g}" if isinstance(default, float) else f"default: {default}"


def _kind(field: FieldInfo) -> tuple[Any, bool]:
    """Return the type of one value, with its constraints, and whether there may be several."""
    kind = field.annotation
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    if NoneType in get_args(kind):
        return get_args(kind)[0], False
    constraints = tuple(each for each in field.metadata if not isinstance(each, Flag))
    return (Annotated[(kind, *constraints)] if constraints else kind), False


def _range(kind: Any) -> str:
    """Say within which bounds a number is; nothing of what is none."""
    found = get_args(kind)
    inner = [part for each in found[1:] for part in (each.metadata if isinstance(each, FieldInfo) else (each,))]
    lowest = next((each.ge for each in inner if hasattr(each, "ge")), None)
    highest = next((each.le for each in inner if hasattr(each, "le")), None)
    if lowest is None or highest is None:
        return ""
    return f"a {'whole ' if found[0] is int else ''}number from {lowest} to {highest}"
