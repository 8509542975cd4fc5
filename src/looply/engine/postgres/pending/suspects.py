"""Executions that may have crashed a process, in PostgreSQL: suspects, and which process tries which of them."""

from collections.abc import Collection, Mapping
from typing import Final

from looply.engine.coding.rows import find_id, id_text
from looply.engine.postgres.database.connections import call, rows
from looply.engine.postgres.database.database import Database

_SUSPECTS: Final = (
    "SELECT id, CASE WHEN is_tried(id) THEN 1 ELSE loads END FROM execution WHERE id = ANY (%s::uuid[]) AND loads > 0"
)
_BEGIN: Final = "SELECT begin_trial(%s, %s::uuid)"
_END: Final = "SELECT end_trial(%s, %s::uuid)"


class PostgresTrials:
    """See `looply.engine.records.suspects.Trials`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:
        """Returns those of these executions that are suspects, each with its loads, 1 while a process tries it."""
        known = [execution_id for execution_id in execution_ids if find_id(execution_id) is not None]
        if not known:
            return {}
        found = await self._database.read(lambda connection: rows(connection, _SUSPECTS, (known,)))
        return {id_text(key): loads for key, loads in found}

    async def begin_trial(self, execution_id: str) -> bool:
        """Counts a load of a suspect that is about to be worked on, unless another living process tries it."""
        if find_id(execution_id) is None:
            return False
        arguments = (self._database.epoch, execution_id)
        return bool(await self._database.write(lambda connection: call(connection, _BEGIN, arguments)))

    async def end_trial(self, execution_id: str) -> None:
        """Sets the loads of an execution that this process has tried to 0."""
        if find_id(execution_id) is None:
            return
        arguments = (self._database.epoch, execution_id)
        await self._database.write(lambda connection: call(connection, _END, arguments))
