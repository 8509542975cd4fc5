"""What executions send to each other, and their places in line, as rows of the PostgreSQL store."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from looply.clock import to_ms
from looply.engine.coding.rows import DELIVERIES, delivery_from, find_id, id_text
from looply.engine.ports.store import Unit
from looply.engine.postgres.database.connections import Connection, call, rows
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.execution.facts.deliveries import Delivery, DeliveryKey

WITH_OTHERS: Final = ", pass_on(%s::uuid, %s::integer, %s::jsonb)"
"""Added to the statement of a unit that is about other executions too."""

_WAITING: Final = (
    "SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (SELECT 1 FROM delivery b"
    " WHERE b.target = d.target AND b.sender = d.sender AND b.seq < d.seq) AND d.target <> ALL (%s::uuid[])"
    " ORDER BY d.target, d.sender LIMIT %s"
)
TAKE_DELIVERIES: Final = "SELECT target, sender, seq, kind FROM take_deliveries(%s, make_interval(secs => %s), %s)"
_OF: Final = "SELECT target, sender, seq, kind FROM delivery WHERE target = %s::uuid ORDER BY sender, seq"
_DROP: Final = "SELECT drop_deliveries(%s, %s::jsonb)"
# Goes from one workflow with a line to the next one in the index, and looks at the first in line only.
_ADMISSIBLE: Final = """
  WITH RECURSIVE line(workflow) AS (
    SELECT min(workflow) FROM place WHERE held = 0
    UNION ALL
    SELECT (SELECT min(p.workflow) FROM place p WHERE p.held = 0 AND p.workflow > line.workflow) FROM line
      WHERE line.workflow IS NOT NULL)
  SELECT f.execution_id FROM line JOIN LATERAL (
      SELECT p.execution_id, p.most FROM place p WHERE p.held = 0 AND p.workflow = line.workflow
      ORDER BY p.since_ms, p.execution_id LIMIT 1) f ON true
    WHERE (SELECT count(*) FROM place h WHERE h.held = 1 AND h.workflow = line.workflow) < f.most LIMIT %s
"""


def passed_on(unit: Unit, workflow: int) -> tuple[Any, ...]:
    """Returns the arguments of `WITH_OTHERS`, none when the unit is about its own execution only."""
    facts: dict[str, Any] = {}
    if unit.sent:
        facts["sent"] = [
            {"target": row.target, "sender": row.sender, "seq": row.seq, "kind": DELIVERIES.index(kind)}
            for row, kind in unit.sent
        ]
    if unit.applied:
        facts["applied"] = _rows(unit.applied)
    if unit.work.drop_place:
        facts["drop_place"] = True
    if unit.work.put.place is not None:
        facts["place"] = _place(unit.work.put.place)
    return (unit.execution_id, workflow, msgspec.json.encode(facts).decode()) if facts else ()


async def drop_deliveries(connection: Connection, epoch: int, gone: Iterable[DeliveryKey]) -> None:
    """Takes rows away, as the process of this epoch."""
    await call(connection, _DROP, (epoch, msgspec.json.encode(_rows(gone)).decode()))


async def waiting(connection: Connection, limit: int, but_to: Iterable[str]) -> list[Delivery]:
    """Returns rows that can be applied, but those to some targets."""
    return [delivery_from(row) for row in await rows(connection, _WAITING, (list(but_to), limit))]


async def waiting_for(connection: Connection, target: str) -> Sequence[Delivery]:
    """Returns the rows that wait for one execution."""
    if find_id(target) is None:
        return ()
    return [delivery_from(row) for row in await rows(connection, _OF, (target,))]


async def admissible(connection: Connection, limit: int) -> list[str]:
    """Returns the executions whose turn it is."""
    return [id_text(key) for (key,) in await rows(connection, _ADMISSIBLE, (limit,))]


def _rows(found: Iterable[DeliveryKey]) -> list[dict[str, Any]]:
    return [{"target": row.target, "sender": row.sender, "seq": row.seq} for row in found]


def _place(row: ConcurrencySlotRow) -> dict[str, Any]:
    return {"seq": row.seq, "since_ms": to_ms(row.since), "most": row.most, "held": int(row.is_held)}
