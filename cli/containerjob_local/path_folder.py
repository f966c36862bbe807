"""One folder with kubectl and the plugin in it, for people's PATH."""

import importlib.util
import shlex
import sys
from pathlib import Path

from containerjob_local.files import private_folder, write_private

_PACKAGES = ("containerjob_api", "containerjob_local", "kubectl_containerjob")


def link_programs(folder: Path, kubectl: Path) -> None:
    """Link kubectl into `folder`, and put a script beside it that runs the plugin as it is installed here."""
    private_folder(folder)
    link = folder / "kubectl"
    link.unlink(missing_ok=True)
    link.symlink_to(kubectl)
    roots = shlex.quote(":".join(_package_roots()))
    script = f'PYTHONPATH={roots} exec {shlex.quote(sys.executable)} -m kubectl_containerjob "$@"'
    write_private(folder / "kubectl-containerjob", f"#!/bin/sh\n{script}\n", mode=0o700)


def _package_roots() -> list[str]:
    """Find the folders our packages are imported from: in a checkout they need not be installed."""
    specs = [importlib.util.find_spec(name) for name in _PACKAGES]
    origins = [Path(spec.origin) for spec in specs if spec is not None and spec.origin is not None]
    return list(dict.fromkeys(str(origin.resolve().parents[1]) for origin in origins))
