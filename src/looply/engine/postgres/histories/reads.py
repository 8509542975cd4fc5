"""The reading side of the PostgreSQL store."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from looply.engine.coding.orphans import orphan_texts, orphans_statement
from looply.engine.coding.rows import (
    FIRST_CARD,
    RUNNING,
    Row,
    batch_from,
    card_from,
    claim_from,
    effect_from,
    find_id,
    head_from,
    id_text,
    incident_from,
    slot_from,
    timer_from,
    wait_from,
)
from looply.engine.ports.port import CardKey, Filter, Head, OpenCard
from looply.engine.ports.store import Batch, Work
from looply.engine.postgres.database.connections import Connection, row, rows
from looply.engine.postgres.database.database import Database
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.histories.lists import list_heads
from looply.engine.postgres.pending.deliveries import waiting_for
from looply.engine.records.claims import Claim
from looply.engine.records.spans import LOWEST_ID
from looply.execution.facts.deliveries import Delivery

_HEAD: Final = "SELECT * FROM head WHERE id = %s::uuid"
_HEAD_IN: Final = (
    "SELECT h.* FROM execution e JOIN head h ON h.id = e.id"
    " WHERE e.id = %s::uuid AND e.org = %s AND %s IN (0, e.workflow)"
)
_CLAIMS: Final = (
    "SELECT h.* FROM claim c JOIN head h ON h.id = c.execution_id"
    " WHERE c.org = %s AND c.process_id = %s AND %s IN (0, c.workflow) ORDER BY c.execution_id DESC"
)
# Ordered by all columns of the index, which no other one can do.
_NEWEST: Final = (
    "SELECT h.* FROM (SELECT e.id FROM execution e WHERE (e.org, e.process_id) >= (%(org)s, %(name)s)"
    " AND (e.org, e.process_id) <= (%(org)s, %(name)s) AND e.process_id IS NOT NULL"
    " AND %(workflow)s IN (0, e.workflow) ORDER BY e.org DESC, e.process_id DESC, e.id DESC LIMIT 1) e"
    " JOIN head h ON h.id = e.id"
)
# One look-up for each, in the month of its id: an array would be sought in the partitions of all months.
_RESTING: Final = (
    f"SELECT w.id FROM unnest(%s::uuid[]) w(id) WHERE (SELECT e.status FROM execution e WHERE e.id = w.id) <> {RUNNING}"
)
_SCAN: Final = "SELECT * FROM head WHERE id > %s::uuid ORDER BY id LIMIT %s"
_TAILS: Final = (
    "SELECT w.id, b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events FROM unnest(%s::uuid[]) w(id)"
    " CROSS JOIN LATERAL (SELECT t.*, coalesce(sum(t.last_seq - t.first_seq + 1) OVER (ORDER BY t.last_seq DESC"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer FROM (SELECT c.* FROM batch c"
    "  WHERE c.execution_id = w.id ORDER BY c.last_seq DESC LIMIT %s) t) b WHERE b.newer < %s ORDER BY b.last_seq"
)
_CARD: Final = "c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms"
_FIND_CARD: Final = f"SELECT {_CARD} FROM card c JOIN name n ON n.n = c.workflow WHERE c.id = %s"
_CARDS: Final = (
    f"SELECT {_CARD} FROM card c JOIN name o ON o.n = c.org JOIN name n ON n.n = c.workflow"
    " WHERE c.org = %s AND (c.opened_ms, c.id) < (%s, %s) ORDER BY c.opened_ms DESC, c.id DESC LIMIT %s"
)
_CARDS_FOR: Final = (
    f"SELECT {_CARD} FROM card c JOIN name n ON n.n = c.workflow WHERE c.org = %s AND c.recipient = %s"
    " AND (c.opened_ms, c.id) < (%s, %s) ORDER BY c.opened_ms DESC, c.id DESC LIMIT %s"
)

_EFFECTS_OF: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE e.execution_id = %s::uuid ORDER BY e.seq"
)
_TIMERS_OF: Final = "SELECT due_ms, execution_id, seq, kind FROM timer WHERE execution_id = %s::uuid ORDER BY seq"
_WAITS_OF: Final = "SELECT execution_id, seq, step, sources FROM wait WHERE execution_id = %s::uuid ORDER BY seq"
_INCIDENTS_OF: Final = (
    "SELECT i.execution_id, i.seq, i.id, n.id, i.step, i.kind, i.code, i.opened_ms FROM incident i"
    " JOIN name n ON n.n = i.org WHERE i.execution_id = %s::uuid ORDER BY i.seq"
)
_CARDS_OF: Final = (
    f"SELECT {_CARD} FROM card c JOIN name n ON n.n = c.workflow"
    " WHERE c.execution_id = %s::uuid ORDER BY c.opened_ms, c.id"
)
_PLACE_OF: Final = "SELECT execution_id, seq, since_ms, most, held FROM place WHERE execution_id = %s::uuid"
_CONTINUES: Final = "SELECT 1 FROM continuation WHERE execution_id = %s::uuid"

_CLAIMS_OF: Final = (
    "SELECT o.id, w.id, c.process_id, c.request FROM claim c JOIN name o ON o.n = c.org JOIN name w ON w.n = c.workflow"
    " WHERE c.execution_id = %s::uuid ORDER BY w.id, c.process_id"
)

_ORPHANS: Final = orphans_statement("execution_id::text")

_FIRST: Final = id_text(LOWEST_ID)


class PostgresReads:
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, database: Database, names: Names) -> None:
        self._database = database
        self._names = names

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns who answers to a process id or execution id."""
        return await self._database.read(
            lambda connection: _heads(connection, self._names, organization_id, name, workflow_id)
        )

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution."""
        if find_id(execution_id) is None:
            return None
        found = await self._database.read(lambda connection: row(connection, _HEAD, (execution_id,)))
        return head_from(found) if found is not None else None

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        sought = [each for each in execution_ids if find_id(each) is not None]
        found = await self._database.read(lambda connection: rows(connection, _RESTING, (sought,)))
        return [id_text(key) for (key,) in found]

    async def list(self, organization_id: str, wanted: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns a page of heads, newest first, and where its scan budget ended."""
        return await self._database.read(
            lambda connection: list_heads(connection, self._names, organization_id, wanted, after, limit)
        )

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        sought = (list(execution_ids), events, events)
        found: dict[str, list[Batch]] = {execution_id: [] for execution_id in execution_ids}
        for key, *facts in await self._database.read(lambda connection: rows(connection, _TAILS, sought)):
            found[id_text(key)].append(batch_from(tuple(facts)))
        return found

    async def open_cards(
        self, organization_id: str, person: str, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies behind a key, newest first."""

        async def read(connection: Connection) -> list[Row]:
            (org,) = await self._names.find(connection, organization_id)
            if org is None:
                return []
            place = after or FIRST_CARD
            if person:
                return await rows(connection, _CARDS_FOR, (org, person, *place, limit))
            return await rows(connection, _CARDS, (org, *place, limit))

        return [card_from(each) for each in await self._database.read(read)]

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, or None."""
        found = await self._database.read(lambda connection: row(connection, _FIND_CARD, (card_id,)))
        return card_from(found) if found is not None else None

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""
        if find_id(execution_id) is None:
            return Work()
        return await self._database.read(lambda connection: _work(connection, execution_id))

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the rows that wait to be applied to one execution."""
        return await self._database.read(lambda connection: waiting_for(connection, target))

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims of one execution."""
        if find_id(execution_id) is None:
            return ()
        found = await self._database.read(lambda connection: rows(connection, _CLAIMS_OF, (execution_id,)))
        return [claim_from(each) for each in found]

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id."""
        found = await self._database.read(lambda connection: rows(connection, _SCAN, (after or _FIRST, limit)))
        return [head_from(each) for each in found]

    async def orphan_rows(self) -> Sequence[str]:
        """Returns a line for each row that refers to what is not stored, 1,000 at most."""
        return orphan_texts(await self._database.read(lambda connection: rows(connection, _ORPHANS)))


async def _heads(connection: Connection, names: Names, organization_id: str, name: str, workflow_id: str) -> list[Head]:
    org, *rest = await names.find(connection, organization_id, *([workflow_id] if workflow_id else []))
    workflow = rest[0] if rest else 0
    if org is None or workflow is None:
        return []
    async with connection.transaction():
        found: list[Row] = []
        if find_id(name) is not None:
            found = await rows(connection, _HEAD_IN, (name, org, workflow))
        found = found or await rows(connection, _CLAIMS, (org, name, workflow))
        if not found:
            sought = {"org": org, "name": name, "workflow": workflow}
            found = await (await connection.execute(_NEWEST, sought, binary=True)).fetchall()
    return [head_from(each) for each in found]


async def _work(connection: Connection, execution_id: str) -> Work:
    statements = (_EFFECTS_OF, _TIMERS_OF, _WAITS_OF, _INCIDENTS_OF, _CARDS_OF, _CONTINUES, _PLACE_OF)
    # One round trip, and one state of the store.
    async with connection.pipeline():
        cursors = [await connection.execute(text, (execution_id,), binary=True) for text in statements]
    found: list[list[Any]] = [await cursor.fetchall() for cursor in cursors]
    return Work(
        effects=tuple(effect_from(each) for each in found[0]),
        timers=tuple(timer_from(each) for each in found[1]),
        waits=tuple(wait_from(each) for each in found[2]),
        incidents=tuple(incident_from(each) for each in found[3]),
        cards=tuple(card_from(each) for each in found[4]),
        continues=bool(found[5]),
        slot=slot_from(found[6][0]) if found[6] else None,
    )
