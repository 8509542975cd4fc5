"""What the PostgreSQL store forgets: one slice is one call of a function, and so one transaction.

Rows of executions that are deleted leave free space in their partitions, which no other month uses. So at the end of
a round a month in which nothing is left is dropped, and one in which little is left of what was pruned is written
anew, without those who read it missing anything.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import psycopg
import structlog
from msgspec.structs import replace
from psycopg import sql

from looply.clock import Clock, to_ms
from looply.engine.coding.database_server import one_line
from looply.engine.coding.retention import IS_OPEN, expired_condition, slice_parameters
from looply.engine.coding.rows import Row, id_text
from looply.engine.ports.store import Position
from looply.engine.postgres.database.connections import Connection, call, drop, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.months import month_of, months_from
from looply.engine.postgres.database.names import Names
from looply.engine.records.pruning import (
    SLICE,
    SLICE_BYTES,
    SLICE_KEYS,
    SLICE_ROWS,
    Candidate,
    Cursor,
    PrunePlan,
    RetentionFilter,
    Slice,
    fires_before,
    highest_id,
    plan_removals,
)
from looply.engine.records.spans import LOWEST_ID, first_id

_log = structlog.get_logger(__name__)

FEW: Final = 1000
"""With so many executions left at most, a month that was pruned is written anew."""

_PARTS: Final = ("execution", "batch", "snapshot", "value_use")

_IS_SPENT: Final = expired_condition("%({})s")
_EXPIRED: Final = f"""
  SELECT s.due_ms, e.id, e.seq, {_IS_SPENT} FROM (
    SELECT x.due_ms, x.execution_id FROM expiry x
    WHERE (x.due_ms, x.execution_id) > (%(after_ms)s, %(after_id)s::uuid) AND x.due_ms <= %(now)s
    ORDER BY x.due_ms, x.execution_id LIMIT %(most)s) s
    CROSS JOIN LATERAL (SELECT y.* FROM execution y WHERE y.id = s.execution_id LIMIT 1) e
  ORDER BY s.due_ms, s.execution_id
"""
_OLD: Final = f"""
  SELECT 0, e.id, e.seq, {_IS_SPENT} FROM execution e
  WHERE e.id > %(after_id)s::uuid AND e.id < %(below)s::uuid ORDER BY e.id LIMIT %(most)s
"""
_OLD_OF_WORKFLOW: Final = f"""
  SELECT 0, e.id, e.seq, {_IS_SPENT} FROM execution e
  WHERE (e.workflow, e.id) > (%(workflow)s, %(after_id)s::uuid) AND (e.workflow, e.id) < (%(workflow)s, %(below)s::uuid)
    AND e.id > %(after_id)s::uuid AND e.id < %(below)s::uuid ORDER BY e.workflow, e.id LIMIT %(most)s
"""
_HELD: Final = f"""
  SELECT e.id,
    EXISTS (SELECT 1 FROM idempotency k WHERE k.execution_id = e.id AND k.expires_ms > %(now)s)
    OR EXISTS (SELECT 1 FROM letter l WHERE l.execution_id = e.id AND l.action = 0)
    OR EXISTS (SELECT 1 FROM card_copy c WHERE c.execution_id = e.id AND c.shown < c.wanted)
    OR EXISTS (SELECT 1 FROM delivery d WHERE d.target = e.id) OR e.id IN (SELECT d.sender FROM delivery d)
    OR EXISTS (SELECT 1 FROM execution o
      WHERE (o.org, o.parent COLLATE "C") = (e.org, e.id::text) AND o.parent <> '' AND {IS_OPEN})
    OR EXISTS (SELECT 1 FROM execution o WHERE o.id = nullif(e.parent, '')::uuid AND {IS_OPEN})
    OR e.id = (SELECT b.execution_id FROM batch b ORDER BY b.tx DESC, b.n DESC LIMIT 1),
    e.bytes + coalesce((SELECT sum(octet_length(v.bytes)) FROM value_use u
      JOIN value v ON v.org = u.org AND v.hash = u.hash WHERE u.execution_id = e.id), 0)::bigint
  FROM unnest(%(ids)s::uuid[]) w(id) CROSS JOIN LATERAL (SELECT x.* FROM execution x WHERE x.id = w.id LIMIT 1) e
"""
_PRUNE: Final = "SELECT prune_executions(%s, %s::uuid[], %s::bigint[], %s)"
_SOME_LEFT: Final = "SELECT EXISTS (SELECT 1 FROM unnest(%s::uuid[]) w(id) JOIN execution e ON e.id = w.id)"
_KEYS: Final = """
  SELECT k.org, k.key, k.execution_id FROM idempotency k
  WHERE k.execution_id > %(after_id)s::uuid AND k.execution_id < %(below)s::uuid AND k.expires_ms <= %(now)s
    AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = k.execution_id AND e.status IN (1, 2))
  ORDER BY k.execution_id LIMIT %(most)s
