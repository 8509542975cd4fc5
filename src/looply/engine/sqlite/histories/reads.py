"""The reading side of the SQLite store."""

from collections.abc import Mapping, Sequence

import apsw

from looply.engine.coding.orphans import orphan_texts, orphans_statement
from looply.engine.coding.rows import (
    FIRST_CARD,
    RUNNING,
    batch_from,
    card_from,
    claim_from,
    effect_from,
    find_id,
    head_from,
    id_bytes,
    incident_from,
    slot_from,
    timer_from,
    wait_from,
)
from looply.engine.ports.port import CardKey, Filter, Head, OpenCard
from looply.engine.ports.store import Batch, Work
from looply.engine.records.claims import Claim
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.file.threads import Threads
from looply.engine.sqlite.histories.lists import list_heads
from looply.engine.sqlite.pending.deliveries import waiting_for
from looply.execution.facts.deliveries import Delivery

_HEAD = "SELECT * FROM head WHERE id = ?"
_HEAD_IN = (
    "SELECT h.* FROM execution e JOIN head h ON h.id = e.id WHERE e.id = ? AND e.org = ? AND ? IN (0, e.workflow)"
)
_CLAIMS = (
    "SELECT h.* FROM claim c JOIN head h ON h.id = c.execution_id"
    " WHERE c.org = ? AND c.process_id = ? AND ? IN (0, c.workflow) ORDER BY c.execution_id DESC"
)
_NEWEST = (
    "SELECT h.* FROM (SELECT id FROM execution INDEXED BY execution_process"
    " WHERE org = ? AND process_id = ? AND ? IN (0, workflow) ORDER BY id DESC LIMIT 1) e JOIN head h ON h.id = e.id"
)
_STATUS = "SELECT status FROM execution WHERE id = ?"
_SCAN = "SELECT * FROM head WHERE id > ? ORDER BY id LIMIT ?"
_TAIL = (
    "SELECT first_seq, last_seq, at_ms, codec, chain, events FROM batch WHERE execution_id = ?"
    " ORDER BY last_seq DESC LIMIT ?"
)
_CARDS = (
    "SELECT c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms"
    " FROM card c JOIN name n ON n.n = c.workflow WHERE c.org = ? AND (c.opened_ms, c.id) < (?, ?)"
    " ORDER BY c.opened_ms DESC, c.id DESC LIMIT ?"
)
_CARD = (
    "SELECT c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms"
    " FROM card c JOIN name n ON n.n = c.workflow WHERE c.id = ?"
)
_CARDS_FOR = (
    "SELECT c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms"
    " FROM card c JOIN name n ON n.n = c.workflow WHERE c.org = ? AND c.recipient = ?"
    " AND (c.opened_ms, c.id) < (?, ?)"
    " ORDER BY c.opened_ms DESC, c.id DESC LIMIT ?"
)

_EFFECTS_OF = (
    "SELECT e.execution_id, e.seq, n.id, e.queue, e.state, e.attempt, e.epoch FROM effect e JOIN name n ON n.n = e.org"
    " WHERE e.execution_id = ? ORDER BY e.seq"
)
_TIMERS_OF = "SELECT due_ms, execution_id, seq, kind FROM timer WHERE execution_id = ? ORDER BY seq"
_WAITS_OF = "SELECT execution_id, seq, step, sources FROM wait WHERE execution_id = ? ORDER BY seq"
_INCIDENTS_OF = (
    "SELECT i.execution_id, i.seq, i.id, n.id, i.step, i.kind, i.code, i.opened_ms FROM incident i"
    " JOIN name n ON n.n = i.org WHERE i.execution_id = ? ORDER BY i.seq"
)
_CARDS_OF = (
    "SELECT c.id, c.execution_id, n.id, c.step, c.address, c.part, c.recipient, c.channel, c.revision, c.opened_ms"
    " FROM card c JOIN name n ON n.n = c.workflow WHERE c.execution_id = ? ORDER BY c.opened_ms, c.id"
)
_PLACE_OF = "SELECT execution_id, seq, since_ms, most, held FROM place WHERE execution_id = ?"
_CONTINUES = "SELECT 1 FROM continuation WHERE execution_id = ?"

_CLAIMS_OF = (
    "SELECT o.id, w.id, c.process_id, c.request FROM claim c JOIN name o ON o.n = c.org JOIN name w ON w.n = c.workflow"
    " WHERE c.execution_id = ? ORDER BY w.id, c.process_id"
)

_ORPHANS = orphans_statement("lower(hex(execution_id))")


