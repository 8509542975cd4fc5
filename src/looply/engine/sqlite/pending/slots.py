"""Concurrency slots, and the queue for them, as rows of the SQLite store."""

from typing import Final

import apsw

from looply.engine.coding.columns import slot_columns
from looply.engine.coding.refusals import slot_taken_error
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.sql.work import FIRST_IN_QUEUE

_PUT: Final = (
    "INSERT OR REPLACE INTO place(execution_id, workflow, seq, since_ms, most, held)"
    " VALUES (:execution, :workflow, :seq, :since_ms, :most, :held)"
)
_DROP: Final = "DELETE FROM place WHERE execution_id = ?"
MAY_TAKE: Final = f"""
  SELECT (SELECT count(*) FROM place WHERE held = 1 AND workflow = :workflow) < :most
    AND (SELECT execution_id FROM place WHERE held = 0 AND workflow = :workflow {FIRST_IN_QUEUE}) = :execution
"""  # noqa: S608 - a constant of ours
"""Whether a slot is free and the execution is the first of the queue."""


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
