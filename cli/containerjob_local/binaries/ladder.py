"""The ladder: each program comes from the first rung that has it."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from containerjob_local.binaries.builds import MODULES, build
from containerjob_local.binaries.cache import cache_folder, filling, is_program, release_folder
from containerjob_local.binaries.downloads import download
from containerjob_local.binaries.releases import PLANES, Program, Release, kubernetes_version
from containerjob_local.binaries.toolchains import find_toolchain
from containerjob_local.errors import BinaryError

ASSETS_VARIABLE = "KUBEBUILDER_ASSETS"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of a control plane, found."""

    etcd: Path
    kube_apiserver: Path
    kube_controller_manager: Path
    kubectl: Path


def find_binaries(report: Callable[[str], None], version: str | None = None) -> Binaries:
    """Find a plane's programs: given, cached, downloaded or built; raise BinaryError when no rung has one.

    `version` is of Kubernetes; without one, what a variable says, else the newest that is carried here.
    """
    found = find_all(PLANES[kubernetes_version(os.environ, version)], report)
    return Binaries(**{name.replace("-", "_"): path for name, path in found.items()})


def find_all(releases: Iterable[Release], report: Callable[[str], None]) -> dict[str, Path]:
    """Find the programs of several releases by the rungs of the ladder."""
    found: dict[str, Path] = {}
    for release in releases:
        found |= find_programs(release, os.environ, report)
    return found


def find_programs(
    release: Release, environment: Mapping[str, str], report: Callable[[str], None], modules: Path = MODULES
) -> dict[str, Path]:
    """Find the programs of one release by the rungs of the ladder."""
    found: dict[str, Path] = {}
    for program in release.programs:
        path = given(program, environment)
        if path is not None:
            found[program.name] = path
    wanted = [program.name for program in release.programs if program.name not in found]
    folder = release_folder(cache_folder(environment), release)
    if _missing(folder, wanted):
        with filling(folder, report):
            _fill(release, wanted, folder, environment, report, modules)
    return found | {name: folder / name for name in wanted}


def given(program: Program, environment: Mapping[str, str]) -> Path | None:
    """Return the path a person named for a program; a name that leads nowhere is an error, not a reason to build."""
    explicit = environment.get(program.variable)
    if explicit:
        if not is_program(Path(explicit)):
            raise BinaryError(f"{program.variable}={explicit} is not a program: correct or unset it")
        return Path(explicit).absolute()
    assets = environment.get(ASSETS_VARIABLE)
    if assets:
        if not Path(assets).is_dir():
            raise BinaryError(f"{ASSETS_VARIABLE}={assets} is not a folder: correct or unset it")
        path = Path(assets) / program.name
        return path.absolute() if is_program(path) else None  # such folders have no controller-manager
    return None


def _missing(folder: Path, names: list[str]) -> list[str]:
    return [name for name in names if not is_program(folder / name)]


def _fill(
    release: Release,
    names: list[str],
    folder: Path,
    environment: Mapping[str, str],
    report: Callable[[str], None],
    modules: Path,
) -> None:
    """Download what the cache lacks, and build what cannot be downloaded."""
    missing = _missing(folder, names)  # again: another process may have filled it while we waited
    if not missing:
        return
    report(f"• fetching {', '.join(missing)} {release.version}")
    try:
        download(release, missing, folder, environment)
    except BinaryError as error:
        report(f"! not downloaded: {error}")
        toolchain = find_toolchain(cache_folder(environment), environment, report)
        build(release, _missing(folder, missing), folder, toolchain, report, modules=modules)
