"""A disk that loses power, under the real SQLite: flushed writes are durable, of the others any part may be.

Theory of operation. `CrashDisk` is the default VFS of SQLite while it is mounted. Files go to a real folder, so locks,
shared memory and several connections work as in production: that is the page cache. Beside it a `Volume` keeps the
platter's content of each file, and the writes and truncations since. A flush applies them; the real `fsync` is skipped.

`Volume.power_loss` returns the files that a start may find: of each file the platter's content and any subset of the
512-byte sectors written since, whole or torn; gaps hold zeros or noise. Names follow the same rule: a file that was
made or deleted since its folder was last flushed is there or not.
"""

import threading
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple, Protocol

import apsw

SECTOR: Final = 512
UNFLUSHED: Final = ("executions.mark",)
"""Files that the store writes past SQLite, and never flushes."""

Change = tuple[int, bytes] | int
"""A write (offset, bytes), or a truncation to a size."""


class Op(NamedTuple):
    """One operation of a volume. `file` is "db", "db-wal" or "db-journal", `number` counts the operations from 1."""

    kind: Literal["write", "sync", "truncate", "delete"]
    file: str
    number: int


class Watcher(Protocol):
    """Observes every operation; for recorders and for faults."""

    def before(self, op: Op) -> None:
        """Called in the thread of the operation. If it raises, SQLite gets the error and the operation is not done."""
        ...

    def after(self, op: Op) -> None:
        """Called after the operation and before any other begins."""
        ...


class Image(NamedTuple):
    """One file as a start finds it: the platter's content and the surviving writes. Most of it is shared."""

    durable: bytes
    changes: tuple[Change, ...] = ()
    filler: bytes = b""

    def content(self) -> bytes:
        """Returns the bytes of the file."""
        content = bytearray(self.durable)
        for change in self.changes:
            _apply(content, change, self.filler)
        return bytes(content)


class Inode:
    """The platter's content of one file, and the pending changes."""

    def __init__(self, durable: bytes = b"") -> None:
        self.durable = durable
        self.pending: list[Change] = []
        self.failures = 0

    def flush(self) -> None:
        """Moves everything to the platter."""
        if self.pending:
            self.durable = Image(self.durable, tuple(self.pending)).content()
            self.pending.clear()

    def after_loss(self, rng: Random) -> Image:
        """Returns an image that the next start may find."""
        share = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        filler = rng.randbytes(SECTOR) if rng.random() < 0.3 else b""
        parts = (part for change in self.pending for part in _sectors(change))
        return Image(self.durable, tuple(_torn(part, rng) for part in parts if rng.random() < share), filler)

    def fail(self, rng: Random) -> None:
        """Fails a flush as kernels do: some of it is on the platter, the rest is never flushed again.

        Open handles of the file get the error with the next flush.
        """
        self.durable = self.after_loss(rng).content()
        self.pending.clear()
        self.failures += 1


class Volume:
    """The files of one folder. Safe for many threads."""

    def __init__(self, folder: Path, rng: Random, watcher: Watcher | None = None) -> None:
        self._folder = folder
        self._rng = rng
        self._lock = threading.RLock()
        self._names = {path.name: Inode(path.read_bytes()) for path in folder.glob("*.db*")}
        self._durable_names = dict(self._names)
        self._shared: set[str] = set()
        self.watcher = watcher
        self.ops = 0
        self.is_lying = False
        """Whether flushes do nothing: a control, whose damage every checker must detect."""

    def opened(self, name: str) -> int:
        """Registers a file that may be new; returns how many of its flushes failed."""
        with self._lock:
            return self._names.setdefault(name, Inode()).failures

    def write(self, file: "CrashFile", data: bytes, offset: int) -> None:
        """Writes to the page cache."""

        def act(inode: Inode) -> None:
            file.write_through(data, offset)
            inode.pending.append((offset, data))

        self._do("write", file.name, act)

    def truncate(self, file: "CrashFile", size: int) -> None:
        """Cuts or lengthens a file in the page cache."""

        def act(inode: Inode) -> None:
            file.truncate_through(size)
            inode.pending.append(size)

        self._do("truncate", file.name, act)

    def sync(self, file: "CrashFile", *, is_new: bool) -> None:
        """Flushes a file; one that may be new flushes its folder as well. Raises: apsw.IOError, errors of a watcher.

        A failed flush is reported once to each open handle of the file.
        """

        def act(inode: Inode) -> None:
            failed, file.failures = inode.failures - file.failures, inode.failures
            if failed:
                raise apsw.IOError("an earlier flush failed")
            if self.is_lying:
                return
            inode.flush()
            if is_new:
                self._durable_names = dict(self._names)

        try:
            self._do("sync", file.name, act)
        except apsw.IOError:
            with self._lock:
                inode = self._names[file.name]
                inode.fail(self._rng)
                file.failures = inode.failures
            raise

    def delete(self, name: str, *, is_flushed: bool) -> None:
        """Removes a name; durably when its folder is flushed."""

        def act(_inode: Inode) -> None:
            del self._names[name]
            if is_flushed:
                self._durable_names = dict(self._names)

        self._do("delete", name, act)

    def power_loss(self, rng: Random) -> dict[str, Image]:
        """Returns the files that the next start may find, by name."""
        with self._lock:
            found: dict[str, Image] = {}
            for name in sorted({*self._names, *self._durable_names}):
                inode = rng.choice((self._names.get(name), self._durable_names.get(name)))
                if inode is not None:
                    found[name] = inode.after_loss(rng)
            return found | self._unflushed(rng)

    def page_cache(self) -> dict[str, Image]:
        """Returns the files as another process would read them now."""
        with self._lock:
            names = (*self._names, *self._unflushed(None))
            return {name: Image((self._folder / name).read_bytes()) for name in names}

    def inherit(self, other: "Volume") -> None:
        """Takes over platter and pending writes of another volume, whose page cache this folder holds already."""
        with other._lock:
            copies = {id(inode): _copy(inode) for inode in (*other._names.values(), *other._durable_names.values())}
            self._names = {name: copies[id(inode)] for name, inode in other._names.items()}
            self._durable_names = {name: copies[id(inode)] for name, inode in other._durable_names.items()}

    def _unflushed(self, rng: Random | None) -> dict[str, Image]:
        """Returns the files that are never flushed after a loss: whole, empty, full of zeros, or missing."""
        there = [path for path in map(self._folder.joinpath, UNFLUSHED) if path.exists()]
        found = {path.name: Image(path.read_bytes()) for path in there}
        if rng is None or rng.random() < 0.5:
            return found
        return rng.choice(
            ({}, {name: Image(bytes(rng.choice((0, len(image.durable))))) for name, image in found.items()})
        )

    def _do(self, kind: Literal["write", "sync", "truncate", "delete"], name: str, act: "_Act") -> None:
        with self._lock:
            self.ops += 1
            op = Op(kind, name.replace("executions.", ""), self.ops)
        # Outside of the lock: a watcher may wait for another thread, which may need the disk.
        if self.watcher is not None:
            self.watcher.before(op)
        with self._lock:
            act(self._names[name])
            if self.watcher is not None:
                self.watcher.after(op)


