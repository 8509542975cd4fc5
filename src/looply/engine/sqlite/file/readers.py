"""Readers: a few threads, each with a read-only connection, for short read transactions."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import apsw

from looply.engine.sqlite.file.opening import UNREADABLE, connect_reader
from looply.errors import EngineError, ShuttingDown, StoreCorrupt

Result = TypeVar("Result")


class Readers:
    """Runs functions on read-only connections. A transaction is open only while its function runs."""

    def __init__(self, path: Path, count: int = 3) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="looply-reader")
        self._connections: SimpleQueue[apsw.Connection] = SimpleQueue()
        for _ in range(count):
            self._connections.put(connect_reader(path))
        self._is_open = True

    async def run(self, read: Callable[[apsw.Connection], Result]) -> Result:
        """Returns what `read` returns; all its statements see one state of the store.

        Raises: StoreCorrupt, ShuttingDown, EngineError.
        """
        if not self._is_open:
            raise ShuttingDown("the store is closed, as this server stops; send the call again later")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, read)

    def close(self) -> None:
        """Lets running reads end, then closes the connections. Closing twice is harmless."""
        self._is_open = False
        self._pool.shutdown()
        while not self._connections.empty():
            self._connections.get().close()

    def _run(self, read: Callable[[apsw.Connection], Result]) -> Result:
        connection = self._connections.get()
        try:
            connection.execute("BEGIN")
            try:
                return read(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        except (apsw.CorruptError, apsw.NotADBError) as error:
            message = f"the store's file is damaged: {error}; restore it from a backup"
            raise StoreCorrupt(message) from error
        except UNREADABLE as error:
            message = f"the store's file holds what no process has written: {error!r}; restore it from a backup"
            raise StoreCorrupt(message) from error
        except apsw.Error as error:
            raise EngineError(f"the store cannot be read: {error}") from error
        finally:
            self._connections.put(connection)
