"""A data folder as a whole: its backup and restore, its integrity checks, and the schema versions of its databases.

The catalog is copied first. An activation writes the definition beside the executions before the catalog says ACTIVE,
so every version that is ACTIVE in the copied catalog can run on the copied executions.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from looply import __version__
from looply.bootstrap import CATALOG_FILE, KEY_FILE
from looply.catalog.storage.schema import HEAD
from looply.catalog.storage.sqlite import SqliteFile
from looply.catalog.tenants.rotation import check_keys
from looply.catalog.trail import backup as catalog_backup
from looply.cli.terminal.progress import Progress, show_nothing
from looply.clock import Clock
from looply.durable import sync_folder
from looply.engine.sqlite.file.backup import back_up, integrity_check, read_schema_number
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.errors import Conflict, LooplyError, NotFound, Refused, StoreCorrupt, StoreLost
from looply.master_keys import MasterKeys

DATABASES: Final = (CATALOG_FILE, FILE_NAME)
_LABEL: Final = "backup.json"


def make_backup(
    data: Path, target: Path, clock: Clock, *, with_key: bool, progress: Progress = show_nothing
) -> list[str]:
    """Copies the databases of a data folder, and its key, to the new folder `target`; returns the names of the files.

    Works beside a running server. Guarantees: each database is copied as of one instant, and the key opens the copied
    catalog; `target` appears whole or not at all; only the owner has access to folder and files.

    Raises: Conflict when the target exists, or (code `KEY_CHANGED`) when the key was rotated during the copy;
    StoreFull, StoreLost, StoreCorrupt.
    """
    names = [*DATABASES, *([KEY_FILE] if with_key and (data / KEY_FILE).is_file() else [])]
    keys = MasterKeys(data / KEY_FILE)
    before = keys.load() if KEY_FILE in names else ()
    with _new_folder(target, "the backup") as draft:
        catalog_backup.back_up(data / CATALOG_FILE, draft / CATALOG_FILE)
        back_up(data / FILE_NAME, draft / FILE_NAME, partial(progress, f"copying {FILE_NAME}"))
        if KEY_FILE in names:
            _copy_private(data / KEY_FILE, draft / KEY_FILE)
            # A key becomes active after the file has it, and leaves the file after it was deactivated.
            if MasterKeys(draft / KEY_FILE).load() != before:
                raise Conflict("the master key is being rotated; make the backup again", code="KEY_CHANGED")
        label = {"looply": __version__, "made_on": clock.now().isoformat(), "files": names}
        (draft / _LABEL).write_text(json.dumps(label, indent=2) + "\n", encoding="utf-8")
    return names


def restore_backup(source: Path, data: Path, *, key: Path | None, setting: str | None) -> list[str]:
    """Restores a backup to the data folder `data`; returns the names of the files.

    The copies are checked before the folder gets its name. `key` is the key file for a backup without one; `setting`
    has the keys when they come from the settings. The keys must be those of the backup.

    Raises: NotFound for a source that is no backup; Conflict for a folder that is not empty; StoreCorrupt; KeyUnfit for
    other keys; Refused (codes `KEY_MISSING`, `RAW_COPY`).
    """
    _check_source(source)
    key_file = key or (source / KEY_FILE if (source / KEY_FILE).is_file() else None)
    if key_file is None and setting is None:
        message = (
            f"{source} lacks the key of the stored secrets, which a restore needs: name the key file by --key-file, or"
            " set LOOPLY_ENCRYPTION_KEY; nothing was restored"
        )
        raise Refused(message, code="KEY_MISSING")
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise Conflict(f"{data} is not empty; restore into a new folder", code="FOLDER_NOT_EMPTY")
    names = [*DATABASES, *([KEY_FILE] if key_file is not None else [])]
    with _new_folder(data, "the data folder", may_exist=True) as draft:
        for name in DATABASES:
            _copy_private(source / name, draft / name)
            if problems := _problems(draft / name):
                raise StoreCorrupt(f"{source / name} is damaged: {problems[0]}; take another backup")
            for kind in ("wal", "shm"):
                # The check leaves these files; no process uses the folder yet.
                (draft / f"{name}-{kind}").unlink(missing_ok=True)
        if key_file is not None:
            _copy_private(key_file, draft / KEY_FILE)
        _check_keys(draft / CATALOG_FILE, MasterKeys(draft / KEY_FILE, setting))
    return names


def _check_keys(catalog: Path, keys: MasterKeys) -> None:
    """Compares keys with a catalog of the current schema version. Raises: KeyUnfit."""
    if catalog_backup.read_file_revision(catalog) != HEAD:
        return
    file = SqliteFile(catalog)
    try:
        file.read(lambda connection: check_keys(connection, keys.load(), "what is given"))
    finally:
        file.dispose()


def _check_source(source: Path) -> None:
    if not all((source / name).is_file() for name in DATABASES):
        raise NotFound(f"{source} is no backup: it lacks {' or '.join(DATABASES)}", code="NO_BACKUP")
    for log in (source / f"{name}-{kind}" for name in DATABASES for kind in ("wal", "journal")):
        if log.exists() and log.stat().st_size > 0:
            message = f"{source} is a raw copy of a data folder and not a backup: it has {log.name}"
            raise Refused(f"{message}; make backups with 'looply db backup'", code="RAW_COPY")


def check_databases(data: Path, progress: Progress = show_nothing) -> dict[str, Any]:
    """Returns {`files`: [{`file`, `bytes`, `problems`}], `problems`} of the databases; reads them whole.

    Works beside a running server.
    """
    found = {}
    for number, name in enumerate(DATABASES):
        progress(f"checking {name}", number, len(DATABASES))
        found[name] = _problems(data / name)
    return {
        "files": [
            {"file": name, "bytes": (data / name).stat().st_size, "problems": problems}
            for name, problems in found.items()
        ],
        "problems": [f"{name}: {text}" for name, problems in found.items() for text in problems],
    }


def schema_versions(data: Path) -> dict[str, str]:
    """Returns the schema version of each database, empty for one that has none yet. Raises: StoreCorrupt."""
    return {
        CATALOG_FILE: catalog_backup.read_file_revision(data / CATALOG_FILE),
        FILE_NAME: read_schema_number(data / FILE_NAME),
    }


def _problems(path: Path) -> list[str]:
    damage = catalog_backup.find_file_damage(path) if path.name == CATALOG_FILE else integrity_check(path)
    return [line for found in damage for line in found.splitlines()]


def _copy_private(source: Path, target: Path) -> None:
    """Copies a file; only the owner has access to the copy, from its first byte on."""
    target.touch(mode=0o600)
    with source.open("rb") as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer, 1024 * 1024)
        writer.flush()
        os.fsync(writer.fileno())


@contextmanager
def _new_folder(target: Path, what: str, *, may_exist: bool = False) -> Iterator[Path]:
    """Yields a draft folder to fill, which is renamed to `target` when it is complete. Raises: Conflict, StoreLost."""
    if target.exists() and not may_exist:
        raise Conflict(f"{target} exists already; name a new folder for {what}", code="TARGET_EXISTS")
    draft = target.absolute().with_name(f".{target.absolute().name}.part")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        try:
            yield draft
            sync_folder(draft)
            # The rename replaces an empty folder of that name.
            draft.rename(target.absolute())
        except (LooplyError, OSError):
            shutil.rmtree(draft, ignore_errors=True)
            raise
        sync_folder(target.absolute().parent)
    except OSError as error:
        raise StoreLost(f"{what} {target} was not made: {error.strerror or error}") from error
