"""The threads of an open store, as its sides see them: one that writes, a few that read, one that checkpoints."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import apsw

from looply.engine.sqlite.file.checkpoints import Checkpointer
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.file.opening import keep_log_on_close
from looply.engine.sqlite.file.readers import Readers
from looply.engine.sqlite.file.reserve import Reserve
from looply.engine.sqlite.file.writer import Writer, ignore_group
from looply.errors import EngineError, StoreLost

Result = TypeVar("Result")

_CLEAN = "UPDATE meta SET value = 1 WHERE key = 'clean'"

BEHIND: Final = 3000
"""Pruning pauses while more committed pages are not yet in the file."""


class Threads:
    """Runs writes and reads while the store is open; before `start` both are refused."""

    def __init__(self, path: Path, reserve: Reserve) -> None:
        self._path = path
        self._reserve = reserve
        self._connection: apsw.Connection | None = None
        self._writer: Writer | None = None
        self._readers: Readers | None = None
        self._checkpointer: Checkpointer | None = None
        self.names = Names()
        self.on_group: Callable[[int], None] = ignore_group

    @property
    def failure(self) -> Exception | None:
        """The error after which no more writes are taken."""
        return self._writer.failure if self._writer is not None else None

    @property
    def is_full(self) -> bool:
        """Whether the reserve is deleted, because the disk was full."""
        return self._reserve.is_exhausted()

    @property
    def is_busy(self) -> bool:
        """Whether writes wait, or too many committed pages are not yet in the file."""
        return self.waiting > 0 or self.behind > BEHIND

    @property
    def groups(self) -> int:
        """Transactions so far."""
        return self._writer.groups if self._writer is not None else 0

    @property
    def waiting(self) -> int:
        """Writes that wait for the next transaction."""
        return self._writer.waiting if self._writer is not None else 0

    @property
    def behind(self) -> int:
        """Pages that are committed and not yet moved into the file."""
        return self._checkpointer.behind if self._checkpointer is not None else 0

    def start(self, connection: apsw.Connection, epoch: int) -> None:
        """Starts the threads; `connection` is the writer's from now on. Raises: StoreLost."""
        try:
            self._readers = Readers(self._path)
            self._checkpointer = Checkpointer(self._path, self._reserve.give_up)
        except apsw.Error as error:
            raise StoreLost(
                f"{self._path} cannot be opened: {error}; check that the file is readable, then start again"
            ) from error
        self._connection = connection
        self._writer = Writer(connection, epoch, self._checkpointer, self._reserve, self.names.forget)
        self._writer.on_group = self._on_group
        self._checkpointer.start()
        self._writer.start()

    def _on_group(self, writes: int) -> None:
        # Looked up with each group: the listener may be set after the threads have started.
        self.on_group(writes)

    async def write(self, write: Callable[[apsw.Connection], Result]) -> Result:
        """Returns what `write` returned, after it is durable.

        Raises: what it raises, StoreFull, StoreUnreachable, StoreLost.
        """
        if self._writer is None:
            raise EngineError("the store is not open; open it before it is used")
        return await self._writer.submit(write)

    async def read(self, read: Callable[[apsw.Connection], Result]) -> Result:
        """Returns what `read` returns. Raises: StoreCorrupt, EngineError."""
        if self._readers is None:
            raise EngineError("the store is not open; open it before it is used")
        return await self._readers.run(read)

    def stop(self, *, marks_clean: bool = True) -> None:
        """Commits the queued writes, moves the log into the file and, with `marks_clean`, marks it as left in order."""
        if (connection := self._end_threads(drains=True)) is None:
            return
        try:
            if self.failure is None:
                if marks_clean:
                    connection.execute(_CLEAN)
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            # What is committed is in the log; the next start finds an unclean end and looks more closely.
            return
        finally:
            connection.close()

    def abandon(self) -> None:
        """Ends the threads and leaves the file as a crash would; the queued writes are not stored."""
        if (connection := self._end_threads(drains=False)) is not None:
            connection.close()

    def _end_threads(self, *, drains: bool) -> apsw.Connection | None:
        connection, self._connection = self._connection, None
        if connection is not None:
            assert self._writer is not None
            assert self._readers is not None
            assert self._checkpointer is not None
            self._writer.close(drains=drains)
            self._checkpointer.stop()
            self._readers.close()
            if self._checkpointer.has_failed:
                keep_log_on_close(connection)
        return connection
