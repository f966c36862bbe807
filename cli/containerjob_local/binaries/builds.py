"""A build from Go modules that the package carries with their checksums: slow, done once, needs no release server."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from containerjob_local.binaries.cache import UNFINISHED, keep
from containerjob_local.binaries.releases import Program, Release
from containerjob_local.binaries.toolchains import Toolchain
from containerjob_local.errors import BinaryError

MODULES = Path(__file__).parent / "modules"
PROGRESS_SECONDS = 15.0


def build(
    release: Release,
    names: list[str],
    folder: Path,
    toolchain: Toolchain,
    report: Callable[[str], None],
    *,
    modules: Path = MODULES,
    progress_seconds: float = PROGRESS_SECONDS,
) -> None:
    """Build programs of one release into their cache folder; raise BinaryError with the compiler's last words."""
    report(
        f"• building {', '.join(names)} {release.version} from source with {toolchain.go}: "
        f"about {release.build_minutes:g} min on two cores, done once"
    )
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as temporary:
        module = Path(temporary) / "module"
        shutil.copytree(modules / (release.module or release.name), module)  # the installed package may be read-only
        for name in names:
            program = release.program(name)
            output = Path(temporary) / name
            command = _command(toolchain.go, release, program, output)
            _run_with_progress(
                command, module, _go_environment(toolchain.environment), name, report, progress_seconds
            )
            keep(output, folder / name)
    report(f"✔ built {', '.join(names)} in {time.monotonic() - started:.0f} s")


def _command(go: Path, release: Release, program: Program, output: Path) -> list[str]:
    ldflags = f"-s -w {release.ldflags}".strip()
    return [str(go), "build", "-mod=readonly", "-trimpath", "-ldflags", ldflags, "-o", str(output), program.package]


def _go_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Keep a person's proxies and folders, but nothing that changes what is built."""
    kept = {name: value for name, value in environment.items() if name not in ("GOOS", "GOARCH", "GOROOT")}
    return kept | {
        "GOFLAGS": "-buildvcs=false",  # not empty: then what `go env -w` stored would hold
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "CGO_ENABLED": "0",  # no C compiler needed
    }


def _run_with_progress(
    command: list[str],
    module: Path,
    environment: dict[str, str],
    name: str,
    report: Callable[[str], None],
    progress_seconds: float,
) -> None:
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        try:
            compiler = subprocess.Popen(
                command, cwd=module, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        except OSError as error:
            raise BinaryError(f"{name} cannot be built: {command[0]}: {error.strerror}") from error
        with compiler:
            try:
                while not _ended(compiler, progress_seconds):
                    report(f"  … {name}, {time.monotonic() - started:.0f} s")
            finally:
                if compiler.poll() is None:  # we were interrupted
                    compiler.terminate()
                    compiler.wait()  # leaving the block does not, after a Ctrl-C
        if compiler.returncode != 0:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"exit code {compiler.returncode}"
            raise BinaryError(f"{name} cannot be built: {reason}")


def _ended(compiler: "subprocess.Popen[bytes]", seconds: float) -> bool:
    try:
        compiler.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