"""
# A key that was given away meanwhile has another time.
_DROP_KEYS: Final = (
    "DELETE FROM idempotency k USING hold_lease(%s), unnest(%s::integer[], %s::text[]) AS w(org, key)"
    " WHERE k.org = w.org AND k.key = w.key AND k.expires_ms <= %s"
)
# A whole slice at a time: rows of one instant and execution are on one side of its end.
_DECISIONS_END: Final = (
    "SELECT at_ms, execution_id FROM decision"
    " WHERE (at_ms, execution_id) > (%(after_ms)s, %(after_id)s::uuid) AND at_ms < %(before)s"
    " ORDER BY at_ms, execution_id LIMIT 1 OFFSET %(most)s"
)
_ARE_OLD: Final = (
    "(d.at_ms, d.execution_id) > (%(after_ms)s, %(after_id)s::uuid)"
    " AND (d.at_ms, d.execution_id) <= (%(end_ms)s, %(end_id)s::uuid) AND d.at_ms < %(before)s"
    " AND NOT EXISTS (SELECT 1 FROM execution e WHERE e.id = d.execution_id)"
)
_COUNT_DECISIONS: Final = f"SELECT count(*) FROM decision d WHERE {_ARE_OLD}"
_DROP_DECISIONS: Final = f"DELETE FROM decision d USING hold_lease(%(own)s) WHERE {_ARE_OLD}"
_PRUNED_TO: Final = "SELECT p.tx, p.n FROM pruned p JOIN name o ON o.n = p.org WHERE o.id = %s"
_MONTHS: Final = (
    "SELECT substr(c.relname, 11) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'execution'::regclass ORDER BY c.relname"
)
_DROP_MONTH: Final = "SELECT drop_month(%s, %s)"
_HURRY: Final = "SET lock_timeout = '200ms'"


class PostgresPruning:
    """See `looply.engine.records.pruning.Pruning`."""

    def __init__(self, database: Database, names: Names, clock: Clock) -> None:
        self._database = database
        self._names = names
        self._clock = clock
        self._touched: set[str] = set()

    async def is_busy(self) -> bool:
        """Whether units of this process are being written."""
        return bool(self._database.writing)

    async def prune(self, spent: RetentionFilter, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes one slice of what is spent."""
        choice = await self._database.read(lambda connection: self._choice(connection, spent, after))
        if is_dry or not choice.removed:
            return choice.report
        ids = [each.execution_id for each in choice.removed]
        arguments = (self._database.epoch, ids, [each.seq for each in choice.removed], fires_before(spent))

        async def write(connection: Connection) -> int | None:
            count: int | None = await call(connection, _PRUNE, arguments)
            return count

        async def found(connection: Connection) -> tuple[int] | None:
            return None if await call(connection, _SOME_LEFT, (ids,)) else (len(ids),)

        count = await self._database.write(write, [("pruning",)], found)
        if count is None:
            return Slice(is_elsewhere=True)
        self._touched.update(map(month_of, ids))
        # What has moved in between stays.
        return replace(choice.report, executions=count)

    async def drop_keys(self, now: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes idempotency keys whose time is over and whose execution is not open."""
        facts = {
            "after_id": after[1] or id_text(LOWEST_ID),
            "below": id_text(first_id(now)),
            "now": to_ms(now),
            "most": SLICE_KEYS,
        }
        found = await self._database.read(lambda connection: rows(connection, _KEYS, facts))
        told = Slice(keys=len(found), after=(0, id_text(found[-1][2])) if len(found) == SLICE_KEYS else None)
        if found and not is_dry:
            arguments = (self._database.epoch, [each[0] for each in found], [each[1] for each in found], to_ms(now))

            async def write(connection: Connection) -> None:
                await connection.execute(_DROP_KEYS, arguments)

            await self._database.write(write, [("pruning",)])
        return told

    async def drop_decisions(self, before: datetime, after: Cursor, *, is_dry: bool = False) -> Slice:
        """Removes old decisions of executions that are gone."""
        told, facts = await self._database.read(lambda connection: _decisions(connection, before, after))
        if told.decisions and not is_dry:
            arguments = {**facts, "own": self._database.epoch}

            async def write(connection: Connection) -> None:
                await connection.execute(_DROP_DECISIONS, arguments)

            await self._database.write(write, [("pruning",)])
        return told

    async def release_space(self) -> bool:
        """Drops an empty month, or writes one anew in which little is left; returns whether it did so."""
        this_month = months_from(self._clock.now())[0]
        months = await self._database.read(lambda connection: rows(connection, _MONTHS))
        for month in (name for (name,) in months if name < this_month):
            left = await self._database.read(partial(_count, month=month))
            if not left and await self._drop(month):
                return True
            if left <= FEW and month in self._touched:
                self._touched.discard(month)
                await self._rewrite(month)
                return True
        return False

    async def pruned_position(self, organization_id: str) -> Position:
        """Returns the last place of what went of an organization."""
        found = await self._database.read(lambda connection: row(connection, _PRUNED_TO, (organization_id,)))
        return (found[0], found[1]) if found is not None else (0, 0)

    async def _choice(self, connection: Connection, spent: RetentionFilter, after: Cursor) -> PrunePlan:
        workflow: int | None = 0
        if spent.workflow_id:
            (workflow,) = await self._names.find(connection, spent.workflow_id)
        if workflow is None:
            return PrunePlan((), Slice())
        ids = {"after_id": after[1] or id_text(LOWEST_ID), "below": id_text(highest_id(spent))}
        facts = slice_parameters(spent, workflow, after) | ids
        statement = _EXPIRED if spent.ended_before is None else _OLD_OF_WORKFLOW if workflow else _OLD
        found = await rows(connection, statement, facts)
        candidates, is_whole = await _candidates(connection, found, facts["now"])
        return plan_removals(candidates, has_more=not is_whole or len(found) == SLICE_ROWS)

    async def _drop(self, month: str) -> bool:
        """Drops an empty month; returns whether it did: who is in the way is not waited for."""
        self._touched.discard(month)
        database = self._database

        async def write(connection: Connection) -> bool:
            return bool(await call(connection, _DROP_MONTH, (database.epoch, month)))

        return await database.write(write, [("pruning",)])

    async def _rewrite(self, month: str) -> None:
        """Writes the rest of a month anew, so that the space of what went is the disk's again."""
        try:
            connection = await self._database.writers.connect()
        except psycopg.Error as error:
            _log.warning("month_not_shrunk", month=month, error=one_line(error))
            return
        try:
            await connection.execute(_HURRY)
            for part in _PARTS:
                await connection.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(f"{part}_{month}")))
        except psycopg.Error as error:
            _log.warning("month_not_shrunk", month=month, error=one_line(error))
        finally:
            drop(connection)


