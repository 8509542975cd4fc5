"""What is open in a store with tables."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.orphans import HAS_NO_WORK
from looply.engine.coding.rows import IN_OPEN_NUMBERS, INCIDENT_KINDS, STATUSES, Row, id_text
from looply.engine.records.figures.survey import Census, effect_counts
from looply.engine.records.spans import LOWEST_ID
from looply.engine.sql.dialects import Statement, Variants
from looply.engine.sql.sessions import Parameters, Session, Sessions
from looply.instants import instant_or_none

# Organizations are among the names. Through them the index leads to what is open, and past all that has ended.
_OPEN: Final = (
    "name n CROSS JOIN execution e INDEXED BY execution_status"
    f" ON e.org = n.n AND e.status {IN_OPEN_NUMBERS} AND e.status <> 3"
)
_EXECUTIONS: Final = f"SELECT e.status, count(*) FROM {_OPEN} GROUP BY e.status"
_OPEN_COUNTS: Final = f"SELECT n.id, count(*) FROM {_OPEN} GROUP BY n.n, n.id"
# First all histories by execution, then all large values: in SQLite in the order in which they came, in PostgreSQL by
# organization and hash. The last column is where a slice ends.
_HISTORIES: Final = Variants(
    """
  SELECT (SELECT id FROM name WHERE n = s.org), sum(s.bytes), count(*), lower(hex(max(s.id)))
    FROM (SELECT org, bytes, id FROM execution WHERE id > :after ORDER BY id LIMIT :limit) s GROUP BY s.org
""",
    """
  SELECT (SELECT n.id FROM name n WHERE n.n = s.org), sum(s.bytes)::bigint, count(*), max(s.id::text COLLATE "C")
    FROM (SELECT e.org, e.bytes, e.id FROM execution e WHERE e.id > :after:uuid ORDER BY e.id LIMIT :limit) s
    GROUP BY s.org
""",
)
_VALUES: Final = Variants(
    """
  SELECT (SELECT id FROM name WHERE n = s.org), sum(s.bytes), count(*), '0 ' || max(s.id)
    FROM (SELECT org, length(bytes) AS bytes, rowid AS id FROM value WHERE rowid > CAST(:key AS INTEGER)
      ORDER BY rowid LIMIT :limit) s
    GROUP BY s.org ORDER BY max(s.id)
""",
    """
  SELECT (SELECT n.id FROM name n WHERE n.n = s.org), sum(s.bytes)::bigint, count(*),
      s.org || ' ' || max(encode(s.hash, 'hex') COLLATE "C")
    FROM (SELECT v.org, v.hash, octet_length(v.bytes) AS bytes FROM value v
      WHERE (v.org, v.hash) > (:org, decode(:key, 'hex')) ORDER BY v.org, v.hash LIMIT :limit) s
    GROUP BY s.org ORDER BY s.org
""",
)
_FIRST_EXECUTION: Final = id_text(LOWEST_ID)
_FIRST_VALUE: Final = "0 "
_INCIDENTS: Final = "SELECT kind, count(*) FROM incident GROUP BY kind"
_EFFECTS: Final = Variants(
    "SELECT substr(queue, 1, instr(queue, ' ') - 1), state, count(*) FROM effect GROUP BY 1, 2",
    "SELECT split_part(queue, ' ', 1), state, count(*) FROM effect GROUP BY 1, 2",
)
_COUNTS: Final = (
    "SELECT (SELECT count(DISTINCT execution_id) FROM incident), (SELECT count(*) FROM timer),"
    " (SELECT min(due_ms) FROM timer),"
    " (SELECT min(next_ms + delay_ms) FROM schedule WHERE status = 1 AND next_ms IS NOT NULL),"
    " (SELECT count(*) FROM wait), (SELECT count(*) FROM card),"
    " (SELECT count(*) FROM card_copy WHERE shown < wanted), (SELECT count(*) FROM delivery),"
    " (SELECT count(*) FROM continuation), (SELECT count(*) FROM concurrency_slot WHERE is_held = 0),"
    " (SELECT count(*) FROM concurrency_slot WHERE is_held = 1), (SELECT count(*) FROM letter WHERE action = 0),"
    " (SELECT CAST(coalesce(sum(f.count), 0) AS bigint) FROM schedule s CROSS JOIN fire f ON f.workflow = s.workflow"
    "  WHERE f.outcome = 5)"
)
_UNDELIVERED: Final = (
    "SELECT k.channel, k.state, count(*) FROM card_copy k JOIN card c ON c.id = k.id WHERE k.state <> 'SHOWN'"
    " GROUP BY k.channel, k.state"
)
_ORPHANS: Final = Variants(
    f"""
  WITH parent(id) AS MATERIALIZED (
    SELECT replace(e.parent, '-', '') FROM {_OPEN} WHERE e.parent <> ''
    UNION SELECT replace(e.parent, '-', '') FROM incident i JOIN execution e ON e.id = i.execution_id
      WHERE e.parent <> '')
  SELECT e.id FROM {_OPEN}
    WHERE {HAS_NO_WORK}
      AND e.id NOT IN (SELECT sender FROM delivery)
      AND lower(hex(e.id)) NOT IN (SELECT id FROM parent)
    LIMIT :limit
