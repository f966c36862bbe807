"""One folder holds everything of a local environment; removing it leaves nothing behind."""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from containerjob_local.addresses import Addresses
from containerjob_local.errors import StateError
from containerjob_local.files import private_folder, write_private
from containerjob_local.ports import LOOPBACK

_MARKER = ".containerjob-local"


@dataclass(frozen=True, slots=True)
class PlaneRecord:
    """What is remembered of a plane, so that one that crashed comes back where its kubeconfigs expect it."""

    port: int
    etcd_port: int
    version: str = ""
    cluster_uid: str = ""
    block: str = ""
    """The addresses of its node; empty without one."""

    @property
    def addresses(self) -> Addresses | None:
        return Addresses(self.block) if self.block else None

    @property
    def address(self) -> str:
        """Where the API server listens: pods do not reach the machine's loopback."""
        return Addresses(self.block).host if self.block else LOOPBACK


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """What is remembered of the engine, so that `down` finds it with the API server dead."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class LogApiRecord:
    """What is remembered of the log API, so that an operator that is started again serves it at the same port."""

    port: int


@dataclass(frozen=True, slots=True)
class CloudRunRecord:
    """What is remembered of the Cloud Run emulator, so that one that is started again is where its host says."""

    port: int


@dataclass(frozen=True, slots=True)
class State:
    """The paths of one local environment."""

    folder: Path

    @property
    def pki(self) -> Path:
        return self.folder / "pki"

    @property
    def etcd_data(self) -> Path:
        return self.folder / "etcd"

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.folder / "admin.kubeconfig"

    @property
    def controller_manager_kubeconfig(self) -> Path:
        return self.folder / "controller-manager.kubeconfig"

    @property
    def audit_policy(self) -> Path:
        return self.folder / "audit-policy.yaml"

    @property
    def operator_kubeconfig(self) -> Path:
        return self.folder / "operator.kubeconfig"

    @property
    def node(self) -> Path:
        """Name the folder of everything the node writes, links resolved, as mounts need it."""
        return self.folder.resolve() / "node"

    def log(self, name: str) -> Path:
        """Name the file that a process's output goes to."""
        return self.folder / "logs" / f"{name}.log"

    def record(self, name: str) -> Path:
        """Name the file that remembers a process's pid and start."""
        return self.folder / "run" / f"{name}.json"

    def exists(self) -> bool:
        """Tell whether an environment lives here; a folder without our mark is somebody else's."""
        return (self.folder / _MARKER).is_file()

    def plane(self) -> PlaneRecord | None:
        """Read what is remembered of the plane; None when there is nothing, or nothing whole."""
        fields = self._read("plane")
        try:
            return PlaneRecord(**fields)
        except TypeError:
            return None

    def engine(self) -> EngineRecord | None:
        """Read what is remembered of the engine; None when there is nothing, or nothing whole."""
        fields = self._read("engine")
        try:
            return EngineRecord(**fields)
        except TypeError:
            return None

    def log_api(self) -> LogApiRecord | None:
        """Read what is remembered of the log API; None when there is nothing, or nothing whole."""
        fields = self._read("log-api")
        try:
            return LogApiRecord(**fields)
        except TypeError:
            return None

    def cloud_run(self) -> CloudRunRecord | None:
        """Read what is remembered of the Cloud Run emulator; None when there is nothing, or nothing whole."""
        fields = self._read("cloud-run")
        try:
            return CloudRunRecord(**fields)
        except TypeError:
            return None

    def remember_cloud_run(self, cloud_run: CloudRunRecord) -> None:
        """Write down the emulator's port before it is served."""
        write_private(self.folder / "cloud-run.json", json.dumps(asdict(cloud_run)))

    def remember_log_api(self, log_api: LogApiRecord) -> None:
        """Write down the log API's port before it is served."""
        write_private(self.folder / "log-api.json", json.dumps(asdict(log_api)))

    def remember_plane(self, plane: PlaneRecord) -> None:
        """Write down the plane's ports before its processes start, and who it is once it says so."""
        write_private(self.folder / "plane.json", json.dumps(asdict(plane)))

    def remember_engine(self, engine: EngineRecord) -> None:
        """Write down where the engine is before jobs are sent to it."""
        write_private(self.folder / "engine.json", json.dumps(asdict(engine)))

    def _read(self, name: str) -> dict[str, Any]:
        try:
            fields = json.loads((self.folder / f"{name}.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return fields if isinstance(fields, dict) else {}

    def create(self) -> None:
        """Make the folder ours; refuse one that holds somebody else's files, since `down` removes it whole."""
        if self.exists():
            self.folder.chmod(0o700)
            return
        if any(self.folder.iterdir()):
            raise StateError(
                f"{self.folder} holds files that are not of a local environment: "
                "name an empty or new folder with --state-dir"
            )
        self.folder.chmod(0o700)
        write_private(self.folder / _MARKER, "removed with everything in it by: kubectl containerjob local down\n")

    def remove(self) -> None:
        """Remove the folder and everything in it, but only if it is ours."""
        if not self.exists():
            raise StateError(f"{self.folder} holds no local environment, so it is not removed")
        shutil.rmtree(self.folder)


def default_folder(environment: Mapping[str, str]) -> Path:
    """Choose the state folder as the XDG base directories say."""
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".local/state")
    return Path(base) / "containerjob" / "local"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time change an environment.

    The lock is on the folder itself, so that no lock file stays behind when `down` removes it; hence the check,
    once the lock is held, that the folder is still the one at that path.
    """
    while True:
        try:
            private_folder(folder)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise StateError(f"the state folder {folder} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _still_at(folder, handle):
                yield
                return
        finally:
            os.close(handle)


def _still_at(folder: Path, handle: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
