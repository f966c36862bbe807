"""How a build runs, seen through compilers that are scripts; a real one builds in tests/local."""

import os
import time
from pathlib import Path

import pytest

from containerjob_local.binaries.builds import MODULES, build
from containerjob_local.binaries.releases import (
    CHART_RELEASES,
    NODES,
    PLANES,
    Program,
    Published,
    Release,
)
from containerjob_local.binaries.toolchains import Toolchain
from containerjob_local.errors import BinaryError

HELLO = Release("hello", "v1.0.0", (Program("hello", "hello.test/hello"),), "", Published("", ""), ldflags="-X a.b=c")
EVERY_RELEASE = [release for releases in (*PLANES.values(), *NODES.values(), CHART_RELEASES) for release in releases]


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    (tmp_path / "modules" / "hello").mkdir(parents=True)
    (tmp_path / "modules" / "hello" / "go.mod").write_text("module hello.test/hello\n")
    return tmp_path / "modules"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def toolchain(tmp_path: Path, script: str, **variables: str) -> Toolchain:
    go = tmp_path / "go"
    go.write_text(f'#!/bin/sh\nwhile [ "$1" != -o ]; do options="$options $1"; shift; done\n{script}\n')
    go.chmod(0o755)
    return Toolchain(go, {"PATH": "/usr/bin:/bin", **variables})


def test_what_is_built_depends_on_no_setting_of_the_person(tmp_path: Path, modules: Path, folder: Path) -> None:
    go = toolchain(
        tmp_path,
        'echo "$options|$3|$GOFLAGS|$GOTOOLCHAIN|$GOWORK|$CGO_ENABLED|$GOOS|$GOPROXY|$(ls)" > "$2"',
        GOFLAGS="-mod=vendor -nonsense",
        GOOS="plan9",
        GOPROXY="https://proxy.test",
    )
    build(HELLO, ["hello"], folder, go, print, modules=modules)
    assert (folder / "hello").read_text().split("|") == [
        " build -mod=readonly -trimpath -ldflags -s -w -X a.b=c",
        "hello.test/hello",
        "-buildvcs=false",
        "local",
        "off",
        "0",
        "",
        "https://proxy.test",
        "go.mod\n",
    ]


def test_a_build_says_how_long_it_takes_and_that_it_goes_on(tmp_path: Path, modules: Path, folder: Path) -> None:
    waits = f'while [ ! -e "{tmp_path}/go-on" ]; do sleep 0.01; done; touch "$2"'
    said: list[str] = []

    def note(line: str) -> None:
        said.append(line)
        if line.startswith("  … hello, "):
            (tmp_path / "go-on").touch()

    build(HELLO, ["hello"], folder, toolchain(tmp_path, waits), note, modules=modules, progress_seconds=0.05)
    assert "about 1 min on two cores, done once" in said[0]
    assert said[1].startswith("  … hello, ")
    assert said[-1].startswith("✔ built hello in ")


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo first; echo missing go.sum entry >&2; exit 1", "missing go.sum entry"), ("exit 7", "exit code 7")],
)
def test_a_build_that_fails_gives_the_compilers_last_words_and_leaves_nothing(
    tmp_path: Path, modules: Path, folder: Path, script: str, reason: str
) -> None:
    with pytest.raises(BinaryError, match=f"hello cannot be built: {reason}"):
        build(HELLO, ["hello"], folder, toolchain(tmp_path, script), print, modules=modules)
    assert list(folder.iterdir()) == []


def test_a_compiler_that_cannot_be_run_is_named(tmp_path: Path, modules: Path, folder: Path) -> None:
    with pytest.raises(BinaryError, match=r"hello cannot be built: /no/such/go: No such file"):
        build(HELLO, ["hello"], folder, Toolchain(Path("/no/such/go"), {}), print, modules=modules)


def test_an_interrupted_build_takes_the_compiler_with_it(tmp_path: Path, modules: Path, folder: Path) -> None:
    go = toolchain(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 300")

    def interrupt(line: str) -> None:
        if line.startswith("  …") and (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        build(HELLO, ["hello"], folder, go, interrupt, modules=modules, progress_seconds=0.02)
    assert time.monotonic() - started < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("release", EVERY_RELEASE, ids=lambda release: release.programs[0].name + release.version)
def test_the_package_carries_the_modules_of_every_release_with_their_checksums(release: Release) -> None:
    folder = MODULES / (release.module or release.name)
    required = (folder / "go.mod").read_text()
    assert f" {release.version}" in required
    assert (folder / "go.sum").stat().st_size > 1_000
    for program in release.programs:
        assert f'"{program.package}"' in (folder / "tools.go").read_text()
