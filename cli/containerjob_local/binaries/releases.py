"""The programs of the control plane, their pinned versions, and where each release keeps them."""

import platform
from dataclasses import dataclass

from containerjob_local.errors import BinaryError

KUBERNETES_VERSION = "v1.37.2"
ETCD_VERSION = "v3.7.3"


@dataclass(frozen=True, slots=True)
class Program:
    """One executable: its name and the Go package it is built from."""

    name: str
    package: str

    @property
    def variable(self) -> str:
        """Name the environment variable that gives an explicit path."""
        return "CONTAINERJOB_" + self.name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Release:
    """Programs that are versioned, published and built together."""

    name: str
    version: str
    programs: tuple[Program, ...]
    download_url: str
    ldflags: str = ""
    build_minutes: float = 1.0

    @property
    def folder(self) -> str:
        """Name the cache folder; the version in it makes an upgrade a new folder."""
        return f"{self.name}-{self.version}"

    def program(self, name: str) -> Program:
        """Return the program of this name."""
        return next(program for program in self.programs if program.name == name)


def _version_flags(version: str) -> str:
    major, minor = version.removeprefix("v").split(".")[:2]
    package = "k8s.io/component-base/version"
    return f"-X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"


ETCD = Release(
    name="etcd",
    version=ETCD_VERSION,
    programs=(Program("etcd", "go.etcd.io/etcd/server/v3"),),
    download_url="https://github.com/etcd-io/etcd/releases/download",
    build_minutes=1,
)
KUBERNETES = Release(
    name="kubernetes",
    version=KUBERNETES_VERSION,
    programs=tuple(
        Program(name, f"k8s.io/kubernetes/cmd/{name}")
        for name in ("kube-apiserver", "kube-controller-manager", "kubectl")
    ),
    download_url="https://dl.k8s.io",
    ldflags=_version_flags(KUBERNETES_VERSION),
    build_minutes=6,  # on two cores
)
RELEASES = (ETCD, KUBERNETES)


def machine() -> str:
    """Return this machine's name as Go spells it; raise BinaryError where the plane cannot run."""
    if platform.system() != "Linux":
        raise BinaryError(
            f"the local control plane needs Linux, this is {platform.system()}: use a cluster that is there"
        )
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return names.get(platform.machine(), platform.machine())
