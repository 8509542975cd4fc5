"""Deliveries between executions, and their concurrency slots, as rows of the PostgreSQL store."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from looply.engine.coding.columns import slot_columns
from looply.engine.coding.rows import DELIVERIES
from looply.engine.ports.store import Unit
from looply.engine.postgres.database.connections import Call
from looply.execution.facts.deliveries import DeliveryKey

_RELATIONS: Final = "pass_on(%s::uuid, %s::integer, %s::jsonb)"


def relations_call(unit: Unit, workflow: int) -> Call | None:
    """Returns the call for a unit that concerns other executions too, None for one that concerns its own only."""
    facts: dict[str, Any] = {}
    if unit.sent:
        facts["sent"] = [
            {"target": row.target, "sender": row.sender, "seq": row.seq, "kind": DELIVERIES.index(kind)}
            for row, kind in unit.sent
        ]
    if unit.applied:
        facts["applied"] = _rows(unit.applied)
    if unit.work.drop_slot:
        facts["drop_slot"] = True
    if unit.work.put.slot is not None:
        facts["slot"] = slot_columns(unit.work.put.slot)
    return (_RELATIONS, (unit.execution_id, workflow, msgspec.json.encode(facts).decode())) if facts else None


def _rows(keys: Iterable[DeliveryKey]) -> list[dict[str, Any]]:
    return [{"target": row.target, "sender": row.sender, "seq": row.seq} for row in keys]