async def _decisions(connection: Connection, before: datetime, after: Cursor) -> tuple[Slice, dict[str, Any]]:
    facts: dict[str, Any] = {
        "after_ms": after[0],
        "after_id": after[1] or id_text(LOWEST_ID),
        "before": to_ms(before),
    }
    ends = await rows(connection, _DECISIONS_END, {**facts, "most": SLICE_ROWS - 1})
    end_ms, end_id = (ends[0][0], id_text(ends[0][1])) if ends else (facts["before"], id_text(LOWEST_ID))
    facts |= {"end_ms": end_ms, "end_id": end_id}
    ((count,),) = await rows(connection, _COUNT_DECISIONS, facts)
    return Slice(decisions=count, after=(end_ms, end_id) if ends else None), facts


async def _candidates(connection: Connection, found: Sequence[Row], now_ms: int) -> tuple[list[Candidate], bool]:
    """Returns the candidates of rows until a slice is full, and whether they are all."""
    candidates: list[Candidate] = []
    taken = size = 0
    for begin in range(0, len(found), SLICE):
        part = found[begin : begin + SLICE]
        facts = {"ids": [id_text(key) for _, key, _, is_spent in part if is_spent], "now": now_ms}
        held = {row[0]: row[1:] for row in await rows(connection, _HELD, facts)}
        for due_ms, key, seq, is_spent in part:
            is_held, bytes_held = held.get(key, (False, 0))
            candidates.append(Candidate(due_ms, id_text(key), seq, bool(is_spent), bool(is_held), bytes_held))
            if is_spent and not is_held:
                taken, size = taken + 1, size + bytes_held
        if taken > SLICE or size > SLICE_BYTES:
            return candidates, begin + SLICE >= len(found)
    return candidates, True


async def _count(connection: Connection, month: str) -> int:
    """Returns how many executions of a month are stored, as far as that matters."""
    statement = sql.SQL("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT {}) e").format(
        sql.Identifier(f"execution_{month}"), FEW + 1
    )
    found = await (await connection.execute(statement)).fetchone()
    return int(found[0]) if found is not None else 0
