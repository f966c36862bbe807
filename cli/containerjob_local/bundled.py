"""The manifests that belong to this version: in the installed package, or in the checkout it runs from."""

from pathlib import Path

from containerjob_local.errors import LocalError

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "manifests"
_CHECKOUT = _PACKAGE.parents[1]


def crds() -> list[Path]:
    """Return the files of the custom resource definitions."""
    return sorted(_find("crds", "crds").glob("*.yaml"))


def operator_rbac() -> Path:
    """Return the operator's namespace, ServiceAccount and permissions, the same that the chart installs."""
    return _find("rbac/rbac.yaml", "charts/containerjob-operator/files/rbac.yaml")


def example(name: str) -> Path:
    """Return one of the examples."""
    return _find(f"examples/{name}", f"examples/{name}")


def _find(installed: str, in_checkout: str) -> Path:
    for path in (_INSTALLED / installed, _CHECKOUT / in_checkout):
        if path.exists():
            return path
    raise LocalError(f"this installation lacks {in_checkout}: install the package again")
