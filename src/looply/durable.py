"""Files that are whole and on the disk, or not there."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Puts a file in place of what was there, readable by its owner only; a crash leaves the former one or this one.

    Its name is on the disk after `sync_folder`. Raises: OSError; then the former file is as it was.
    """
    draft = path.with_name(f".{path.name}.part")
    try:
        with open(draft, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk: what was made, renamed and removed there. Raises: OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