""",
    f"""
  WITH parent AS MATERIALIZED (
    SELECT e.parent AS id FROM {_OPEN} WHERE e.parent <> ''
    UNION SELECT e.parent FROM incident i JOIN execution e ON e.id = i.execution_id WHERE e.parent <> '')
  SELECT e.id FROM {_OPEN}
    WHERE {HAS_NO_WORK}
      AND NOT EXISTS (SELECT 1 FROM delivery t WHERE t.sender = e.id)
      AND NOT EXISTS (SELECT 1 FROM parent p WHERE p.id = e.id::text)
    ORDER BY e.id LIMIT :limit
""",
)


class SqlSurvey:
    """See `looply.engine.records.figures.survey.Survey`; for a process that has the store to itself."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def acquire_auditor_role(self) -> bool:
        """Returns true: there is no other process."""
        return True

    async def count(self) -> Census:
        """Returns how much is open."""
        return await self._sessions.read(_count)

    async def find_orphans(self, limit: int) -> Sequence[str]:
        """Returns executions that nothing stored will move."""
        return sorted(await self._sessions.select(lambda row: id_text(row[0]), _ORPHANS, {"limit": limit}))

    async def open_counts(self) -> Mapping[str, int]:
        """Returns how many executions of each organization run or wait."""
        return dict(await self._sessions.select(lambda row: (row[0], row[1]), _OPEN_COUNTS))

    async def measure_bytes(self, after: str, limit: int) -> tuple[Mapping[str, int], str]:
        """Returns the bytes of a slice of what is stored, by organization, and where the next slice begins."""
        org, is_value, key = after.partition(" ")
        if is_value:
            found = await self._rows(_VALUES, {"org": int(org), "key": key, "limit": limit})
            following, end = "", found[-1][3] if found else ""
        else:
            found = await self._rows(
                _HISTORIES, {"after": self._sessions.key(after or _FIRST_EXECUTION), "limit": limit}
            )
            following, end = _FIRST_VALUE, max((row[3] for row in found), default="")
        is_full = sum(row[2] for row in found) == limit
        return {row[0]: row[1] for row in found}, end if is_full else following

    async def _rows(self, statement: Statement, parameters: Parameters) -> Sequence[Row]:
        return await self._sessions.select(tuple, statement, parameters)


async def _count(session: Session) -> Census:
    executions = {STATUSES[status]: count for status, count in await session.rows(_EXECUTIONS)}
    (counts,) = await session.rows(_COUNTS)
    failed, timers, timer_due, schedule_due, waits, cards, copies, deliveries, *more = counts
    continuations, queued, in_slots, letters, missed = more
    if failed:
        executions["FAILED"] = failed
    effects = {(name, state == 1): count for name, state, count in await session.rows(_EFFECTS)}
    return Census(
        executions=executions,
        incidents={INCIDENT_KINDS[kind]: count for kind, count in await session.rows(_INCIDENTS)},
        effects=effect_counts(effects),
        timers=timers,
        timer_due=instant_or_none(timer_due),
        schedule_due=instant_or_none(schedule_due),
        waits=waits,
        cards=cards,
        stale_copies=copies,
        undelivered={(channel, state): count for channel, state, count in await session.rows(_UNDELIVERED)},
        deliveries=deliveries,
        continuations=continuations,
        awaiting_slot=queued,
        holding_slot=in_slots,
        letters=letters,
        missed_starts=missed,
    )
