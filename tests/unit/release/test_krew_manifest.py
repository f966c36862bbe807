"""The Krew manifest, rendered as a release does, for checksums that were made up."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[3]
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")
HOME = "https://code.test/owner/containerjob"
DOWNLOADS = f"{HOME}/releases/download/v1.2.3"


def checksums(*platforms: str) -> str:
    lines = [f"{number:064x}  kubectl-containerjob_{name}.tar.gz\n" for number, name in enumerate(platforms, start=1)]
    return "".join([f"{99:064x}  containerjob-1.2.3-py3-none-any.whl\n", *lines])


def render(folder: Path, text: str, version: str = "v1.2.3") -> subprocess.CompletedProcess[str]:
    (folder / "checksums.txt").write_text(text)
    options = ["--version", version, "--homepage", HOME, "--downloads", DOWNLOADS]
    command = [sys.executable, "tools/krew_manifest.py", *options, str(folder / "checksums.txt")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def manifest(tmp_path: Path) -> dict[str, Any]:
    done = render(tmp_path, checksums(*PLATFORMS))
    assert done.returncode == 0, done.stderr
    body: dict[str, Any] = yaml.safe_load(done.stdout)
    return body


def test_it_is_what_krew_asks_of_a_manifest(manifest: dict[str, Any]) -> None:
    assert manifest["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2"
    assert (manifest["kind"], manifest["metadata"]) == ("Plugin", {"name": "containerjob"})
    spec = manifest["spec"]
    assert spec["version"] == "v1.2.3"
    assert spec["homepage"] == HOME
    assert 0 < len(spec["shortDescription"]) <= 50
    assert not re.search(r"[.]$|kubectl|\n", spec["shortDescription"])
    assert HOME in spec["caveats"]
    assert spec["description"]


def test_every_platform_has_its_own_archive_and_checksum(manifest: dict[str, Any]) -> None:
    platforms = manifest["spec"]["platforms"]
    for number, (name, platform) in enumerate(zip(PLATFORMS, platforms, strict=True), start=1):
        assert "_".join(platform["selector"]["matchLabels"][key] for key in ("os", "arch")) == name
        assert platform["sha256"] == f"{number:064x}"
        assert platform["uri"] == f"{DOWNLOADS}/kubectl-containerjob_{name}.tar.gz"
        assert urlsplit(platform["uri"]).scheme == "https"
        # Krew links this file into PATH under the plugin's name, so it must carry that name.
        assert Path(platform["bin"]).name == "kubectl-containerjob"


def test_a_version_gets_the_v_that_krew_wants(tmp_path: Path) -> None:
    done = render(tmp_path, checksums(*PLATFORMS), version="1.2.3")
    assert yaml.safe_load(done.stdout)["spec"]["version"] == "v1.2.3"


def test_a_platform_without_an_archive_is_named(tmp_path: Path) -> None:
    done = render(tmp_path, checksums(*PLATFORMS[:-1]))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"error: {tmp_path}/checksums.txt has no archive for darwin_arm64: build it first\n"
