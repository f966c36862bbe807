from pathlib import Path

import pytest
from tests.unit.kube.servers import write_kubeconfig

from containerjob_operator.errors import KubeRefused
from containerjob_operator.kube.client import Kube


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "can't be used"),
        ("[]", "can't be used"),
        ("{clusters: []}", "contexts"),
        ("{clusters: [], contexts: []}", "No current context"),
        ("{clusters: [], contexts: [], current-context: prod}", "prod"),
        (
            "{clusters: [{name: c, cluster: {server: 'http://h'}}], current-context: x,"
            " contexts: [{name: x, context: {cluster: c}}]}",
            "names no user",
        ),
    ],
)
async def test_a_kubeconfig_that_cannot_be_used_is_named_with_the_reason(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(KubeRefused, match=rf"kubeconfig {path}.*{words}"):
        Kube.connect(path)


async def test_a_kubeconfig_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(KubeRefused, match="not found"):
        Kube.connect(tmp_path / "nothing")


async def test_outside_a_pod_a_kubeconfig_is_asked_for() -> None:
    with pytest.raises(KubeRefused, match="name a kubeconfig file"):
        Kube.connect()


async def test_a_certificate_that_is_missing_is_named(tmp_path: Path) -> None:
    missing = {"client-certificate": "gone.crt", "client-key": "gone.key"}
    with pytest.raises(KubeRefused, match=r"can't be used: .*No such file"):
        Kube.connect(write_kubeconfig(tmp_path, missing))
