"""The reading side of a store with tables: executions, their open work, cards, claims and dangling rows."""

import builtins
from collections.abc import Mapping, Sequence
from typing import Any, Final

from looply.engine.coding.orphans import dangling_statement, dangling_texts
from looply.engine.coding.rows import (
    FIRST_CARD,
    RUNNING,
    batch_from,
    card_from,
    claim_from,
    delivery_from,
    effect_from,
    head_from,
    id_text,
    incident_from,
    slot_from,
    timer_from,
    wait_from,
)
from looply.engine.ports.lists import CardFilter, CardKey, Filter, Head, OpenCard
from looply.engine.ports.store import Batch, Work
from looply.engine.records.claims import Claim
from looply.engine.records.spans import LOWEST_ID
from looply.engine.sql.dialects import Variants
from looply.engine.sql.lists import ListDialect, read_page
from looply.engine.sql.sessions import Session, Sessions
from looply.execution.facts.deliveries import Delivery
from looply.instants import ms_or_none

_HEAD: Final = "SELECT * FROM head WHERE id = :execution:uuid"
_HEAD_IN: Final = (
    "SELECT h.* FROM execution e JOIN head h ON h.id = e.id"
    " WHERE e.id = :execution:uuid AND e.org = :org AND :workflow IN (0, e.workflow)"
)
_CLAIMS: Final = (
    "SELECT h.* FROM claim c JOIN head h ON h.id = c.execution_id"
    " WHERE c.org = :org AND c.process_id = :name AND :workflow IN (0, c.workflow) ORDER BY c.execution_id DESC"
)
_NEWEST: Final = Variants(
    "SELECT h.* FROM (SELECT id FROM execution INDEXED BY execution_process"
    " WHERE org = :org AND process_id = :name AND :workflow IN (0, workflow) ORDER BY id DESC LIMIT 1) e"
    " JOIN head h ON h.id = e.id",
    # Ordered by all columns of the index, which no other one can do.
    "SELECT h.* FROM (SELECT e.id FROM execution e WHERE (e.org, e.process_id) >= (:org, :name)"
    " AND (e.org, e.process_id) <= (:org, :name) AND e.process_id IS NOT NULL"
    " AND :workflow IN (0, e.workflow) ORDER BY e.org DESC, e.process_id DESC, e.id DESC LIMIT 1) e"
    " JOIN head h ON h.id = e.id",
)
_SCAN: Final = "SELECT * FROM head WHERE id > :after:uuid ORDER BY id LIMIT :limit"

_CARD: Final = (
    "SELECT c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms,"
    " c.due_ms"
    " FROM card c JOIN name n ON n.n = c.workflow"
)
_FIND_CARD: Final = f"{_CARD} WHERE c.id = :card"
_BELOW: Final = "(c.opened_ms, c.id) < (:opened_ms, :card) ORDER BY c.opened_ms DESC, c.id DESC LIMIT :limit"
_FITS: Final = ":workflow:integer IN (0, c.workflow)"
_IS_DUE: Final = "c.due_ms < :due_before"
_IS_STALE: Final = "EXISTS (SELECT 1 FROM card_copy k WHERE k.id = c.id AND k.shown < k.wanted)"

_EFFECTS_OF: Final = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE e.execution_id = :execution:uuid ORDER BY e.seq"
)
_TIMERS_OF: Final = (
    "SELECT due_ms, execution_id, seq, kind FROM timer WHERE execution_id = :execution:uuid ORDER BY seq"
)
_WAITS_OF: Final = "SELECT execution_id, seq, step, sources FROM wait WHERE execution_id = :execution:uuid ORDER BY seq"
_INCIDENTS_OF: Final = (
    "SELECT i.execution_id, i.seq, i.id, n.id, i.step, i.kind, i.code, i.opened_ms FROM incident i"
    " JOIN name n ON n.n = i.org WHERE i.execution_id = :execution:uuid ORDER BY i.seq"
)
_CARDS_OF: Final = f"{_CARD} WHERE c.execution_id = :execution:uuid ORDER BY c.opened_ms, c.id"
_SLOT_OF: Final = (
    "SELECT execution_id, seq, since_ms, max_concurrency, is_held FROM concurrency_slot"
    " WHERE execution_id = :execution:uuid"
)
_CONTINUES: Final = "SELECT 1 FROM continuation WHERE execution_id = :execution:uuid"
_WORK_OF: Final = (_EFFECTS_OF, _TIMERS_OF, _WAITS_OF, _INCIDENTS_OF, _CARDS_OF, _CONTINUES, _SLOT_OF)
_DELIVERIES_OF: Final = (
    "SELECT target, sender, seq, kind FROM delivery WHERE target = :target:uuid ORDER BY sender, seq"
)
_CLAIMS_OF: Final = (
    "SELECT o.id, w.id, c.process_id, c.request FROM claim c JOIN name o ON o.n = c.org JOIN name w ON w.n = c.workflow"
    " WHERE c.execution_id = :execution:uuid ORDER BY w.id, c.process_id"
)
_DANGLING: Final = Variants(dangling_statement("lower(hex(execution_id))"), dangling_statement("execution_id::text"))

