"""How one unit becomes one statement, and how its refusals become errors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import psycopg

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
from looply.engine.coding.refusals import claim_taken_error, key_taken_error, slot_taken_error, stale_error
from looply.engine.coding.rows import (
    decision_columns,
    fire_taken_error,
    letter_columns,
)
from looply.engine.ports.store import (
    Unit,
    Work,
    WorkChange,
)
from looply.engine.postgres.database.connections import Call, Connection, one_statement, row
from looply.engine.postgres.database.months import add_month, month_of
from looply.engine.postgres.database.names import Names
from looply.engine.postgres.histories.datastores import PUT, put_facts, refusal_of
from looply.engine.postgres.pending.deliveries import relations_call
from looply.engine.postgres.pending.ledger import fire_call, fire_facts, hold_call
from looply.engine.records.decisions import DecisionRow
from looply.engine.records.figures.figures import encode_change
from looply.errors import EngineError
from looply.instants import to_ms

_HOLD_VALUES: Final = "hold_lease(%s), hold_values()"
_PUT_LETTERS: Final = "put_letters(%s::uuid, %s::integer, %s::integer, %s::jsonb)"
_REQUEST_UPDATES: Final = "wish_copies(%s::uuid, %s::jsonb)"
_STORE: Final = (
    "store_unit(%s, %s::jsonb, %s::bytea, %s::bytea, %s::bytea, %s::bytea, %s::bytea[], %s::bytea[], %s::bytea,"
    " %s::bytea)"
)
_SEARCH: Final = "put_search(%s::integer, %s::uuid, %s::text[], %s::text[])"
_EXPIRY: Final = "put_expiry(%s::uuid, %s)"
_PUT_DECISIONS: Final = "put_decisions(%s::jsonb)"
_STORED: Final = (
    "SELECT 1 FROM batch WHERE execution_id = %s::uuid AND last_seq = %s AND epoch = %s AND chain = %s AND events = %s"
)

_NO_CHANGE = WorkChange()
_NO_WORK = Work()


class UnitWriter:
    """Writes units as the process of one epoch."""

    def __init__(self, names: Names) -> None:
        self._names = names

    async def store(self, connection: Connection, epoch: int, unit: Unit) -> None:
        """Stores a unit.

        Raises: Stale, KeyTaken, ClaimTaken, SlotTaken, FireTaken, DatastoreMoved, DatastoresFull; psycopg.Error.
        """
        numbers = await self._names.give(connection, _ids_of(unit))
        statement, arguments = one_statement(calls_of(unit, epoch, numbers))
        try:
            await _send(connection, unit, statement, arguments)
        except psycopg.errors.CheckViolation:
            # The month of the row has no partitions: it is later than the months that were made ahead.
            await add_month(connection, month_of(unit.execution_id))
            await _send(connection, unit, statement, arguments)

    async def find_stored(self, connection: Connection, epoch: int, unit: Unit) -> tuple[None] | None:
        """Returns whether a unit is stored that this process has sent: (None,), or None when it is not."""
        batch = unit.batch
        sought = (unit.execution_id, batch.last_seq, epoch, batch.chain, batch.events)
        return (None,) if await row(connection, _STORED, sought) is not None else None


def calls_of(unit: Unit, epoch: int, numbers: Mapping[str, int]) -> list[Call]:
    """Returns the calls that store a unit, in the order in which the database makes them.

    What holds a lock comes first, and what needs the row of the execution after `store_unit`. `numbers` has those of
    `_ids_of`.
    """
    fire, datastore = unit.fire, unit.datastore
    org, workflow = numbers[unit.head.organization_id], numbers[unit.head.workflow_id]
    calls: list[Call] = []
    if unit.values:
        calls.append((_HOLD_VALUES, (epoch,)))
    if unit.letters:
        calls.append((_PUT_LETTERS, (unit.execution_id, org, workflow, _json([*map(letter_columns, unit.letters)]))))
    if unit.copies:
        calls.append((_REQUEST_UPDATES, (unit.execution_id, _json([copy_columns(update) for update in unit.copies]))))
    if datastore is not None:
        calls.append((PUT, put_facts(datastore, numbers[datastore.organization_id])))
    if fire is not None:
        calls.append(hold_call(fire, numbers[fire.workflow_id], epoch))
    calls.append((_STORE, _store_arguments(unit, epoch, numbers)))
    if fire is not None:
        calls.append(fire_call(fire, numbers[fire.workflow_id], unit.execution_id))
    if unit.search is not None:
        texts = ([name for name, _ in unit.search], [value for _, value in unit.search])
        calls.append((_SEARCH, (org, unit.execution_id, *texts)))
    if unit.expires_on is not None:
        calls.append((_EXPIRY, (unit.execution_id, to_ms(unit.expires_on))))
    if unit.decisions:
        calls.append((_PUT_DECISIONS, (_decisions_argument(unit.decisions, numbers),)))
    if (relations := relations_call(unit, workflow)) is not None:
        calls.append(relations)
    return calls


def _ids_of(unit: Unit) -> list[str]:
    """Returns the ids of which the calls need the numbers."""
    ids = [unit.head.organization_id, unit.head.workspace_id, unit.head.workflow_id]
    if unit.fire is not None:
        ids.append(unit.fire.workflow_id)
    if unit.datastore is not None:
        ids.append(unit.datastore.organization_id)
    return ids


def _store_arguments(unit: Unit, epoch: int, numbers: Mapping[str, int]) -> tuple[Any, ...]:
    """Returns the arguments of `_STORE`."""
    facts: dict[str, Any] = {
        "id": unit.execution_id,
        "org": numbers[unit.head.organization_id],
        "workspace": numbers[unit.head.workspace_id],
        "workflow": numbers[unit.head.workflow_id],
        **_facts(unit, epoch),
    }
    if unit.fire is not None and not unit.fire.was_queued:
        facts["fire"] = fire_facts(unit.fire, numbers[unit.fire.workflow_id])
    return (
        epoch,
        _json(facts),
        unit.batch.chain,
        unit.batch.events,
        unit.key.fingerprint if unit.key is not None else None,
        unit.put_claim.fingerprint if unit.put_claim is not None else None,
        [value.hash for value in unit.values] or None,
        [value.data for value in unit.values] or None,
        unit.snapshot.state if unit.snapshot is not None else None,
        unit.definition.body if unit.definition is not None else None,
    )


async def _send(connection: Connection, unit: Unit, statement: str, arguments: tuple[Any, ...]) -> None:
    try:
        await connection.execute(statement, arguments)
    except psycopg.Error as error:
        refusal = _refusal(error, unit)
        if refusal is None:
            raise
        raise refusal from error


def _refusal(error: psycopg.Error, unit: Unit) -> EngineError | None:
    """Returns the error for a refusal by the database's functions, None for any other error."""
    match error.sqlstate:
        case "LP001":
            return stale_error(unit)
        case "LP002" if unit.key is not None:
            return key_taken_error(unit.key, *_holder(error))
        case "LP003" if unit.put_claim is not None:
            return claim_taken_error(unit.put_claim, *_holder(error))
        case "LP004" if unit.fire is not None:
            return fire_taken_error(unit.fire)
        case "LP006" if unit.work.put.slot is not None:
            return slot_taken_error(unit.head.workflow_id, unit.work.put.slot)
        case _ if unit.datastore is not None:
            return refusal_of(error, unit.datastore)
        case _:
            return None