class _Act(Protocol):
    def __call__(self, _inode: Inode, /) -> None: ...


class CrashDisk(apsw.VFS):
    """The VFS of SQLite while it is mounted: files of its volumes are observed, all others are the system's."""

    def __init__(self) -> None:
        super().__init__("crash-disk", "unix", makedefault=True)
        self._volumes: dict[Path, Volume] = {}

    def mount(
        self, folder: Path, rng: Random, files: dict[str, Image] | None = None, watcher: Watcher | None = None
    ) -> Volume:
        """Returns the volume of a folder, with these files on the platter."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in (files or {}).items():
            (folder / name).write_bytes(image.content())
        volume = self._volumes[folder] = Volume(folder, rng, watcher)
        return volume

    def unmount(self, folder: Path) -> None:
        """Removes a volume and deletes its files."""
        del self._volumes[folder]
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "")
        volume = self._volumes.get(path.parent)
        if name is None or volume is None:
            return apsw.VFSFile("unix", name, flags)
        return CrashFile(volume, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(filename, False)
        path = Path(filename)
        if path.parent in self._volumes:
            self._volumes[path.parent].delete(path.name, is_flushed=syncdir)


class CrashFile(apsw.VFSFile):
    """A file of a volume, open in one connection."""

    def __init__(self, volume: Volume, path: Path, name: str | apsw.URIFilename, flags: list[int]) -> None:
        # The first flush of a log or journal that SQLite may have made flushes its folder as well.
        made = flags[0] & (apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL)
        self._is_new = bool(made and flags[0] & apsw.SQLITE_OPEN_CREATE)
        super().__init__("unix", name, flags)
        self.name = path.name
        self._volume = volume
        self.failures = volume.opened(path.name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._volume.write(self, bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._volume.truncate(self, newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._volume.sync(self, is_new=self._is_new)
        self._is_new = False

    def write_through(self, data: bytes, offset: int) -> None:
        """Writes to the real file."""
        super().xWrite(data, offset)

    def truncate_through(self, size: int) -> None:
        """Cuts the real file."""
        super().xTruncate(size)


def _sectors(change: Change) -> list[Change]:
    if isinstance(change, int):
        return [change]
    offset, data = change
    edges = [offset, *range(offset - offset % SECTOR + SECTOR, offset + len(data), SECTOR), offset + len(data)]
    return [(start, data[start - offset : end - offset]) for start, end in pairwise(edges)]


def _torn(change: Change, rng: Random) -> Change:
    """Returns the sector, sometimes only its beginning."""
    if isinstance(change, int) or rng.random() > 0.05:
        return change
    offset, data = change
    return offset, data[: rng.randrange(len(data) + 1)]


def _apply(content: bytearray, change: Change, filler: bytes) -> None:
    size = change if isinstance(change, int) else change[0]
    if size > len(content):
        gap = size - len(content)
        content.extend((filler * (gap // SECTOR + 1))[:gap] if filler else bytes(gap))
    if isinstance(change, int):
        del content[change:]
    else:
        content[size : size + len(change[1])] = change[1]


def _copy(inode: Inode) -> Inode:
    copy = Inode(inode.durable)
    copy.pending = list(inode.pending)
    copy.failures = inode.failures
    return copy
