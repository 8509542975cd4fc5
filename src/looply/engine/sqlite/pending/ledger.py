"""The ledger of schedules in SQLite: one row for each nominal instant that was decided on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import apsw

from looply.clock import from_ms, ms_or_none, to_ms
from looply.engine.coding.rows import FIRE_OUTCOMES, fire_taken_error, id_bytes, ledger_from, missed_from, schedule_from
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule
from looply.engine.sqlite.file.names import Names, find_number

SELECT_SCHEDULE: Final = (
    "SELECT o.id, p.id, w.id, s.version, s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution,"
    " s.delay_ms FROM schedule s JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace"
    " JOIN name w ON w.n = s.workflow"
)

_MS: Final = timedelta(milliseconds=1)

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
_OLDEST_QUEUED = (
    "SELECT o.id, p.id, w.id, s.version, s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution,"
    " s.delay_ms, min(f.nominal_ms) FROM fire f JOIN schedule s ON s.workflow = f.workflow"
    " JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace JOIN name w ON w.n = s.workflow"
    " WHERE f.outcome = 4 AND s.status = 1 GROUP BY f.workflow ORDER BY w.id LIMIT ?"
)
_COUNT_QUEUED = "SELECT count(*) FROM fire WHERE workflow = ? AND outcome = 4"
_NEWEST = (
    "SELECT nominal_ms, execution_id, outcome, at_ms, count FROM fire WHERE workflow = ? AND nominal_ms < ?"
    " ORDER BY nominal_ms DESC LIMIT ?"
)
_ALL_MISSED = (
    "SELECT w.id, sum(f.count), max(f.nominal_ms) FROM schedule s JOIN name o ON o.n = s.org"
    " JOIN name w ON w.n = s.workflow JOIN fire f ON f.workflow = s.workflow"
    " WHERE o.id = ? AND f.outcome = 5 GROUP BY w.id"
)
_TRIM = (
    "DELETE FROM fire WHERE workflow = :workflow AND outcome <> 4 AND nominal_ms <= (SELECT nominal_ms FROM fire"
    " WHERE workflow = :workflow ORDER BY nominal_ms DESC LIMIT 1 OFFSET :keep)"
)
_GIVE_UP = "UPDATE fire SET outcome = 5 WHERE workflow = ? AND outcome = 4"
_LAST_MS = 1 << 62


def store_fire(connection: apsw.Connection, names: Names, fire: Fire, execution_key: bytes | None) -> None:
    """Takes a nominal instant of a schedule, for an execution or for none, and moves the schedule on.

    Raises: FireTaken when it was taken before, or the schedule is paused, gone, past that instant, or has started
    another execution.
    """
    facts = {
        "workflow": names.number(connection, fire.workflow_id),
        "nominal": to_ms(fire.nominal),
        "execution": execution_key,
        "outcome": FIRE_OUTCOMES.index(fire.outcome),
        "at": ms_or_none(fire.at),
        "count": fire.count,
        "next": ms_or_none(fire.next),
        "delay": fire.next_delay // _MS,
        "queued": fire.was_queued,
        "is_any": fire.former is None,
        "former": id_bytes(fire.former) if fire.former else None,
    }
    if connection.execute(_HELD, facts).fetchone() is None:
        raise fire_taken_error(fire)
    connection.execute(_FROM_QUEUE if fire.was_queued else _FIRE, facts)
    if connection.changes() != 1:
        raise fire_taken_error(fire)
    if not fire.was_queued:
        connection.execute(_MOVE, facts)
    if execution_key is not None:
        connection.execute(_STARTED, facts)


def give_up_queued(connection: apsw.Connection, workflow: int | None) -> None:
    """Lets starts that wait count as missed: their schedule goes."""
    connection.execute(_GIVE_UP, (workflow,))


def trim(connection: apsw.Connection, workflow_id: str, keep: int) -> None:
    """Removes all but the newest rows of one workflow; starts that wait stay."""
    connection.execute(_TRIM, {"workflow": find_number(connection, workflow_id), "keep": keep})


def read_queued(connection: apsw.Connection, limit: int) -> Sequence[tuple[Schedule, datetime]]:
    """Returns ACTIVE schedules of which starts wait, with the oldest one."""
    return [(schedule_from(row), from_ms(row[11])) for row in connection.execute(_OLDEST_QUEUED, (limit,))]


def read_count_queued(connection: apsw.Connection, workflow_id: str) -> int:
    """Returns how many starts of a workflow's schedule wait."""
    count: int = connection.execute(_COUNT_QUEUED, (find_number(connection, workflow_id),)).get
    return count


def read_fires(
    connection: apsw.Connection, workflow_id: str, before: datetime | None, limit: int
) -> Sequence[LedgerRow]:
    """Returns rows of the ledger of one workflow, newest first."""
    arguments = (find_number(connection, workflow_id), to_ms(before) if before is not None else _LAST_MS, limit)
    return [ledger_from(row) for row in connection.execute(_NEWEST, arguments)]


def read_missed(connection: apsw.Connection, organization_id: str) -> Mapping[str, MissedFires]:
    """Returns by workflow id what live schedules have missed."""
    return missed_from(connection.execute(_ALL_MISSED, (organization_id,)))
