"""Deliveries between executions, and their concurrency slots, as rows of the SQLite store."""

from collections.abc import Iterable
from typing import Final

import apsw

from looply.engine.coding.columns import slot_columns
from looply.engine.coding.refusals import slot_taken_error
from looply.engine.coding.rows import DELIVERIES, id_bytes
from looply.engine.ports.store import Unit
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.execution.facts.deliveries import DeliveryKey

_SEND: Final = "INSERT INTO delivery(target, sender, seq, kind) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DROP: Final = "DELETE FROM delivery WHERE target = ? AND sender = ? AND seq = ?"

_PUT_SLOT: Final = (
    "INSERT OR REPLACE INTO place(execution_id, workflow, seq, since_ms, most, held)"
    " VALUES (:execution, :workflow, :seq, :since_ms, :most, :held)"
)
_DROP_SLOT: Final = "DELETE FROM place WHERE execution_id = ?"
_MAY_TAKE_SLOT: Final = """
  SELECT (SELECT count(*) FROM place WHERE held = 1 AND workflow = :workflow) < :most
    AND (SELECT execution_id FROM place WHERE held = 0 AND workflow = :workflow
         ORDER BY since_ms, execution_id LIMIT 1) = :execution
"""


def store_deliveries(connection: apsw.Connection, unit: Unit) -> None:
    """Writes the deliveries that a unit sends, and removes those that it has applied."""
    for delivery in unit.sent:
        kind = DELIVERIES.index(delivery.kind)
        row = delivery.row
        connection.execute(_SEND, (id_bytes(row.target), id_bytes(row.sender), row.seq, kind))
    drop_deliveries(connection, unit.applied)


def drop_deliveries(connection: apsw.Connection, rows: Iterable[DeliveryKey]) -> None:
    """Removes rows."""
    for row in rows:
        connection.execute(_DROP, (id_bytes(row.target), id_bytes(row.sender), row.seq))


def store_slot(connection: apsw.Connection, key: bytes, workflow: tuple[int, str], slot: ConcurrencySlotRow) -> None:
    """Writes the slot of an execution, or its place in the queue. `workflow`: its number and its id.

    Raises: SlotTaken before its turn to take one.
    """
    number, workflow_id = workflow
    row = {"execution": key, "workflow": number, **slot_columns(slot)}
    if slot.is_held and not connection.execute(_MAY_TAKE_SLOT, row).get:
        raise slot_taken_error(workflow_id, slot)
    connection.execute(_PUT_SLOT, row)


def drop_slot(connection: apsw.Connection, key: bytes) -> None:
    """Removes the slot of an execution."""
    connection.execute(_DROP_SLOT, (key,))
