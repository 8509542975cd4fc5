"""How one unit becomes rows. Runs in the writer's thread, inside the unit's savepoint.

Most of what can be refused comes first: the key, the fence, the claim, the firing, the datastore. A slot is refused
where the rows of open work are put. A refusal undoes the savepoint, so that nothing of the unit is stored.
"""

from collections.abc import Sequence

import apsw

from looply.engine.coding.columns import (
    batch_columns,
    card_columns,
    copy_columns,
    effect_columns,
    head_columns,
    incident_columns,
    start_columns,
    timer_columns,
    wait_columns,
)
from looply.engine.coding.refusals import claim_taken_error, key_taken_error, stale_error
from looply.engine.coding.rows import OPEN_NUMBERS, decision_columns, id_bytes, id_text, letter_columns
from looply.engine.ports.store import Unit, WorkChange
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.copies import CopyUpdate
from looply.engine.records.decisions import DecisionRow
from looply.engine.records.figures.figures import encode_change
from looply.engine.records.letters import LetterRow
from looply.engine.sql.dialects import sqlite_text
from looply.engine.sql.journal import PUT_DEFINITION, definition_facts
from looply.engine.sqlite.file.names import Names
from looply.engine.sqlite.histories.datastores import store_change
from looply.engine.sqlite.pending.deliveries import store_deliveries
from looply.engine.sqlite.pending.ledger import store_fire
from looply.engine.sqlite.pending.slots import drop_slot, store_slot
from looply.instants import to_ms

# Parameters are in the order of `looply.engine.coding.columns`, behind the keys of the row.
_INSERT = (
    "INSERT INTO execution(id, org, workspace, workflow, bytes, reversed, version, status, state, seq, modified_ms,"
    " modified_by, trigger, process_id, profile, parent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_UPDATE = (
    "UPDATE execution SET crash_count = 0, version = ?, status = ?, state = ?, seq = ?, modified_ms = ?,"
    " modified_by = ?, bytes = bytes + ? WHERE id = ? AND seq = ?"
)
_BATCH = (
    "INSERT INTO batch(execution_id, chain, events, first_seq, last_seq, at_ms, codec) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SNAPSHOT = "INSERT OR REPLACE INTO snapshot(execution_id, seq, fold, codec, state) VALUES (?, ?, ?, ?, ?)"
_DROP_SNAPSHOT = "DELETE FROM snapshot WHERE execution_id = ?"
_VALUE = "INSERT INTO value(org, hash, codec, bytes) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_VALUE_USE = (
    "INSERT INTO value_use(execution_id, hash, org, seq) VALUES (?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET seq = excluded.seq"
)
_DEFINITION = sqlite_text(PUT_DEFINITION)
_FIGURES = "INSERT INTO figure_change(org, workflow, profile, at_ms, change) VALUES (?, ?, ?, ?, ?)"
_DROP_SEARCH = "DELETE FROM search_field WHERE execution_id = ?"
_EXPIRY = "INSERT OR REPLACE INTO expiry(execution_id, due_ms) VALUES (?, ?)"
_SEARCH = "INSERT INTO search_field(org, value, execution_id, name) VALUES (?, ?, ?, ?)"

