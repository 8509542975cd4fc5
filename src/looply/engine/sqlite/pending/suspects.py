"""Executions that may have crashed a process, in the SQLite store: suspects, and trials that have begun."""

from collections.abc import Collection, Mapping
from typing import Final

import apsw

from looply.engine.coding.rows import EFFECT_STATES, find_id, id_text
from looply.engine.ports.store import POISON_LOADS
from looply.engine.records.suspects import FRONT
from looply.engine.sql.dialects import sqlite_text
from looply.engine.sql.work import ADMISSIBLE
from looply.engine.sqlite.file.threads import Threads

# An effect that is only queued was never loaded: it did not cause a crash.
_SUSPECT: Final = """
  UPDATE execution SET loads = 1 WHERE loads = 0 AND id IN (
    SELECT execution_id FROM effect WHERE state = :running UNION SELECT execution_id FROM continuation
    UNION SELECT execution_id FROM (
      SELECT execution_id FROM timer WHERE due_ms <= :now ORDER BY due_ms, execution_id, seq LIMIT :front)
    UNION SELECT target FROM (SELECT DISTINCT target FROM delivery ORDER BY target LIMIT :front))
"""
_SUSPECT_ONE: Final = "UPDATE execution SET loads = 1 WHERE loads = 0 AND id = ?"
_SUSPECTS: Final = """
  SELECT id, loads > :loads FROM execution WHERE loads > 0 AND id IN (
    SELECT execution_id FROM effect WHERE state = :running UNION SELECT execution_id FROM continuation
    UNION SELECT execution_id FROM timer WHERE due_ms <= :now UNION SELECT target FROM delivery
    UNION SELECT execution_id FROM place WHERE held = 0)
"""
_BEGIN: Final = "UPDATE execution SET loads = loads + 1 WHERE id = ?"
_END: Final = "UPDATE execution SET loads = 0 WHERE id = ? AND loads > 0"


def mark_suspects(connection: apsw.Connection, now_ms: int) -> None:
    """Marks the executions that a crashed process may have worked on as suspects."""
    connection.execute(_SUSPECT, {"now": now_ms, "running": EFFECT_STATES.index("RUNNING"), "front": FRONT})
    admissible = connection.execute(sqlite_text(ADMISSIBLE), {"limit": FRONT}).fetchall()
    connection.executemany(_SUSPECT_ONE, admissible)


def find_suspects(connection: apsw.Connection, now_ms: int) -> tuple[frozenset[str], list[str]]:
    """Returns the suspects that have work to do, and those of them that ended too many processes."""
    facts = {"now": now_ms, "running": EFFECT_STATES.index("RUNNING"), "loads": POISON_LOADS}
    found = [(id_text(key), is_poisoned) for key, is_poisoned in connection.execute(_SUSPECTS, facts)]
    return (
        frozenset(execution_id for execution_id, is_poisoned in found if not is_poisoned),
        sorted(execution_id for execution_id, is_poisoned in found if is_poisoned),
    )


def _begin_trial(connection: apsw.Connection, key: bytes | None) -> bool:
    """Counts a load; it stays counted when the process ends before the trial does."""
    connection.execute(_BEGIN, (key,))
    return connection.changes() == 1


def _end_trial(connection: apsw.Connection, key: bytes | None) -> None:
    """Sets the loads to 0."""
    connection.execute(_END, (key,))


class SqliteTrials:
    """See `looply.engine.records.suspects.Trials`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:  # noqa: ARG002 - the port has it
        """Returns nothing: the start has reported them."""
        return {}

    async def begin_trial(self, execution_id: str) -> bool:
        """Counts a load of a suspect that is about to be worked on; durable when it returns."""
        return await self._threads.write(lambda connection: _begin_trial(connection, find_id(execution_id)))

    async def end_trial(self, execution_id: str) -> None:
        """Sets the loads of an execution to 0; writes nothing where a unit has done so."""
        await self._threads.write(lambda connection: _end_trial(connection, find_id(execution_id)))