# One look-up for each in the month of its id: PostgreSQL would seek a list of ids in the partitions of all months.
_SETTLED: Final = Variants(
    f"SELECT e.id FROM json_each(:ids) w JOIN execution e ON e.id = unhex(w.value, '-') WHERE e.status <> {RUNNING}",
    "SELECT w.id FROM unnest(:ids:uuid[]) w(id)"
    f" WHERE (SELECT e.status FROM execution e WHERE e.id = w.id) <> {RUNNING}",
)
_TAIL: Final = "b.first_seq, b.last_seq, b.at_ms, b.codec, b.chain, b.events"
_TAILS: Final = Variants(
    f"SELECT b.execution_id, {_TAIL} FROM json_each(:ids) w CROSS JOIN batch b ON b.execution_id = unhex(w.value, '-')"
    " AND b.last_seq > (SELECT max(n.last_seq) FROM batch n WHERE n.execution_id = unhex(w.value, '-')) - :events"
    " ORDER BY b.last_seq",
    f"SELECT w.id, {_TAIL} FROM unnest(:ids:uuid[]) w(id)"
    " CROSS JOIN LATERAL (SELECT t.*, coalesce(sum(t.last_seq - t.first_seq + 1) OVER (ORDER BY t.last_seq DESC"
    "  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS newer FROM (SELECT c.* FROM batch c"
    "  WHERE c.execution_id = w.id ORDER BY c.last_seq DESC LIMIT :events) t) b"
    " WHERE b.newer < :events ORDER BY b.last_seq",
)

_FIRST: Final = id_text(LOWEST_ID)


class SqlReads:
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, sessions: Sessions, lists: ListDialect) -> None:
        self._sessions = sessions
        self._lists = lists

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns the executions that a process id or an execution id names."""
        key = self._sessions.key(name)

        async def read(session: Session) -> list[Head]:
            org, workflow = await session.numbers(organization_id, workflow_id)
            if org is None or workflow is None:
                return []
            parameters = {"execution": key, "name": name, "org": org, "workflow": workflow}
            async with session.one_state():
                for statement in (_HEAD_IN, _CLAIMS, _NEWEST) if key is not None else (_CLAIMS, _NEWEST):
                    if found := await session.rows(statement, parameters):
                        return [head_from(row) for row in found]
            return []

        return await self._sessions.read(read)

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution."""
        if (key := self._sessions.key(execution_id)) is None:
            return None
        return await self._sessions.find(head_from, _HEAD, {"execution": key})

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        return await self._sessions.select(lambda row: id_text(row[0]), _SETTLED, {"ids": self._known(execution_ids)})

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        found: dict[str, builtins.list[Batch]] = {execution_id: [] for execution_id in execution_ids}
        parameters = {"ids": self._known(execution_ids), "events": events}
        for key, *columns in await self._sessions.select(tuple, _TAILS, parameters):
            found[id_text(key)].append(batch_from(tuple(columns)))
        return found

    async def list(self, organization_id: str, query: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns a page of heads in the order of the filter, and where its scan budget ended."""
        return await self._sessions.read(
            lambda session: read_page(session, self._lists, organization_id, query, after, limit)
        )

    async def open_cards(
        self, organization_id: str, criteria: CardFilter, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies behind a key, newest first."""
        opened_ms, card = after or FIRST_CARD
        due_ms = ms_or_none(criteria.due_before)
        parameters = {
            "person": criteria.recipient,
            "opened_ms": opened_ms,
            "card": card,
            "due_before": due_ms,
            "limit": limit,
        }
        statement = _cards_statement(criteria)

        async def read(session: Session) -> list[OpenCard]:
            org, workflow = await session.numbers(organization_id, criteria.workflow_id)
            if org is None:
                return []
            found = await session.rows(statement, {**parameters, "org": org, "workflow": workflow})
            return [card_from(row) for row in found]

        return await self._sessions.read(read)

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, or None."""
        return await self._sessions.find(card_from, _FIND_CARD, {"card": card_id})

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""
        if (key := self._sessions.key(execution_id)) is None:
            return Work()

        async def read(session: Session) -> Work:
            found = await session.rows_of_all(_WORK_OF, {"execution": key})
            effects, timers, waits, incidents, cards, continues, slots = found
            return Work(
                effects=tuple(map(effect_from, effects)),
                timers=tuple(map(timer_from, timers)),
                waits=tuple(map(wait_from, waits)),
                incidents=tuple(map(incident_from, incidents)),
                cards=tuple(map(card_from, cards)),
                continues=bool(continues),
                slot=slot_from(slots[0]) if slots else None,
            )

        return await self._sessions.read(read)

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the rows that wait to be applied to one execution."""
        return await self._sessions.select(delivery_from, _DELIVERIES_OF, {"target": self._sessions.key(target)})

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims of one execution."""
        return await self._sessions.select(claim_from, _CLAIMS_OF, {"execution": self._sessions.key(execution_id)})

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id."""
        parameters = {"after": self._sessions.key(after or _FIRST), "limit": limit}
        return await self._sessions.select(head_from, _SCAN, parameters)

    async def dangling_rows(self) -> Sequence[str]:
        """Returns a line for each row that refers to what is not stored, 1,000 at most."""
        return dangling_texts(await self._sessions.select(tuple, _DANGLING))

    def _known(self, execution_ids: Sequence[str]) -> Any:
        return self._sessions.keys(each for each in execution_ids if self._sessions.key(each) is not None)


def _cards_statement(criteria: CardFilter) -> str:
    """Returns the statement of a page of open cards: constants, for the parts of a filter that are given."""
    parts = [
        "c.org = :org",
        *(["c.recipient = :person"] if criteria.recipient else []),
        _FITS,
        *([_IS_DUE] if criteria.due_before is not None else []),
        *([_IS_STALE] if criteria.is_stale else []),
        _BELOW,
    ]
    return f"{_CARD} WHERE {' AND '.join(parts)}"
