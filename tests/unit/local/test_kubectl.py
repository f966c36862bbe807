"""kubectl as a program, played by a script that shows what it was given."""

from pathlib import Path

import pytest

from containerjob_local import kubectl as module
from containerjob_local.errors import KubectlError
from containerjob_local.kubectl import Kubectl


def kubectl(folder: Path, script: str) -> Kubectl:
    program = folder / "kubectl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Kubectl(program, folder / "admin.kubeconfig")


def test_it_speaks_to_its_own_cluster_whatever_the_persons_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/somebody/.kube/config")
    ask = kubectl(tmp_path, 'echo "$KUBECONFIG $KUBERC $KUBECACHEDIR"')
    assert ask.run("get").split() == [str(tmp_path / "admin.kubeconfig"), "off", str(tmp_path / "kubectl-cache")]


def test_an_answer_in_json_is_read(tmp_path: Path) -> None:
    assert kubectl(tmp_path, 'printf \'{"asked": "%s"}\' "$*"').json("get", "jobs") == {"asked": "get jobs -o json"}


def test_a_manifest_is_applied_from_a_file_or_from_a_value(tmp_path: Path) -> None:
    ask = kubectl(tmp_path, f'echo "$*" >> {tmp_path}/asked; cat >> {tmp_path}/asked')
    ask.apply(tmp_path / "crd.yaml")
    ask.apply({"kind": "ConfigMap"})
    by_file, by_value, content = (tmp_path / "asked").read_text().splitlines()
    assert by_file.startswith("apply --server-side")
    assert by_file.endswith(f"-f {tmp_path}/crd.yaml")
    assert by_value.endswith("-f -")
    assert content == '{"kind": "ConfigMap"}'


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (
            "echo warning >&2; echo 'Error (Forbidden): no' >&2; exit 1",
            r"Error \(Forbidden\): no",
        ),
        ("exit 3", "exit code 3"),
    ],
)
def test_a_refusal_carries_kubectls_own_last_words(tmp_path: Path, script: str, reason: str) -> None:
    with pytest.raises(KubectlError, match=f"^kubectl apply: {reason}$"):
        kubectl(tmp_path, script).run("apply", "-f", "x")


def test_a_kubectl_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KubectlError, match=r"kubectl get: .*No such file"):
        Kubectl(tmp_path / "kubectl", tmp_path / "admin.kubeconfig").run("get")


def test_a_kubectl_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.1)
    with pytest.raises(KubectlError, match=r"timed out after 0\.1 seconds"):
        kubectl(tmp_path, "exec sleep 300").run("get")
