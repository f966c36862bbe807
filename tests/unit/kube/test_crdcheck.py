from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from containerjob_operator.kube.crdcheck import containerjob_fault, host_fault

CRDS = Path(__file__).parents[3] / "crds"


def _crd(name: str) -> dict[str, Any]:
    crd: dict[str, Any] = yaml.safe_load((CRDS / f"{name}.yaml").read_text())
    return crd


def test_this_versions_own_crds_are_complete() -> None:
    assert containerjob_fault(_crd("containerjobs")) is None
    assert host_fault("DockerHost", _crd("dockerhosts")) is None


def test_a_missing_crd_is_named_with_the_remedy() -> None:
    assert containerjob_fault(None) == ("CRD containerjobs.containerjobs.io is missing; apply crds/ of this version")
    assert (
        host_fault("DockerHost", None) == "CRD dockerhosts.containerjobs.io is missing; apply crds/ of this version"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda version: version.update(served=False), "does not serve v1alpha1"),
        (lambda version: version.update(name="v1alpha0"), "does not serve v1alpha1"),
        (lambda version: version.pop("selectableFields"), "too old: .status.finished is not a selectable field"),
        (lambda version: version.pop("additionalPrinterColumns"), "too old: it has no printer column UID"),
    ],
)
def test_an_old_crd_is_named_with_what_it_lacks(change: Callable[[dict[str, Any]], None], words: str) -> None:
    crd = _crd("containerjobs")
    change(crd["spec"]["versions"][0])
    fault = containerjob_fault(crd)
    assert fault is not None
    assert words in fault
    assert fault.endswith("; apply crds/ of this version")
