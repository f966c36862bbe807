"""Make a base image ready to run from: no installer, the standard library compiled. Runs while the image is built."""

import compileall
import shutil
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

INSTALLERS = ("pip", "setuptools", "wheel", "pkg_resources", "_distutils_hack", "distutils-precedence", "ensurepip")
NEVER_IMPORTED = {"test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo", "site-packages", "dist-packages"}


def installers(places: list[Path]) -> Iterator[Path]:
    """Find what can install packages: modules, their metadata, and the programs that call them."""
    for place in filter(Path.is_dir, places):
        for path in place.iterdir():
            if path.name.partition("-")[0].partition(".")[0] in INSTALLERS or path.stem in INSTALLERS:
                yield path


def programs() -> Iterator[Path]:
    """Find pip3 and its like."""
    for folder in ("/usr/local/bin", "/usr/bin"):
        for pattern in ("pip", "pip[0-9]*", "wheel", "easy_install*"):
            yield from Path(folder).glob(pattern)


def main() -> int:
    """Remove every installer, and compile what may be imported: the root file system is read-only at run time."""
    library = Path(sysconfig.get_path("stdlib"))
    places = [library, *map(Path, site.getsitepackages()), Path("/usr/share/python-wheels")]
    for path in [*installers(places), *programs()]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    folders = [each for each in sorted(library.iterdir()) if each.is_dir() and each.name not in NEVER_IMPORTED]
    done = [compileall.compile_dir(library, maxlevels=0, quiet=1)]
    done += [compileall.compile_dir(each, quiet=1) for each in folders]
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
