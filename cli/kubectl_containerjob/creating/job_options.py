"""What `create` and `run` are asked of a new job: its options, read and checked before anything is sent."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from kubectl_containerjob.decorating import decorated
from kubectl_containerjob.hosts import HostName
from kubectl_containerjob.kubectl import FIELD_MANAGER
from kubectl_containerjob.templates.rendering import parameter_option
from kubectl_containerjob.values import env_files
from kubectl_containerjob.values.job_names import INDEX, MOST
from kubectl_containerjob.values.metadata_rules import annotation, label
from kubectl_containerjob.values.moments import MOMENT
from kubectl_containerjob.values.option_types import LONGEST, Quantity, Variable, WholeSeconds

WORDS: Final = f"{__name__}.words"
"""Where the command line behind `--` waits in the context's meta."""


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What a new job should be; None and empty say nothing, and leave it to the template or the API server."""

    name: str | None = None
    image: str | None = None
    words: tuple[str, ...] = ()
    command: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    cpu: str | None = None
    memory: str | None = None
    host: str | None = None
    retries: int | None = None
    timeout: int | None = None
    at: str | None = None
    suspend: bool = False
    ttl: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    count: int | None = None

    @property
    def new(self) -> bool:
        """Whether there is something to make a job of."""
        return self.image is not None or self.template is not None

    def given(self) -> list[str]:
        """Name the options that say something, as people write them."""
        names = [
            _FLAGS.get(name, f"--{name}")
            for name in self.__dataclass_fields__
            if name != "name" and getattr(self, name) not in (None, False, (), {})
        ]
        return sorted(names)


@dataclass(frozen=True, slots=True)
class Writing:
    """How new jobs are sent, and what is printed of them."""

    dry_run: str = "none"
    output: str | None = None
    field_manager: str = FIELD_MANAGER

    def given(self) -> list[str]:
        """Name the options that say something, as people write them."""
        said = (
            (self.dry_run != "none", "--dry-run"),
            (self.output, "-o"),
            (self.field_manager != FIELD_MANAGER, "--field-manager"),
        )
        return [name for says, name in said if says]


_FLAGS: Final = {
    "words": "-- COMMAND",
    "env": "--env",
    "template": "--from-template",
    "parameters": "-p",
    "annotations": "--annotation",
}


class JobCommand(click.Command):
    """A command with a container's own command line behind `--`, which click would mix with its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what stands behind `--` as it is."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[WORDS] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show it in the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND [ARG]...]"]


_OPTIONS: Final[tuple[Callable[[Any], Any], ...]] = (
    click.argument("names", metavar="[NAME]", nargs=-1),
    click.option("--image", metavar="IMAGE", help="Image to run"),
    click.option("--command", is_flag=True, help="Let what stands behind -- replace the image's entrypoint too"),
    click.option(
        "--env", multiple=True, type=Variable(), metavar="NAME[=VALUE]",
        help="Environment variable; a name alone takes your own value; may be repeated",
    ),
    click.option(
        "--env-file", "env_file", multiple=True, type=click.Path(path_type=Path), metavar="FILE",
        help="File of NAME=VALUE lines; --env wins over it; may be repeated",
    ),
    click.option("--from-template", "template", metavar="NAME", help="ContainerJobTemplate to make the job of"),
    parameter_option,
    click.option("--cpu", type=Quantity(), metavar="CPUS", help="CPUs it may use, such as 2 or 500m"),
    click.option("--memory", type=Quantity(), metavar="BYTES", help="Memory it may use, such as 256Mi"),
    click.option("--host", type=HostName(), metavar="NAME", help="The one host to run on: NAME or cloudrunhost/NAME"),
    click.option(
        "--retries",
        type=click.IntRange(0, LONGEST),
        metavar="N",
        help="Times it is tried again; else create says 6, run 0",
    ),
    click.option("--timeout", type=WholeSeconds(1), metavar="DURATION", help="Stop it after so long: 90, 5m, 1h30m"),
    click.option(
        "--at", type=MOMENT, metavar="TIME", help="Start no earlier: 2026-01-31T18:00:00Z, +10m, or 18:00 here"
    ),
    click.option("--suspend", is_flag=True, help="Create it suspended"),
    click.option("--ttl", type=WholeSeconds(0), metavar="DURATION", help="Delete its object so long after its end"),
    click.option(
        "-L", "--labels", multiple=True, callback=lambda _c, _p, given: [label(each) for each in _split(given)],
        metavar="KEY=VALUE", help="Labels, separated by commas; may be repeated",
    ),
    click.option(
        "--annotation", "annotations", multiple=True, callback=lambda _c, _p, given: [annotation(g) for g in given],
        metavar="KEY=VALUE", help="Annotation; may be repeated",
    ),
    click.option("--workdir", metavar="PATH", help="Working directory in the container"),
    click.option(
        "--count", type=click.IntRange(1, MOST), metavar="N",
        help=f"Create so many; {INDEX} in name, command and environment becomes 0, 1, 2 …",
    ),
)  # fmt: skip
_WRITING: Final[tuple[Callable[[Any], Any], ...]] = (
    click.option(
        "--dry-run", type=click.Choice(["none", "client", "server"]), default="none", show_default=True,
        help="Create nothing: client asks nobody, server has the API server check it",
    ),
    click.option("-o", "--output", type=click.Choice(["name", "yaml", "json"]), help="Print the job, not a line"),
    click.option("--field-manager", default=FIELD_MANAGER, show_default=True, help="Who owns the fields"),
)  # fmt: skip


def job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a new job, and pass them on as `options` and `writing`."""

    @functools.wraps(command)
    def with_options(*args: Any, **values: Any) -> Any:
        writing = Writing(**{name: values.pop(name) for name in Writing.__dataclass_fields__})
        return command(*args, options=_read(values), writing=writing, **values)

    return decorated(with_options, reversed((*_OPTIONS, *_WRITING)))


def _read(values: dict[str, Any]) -> JobOptions:
    """Take the job's own values out of all of them, and refuse what does not go together."""
    own = {name: values.pop(name) for name in JobOptions.__dataclass_fields__ if name in values}
    names: tuple[str, ...] = values.pop("names")
    words: tuple[str, ...] = click.get_current_context().meta.get(WORDS, ())
    if len(names) > 1:
        raise click.UsageError(f"one name only, not {' '.join(names)!r}: the container's command goes behind --")
    if own["command"] and not words:
        raise click.UsageError("--command needs a command behind --")
    if own["parameters"] and own["template"] is None:
        raise click.UsageError("-p gives a template its parameters: name one with --from-template")
    if own["workdir"] is not None and not own["workdir"].startswith("/"):
        raise click.UsageError(f"--workdir {own['workdir']}: give an absolute path, such as /data")
    env: dict[str, str] = {}
    for path in values.pop("env_file"):
        env |= env_files.read(path)
    own |= {
        "name": names[0] if names else None,
        "words": words,
        "env": env | dict(own["env"]),
        **{name: dict(own[name]) for name in ("labels", "annotations")},
    }
    return JobOptions(**own)


def _split(given: tuple[str, ...]) -> list[str]:
    return [each for text in given for each in text.split(",") if each]
