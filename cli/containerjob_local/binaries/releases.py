"""The programs of the local environment and its tests, their pinned versions, and where each release keeps them."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass

from containerjob_local.errors import BinaryError

VERSION_VARIABLE = "CONTAINERJOB_KUBERNETES_VERSION"
KUBERNETES_VERSION = "v1.37.2"
# The oldest one that is supported: nodes run it too, since a kubelet may be three minor versions behind the plane.
LOWEST_KUBERNETES_VERSION = "v1.34.4"
ETCD_VERSION = "v3.7.3"
HELM_VERSION = "v4.3.1"
HELM3_VERSION = "v3.22.0"
KUBECONFORM_VERSION = "v0.8.0"


@dataclass(frozen=True, slots=True)
class Program:
    """One executable: its name, the Go package it is built from, and what its release calls it if not by its name."""

    name: str
    package: str
    published: str = ""

    @property
    def variable(self) -> str:
        """Name the environment variable that gives an explicit path."""
        return "CONTAINERJOB_" + self.name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Published:
    """Where a release has a program, its checksum and, if it is packed, what it is within the archive.

    All are templates of `version`, `machine` and `program`, the first two below the download address.
    """

    file: str
    checksum: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """Programs that are versioned, published and built together."""

    name: str
    version: str
    programs: tuple[Program, ...]
    download_url: str
    published: Published
    ldflags: str = ""
    build_minutes: float = 1.0
    module: str = ""
    """The folder of its Go module; its name where nothing is said."""

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


_BARE = Published("{version}/bin/linux/{machine}/{program}", "{version}/bin/linux/{machine}/{program}.sha256")
_HELM = Published(
    "helm-{version}-linux-{machine}.tar.gz",
    "helm-{version}-linux-{machine}.tar.gz.sha256sum",
    "linux-{machine}/{program}",
)


def _kubernetes(version: str, names: tuple[str, ...], build_minutes: float, module: str = "kubernetes") -> Release:
    return Release(
        name="kubernetes",
        version=version,
        programs=tuple(Program(name, f"k8s.io/kubernetes/cmd/{name}") for name in names),
        download_url="https://dl.k8s.io",
        published=_BARE,
        ldflags=_version_flags(version),
        build_minutes=build_minutes,
        module=module,
    )


def _helm3_flags(version: str, kubernetes_minor: str) -> str:
    """Tell Helm 3 of which Kubernetes its client is; else it takes itself for one of 1.20, and refuses charts."""
    assumed = [
        f"-X helm.sh/helm/v3/pkg/{place}.k8sVersion{part}={number}"
        for place in ("chartutil", "lint/rules")
        for part, number in (("Major", "1"), ("Minor", kubernetes_minor))
    ]
    return " ".join([f"-X helm.sh/helm/v3/internal/version.version={version}", *assumed])


ETCD = Release(
    name="etcd",
    version=ETCD_VERSION,
    programs=(Program("etcd", "go.etcd.io/etcd/server/v3"),),
    download_url="https://github.com/etcd-io/etcd/releases/download",
    published=Published(
        "{version}/etcd-{version}-linux-{machine}.tar.gz",
        "{version}/SHA256SUMS",
        "etcd-{version}-linux-{machine}/{program}",
    ),
    build_minutes=1,
)
_PLANE = ("kube-apiserver", "kube-controller-manager", "kubectl")
KUBERNETES = _kubernetes(KUBERNETES_VERSION, _PLANE, build_minutes=6)  # on two cores
LOWEST_KUBERNETES = _kubernetes(LOWEST_KUBERNETES_VERSION, _PLANE, build_minutes=6, module="kubernetes-lowest")
# No newer than the API server, and at most one minor version older.
SCHEDULER = _kubernetes(KUBERNETES_VERSION, ("kube-scheduler",), build_minutes=2)
LOWEST_SCHEDULER = _kubernetes(
    LOWEST_KUBERNETES_VERSION, ("kube-scheduler",), build_minutes=2, module="kubernetes-lowest"
)
NODE = _kubernetes(LOWEST_KUBERNETES_VERSION, ("kubelet", "kube-proxy"), build_minutes=5, module="kubernetes-lowest")
HELM = Release(
    name="helm",
    version=HELM_VERSION,
    programs=(Program("helm", "helm.sh/helm/v4/cmd/helm"),),
    download_url="https://get.helm.sh",
    published=_HELM,
    ldflags=f"-X helm.sh/helm/v4/internal/version.version={HELM_VERSION}",
    build_minutes=2,
)
HELM3 = Release(
    name="helm3",
    version=HELM3_VERSION,
    programs=(Program("helm3", "helm.sh/helm/v3/cmd/helm", published="helm"),),
    download_url="https://get.helm.sh",
    published=_HELM,
    ldflags=_helm3_flags(HELM3_VERSION, "37"),
    build_minutes=2,
)
KUBECONFORM = Release(
    name="kubeconform",
    version=KUBECONFORM_VERSION,
    programs=(Program("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform"),),
    download_url="https://github.com/yannh/kubeconform/releases/download",
    published=Published("{version}/kubeconform-linux-{machine}.tar.gz", "{version}/CHECKSUMS", "{program}"),
    ldflags=f"-X main.version={KUBECONFORM_VERSION}",
    build_minutes=0.5,
)
# What `local up` needs, by the version of Kubernetes, and what it takes only where it is asked for.
PLANES = {
    KUBERNETES_VERSION: (ETCD, KUBERNETES),
    LOWEST_KUBERNETES_VERSION: (ETCD, LOWEST_KUBERNETES),
}
NODES = {
    KUBERNETES_VERSION: (SCHEDULER, NODE),
    LOWEST_KUBERNETES_VERSION: (LOWEST_SCHEDULER, NODE),
}
CHART_RELEASES = (HELM, HELM3, KUBECONFORM)


def kubernetes_version(environment: Mapping[str, str], wanted: str | None = None) -> str:
    """Return the version that is wanted, by a variable if nobody says it; raise BinaryError with those there are."""
    version = wanted or environment.get(VERSION_VARIABLE) or KUBERNETES_VERSION
    if version not in PLANES:
        raise BinaryError(f"Kubernetes {version} cannot be brought up here: choose one of {', '.join(PLANES)}")
    return version


def machine() -> str:
    """Return this machine's name as Go spells it; raise BinaryError where the plane cannot run."""
    if platform.system() != "Linux":
        raise BinaryError(
            f"the local control plane needs Linux, this is {platform.system()}: use a cluster that is there"
        )
    names = {"x86_64": "amd64", "aarch64": "arm64"}
    return names.get(platform.machine(), platform.machine())
