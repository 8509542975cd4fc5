"""The ledger of schedules in SQLite: one row for each nominal instant with a decision."""

import apsw

from looply.engine.coding.rows import FIRE_OUTCOMES, fire_taken_error, id_bytes
from looply.engine.ports.port import Fire
from looply.engine.sql.schedules import MILLISECOND
from looply.engine.sqlite.file.names import Names
from looply.instants import ms_or_none, to_ms

# Outcomes are the positions of `FIRE_OUTCOMES`: 4 waits, 5 was missed.
_HELD = (
    "SELECT 1 FROM schedule WHERE workflow = :workflow AND status = 1"
    " AND (:queued OR next_ms <= :nominal) AND (:is_any OR last_execution IS :former)"
)
_FIRE = (
    "INSERT INTO fire(workflow, nominal_ms, execution_id, outcome, at_ms, count)"
    " VALUES (:workflow, :nominal, :execution, :outcome, :at, :count) ON CONFLICT DO NOTHING"
)
_FROM_QUEUE = (
    "UPDATE fire SET execution_id = :execution, outcome = :outcome, at_ms = :at"
    " WHERE workflow = :workflow AND nominal_ms = :nominal AND outcome = 4"
)
_MOVE = "UPDATE schedule SET next_ms = :next, delay_ms = :delay WHERE workflow = :workflow"
_STARTED = "UPDATE schedule SET last_ms = :nominal, last_execution = :execution WHERE workflow = :workflow"


def store_fire(connection: apsw.Connection, names: Names, fire: Fire, execution_key: bytes | None) -> None:
    """Takes a nominal instant of a schedule, for an execution or for none, and moves the schedule to its next one.

    Raises: FireTaken when it was taken before, or the schedule is paused, gone, past that instant, or has started
    another execution.
    """
    parameters = {
        "workflow": names.number(connection, fire.workflow_id),
        "nominal": to_ms(fire.nominal),
        "execution": execution_key,
        "outcome": FIRE_OUTCOMES.index(fire.outcome),
        "at": ms_or_none(fire.at),
        "count": fire.count,
        "next": ms_or_none(fire.next),
        "delay": fire.next_delay // MILLISECOND,
        "queued": fire.was_queued,
        "is_any": fire.former is None,
        "former": id_bytes(fire.former) if fire.former else None,
    }
    if connection.execute(_HELD, parameters).fetchone() is None:
        raise fire_taken_error(fire)
    connection.execute(_FROM_QUEUE if fire.was_queued else _FIRE, parameters)
    if connection.changes() != 1:
        raise fire_taken_error(fire)
    if not fire.was_queued:
        connection.execute(_MOVE, parameters)
    if execution_key is not None:
        connection.execute(_STARTED, parameters)
