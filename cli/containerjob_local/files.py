"""Files that only their owner may read, written whole or not at all."""

import os
import tempfile
from pathlib import Path


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter, parents included where they are missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, content: str | bytes, mode: int = 0o600) -> None:
    """Write a file in one step: a reader, or a crash, sees the old content or the new one."""
    private_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
