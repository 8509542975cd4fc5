"""The sessions of SQLite: a function of a side runs to its end in one call, in a thread of the store."""

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import apsw

from looply.engine.coding.rows import find_id
from looply.engine.sql.dialects import Statement, sqlite_text
from looply.engine.sql.sessions import Act, LookUp, Outcome, Parameters, Result, Session, Sessions, WriteKeys
from looply.engine.sqlite.file.names import Names, find_number
from looply.engine.sqlite.file.threads import Threads
from looply.jsontext import encode_json


class SqliteSession(Session):
    """See `looply.engine.sql.sessions.Session`. Each read is a transaction, so all its statements see one state."""

    def __init__(self, connection: apsw.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    async def send(self, statement: Statement, parameters: Parameters) -> Outcome:
        """Sends a statement."""
        rows = self._connection.execute(sqlite_text(statement), parameters).fetchall()
        return Outcome(rows, self._connection.changes())

    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        """Looks up the number of each id."""
        return [find_number(self._connection, name) for name in names]

    async def assign_numbers(self, *names: str) -> Sequence[int]:
        """Looks up or makes the number of each id."""
        return [self._names.number(self._connection, name) for name in names]


class SqliteSessions(Sessions):
    """See `looply.engine.sql.sessions.Sessions`. Writes are made in the order in which they come."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    def key(self, execution_id: str) -> bytes | None:
        """Returns the 16 bytes of an id."""
        return find_id(execution_id)

    def keys(self, execution_ids: Iterable[str]) -> str:
        """Returns a JSON list of the ids."""
        return encode_json(list(execution_ids)).decode()

    async def read(self, act: Act[Result]) -> Result:
        """Runs `act` in a thread that reads."""
        return await self._threads.read(lambda connection: run(act(self._session(connection))))

    async def write(
        self,
        act: Act[Result],
        keys: WriteKeys = (),  # noqa: ARG002
        look_up: LookUp[Result] | None = None,  # noqa: ARG002
    ) -> Result:
        """Runs `act` in the thread that writes, which knows the outcome of each write."""
        return await self._threads.write(lambda connection: run(act(self._session(connection))))

    def _session(self, connection: apsw.Connection) -> SqliteSession:
        return SqliteSession(connection, self._threads.names)


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Returns the result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    coroutine.close()
    raise RuntimeError("a function of a session waits for something else than its session")
