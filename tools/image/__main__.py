"""`python -m tools.image`: the operator's image on the local engine, and as an archive for others."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from tools.image.making import EXTRAS, Order, make

from containerjob_local.binaries.cache import cache_folder
from containerjob_local.engine import find_engine, stop_engine
from containerjob_local.engine.own_daemon import running_engine
from containerjob_local.errors import LocalError
from containerjob_local.state import default_folder

ROOT = Path(__file__).resolve().parents[2]


def report(line: str) -> None:
    """Tell what goes on, beside the result."""
    click.echo(f"• {line}", err=True)


@contextlib.contextmanager
def local_engine() -> Iterator[str]:
    """Lend the engine that `local up` uses, else any that answers, else one that is gone afterwards."""
    engine = running_engine(default_folder(os.environ))
    if engine is not None:
        yield engine.endpoint
        return
    with tempfile.TemporaryDirectory(prefix="containerjob-") as folder:
        engine = find_engine(Path(folder), report, network=False)
        try:
            yield engine.endpoint
        finally:
            if engine.started_by_us:
                report("this engine was started for the build and is gone now: --save keeps the image")
                stop_engine(Path(folder))


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--target", type=click.Choice(list(EXTRAS)), default="operator", help="What to build.")
@click.option("--tag", help="Name of the image; containerjob-operator:VERSION when absent.")
@click.option("--base", help="Base image; the Dockerfile's, or one made here where that cannot be pulled.")
@click.option("--revision", default="unknown", help="Commit that the image's label names.")
@click.option("--source", default="", help="Address of the sources that the image's label names.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an archive, for `docker load` and `ctr images import`.",
)
def main(save: Path | None, **options: str) -> None:
    """Build the operator's image and print its name."""
    try:
        with local_engine() as endpoint:
            built = make(Order(ROOT, **options), endpoint, cache_folder(os.environ) / "image", report)
            if save is not None:
                shutil.copyfile(built.archive, save)
    except (LocalError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(1)
    click.echo(built.image)


if __name__ == "__main__":
    main()
