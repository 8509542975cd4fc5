"""Atomic, durable writes of files."""

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file atomically, readable by its owner only: after a crash the former file or this one is there.

    The new name is durable after `sync_folder`. Raises: OSError; then the former file is unchanged.
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
    """Flushes a folder to the disk: files that were created, renamed and removed in it. Raises: OSError."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