class SqliteReads:
    """See `looply.engine.ports.store.Reads`."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def heads(self, organization_id: str, name: str, workflow_id: str) -> Sequence[Head]:
        """Returns who answers to a process id or execution id."""
        return await self._threads.read(lambda connection: _heads(connection, organization_id, name, workflow_id))

    async def head(self, execution_id: str) -> Head | None:
        """Returns the head of one execution."""
        key = find_id(execution_id)
        if key is None:
            return None

        def read(connection: apsw.Connection) -> Head | None:
            row = connection.execute(_HEAD, (key,)).fetchone()
            return head_from(row) if row is not None else None

        return await self._threads.read(read)

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        """Returns those that do not run."""
        keys = {execution_id: find_id(execution_id) for execution_id in execution_ids}

        def read(connection: apsw.Connection) -> list[str]:
            rows = ((each, connection.execute(_STATUS, (key,)).fetchone()) for each, key in keys.items())
            return [each for each, row in rows if row is not None and row[0] != RUNNING]

        return await self._threads.read(read)

    async def list(self, organization_id: str, wanted: Filter, after: str, limit: int) -> tuple[Sequence[Head], str]:
        """Returns a page of heads, newest first, and where its scan budget ended."""
        return await self._threads.read(
            lambda connection: list_heads(connection, organization_id, wanted, after, limit)
        )

    async def tails(self, execution_ids: Sequence[str], events: int) -> Mapping[str, Sequence[Batch]]:
        """Returns for each execution its last batches, oldest first."""
        return await self._threads.read(
            lambda connection: {text: _tail(connection, text, events) for text in execution_ids}
        )

    async def open_cards(
        self, organization_id: str, person: str, after: CardKey | None, limit: int
    ) -> Sequence[OpenCard]:
        """Returns open card copies behind a key, newest first."""

        def read(connection: apsw.Connection) -> list[OpenCard]:
            org = find_number(connection, organization_id)
            place = after or FIRST_CARD
            if person:
                rows = connection.execute(_CARDS_FOR, (org, person, *place, limit))
            else:
                rows = connection.execute(_CARDS, (org, *place, limit))
            return [card_from(row) for row in rows]

        return await self._threads.read(read)

    async def find_card(self, card_id: str) -> OpenCard | None:
        """Returns an open card copy, or None."""

        def read(connection: apsw.Connection) -> OpenCard | None:
            row = connection.execute(_CARD, (card_id,)).fetchone()
            return card_from(row) if row is not None else None

        return await self._threads.read(read)

    async def work_of(self, execution_id: str) -> Work:
        """Returns all rows of open work of one execution."""
        key = find_id(execution_id)
        return await self._threads.read(lambda connection: _work(connection, key))

    async def deliveries_of(self, target: str) -> Sequence[Delivery]:
        """Returns the rows that wait to be applied to one execution."""
        return await self._threads.read(lambda connection: waiting_for(connection, target))

    async def claims_of(self, execution_id: str) -> Sequence[Claim]:
        """Returns the claims of one execution."""
        key = find_id(execution_id)
        return await self._threads.read(
            lambda connection: [claim_from(row) for row in connection.execute(_CLAIMS_OF, (key,))]
        )

    async def scan(self, after: str, limit: int) -> Sequence[Head]:
        """Returns heads of all organizations by ascending id."""
        arguments = (id_bytes(after) if after else b"", limit)
        return await self._threads.read(
            lambda connection: [head_from(row) for row in connection.execute(_SCAN, arguments)]
        )

    async def orphan_rows(self) -> Sequence[str]:
        """Returns a line for each row that refers to what is not stored, 1,000 at most."""
        return await self._threads.read(lambda connection: orphan_texts(connection.execute(_ORPHANS)))


def _heads(connection: apsw.Connection, organization_id: str, name: str, workflow_id: str) -> list[Head]:
    org = find_number(connection, organization_id)
    workflow = find_number(connection, workflow_id) if workflow_id else 0
    if org is None or workflow is None:
        return []
    if (key := find_id(name)) is not None:
        rows = connection.execute(_HEAD_IN, (key, org, workflow)).fetchall()
        if rows:
            return [head_from(row) for row in rows]
    arguments = (org, name, workflow)
    rows = connection.execute(_CLAIMS, arguments).fetchall() or connection.execute(_NEWEST, arguments).fetchall()
    return [head_from(row) for row in rows]


def _tail(connection: apsw.Connection, execution_id: str, events: int) -> list[Batch]:
    found: list[Batch] = []
    count = 0
    for row in connection.execute(_TAIL, (find_id(execution_id), events)):
        batch = batch_from(row)
        found.append(batch)
        count += batch.last_seq - batch.first_seq + 1
        if count >= events:
            break
    return found[::-1]


def _work(connection: apsw.Connection, key: bytes | None) -> Work:
    place = connection.execute(_PLACE_OF, (key,)).fetchone()
    return Work(
        effects=tuple(effect_from(row) for row in connection.execute(_EFFECTS_OF, (key,))),
        timers=tuple(timer_from(row) for row in connection.execute(_TIMERS_OF, (key,))),
        waits=tuple(wait_from(row) for row in connection.execute(_WAITS_OF, (key,))),
        incidents=tuple(incident_from(row) for row in connection.execute(_INCIDENTS_OF, (key,))),
        cards=tuple(card_from(row) for row in connection.execute(_CARDS_OF, (key,))),
        continues=connection.execute(_CONTINUES, (key,)).get is not None,
        slot=slot_from(place) if place is not None else None,
    )
