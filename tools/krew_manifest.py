"""Render the Krew manifest of a release from its checksums: what Krew installs is what was checked."""

import re
import string
import sys
from pathlib import Path

import click

TEMPLATE = Path(__file__).resolve().parents[1] / "packaging" / "krew.yaml"
ARCHIVE = re.compile(r"^([0-9a-f]{64})[ *]+kubectl-containerjob_([a-z]+_[a-z0-9]+)\.tar\.gz$", re.MULTILINE)


def rendered(template: str, version: str, homepage: str, downloads: str, checksums: str) -> str:
    """Fill the template; raise KeyError with the name of a platform that has no checksum."""
    sums = {platform: digest for digest, platform in ARCHIVE.findall(checksums)}
    values = {"version": f"v{version.removeprefix('v')}", "homepage": homepage, "downloads": downloads, **sums}
    return string.Template(template).substitute(values)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", required=True, help="Version of the release, with or without its v.")
@click.option("--homepage", required=True, help="Address of the project.")
@click.option("--downloads", required=True, help="Address of the folder that the release's files are in.")
@click.argument("checksums", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(version: str, homepage: str, downloads: str, checksums: Path) -> None:
    """Print the manifest for the archives in CHECKSUMS, a list as sha256sum writes it."""
    try:
        click.echo(rendered(TEMPLATE.read_text(), version, homepage, downloads, checksums.read_text()), nl=False)
    except KeyError as missing:
        click.echo(f"error: {checksums} has no archive for {missing.args[0]}: build it first", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
