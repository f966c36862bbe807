"""The committed files: how a definition is written, and which ones are stale."""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

import yaml
from typing_extensions import override

from containerjob_api.crd.definition import KINDS

HEADER: Final = (
    "# Generated from operator/containerjob_api by `python -m containerjob_api.crd`; edit the models instead.\n"
)
LINE_WIDTH: Final = 118


class _Dumper(yaml.SafeDumper):
    """Writes every part out: a reader of the file should not have to follow anchors."""

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True


def documents() -> dict[str, str]:
    """Return the text of every file by its name."""
    return {
        f"{kind.plural}.yaml": HEADER
        + yaml.dump(kind.definition(), Dumper=_Dumper, sort_keys=False, width=LINE_WIDTH, allow_unicode=True)
        for kind in KINDS
    }


def write(directory: Path) -> None:
    """Write every file into `directory`, which is made where it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (directory / name).write_text(text, encoding="utf-8")


def differences(directory: Path) -> Iterator[str]:
    """Yield the lines of a diff from what `directory` holds to what the models say; none when it is fresh."""
    wanted = documents()
    present = {path.name for path in directory.glob("*.yaml")}
    for name in sorted(present | wanted.keys()):
        path = directory / name
        old = path.read_text(encoding="utf-8") if name in present else ""
        yield from unified_diff(
            old.splitlines(keepends=True),
            wanted.get(name, "").splitlines(keepends=True),
            fromfile=str(path),
            tofile=f"{path} (generated)",
        )
