"""How the PostgreSQL store takes a unit: in the order of the calls that concern the same rows."""

from collections.abc import Hashable

from looply.engine.ports.store import Unit
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.histories.datastores import write_key_of
from looply.engine.postgres.histories.units import UnitWriter
from looply.engine.sql.journal import SqlJournal
from looply.engine.sql.sessions import Sessions


class PostgresJournal(SqlJournal):
    """The journal of one database."""

    def __init__(self, sessions: Sessions, database: Database, writer: UnitWriter, fold: int) -> None:
        super().__init__(sessions, fold)
        self._database = database
        self._writer = writer

    async def commit(self, unit: Unit) -> None:
        """Stores the unit by one statement; durable when it returns."""
        database, writer = self._database, self._writer
        await database.write(
            lambda connection: writer.store(connection, database.epoch, unit),
            _write_keys_of(unit),
            lambda connection: writer.find_stored(connection, database.epoch, unit),
        )


def _write_keys_of(unit: Unit) -> list[Hashable]:
    """Returns the keys under which units are stored in their order."""
    found: list[Hashable] = [("execution", unit.execution_id)]
    found.extend(
        ("claim", claim.workflow_id, claim.process_id)
        for claim in (unit.put_claim, unit.drop_claim)
        if claim is not None
    )
    if unit.key is not None:
        found.append(("key", unit.key.organization_id, unit.key.text))
    if unit.fire is not None:
        found.append(("schedule", unit.fire.workflow_id))
    if unit.datastore is not None:
        found.append(write_key_of(unit.datastore))
    return found
