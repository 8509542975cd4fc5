"""What executions send to each other, and their places in line, as rows of the SQLite store."""

from collections.abc import Iterable
from typing import Final

import apsw

from looply.clock import to_ms
from looply.engine.coding.rows import DELIVERIES, delivery_from, find_id, id_bytes, id_text
from looply.engine.ports.store import Unit
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.errors import SlotTaken
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.jsontext import encode_json

_SEND: Final = "INSERT INTO delivery(target, sender, seq, kind) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DROP: Final = "DELETE FROM delivery WHERE target = ? AND sender = ? AND seq = ?"
_WAITING: Final = """
  SELECT d.target, d.sender, d.seq, d.kind FROM delivery d WHERE NOT EXISTS (
    SELECT 1 FROM delivery e WHERE e.target = d.target AND e.sender = d.sender AND e.seq < d.seq)
    AND hex(d.target) NOT IN (SELECT value FROM json_each(?))
  ORDER BY d.target, d.sender LIMIT ?
"""
_OF: Final = "SELECT target, sender, seq, kind FROM delivery WHERE target = ? ORDER BY sender, seq"

_PLACE: Final = (
    "INSERT OR REPLACE INTO place(execution_id, workflow, seq, since_ms, most, held) VALUES (?, ?, ?, ?, ?, ?)"
)
_DROP_PLACE: Final = "DELETE FROM place WHERE execution_id = ?"
_MAY_ENTER: Final = """
  SELECT (SELECT count(*) FROM place WHERE held = 1 AND workflow = :workflow) < :most
    AND (SELECT execution_id FROM place WHERE held = 0 AND workflow = :workflow
         ORDER BY since_ms, execution_id LIMIT 1) = :id
"""
# Goes from one workflow with a line to the next one in the index, and looks at the first in line only.
_ADMISSIBLE: Final = """
  WITH RECURSIVE line(workflow) AS (
    SELECT min(workflow) FROM place WHERE held = 0
    UNION ALL
    SELECT (SELECT min(p.workflow) FROM place p WHERE p.held = 0 AND p.workflow > line.workflow) FROM line
      WHERE line.workflow IS NOT NULL)
  SELECT f.execution_id FROM line JOIN place f ON f.execution_id = (
      SELECT p.execution_id FROM place p WHERE p.held = 0 AND p.workflow = line.workflow
      ORDER BY p.since_ms, p.execution_id LIMIT 1)
    WHERE (SELECT count(*) FROM place h WHERE h.held = 1 AND h.workflow = line.workflow) < f.most LIMIT ?
"""


def store_deliveries(connection: apsw.Connection, unit: Unit) -> None:
    """Writes what a unit sends, and takes away what it has applied."""
    for delivery in unit.sent:
        kind = DELIVERIES.index(delivery.kind)
        row = delivery.row
        connection.execute(_SEND, (id_bytes(row.target), id_bytes(row.sender), row.seq, kind))
    drop_deliveries(connection, unit.applied)


def drop_deliveries(connection: apsw.Connection, rows: Iterable[DeliveryKey]) -> None:
    """Takes rows away."""
    for row in rows:
        connection.execute(_DROP, (id_bytes(row.target), id_bytes(row.sender), row.seq))


def store_place(connection: apsw.Connection, key: bytes, workflow: int, place: ConcurrencySlotRow) -> None:
    """Writes the place of an execution. Raises: SlotTaken when it is not its turn to take a slot."""
    if place.is_held and not connection.execute(_MAY_ENTER, {"workflow": workflow, "most": place.most, "id": key}).get:
        raise SlotTaken(f"it is not the turn of execution {place.execution_id}")
    row = (key, workflow, place.seq, to_ms(place.since), place.most, int(place.is_held))
    connection.execute(_PLACE, row)


def drop_place(connection: apsw.Connection, key: bytes) -> None:
    """Takes the place of an execution away."""
    connection.execute(_DROP_PLACE, (key,))


def waiting(connection: apsw.Connection, limit: int, but_to: Iterable[str]) -> list[Delivery]:
    """Returns rows that can be applied, but those to some targets."""
    passed = encode_json([id_bytes(target).hex().upper() for target in but_to]).decode()
    return [delivery_from(row) for row in connection.execute(_WAITING, (passed, limit))]


def waiting_for(connection: apsw.Connection, target: str) -> list[Delivery]:
    """Returns the rows that wait for one execution."""
    return [delivery_from(row) for row in connection.execute(_OF, (find_id(target),))]


def admissible(connection: apsw.Connection, limit: int) -> list[str]:
    """Returns the executions whose turn it is."""
    return [id_text(row[0]) for row in connection.execute(_ADMISSIBLE, (limit,))]
