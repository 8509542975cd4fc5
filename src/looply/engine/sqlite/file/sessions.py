"""The sessions of SQLite: a function of a side runs to its end in one call, in a thread of the store."""

from collections.abc import Collection, Coroutine, Hashable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import apsw

from looply.engine.coding.rows import Row, find_id, id_bytes
from looply.engine.sql.dialects import Statement, sqlite_text
from looply.engine.sql.sessions import NO_FACTS, Act, Facts, Result, Session, Sessions
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads
from looply.jsontext import encode_json


class SqliteSession(Session):
    """See `looply.engine.sql.sessions.Session`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: Statement, facts: Facts = NO_FACTS) -> Sequence[Row]:
        """Returns all rows of a statement."""
        return self._connection.execute(sqlite_text(statement), facts).fetchall()

    async def rows_of_all(self, statements: Sequence[Statement], facts: Facts) -> Sequence[Sequence[Row]]:
        """Returns the rows of each statement."""
        return [await self.rows(statement, facts) for statement in statements]

    def one_state(self) -> AbstractAsyncContextManager[object]:
        """Does nothing: each read is a transaction."""
        return nullcontext()

    async def change(self, statement: Statement, facts: Facts) -> int:
        """Sends a statement; returns how many rows it has changed."""
        self._connection.execute(sqlite_text(statement), facts)
        return self._connection.changes()

    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        """Returns the number of each id, None for an unknown one."""
        return [find_number(self._connection, name) for name in names]


class SqliteSessions(Sessions):
    """See `looply.engine.sql.sessions.Sessions`. Writes are made in the order in which they come."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    @property
    def epoch(self) -> int:
        """Returns 0: one process owns the file."""
        return 0

    def key(self, execution_id: str) -> bytes | None:
        """Returns the 16 bytes of an id."""
        return find_id(execution_id)

    def keys(self, execution_ids: Iterable[str]) -> str:
        """Returns a JSON list of the ids as `hex` shows them."""
        return encode_json([id_bytes(each).hex().upper() for each in execution_ids]).decode()

    async def read(self, act: Act[Result]) -> Result:
        """Runs `act` in a thread that reads; all its statements see one state of the store."""
        return await self._threads.read(lambda connection: run(act(SqliteSession(connection))))

    async def write(self, act: Act[Result], lanes: Collection[Hashable] = ()) -> Result:  # noqa: ARG002 - the port has it
        """Runs `act` in the thread that writes."""
        return await self._threads.write(lambda connection: run(act(SqliteSession(connection))))


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Returns the result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    coroutine.close()
    raise RuntimeError("a function of a session waits for something else than its session")