def _holder(error: psycopg.Error) -> tuple[str, bytes]:
    holder, _, request = (error.diag.message_detail or "").partition(" ")
    return holder, bytes.fromhex(request)


def _facts(unit: Unit, epoch: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"expected": unit.expected_seq, **head_columns(unit.head), **batch_columns(unit.batch)}
    if not unit.expected_seq:
        facts |= start_columns(unit.head)
    if unit.values:
        facts["value_codecs"] = [value.codec for value in unit.values]
    if unit.key is not None:
        facts["key"] = {"text": unit.key.text, "expires_ms": to_ms(unit.key.expires_on)}
    if unit.put_claim is not None:
        facts["put_claim"] = {"process_id": unit.put_claim.process_id}
    if unit.drop_claim is not None:
        facts["drop_claim"] = {"process_id": unit.drop_claim.process_id}
    if (snapshot := unit.snapshot) is not None:
        facts["snapshot"] = {"seq": snapshot.seq, "fold": snapshot.fold, "codec": snapshot.codec}
    if (stored := unit.definition) is not None:
        facts["definition"] = {
            "hash": stored.hash,
            "workflow_id": stored.workflow_id,
            "version": stored.workflow_version,
        }
    if unit.figures is not None:
        facts["figures"] = {"profile": unit.head.profile, "change": encode_change(unit.figures)}
    if unit.work != _NO_CHANGE:
        facts |= _work_facts(unit.work, epoch)
    return facts


def _work_facts(work: WorkChange, epoch: int) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if work.put != _NO_WORK:
        facts["put"] = _without_empty(
            effects=[effect_columns(effect) for effect in work.put.effects],
            timers=[timer_columns(timer) for timer in work.put.timers],
            waits=[wait_columns(wait) for wait in work.put.waits],
            incidents=[incident_columns(incident) for incident in work.put.incidents],
            cards=[card_columns(card) for card in work.put.cards],
            # The epoch of the process that continues the stretch.
            continues=epoch if work.put.continues else 0,
        )
    gone = _without_empty(
        effects=work.drop_effects,
        timers=[{"due_ms": to_ms(due), "seq": seq} for due, seq in work.drop_timers],
        waits=work.drop_waits,
        incidents=work.drop_incidents,
        cards=work.drop_cards,
        continues=work.drop_continues,
    )
    if gone:
        facts["drop"] = gone
    return facts


def _decisions_argument(rows: Sequence[DecisionRow], numbers: Mapping[str, int]) -> str:
    """Returns the argument of `_PUT_DECISIONS`; `numbers` has those of organizations and workflows."""
    facts = [
        {
            "execution": each.execution_id,
            "org": numbers[each.organization_id],
            "workflow": numbers[each.workflow_id],
            **decision_columns(each),
        }
        for each in rows
    ]
    return _json(facts)


def _json(facts: Any) -> str:
    return msgspec.json.encode(facts).decode()


def _without_empty(**parts: Any) -> dict[str, Any]:
    return {name: part for name, part in parts.items() if part}
