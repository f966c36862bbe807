"""The order of the rungs, with programs made for the test."""

import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.release_server import ReleaseServer, release_server

from containerjob_local.binaries import find_binaries
from containerjob_local.binaries.cache import cache_folder, filling, release_folder
from containerjob_local.binaries.downloads import URL_VARIABLE
from containerjob_local.binaries.ladder import ASSETS_VARIABLE, find_programs
from containerjob_local.binaries.releases import (
    ETCD,
    KUBERNETES,
    LOWEST_KUBERNETES,
    VERSION_VARIABLE,
    Program,
    Published,
    Release,
    kubernetes_version,
    machine,
)
from containerjob_local.errors import BinaryError
from containerjob_local.ports import free_ports

BARE = Published("{version}/{program}", "{version}/{program}.sha256")
HELLO = Release("hello", "v1.0.0", (Program("hello", "hello.test/hello"),), "http://127.0.0.1:1", BARE)
# Stands in for a compiler where only its place in the ladder matters: it writes the program it is asked for.
COMPILER = """#!/bin/sh
[ "$1" = env ] && { echo "${GO_SAYS:-go1.26.0}"; exit 0; }
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho built' > "$2"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReleaseServer]:
    (tmp_path / "published").mkdir()
    with release_server(tmp_path / "published") as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, server: ReleaseServer) -> dict[str, str]:
    make_program(tmp_path / "path" / "go", COMPILER)
    return {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{tmp_path / 'path'}:/usr/bin:/bin",
        URL_VARIABLE: server.url,
    }


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    (tmp_path / "modules" / "hello").mkdir(parents=True)
    return tmp_path / "modules"


def make_program(path: Path, content: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o755)
    return path


def cached(environment: dict[str, str], release: Release, name: str) -> Path:
    return release_folder(cache_folder(environment), release) / name


def test_explicit_paths_come_first(tmp_path: Path, environment: dict[str, str], server: ReleaseServer) -> None:
    own = make_program(tmp_path / "own" / "my-etcd")
    make_program(tmp_path / "assets" / "etcd")
    environment |= {"CONTAINERJOB_ETCD": str(own), ASSETS_VARIABLE: str(tmp_path / "assets")}
    assert find_programs(ETCD, environment, print) == {"etcd": own}
    assert server.requests == []


def test_assets_come_second_and_what_they_lack_comes_from_the_next_rungs(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assets = [make_program(tmp_path / "assets" / name) for name in ("kube-apiserver", "kubectl")]
    manager = make_program(cached(environment, KUBERNETES, "kube-controller-manager"))
    environment[ASSETS_VARIABLE] = str(tmp_path / "assets")
    assert set(find_programs(KUBERNETES, environment, print).values()) == {*assets, manager}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("CONTAINERJOB_ETCD", "/no/such/etcd"), ("CONTAINERJOB_ETCD", "/etc/passwd"), (ASSETS_VARIABLE, "/no/such")],
)
def test_a_path_that_leads_nowhere_is_an_error_that_names_the_variable(
    environment: dict[str, str], variable: str, value: str
) -> None:
    with pytest.raises(BinaryError, match=f"{variable}={value} is not a .*: correct or unset it"):
        find_programs(ETCD, environment | {variable: value}, print)


def test_the_cache_is_asked_before_the_network(environment: dict[str, str], server: ReleaseServer) -> None:
    program = make_program(cached(environment, ETCD, "etcd"))
    said: list[str] = []
    assert find_programs(ETCD, environment, said.append) == {"etcd": program}
    assert (said, server.requests) == ([], [])


def test_a_download_is_kept_for_the_next_time(environment: dict[str, str], server: ReleaseServer) -> None:
    server.publish_archive(ETCD, {"etcd": b"#!/bin/sh\n"})
    first = find_programs(ETCD, environment, print)
    asked = len(server.requests)
    assert find_programs(ETCD, environment, print) == first == {"etcd": cached(environment, ETCD, "etcd")}
    assert len(server.requests) == asked


def test_a_wrong_checksum_falls_to_the_build_with_a_warning(
    environment: dict[str, str], server: ReleaseServer, modules: Path
) -> None:
    server.publish_bare(HELLO, "hello", b"evil", checksum="0" * 64)
    said: list[str] = []
    found = find_programs(HELLO, environment, said.append, modules)
    assert found["hello"].read_text() == "#!/bin/sh\necho built"
    assert any(line.startswith("! not downloaded:") and "checksum" in line for line in said)


def test_a_server_that_refuses_falls_to_the_build(environment: dict[str, str], modules: Path) -> None:
    environment[URL_VARIABLE] = f"http://127.0.0.1:{free_ports(1)[0]}"
    found = find_programs(HELLO, environment, print, modules)
    assert found["hello"].read_text() == "#!/bin/sh\necho built"


def test_only_what_could_not_be_downloaded_is_built(
    environment: dict[str, str], server: ReleaseServer, modules: Path
) -> None:
    two = Release("hello", "v2.0.0", (Program("first", "a"), Program("second", "b")), server.url, BARE)
    server.publish_bare(two, "first", b"downloaded")
    found = find_programs(two, environment, print, modules)
    assert found["first"].read_bytes() == b"downloaded"
    assert found["second"].read_text() == "#!/bin/sh\necho built"


def test_two_who_need_a_program_at_once_build_it_once(environment: dict[str, str], modules: Path) -> None:
    said: list[str] = []
    threads = [
        threading.Thread(target=find_programs, args=(HELLO, environment, said.append, modules)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(line.startswith("• building") for line in said) == 1


def test_who_waits_for_another_process_is_told(tmp_path: Path) -> None:
    said: list[str] = []

    def note(line: str) -> None:
        said.append(line)
        fcntl.flock(holder, fcntl.LOCK_UN)

    (tmp_path / ".lock").touch()
    with (tmp_path / ".lock").open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        with filling(tmp_path, note) as folder:
            assert folder == tmp_path
    assert said == [f"• another process is filling {tmp_path}: waiting for it"]


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".unfinished-build").mkdir()
    (tmp_path / ".unfinished-build" / "half").touch()
    with filling(tmp_path, print):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_all_four_programs_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {program.name for release in (ETCD, KUBERNETES) for program in release.programs}
    for name in names:
        make_program(tmp_path / name)
    monkeypatch.setenv(ASSETS_VARIABLE, str(tmp_path))
    binaries = find_binaries(print)
    assert binaries.kube_apiserver == tmp_path / "kube-apiserver"
    assert {binaries.etcd.name, binaries.kubectl.name, binaries.kube_controller_manager.name} < names


def test_an_older_kubernetes_is_chosen_by_a_variable_or_by_who_asks_for_it() -> None:
    assert kubernetes_version({}) == KUBERNETES.version
    variable = {VERSION_VARIABLE: LOWEST_KUBERNETES.version}
    assert kubernetes_version(variable) == LOWEST_KUBERNETES.version
    assert kubernetes_version(variable, KUBERNETES.version) == KUBERNETES.version
    with pytest.raises(BinaryError, match=r"Kubernetes v1\.1 cannot be brought up here: choose one of v1"):
        kubernetes_version({}, "v1.1")


def test_the_version_is_part_of_the_cache_path() -> None:
    assert release_folder(cache_folder({"HOME": "/h"}), ETCD) == Path(
        f"/h/.cache/containerjob/bin/etcd-{ETCD.version}"
    )


def test_a_system_that_is_not_linux_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(BinaryError, match="needs Linux, this is Darwin"):
        machine()
