"""An image registry on loopback, which engines trust without TLS: for tests of pulls that need a real one."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from containerjob_local import processes
from containerjob_local.engine import leftovers, packages
from containerjob_local.engine.errors import EngineError
from containerjob_local.files import private_folder, write_private
from containerjob_local.ports import LOOPBACK, free_ports

PACKAGE = "docker-registry"
_READY_SECONDS = 20.0
_ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry that answers: `address` is what comes before the first slash of its images' names."""

    address: str


def start_registry(state_dir: Path, report: Callable[[str], None]) -> Registry:
    """Start a registry with its storage in the state folder and wait until it answers; else raise EngineError."""
    folder = private_folder(_folder(state_dir))
    program = _program(folder, report)
    stop_process(folder)
    address = f"{LOOPBACK}:{free_ports(1)[0]}"
    configuration = folder / "config.json"  # the registry reads YAML, of which JSON is a part
    write_private(configuration, json.dumps(_configuration(folder, address)))
    log = folder / "registry.log"
    process = processes.start(
        PACKAGE, [program, "serve", str(configuration)], log=log, record=folder / "registry.json"
    )
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(address):
        if not processes.is_alive(process) or time.monotonic() > deadline:
            stop_process(folder)
            raise EngineError(f"the registry does not answer: {processes.last_line(log)} (log: {log})")
        time.sleep(0.05)
    return Registry(address)


def stop_registry(state_dir: Path) -> None:
    """Stop the registry that was started here and remove its folder."""
    stop_process(_folder(state_dir))
    leftovers.remove_folder(_folder(state_dir))


def stop_process(folder: Path) -> None:
    """Stop the registry a folder has a record of, if it still runs."""
    processes.stop_recorded(folder / "registry.json")


def _folder(state_dir: Path) -> Path:
    return state_dir.absolute() / "registry"


def _program(folder: Path, report: Callable[[str], None]) -> str:
    """Find the system's registry, or unpack it: installing the package would start a service of its own."""
    if (program := packages.find_program("docker-registry")) is not None:
        return program
    unpacked = folder / "package" / "usr" / "bin" / "docker-registry"
    if not unpacked.is_file():
        report(f"unpacking the system package {PACKAGE}")
        packages.unpack(PACKAGE, folder / "package", folder / "packages.log")
    return str(unpacked)


def _configuration(folder: Path, address: str) -> dict[str, object]:
    return {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }


def _answers(address: str) -> bool:
    """Ask for the API's root, which answers 200 where no login is needed."""
    connection = http.client.HTTPConnection(address, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
