"""Shell scripts that stand in for programs of the system, first in PATH."""

from pathlib import Path


def write_program(folder: Path, name: str, script: str) -> Path:
    """Write an executable sh script into a folder that a test puts into PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that is dead but not yet collected by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # before or after the file was opened
        return False