_KEY = (
    "SELECT k.execution_id, k.request, k.expires_ms, e.status FROM idempotency k LEFT JOIN execution e"
    " ON e.id = k.execution_id WHERE k.org = ? AND k.key = ?"
)
_PUT_KEY = "INSERT OR REPLACE INTO idempotency(org, key, request, execution_id, expires_ms) VALUES (?, ?, ?, ?, ?)"
_CLAIM = "SELECT execution_id, request FROM claim WHERE workflow = ? AND process_id = ?"
_PUT_CLAIM = "INSERT OR REPLACE INTO claim(workflow, process_id, org, execution_id, request) VALUES (?, ?, ?, ?, ?)"
_DROP_CLAIM = "DELETE FROM claim WHERE workflow = ? AND process_id = ? AND execution_id = ?"
_EFFECT = (
    "INSERT OR REPLACE INTO effect(execution_id, org, seq, queue, state, attempt, epoch) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_TIMER = "INSERT OR REPLACE INTO timer(execution_id, due_ms, seq, kind) VALUES (?, ?, ?, ?)"
_WAIT = "INSERT OR REPLACE INTO wait(execution_id, seq, step, sources) VALUES (?, ?, ?, ?)"
_INCIDENT = (
    "INSERT OR REPLACE INTO incident(execution_id, org, seq, id, step, kind, code, opened_ms)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_CARD = (
    "INSERT OR REPLACE INTO card(execution_id, org, workflow, id, step, address, part, recipient, channel, revision,"
    " opened_ms, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CONTINUATION = "INSERT INTO continuation(execution_id) VALUES (?) ON CONFLICT DO NOTHING"
_DROP_EFFECT = "DELETE FROM effect WHERE execution_id = ? AND seq = ?"
_DROP_TIMER = "DELETE FROM timer WHERE due_ms = ? AND execution_id = ? AND seq = ?"
_DROP_WAIT = "DELETE FROM wait WHERE execution_id = ? AND seq = ?"
_DROP_INCIDENT = "DELETE FROM incident WHERE execution_id = ? AND seq = ?"
_DROP_CARD = "DELETE FROM card WHERE id = ?"
_DROP_CONTINUATION = "DELETE FROM continuation WHERE execution_id = ?"
_LETTER = (
    "INSERT OR REPLACE INTO letter(execution_id, seq, org, workflow, process_id, reason, source, sender, kept_ms,"
    " action, settled_by, settled_ms, note) VALUES (:execution, :seq, :org, :workflow, :process_id, :reason, :source,"
    " :sender, :kept_ms, :action, :settled_by, :settled_ms, :note)"
)
# A recorded decision never changes.
_DECISION = (
    "INSERT INTO decision(execution_id, seq, org, workflow, version, process_id, step, visit, scope, decided_by,"
    " person, action, comment, at_ms, via, revision, is_final, actor, actor_id, actor_email, substitute_for) VALUES"
    " (:execution, :seq, :org, :workflow, :version, :process_id, :step, :visit, :scope, :decided_by, :person, :action,"
    " :comment, :at_ms, :via, :revision, :is_final, :actor, :actor_id, :actor_email, :substitute_for)"
    " ON CONFLICT DO NOTHING"
)
_REQUEST_UPDATE = (
    "INSERT INTO card_copy(execution_id, id, channel, wanted, due_ms, since_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"
    " ON CONFLICT DO UPDATE SET wanted = excluded.wanted, due_ms = excluded.due_ms, attempts = 0"
)

_NO_WORK = WorkChange()


def store_unit(connection: apsw.Connection, names: Names, unit: Unit) -> None:
    """Writes the rows of one unit.

    Raises: Stale, KeyTaken, ClaimTaken, SlotTaken, FireTaken, DatastoreMoved, DatastoresFull.
    """
    key = id_bytes(unit.execution_id)
    org = names.number(connection, unit.head.organization_id)
    workflow = names.number(connection, unit.head.workflow_id)
    if unit.key is not None:
        _put_key(connection, key, org, unit.key, to_ms(unit.batch.at))
    if unit.expected_seq:
        _update(connection, key, unit)
    else:
        _insert(connection, names, key, (org, workflow), unit)
    if unit.put_claim is not None:
        _put_claim(connection, key, (org, workflow), unit.put_claim)
    if unit.drop_claim is not None:
        connection.execute(_DROP_CLAIM, (workflow, unit.drop_claim.process_id, key))
    if unit.fire is not None:
        store_fire(connection, names, unit.fire, key)
    if unit.datastore is not None:
        store_change(connection, names, unit.datastore)
    if unit.letters:
        _put_letters(connection, key, (org, workflow), unit.letters)
    if unit.decisions:
        _put_decisions(connection, key, (org, workflow), unit.decisions)
    if unit.copies:
        _request_updates(connection, key, unit.copies)
    connection.execute(_BATCH, (key, unit.batch.chain, unit.batch.events, *batch_columns(unit.batch).values()))
    if unit.values or unit.snapshot is not None:
        _put_payload(connection, key, org, unit)
    if unit.snapshot is None and unit.expected_seq and unit.head.status in ("COMPLETED", "TERMINATED"):
        connection.execute(_DROP_SNAPSHOT, (key,))
    if unit.work != _NO_WORK:
        _put_work(connection, key, (org, workflow), unit)
        _drop_work(connection, key, unit.work)
    if unit.sent or unit.applied:
        store_deliveries(connection, unit)
    if unit.definition is not None:
        connection.execute(_DEFINITION, definition_facts(unit.definition))
    if unit.expires_on is not None:
        connection.execute(_EXPIRY, (key, to_ms(unit.expires_on)))
    if unit.figures is not None:
        change = encode_change(unit.figures)
        connection.execute(_FIGURES, (org, workflow, unit.head.profile, to_ms(unit.batch.at), change))
    if unit.search is not None:
        connection.execute(_DROP_SEARCH, (key,))
        for name, value in unit.search:
            connection.execute(_SEARCH, (org, value, key, name))


def _update(connection: apsw.Connection, key: bytes, unit: Unit) -> None:
    columns = head_columns(unit.head).values()
    connection.execute(_UPDATE, (*columns, len(unit.batch.events), key, unit.expected_seq))
    if connection.changes() != 1:
        raise stale_error(unit)


def _insert(connection: apsw.Connection, names: Names, key: bytes, numbers: tuple[int, int], unit: Unit) -> None:
    head, started = unit.head, start_columns(unit.head)
    process_id: str | None = started["process_id"]
    reversed_id = process_id[::-1] if process_id is not None else None
    owners = (numbers[0], names.number(connection, head.workspace_id), numbers[1])
    columns = (*head_columns(head).values(), *started.values())
    connection.execute(_INSERT, (key, *owners, len(unit.batch.events), reversed_id, *columns))
    if connection.changes() != 1:
        raise stale_error(unit)


def _put_key(connection: apsw.Connection, key: bytes, org: int, stored: StoredKey, now_ms: int) -> None:
    found = connection.execute(_KEY, (org, stored.text)).fetchone()
    if found is not None:
        holder, request, expires_ms, status = found
        if expires_ms > now_ms or status in OPEN_NUMBERS:
            raise key_taken_error(stored, id_text(holder), request)
    connection.execute(_PUT_KEY, (org, stored.text, stored.fingerprint, key, to_ms(stored.expires_on)))


def _put_claim(connection: apsw.Connection, key: bytes, numbers: tuple[int, int], claim: Claim) -> None:
    org, workflow = numbers
    found = connection.execute(_CLAIM, (workflow, claim.process_id)).fetchone()
    if found is not None and found[0] != key:
        raise claim_taken_error(claim, id_text(found[0]), found[1])
    connection.execute(_PUT_CLAIM, (workflow, claim.process_id, org, key, claim.fingerprint))


def _put_letters(
    connection: apsw.Connection, key: bytes, numbers: tuple[int, int], letters: Sequence[LetterRow]
) -> None:
    """Stores the letters that a unit makes or settles; `numbers` are those of organization and workflow."""
    org, workflow = numbers
    for letter in letters:
        connection.execute(_LETTER, {"execution": key, "org": org, "workflow": workflow, **letter_columns(letter)})


def _put_decisions(
    connection: apsw.Connection, key: bytes, numbers: tuple[int, int], rows: Sequence[DecisionRow]
) -> None:
    """Records decisions of one execution; `numbers` are those of organization and workflow."""
    org, workflow = numbers
    for row in rows:
        connection.execute(_DECISION, {"execution": key, "org": org, "workflow": workflow, **decision_columns(row)})


def _request_updates(connection: apsw.Connection, key: bytes, updates: Sequence[CopyUpdate]) -> None:
    """Stores the expected state of card copies, within the unit that changes them."""
    for update in updates:
        connection.execute(_REQUEST_UPDATE, (key, *copy_columns(update).values()))


def _put_payload(connection: apsw.Connection, key: bytes, org: int, unit: Unit) -> None:
    for value in unit.values:
        connection.execute(_VALUE, (org, value.hash, value.codec, value.data))
        connection.execute(_VALUE_USE, (key, value.hash, org, unit.batch.last_seq))
    if unit.snapshot is not None:
        snapshot = unit.snapshot
        connection.execute(_SNAPSHOT, (key, snapshot.seq, snapshot.fold, snapshot.codec, snapshot.state))


def _put_work(connection: apsw.Connection, key: bytes, numbers: tuple[int, int], unit: Unit) -> None:
    org, workflow = numbers
    work = unit.work.put
    for effect in work.effects:
        connection.execute(_EFFECT, (key, org, *effect_columns(effect).values()))
    for timer in work.timers:
        connection.execute(_TIMER, (key, *timer_columns(timer).values()))
    for wait in work.waits:
        connection.execute(_WAIT, (key, *wait_columns(wait).values()))
    for incident in work.incidents:
        connection.execute(_INCIDENT, (key, org, *incident_columns(incident).values()))
    for card in work.cards:
        connection.execute(_CARD, (key, org, workflow, *card_columns(card).values()))
    if work.continues:
        connection.execute(_CONTINUATION, (key,))
    if work.slot is not None:
        store_slot(connection, key, (workflow, unit.head.workflow_id), work.slot)


def _drop_work(connection: apsw.Connection, key: bytes, work: WorkChange) -> None:
    for seq in work.drop_effects:
        connection.execute(_DROP_EFFECT, (key, seq))
    for due, seq in work.drop_timers:
        connection.execute(_DROP_TIMER, (to_ms(due), key, seq))
    for seq in work.drop_waits:
        connection.execute(_DROP_WAIT, (key, seq))
    for seq in work.drop_incidents:
        connection.execute(_DROP_INCIDENT, (key, seq))
    for card_id in work.drop_cards:
        connection.execute(_DROP_CARD, (card_id,))
    if work.drop_continues:
        connection.execute(_DROP_CONTINUATION, (key,))
    if work.drop_slot:
        drop_slot(connection, key)
