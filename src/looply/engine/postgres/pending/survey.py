"""What stands open in the PostgreSQL store, and which of several processes looks at it."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.orphans import HAS_NO_WORK
from looply.engine.coding.rows import INCIDENT_KINDS, STATUSES, id_text, optional_instant
from looply.engine.postgres.database.connections import Connection, call, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.records.survey import Census, effect_counts

_TAKE_DUTY: Final = "SELECT take_audit(%s)"
# Organizations are among the names. Through them the index leads to what is open, and past all that has ended.
_OPEN: Final = "name n JOIN execution e ON e.org = n.n AND e.status IN (1, 2) AND e.status <> 3"
_EXECUTIONS: Final = f"SELECT e.status, count(*) FROM {_OPEN} GROUP BY e.status"
_OPEN_COUNTS: Final = f"SELECT n.id, count(*) FROM {_OPEN} GROUP BY n.n, n.id"
# First all histories by execution, then all large values by organization and hash.
_HISTORIES: Final = """
  SELECT (SELECT n.id FROM name n WHERE n.n = s.org), sum(s.bytes)::bigint, count(*), max(s.id::text COLLATE "C")
    FROM (SELECT e.org, e.bytes, e.id FROM execution e WHERE e.id > %s::uuid ORDER BY e.id LIMIT %s) s GROUP BY s.org
"""
_VALUES: Final = """
  SELECT (SELECT n.id FROM name n WHERE n.n = s.org), sum(s.bytes)::bigint, count(*),
      s.org || ' ' || max(encode(s.hash, 'hex') COLLATE "C")
    FROM (SELECT v.org, v.hash, octet_length(v.bytes) AS bytes FROM value v
      WHERE (v.org, v.hash) > (%s, decode(%s, 'hex')) ORDER BY v.org, v.hash LIMIT %s) s
    GROUP BY s.org ORDER BY s.org
"""
_FIRST_EXECUTION: Final = "00000000-0000-0000-0000-000000000000"
_FIRST_VALUE: Final = "0 "
_INCIDENTS: Final = "SELECT kind, count(*) FROM incident GROUP BY kind"
_EFFECTS: Final = "SELECT split_part(queue, ' ', 1), state, count(*) FROM effect GROUP BY 1, 2"
_COUNTS: Final = (
    "SELECT (SELECT count(DISTINCT execution_id) FROM incident), (SELECT count(*) FROM timer),"
    " (SELECT min(due_ms) FROM timer),"
    " (SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL),"
    " (SELECT count(*) FROM wait), (SELECT count(*) FROM card),"
    " (SELECT count(*) FROM card_copy WHERE shown < wanted), (SELECT count(*) FROM delivery),"
    " (SELECT count(*) FROM continuation), (SELECT count(*) FROM place WHERE held = 0),"
    " (SELECT count(*) FROM place WHERE held = 1), (SELECT count(*) FROM letter WHERE action = 0),"
    " (SELECT coalesce(sum(f.count), 0)::bigint FROM schedule s JOIN fire f ON f.workflow = s.workflow"
    "  WHERE f.outcome = 5)"
)
_OWNERLESS: Final = f"""
  WITH parent AS MATERIALIZED (
    SELECT e.parent AS id FROM {_OPEN} WHERE e.parent <> ''
    UNION SELECT e.parent FROM incident i JOIN execution e ON e.id = i.execution_id WHERE e.parent <> '')
  SELECT e.id FROM {_OPEN}
    WHERE {HAS_NO_WORK}
      AND NOT EXISTS (SELECT 1 FROM delivery t WHERE t.sender = e.id)
      AND NOT EXISTS (SELECT 1 FROM parent p WHERE p.id = e.id::text)
    ORDER BY e.id LIMIT %s
"""


class PostgresSurvey:
    """See `looply.engine.records.survey.Survey`; for a process that is alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_duty(self) -> bool:
        """Returns true: there is no other process."""
        return True

    async def count(self) -> Census:
        """Returns how much is open."""
        return await self._database.read(_count)

    async def find_ownerless(self, limit: int) -> Sequence[str]:
        """Returns executions that nothing stored will move."""
        found = await self._database.read(lambda connection: rows(connection, _OWNERLESS, (limit,)))
        return [id_text(key) for (key,) in found]

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait."""
        return dict(await self._database.read(lambda connection: rows(connection, _OPEN_COUNTS)))

    async def stored_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the bytes of a slice of what is stored, by organization, and where the next slice begins."""
        return await self._database.read(lambda connection: _slice(connection, after, limit))


class SharedSurvey(PostgresSurvey):
    """See `looply.engine.records.survey.Survey`; for processes that share the database."""

    async def take_duty(self) -> bool:
        """Returns whether the duty is this process's, taking it when nobody has it who may still write."""
        own = self._database.epoch
        return bool(await self._database.write(lambda connection: call(connection, _TAKE_DUTY, (own,))))


async def _slice(connection: Connection, after: str, limit: int) -> tuple[Mapping[str, int], str]:
    """Measures a slice. It begins behind the organization and hash of a value, or behind an execution's id."""
    organization, is_value, digest = after.partition(" ")
    if is_value:
        found = await rows(connection, _VALUES, (int(organization), digest, limit))
        following, last = "", found[-1][3] if found else ""
    else:
        found = await rows(connection, _HISTORIES, (after or _FIRST_EXECUTION, limit))
        following, last = _FIRST_VALUE, max((each[3] for each in found), default="")
    is_full = sum(each[2] for each in found) == limit
    return {organization_id: size for organization_id, size, _, _ in found}, last if is_full else following


async def _count(connection: Connection) -> Census:
    executions = {STATUSES[status]: count for status, count in await rows(connection, _EXECUTIONS)}
    counts = await row(connection, _COUNTS)
    assert counts is not None  # a SELECT without a table has one row
    failed, timers, timer_due, schedule_due, waits, cards, copies, deliveries, *more = counts
    continuations, awaiting_slot, holding_slot, letters, missed = more
    if failed:
        executions["FAILED"] = failed
    effects = {(name, state == 1): count for name, state, count in await rows(connection, _EFFECTS)}
    return Census(
        executions=executions,
        incidents={INCIDENT_KINDS[kind]: count for kind, count in await rows(connection, _INCIDENTS)},
        effects=effect_counts(effects),
        timers=timers,
        timer_due=optional_instant(timer_due),
        schedule_due=optional_instant(schedule_due),
        waits=waits,
        cards=cards,
        stale_copies=copies,
        deliveries=deliveries,
        continuations=continuations,
        awaiting_slot=awaiting_slot,
        holding_slot=holding_slot,
        letters=letters,
        missed_starts=missed,
    )
