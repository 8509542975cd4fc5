"""Concurrency slots, and the queue for them, as rows of the SQLite store."""

from typing import Final

import apsw

from looply.engine.coding.columns import slot_columns
from looply.engine.coding.refusals import slot_taken_error
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.sql.work import next_for_slot

_PUT: Final = (
    "INSERT OR REPLACE INTO concurrency_slot(execution_id, workflow, seq, since_ms, max_concurrency, is_held)"
    " VALUES (:execution, :workflow, :seq, :since_ms, :max_concurrency, :is_held)"
)
_DROP: Final = "DELETE FROM concurrency_slot WHERE execution_id = ?"
MAY_TAKE: Final = f"SELECT {next_for_slot(':workflow')} = :execution"
"""1 when a slot is free and the execution is the first of the queue; 0 or NULL otherwise."""


def store_slot(connection: apsw.Connection, key: bytes, workflow: tuple[int, str], slot: ConcurrencySlotRow) -> None:
    """Writes the slot of an execution, or its place in the queue. `workflow`: its number and its id.

    Raises: SlotTaken before its turn to take one.
    """
    number, workflow_id = workflow
    row = {"execution": key, "workflow": number, **slot_columns(slot)}
    if slot.is_held and not connection.execute(MAY_TAKE, row).get:
        raise slot_taken_error(workflow_id, slot)
    connection.execute(_PUT, row)


def drop_slot(connection: apsw.Connection, key: bytes) -> None:
    """Removes the slot of an execution."""
    connection.execute(_DROP, (key,))
