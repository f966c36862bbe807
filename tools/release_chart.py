"""Copy the chart for a release: its values name the image that was just published, by digest."""

import re
import shutil
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "charts" / "containerjob-operator"


def stamped(values: str, registry: str, repository: str, digest: str) -> str:
    """Set the three values below `image`; raise ValueError where one is not found exactly once."""
    head, found, rest = values.partition("\nimage:\n")
    block, end, tail = rest.partition("\n\n")
    for key, value in (("registry", registry), ("repository", repository), ("digest", digest)):
        block, count = re.subn(rf"^  {key}: .*$", f"  {key}: {value}", block, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"values.yaml has {count} lines image.{key}: one is needed")
    return f"{head}{found}{block}{end}{tail}"


def annotated(chart: str, image: str) -> str:
    """Name the published image in Chart.yaml's annotation too; raise ValueError where there is none."""
    text, count = re.subn(r"^( +image: )containerjob-operator:\S+$", rf"\g<1>{image}", chart, flags=re.MULTILINE)
    if count != 1:
        raise ValueError(f"Chart.yaml has {count} lines `image: containerjob-operator:…`: one is needed")
    return text


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--registry", required=True, help="Registry that the image is in.")
@click.option("--repository", required=True, help="Its name there, with its path.")
@click.option("--digest", required=True, help="Its digest, sha256:….")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(registry: str, repository: str, digest: str, folder: Path) -> None:
    """Write the chart, ready to be packaged, into FOLDER."""
    shutil.copytree(CHART, folder)
    try:
        values, chart = folder / "values.yaml", folder / "Chart.yaml"
        values.write_text(stamped(values.read_text(), registry, repository, digest))
        chart.write_text(annotated(chart.read_text(), f"{registry}/{repository}@{digest}"))
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem


if __name__ == "__main__":
    main()
