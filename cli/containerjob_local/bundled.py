"""What belongs to this version beside its modules: in the installed package, or in the checkout it runs from."""

from pathlib import Path

from containerjob_local.errors import LocalError

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE
_CHECKOUT = _PACKAGE.parents[1]


def crds() -> list[Path]:
    """Return the files of the custom resource definitions."""
    return sorted(_find("manifests/crds", "crds").glob("*.yaml"))


def operator_rbac() -> Path:
    """Return the operator's namespace, ServiceAccount and permissions, the same that the chart installs."""
    return _find("manifests/rbac/rbac.yaml", "charts/containerjob-operator/files/rbac.yaml")


def example(name: str) -> Path:
    """Return one of the examples."""
    return _find(f"manifests/examples/{name}", f"examples/{name}")


def emulator() -> Path:
    """Return the folder of the emulator of Cloud Run: a package that knows itself by no other name than its own."""
    return _find("emulators/cloudrun", "tests/emulators/cloudrun")


def _find(installed: str, in_checkout: str) -> Path:
    for path in (_INSTALLED / installed, _CHECKOUT / in_checkout):
        if path.exists():
            return path
    raise LocalError(f"this installation lacks {in_checkout}: install the package again")
