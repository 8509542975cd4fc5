"""Deliveries between executions, as rows of the SQLite store."""

from collections.abc import Iterable
from typing import Final

import apsw

from looply.engine.coding.rows import DELIVERIES, id_bytes
from looply.engine.ports.store import Unit
from looply.execution.facts.deliveries import DeliveryKey

_SEND: Final = "INSERT INTO delivery(target, sender, seq, kind) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_DROP: Final = "DELETE FROM delivery WHERE target = ? AND sender = ? AND seq = ?"


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
