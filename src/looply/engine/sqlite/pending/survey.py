"""What stands open in the SQLite store."""

from collections.abc import Mapping, Sequence
from typing import Final

import apsw

from looply.engine.coding.orphans import HAS_NO_WORK
from looply.engine.coding.rows import INCIDENT_KINDS, STATUSES, Row, id_bytes, id_text, optional_instant
from looply.engine.records.survey import Census, effect_counts
from looply.engine.sqlite.file.threads import Threads

# Organizations are among the names. Through them the index leads to what is open, and past all that has ended.
_OPEN: Final = (
    "name n CROSS JOIN execution e INDEXED BY execution_status ON e.org = n.n AND e.status IN (1, 2) AND e.status <> 3"
)
_EXECUTIONS: Final = f"SELECT e.status, count(*) FROM {_OPEN} GROUP BY e.status"  # noqa: S608 - of our own
_OPEN_COUNTS: Final = f"SELECT n.id, count(*) FROM {_OPEN} GROUP BY n.n"  # noqa: S608 - of our own
# First all histories by execution, then all large values by the order in which they came.
_HISTORIES: Final = """
  SELECT (SELECT id FROM name WHERE n = s.org), sum(s.bytes), count(*), max(s.id)
    FROM (SELECT org, bytes, id FROM execution WHERE id > ? ORDER BY id LIMIT ?) s GROUP BY s.org
"""
_VALUES: Final = """
  SELECT (SELECT id FROM name WHERE n = s.org), sum(s.bytes), count(*), max(s.id)
    FROM (SELECT org, length(bytes) AS bytes, rowid AS id FROM value WHERE rowid > ? ORDER BY rowid LIMIT ?) s
    GROUP BY s.org
"""
_FIRST_VALUE: Final = "0"
_FAILED: Final = "SELECT count(DISTINCT execution_id) FROM incident"
_INCIDENTS: Final = "SELECT kind, count(*) FROM incident GROUP BY kind"
_EFFECTS: Final = "SELECT substr(queue, 1, instr(queue, ' ') - 1), state, count(*) FROM effect GROUP BY 1, 2"
_TIMERS: Final = "SELECT count(*), min(due_ms) FROM timer"
_SCHEDULE: Final = "SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL"
_MISSED: Final = (
    "SELECT coalesce(sum(f.count), 0) FROM schedule s CROSS JOIN fire f ON f.workflow = s.workflow WHERE f.outcome = 5"
)
_COUNTS: Final = (
    "SELECT (SELECT count(*) FROM wait), (SELECT count(*) FROM card),"
    " (SELECT count(*) FROM card_copy WHERE shown < wanted), (SELECT count(*) FROM delivery),"
    " (SELECT count(*) FROM continuation), (SELECT count(*) FROM place WHERE held = 0),"
    " (SELECT count(*) FROM place WHERE held = 1), (SELECT count(*) FROM letter WHERE action = 0)"
)
_OWNERLESS: Final = f"""
  WITH parent(id) AS MATERIALIZED (
    SELECT replace(e.parent, '-', '') FROM {_OPEN} WHERE e.parent <> ''
    UNION SELECT replace(e.parent, '-', '') FROM incident i JOIN execution e ON e.id = i.execution_id
      WHERE e.parent <> '')
  SELECT e.id FROM {_OPEN}
    WHERE {HAS_NO_WORK}
      AND e.id NOT IN (SELECT sender FROM delivery)
      AND lower(hex(e.id)) NOT IN (SELECT id FROM parent)
    LIMIT ?
"""  # noqa: S608 - of our own


class SqliteSurvey:
    """See `looply.engine.records.survey.Survey`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def take_duty(self) -> bool:
        """Returns true: one process owns the folder."""
        return True

    async def count(self) -> Census:
        """Returns how much is open."""
        return await self._threads.read(_count)

    async def find_ownerless(self, limit: int) -> Sequence[str]:
        """Returns executions that nothing stored will move."""
        return await self._threads.read(
            lambda connection: sorted(id_text(row[0]) for row in connection.execute(_OWNERLESS, (limit,)))
        )

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait."""
        return await self._threads.read(lambda connection: dict(connection.execute(_OPEN_COUNTS)))

    async def stored_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the bytes of a slice of what is stored, by organization, and where the next slice begins."""
        return await self._threads.read(lambda connection: _slice(connection, after, limit))


def _slice(connection: apsw.Connection, after: str, limit: int) -> tuple[Mapping[str, int], str]:
    """Measures a slice. It begins behind the number of a value, or behind an execution's id."""
    if after.isdecimal():
        rows = list(connection.execute(_VALUES, (int(after), limit)))
        return _sizes(rows), str(max(row[3] for row in rows)) if _is_full(rows, limit) else ""
    rows = list(connection.execute(_HISTORIES, (id_bytes(after) if after else b"", limit)))
    return _sizes(rows), id_text(max(row[3] for row in rows)) if _is_full(rows, limit) else _FIRST_VALUE


def _sizes(rows: Sequence[Row]) -> Mapping[str, int]:
    return {organization_id: size for organization_id, size, _, _ in rows}


def _is_full(rows: Sequence[Row], limit: int) -> bool:
    return bool(sum(row[2] for row in rows) == limit)


def _count(connection: apsw.Connection) -> Census:
    executions = {STATUSES[status]: count for status, count in connection.execute(_EXECUTIONS)}
    if failed := connection.execute(_FAILED).get:
        executions["FAILED"] = failed
    (timers, timer_due), counts = _row(connection, _TIMERS), _row(connection, _COUNTS)
    waits, cards, copies, deliveries, cut, awaiting_slot, holding_slot, letters = counts
    return Census(
        executions=executions,
        incidents={INCIDENT_KINDS[kind]: count for kind, count in connection.execute(_INCIDENTS)},
        effects=effect_counts({(name, state == 1): count for name, state, count in connection.execute(_EFFECTS)}),
        timers=timers,
        timer_due=optional_instant(timer_due),
        schedule_due=optional_instant(connection.execute(_SCHEDULE).get),
        waits=waits,
        cards=cards,
        stale_copies=copies,
        deliveries=deliveries,
        continuations=cut,
        awaiting_slot=awaiting_slot,
        holding_slot=holding_slot,
        letters=letters,
        missed_starts=connection.execute(_MISSED).get,
    )


def _row(connection: apsw.Connection, statement: str) -> Row:
    """Returns the one row of a statement that counts."""
    row: Row
    (row,) = connection.execute(statement)
    return row
