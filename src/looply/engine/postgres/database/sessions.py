"""The sessions of PostgreSQL: connections of its pools, in which functions of a side wait for their rows."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from looply.engine.coding.rows import Row, find_id
from looply.engine.postgres.database.connections import Connection
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.sql.dialects import Statement, postgres_text
from looply.engine.sql.sessions import Act, LookUp, Outcome, Parameters, Result, Session, Sessions, WriteKeys


class PostgresSession(Session):
    """See `looply.engine.sql.sessions.Session`."""

    def __init__(self, connection: Connection, names: Names, epoch: int) -> None:
        self._connection = connection
        self._names = names
        self._epoch = epoch

    async def send(self, statement: Statement, parameters: Parameters) -> Outcome:
        """Sends a statement and waits for its outcome."""
        arguments = {"own": self._epoch, **parameters}
        cursor = await self._connection.execute(postgres_text(statement), arguments, binary=True)
        return Outcome(await cursor.fetchall() if cursor.description is not None else (), cursor.rowcount)

    async def rows_of_all(self, statements: Sequence[Statement], parameters: Parameters) -> Sequence[Sequence[Row]]:
        """Sends all statements before it waits for the first rows."""
        async with self._connection.pipeline():
            cursors = [
                await self._connection.execute(postgres_text(each), parameters, binary=True) for each in statements
            ]
        return [await cursor.fetchall() for cursor in cursors]

    def one_state(self) -> AbstractAsyncContextManager[object]:
        """Begins a transaction, which repeats what it has seen."""
        return self._connection.transaction()

    async def find_numbers(self, *names: str) -> Sequence[int | None]:
        """Asks for the numbers that are not known yet."""
        return await self._names.find(self._connection, *names)

    async def assign_numbers(self, *names: str) -> Sequence[int]:
        """Asks for the numbers that are not known yet, which makes those that are missing."""
        numbers = await self._names.give(self._connection, names)
        return [numbers[name] for name in names]


class PostgresSessions(Sessions):
    """See `looply.engine.sql.sessions.Sessions`."""

    def __init__(self, database: Database, names: Names, *, is_shared: bool) -> None:
        self._database = database
        self._names = names
        self.is_shared = is_shared

    def key(self, execution_id: str) -> str | None:
        """Returns the text of an id, which a statement casts to a uuid."""
        return execution_id if find_id(execution_id) is not None else None

    def keys(self, execution_ids: Iterable[str]) -> list[str]:
        """Returns the ids, which a statement casts to an array of uuids."""
        return list(execution_ids)

    async def read(self, act: Act[Result]) -> Result:
        """Lends `act` a connection that only reads."""
        return await self._database.read(lambda connection: act(self._session(connection)))

    async def write(self, act: Act[Result], keys: WriteKeys = (), look_up: LookUp[Result] | None = None) -> Result:
        """Lends `act` a connection that writes."""
        sought = None if look_up is None else lambda connection: look_up(self._session(connection))
        return await self._database.write(lambda connection: act(self._session(connection)), keys, sought)

    def _session(self, connection: Connection) -> PostgresSession:
        return PostgresSession(connection, self._names, self._database.epoch)
