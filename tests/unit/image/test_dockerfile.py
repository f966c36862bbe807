"""The Dockerfile builds everywhere, and what it makes is fit for the strictest cluster."""

import re
import tomllib
from pathlib import Path

from tools.image.base import default_image
from tools.image.making import EXTRAS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "Dockerfile").read_text()
STAGES = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", TEXT, re.MULTILINE)


def test_nothing_in_it_needs_a_newer_builder() -> None:
    assert not re.search(r"<<|^RUN --|^# syntax=|COPY --(?!from=)", TEXT, re.MULTILINE)


def test_the_base_is_an_argument_and_names_no_registry() -> None:
    image = default_image(ROOT / "Dockerfile")
    assert {base for base, _ in STAGES if "$" in base} == {"${BASE}"}
    assert "/" not in image


def test_a_build_without_a_target_makes_the_default_one() -> None:
    assert STAGES[-1] == ("operator", "")


def test_the_default_target_needs_no_stage_of_another() -> None:
    names = [name for _, name in STAGES]
    assert names.index("operator") < names.index("build-cloudrun")


def test_every_target_that_can_be_asked_for_is_there() -> None:
    assert EXTRAS.keys() <= {name for _, name in STAGES}


def test_every_target_installs_extras_that_the_project_has() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {word for line in re.findall(r"install.sh packages ([a-z ]+)", TEXT) for word in line.split()}
    assert asked == {extra for needed in EXTRAS.values() for extra in needed}
    assert asked <= extras.keys()


def test_it_runs_as_a_number_that_kubernetes_can_judge() -> None:
    assert re.findall(r"^USER (\S+)$", TEXT, re.MULTILINE) == ["65532:65532"]
