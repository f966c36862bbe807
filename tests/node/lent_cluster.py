"""A cluster that is there already, lent to the tests: looked at before, and cleared afterwards."""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.chart.conftest import NAME, NAMESPACE, Helm
from tests.conftest import report
from tests.node.cluster import API, CRDS

from containerjob_api.names import LABEL_CLUSTER_UID
from containerjob_local.binaries.ladder import find_programs
from containerjob_local.binaries.releases import KUBERNETES
from containerjob_local.controlplane import Plane
from containerjob_local.engine import Engine, remove_containers
from containerjob_local.engine.images import split_reference
from containerjob_local.environment import Environment
from containerjob_local.errors import KubectlError
from containerjob_local.files import private_folder, write_private
from containerjob_local.kubectl import Kubectl
from containerjob_local.state import State

KUBECONFIG = "CONTAINERJOB_TEST_KUBECONFIG"
"""Kubeconfig of the cluster; its current context is used."""
IMAGE = "CONTAINERJOB_TEST_IMAGE"
"""The operator's image as the cluster's nodes know it or pull it."""
ENGINE = "CONTAINERJOB_TEST_ENGINE"
"""Where an engine listens, for this machine as well as for pods that mount its socket from their node."""
OURS = re.compile(rf"team-\d+|busy|phases|logs|{NAMESPACE}")
"""The namespaces that tests make."""
SHOWN = 4
LOOK = "look-at-image"
LOOK_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Loan:
    """What is lent: a cluster, and an engine that both sides reach."""

    kubeconfig: Path
    image: str
    engine: Engine

    @contextlib.contextmanager
    def taken(self, folder: Path, helm: Helm) -> Iterator[Environment]:
        """Use the cluster for the length of the block; refuse one that is in use or cannot run the image."""
        if not self.kubeconfig.is_file():
            _refuse(f"{KUBECONFIG}={self.kubeconfig}: there is no such file")
        try:
            environment = _connect(self.kubeconfig, private_folder(folder))
            _check_unused(environment.plane.kubectl)
            _check_image(environment.plane.kubectl, self.image)
        except KubectlError as problem:
            _refuse(f"{KUBECONFIG}={self.kubeconfig}: {problem}")
        try:
            yield environment
        finally:
            _clear(environment, helm)
            remove_containers(self.engine.endpoint, f"{LABEL_CLUSTER_UID}={environment.plane.cluster_uid}")

    def values(self) -> dict[str, Any]:
        """Return the chart's values for the image."""
        repository, version = split_reference(self.image)
        return {"image": {"repository": repository, "digest" if "@" in self.image else "tag": version}}


def _refuse(why: str) -> NoReturn:
    pytest.exit(f"error: {why}", returncode=2)


def _connect(kubeconfig: Path, folder: Path) -> Environment:
    """Take over the current context, and nothing else of the person's settings."""
    state, program = State(folder), _kubectl()
    theirs = Kubectl(program, kubeconfig.absolute())
    write_private(state.admin_kubeconfig, theirs.run("config", "view", "--raw", "--minify", "--flatten"))
    kubectl = Kubectl(program, state.admin_kubeconfig)
    plane = Plane(
        state=state,
        server=kubectl.run("config", "view", "--output=jsonpath={.clusters[0].cluster.server}"),
        version=kubectl.json("version")["serverVersion"]["gitVersion"],
        cluster_uid=kubectl.json("get", "namespace", "kube-system")["metadata"]["uid"],
        kubectl=kubectl,
    )
    return Environment(state, plane, engine=None, operator=None)


def _kubectl() -> Path:
    """Find the kubectl that tests are written for: a system's own may be years older."""
    only = replace(KUBERNETES, programs=(KUBERNETES.program("kubectl"),))
    return find_programs(only, os.environ, report)["kubectl"]


def _check_unused(kubectl: Kubectl) -> None:
    """Refuse a cluster with an operator or with namespaces that the tests would take for theirs and delete."""
    found = kubectl.run("get", "crd", *CRDS, "--ignore-not-found", "-o", "name").split()
    found += [f"namespace/{name}" for name in _namespaces(kubectl)]
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        there = f"{', '.join(found[:SHOWN])}{more}"
        _refuse(f"the cluster is in use, it has {there}: lend one without them, for they are deleted in the end")


def _check_image(kubectl: Kubectl, image: str) -> None:
    """See the image run before a release of the chart waits for it in vain."""
    pod = (f"pod/{LOOK}", "-n", "default")
    kubectl.run("run", LOOK, "-n", "default", f"--image={image}", "--restart=Never", "--", "--version")
    try:
        kubectl.run("wait", "--for=jsonpath={.status.phase}=Succeeded", *pod, f"--timeout={LOOK_SECONDS}s")
        report(f"✔ {image} runs there: {kubectl.run('logs', *pod).strip()}")
    except KubectlError:
        _refuse(f"no pod of {image} ran: load it into the cluster's nodes, or name another one by {IMAGE}")
    finally:
        kubectl.run("delete", *pod, "--grace-period=0", "--force")


def _namespaces(kubectl: Kubectl) -> list[str]:
    names = (each["metadata"]["name"] for each in kubectl.json("get", "namespaces")["items"])
    return [name for name in names if OURS.fullmatch(name)]


def _clear(environment: Environment, helm: Helm) -> None:
    """Remove what the tests made, also where they broke off half-way and a hook of the release cannot run."""
    kubectl = environment.plane.kubectl
    uninstall = ("uninstall", NAME, "-n", NAMESPACE, "--ignore-not-found", "--wait", "--timeout=100s")
    for options in ((), ("--no-hooks",)):
        if helm.run(*uninstall, *options, kubeconfig=kubectl.kubeconfig).returncode == 0:
            break
    kubectl.run("delete", "apiservice", API, "--ignore-not-found")
    there = kubectl.run("get", "crd", *CRDS, "--ignore-not-found", "-o", "name").split()
    if there:
        for host in kubectl.run("get", "dockerhosts.containerjobs.io", "-o", "name").split():
            kubectl.run("patch", host, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
        kubectl.run("delete", *there, "--timeout=100s")
    made = _namespaces(kubectl)
    if made:
        kubectl.run("delete", "namespace", *made, "--timeout=140s")
