"""The ledger of schedules in PostgreSQL: one row for each nominal instant that was decided on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from looply.clock import from_ms, ms_or_none, to_ms
from looply.engine.coding.rows import FIRE_OUTCOMES, ledger_from, missed_from, schedule_from
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule
from looply.engine.postgres.database.connections import Connection, call, rows

SCHEDULE_COLUMNS: Final = (
    "o.id, p.id, w.id, s.version, s.definition, s.status, s.anchor_ms, s.next_ms, s.last_ms, s.last_execution,"
    " s.delay_ms"
)
NOTE_FIRE: Final = "note_fire(%s::integer, %s::bigint, %s::bigint, %s::integer, %s::bigint, %s::integer)"
TAKE_QUEUED: Final = "take_queued(%s::integer, %s::bigint, %s::integer, %s::bigint, %s::uuid)"

_OLDEST_QUEUED: Final = (
    f"SELECT {SCHEDULE_COLUMNS}, q.nominal_ms"
    " FROM (SELECT f.workflow, min(f.nominal_ms) AS nominal_ms FROM fire f WHERE f.outcome = 4 GROUP BY f.workflow) q"
    " JOIN schedule s ON s.workflow = q.workflow JOIN name o ON o.n = s.org JOIN name p ON p.n = s.workspace"
    " JOIN name w ON w.n = s.workflow WHERE s.status = 1 ORDER BY w.id LIMIT %s"
)
_OF_WORKFLOW: Final = "f.workflow = (SELECT n.n FROM name n WHERE n.id = %s)"
_COUNT_QUEUED: Final = f"SELECT count(*) FROM fire f WHERE {_OF_WORKFLOW} AND f.outcome = 4"
_NEWEST: Final = (
    f"SELECT f.nominal_ms, f.execution_id, f.outcome, f.at_ms, f.count FROM fire f WHERE {_OF_WORKFLOW}"
    " AND f.nominal_ms < %s ORDER BY f.nominal_ms DESC LIMIT %s"
)
_MISSED: Final = (
    "SELECT w.id, sum(f.count), max(f.nominal_ms) FROM schedule s JOIN name o ON o.n = s.org"
    " JOIN name w ON w.n = s.workflow JOIN fire f ON f.workflow = s.workflow"
    " WHERE o.id = %s AND f.outcome = 5 GROUP BY w.id"
)
_TRIM: Final = (
    f"DELETE FROM fire f USING hold_lease(%s) WHERE {_OF_WORKFLOW} AND f.outcome <> 4 AND f.nominal_ms <="
    f" (SELECT f.nominal_ms FROM fire f WHERE {_OF_WORKFLOW} ORDER BY f.nominal_ms DESC LIMIT 1 OFFSET %s)"
)
_LAST_MS: Final = 1 << 62
_MS: Final = timedelta(milliseconds=1)


def fire_facts(fire: Fire, workflow: int) -> dict[str, Any]:
    """Returns a firing as the database's functions take it."""
    return {"workflow": workflow, "nominal_ms": to_ms(fire.nominal), "next_ms": ms_or_none(fire.next)}


def former_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `hold_former` takes."""
    return (workflow, fire.former is None, fire.former or None)


def note_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `note_fire` takes."""
    delay_ms = fire.next_delay // _MS
    outcome = FIRE_OUTCOMES.index(fire.outcome)
    return (workflow, to_ms(fire.nominal), delay_ms, outcome, ms_or_none(fire.at), fire.count)


def queued_facts(fire: Fire, workflow: int, execution_id: str) -> tuple[Any, ...]:
    """Returns what `take_queued` takes."""
    return (workflow, to_ms(fire.nominal), FIRE_OUTCOMES.index(fire.outcome), ms_or_none(fire.at), execution_id)


async def read_queued(connection: Connection, limit: int) -> Sequence[tuple[Schedule, datetime]]:
    """Returns ACTIVE schedules of which starts wait, with the oldest one."""
    return [(schedule_from(each), from_ms(each[11])) for each in await rows(connection, _OLDEST_QUEUED, (limit,))]


async def read_count_queued(connection: Connection, workflow_id: str) -> int:
    """Returns how many starts of a workflow's schedule wait."""
    return int(await call(connection, _COUNT_QUEUED, (workflow_id,)))


async def read_fires(
    connection: Connection, workflow_id: str, before: datetime | None, limit: int
) -> Sequence[LedgerRow]:
    """Returns rows of the ledger of one workflow, newest first."""
    arguments = (workflow_id, to_ms(before) if before is not None else _LAST_MS, limit)
    return [ledger_from(each) for each in await rows(connection, _NEWEST, arguments)]


async def read_missed(connection: Connection, organization_id: str) -> Mapping[str, MissedFires]:
    """Returns by workflow id what live schedules have missed."""
    return missed_from(await rows(connection, _MISSED, (organization_id,)))


async def trim(connection: Connection, epoch: int, workflow_id: str, keep: int) -> None:
    """Removes all but the newest rows of one workflow; starts that wait stay."""
    await connection.execute(_TRIM, (epoch, workflow_id, workflow_id, keep))
