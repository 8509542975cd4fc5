"""The ledger of schedules in PostgreSQL: one row for each nominal instant with a decision."""

from datetime import timedelta
from typing import Any, Final

from looply.clock import ms_or_none, to_ms
from looply.engine.coding.rows import FIRE_OUTCOMES
from looply.engine.ports.port import Fire
from looply.engine.postgres.database.connections import Connection

NOTE_FIRE: Final = "note_fire(%s::integer, %s::bigint, %s::bigint, %s::integer, %s::bigint, %s::integer)"
TAKE_QUEUED: Final = "take_queued(%s::integer, %s::bigint, %s::integer, %s::bigint, %s::uuid)"

_OF_WORKFLOW: Final = "f.workflow = (SELECT n.n FROM name n WHERE n.id = %s)"
_TRIM: Final = (
    f"DELETE FROM fire f USING hold_lease(%s) WHERE {_OF_WORKFLOW} AND f.outcome <> 4 AND f.nominal_ms <="
    f" (SELECT f.nominal_ms FROM fire f WHERE {_OF_WORKFLOW} ORDER BY f.nominal_ms DESC LIMIT 1 OFFSET %s)"
)
_MS: Final = timedelta(milliseconds=1)


def fire_facts(fire: Fire, workflow: int) -> dict[str, Any]:
    """Returns a fire as the database's functions take it."""
    return {"workflow": workflow, "nominal_ms": to_ms(fire.nominal), "next_ms": ms_or_none(fire.next)}


def former_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `hold_former` takes."""
    return (workflow, fire.former is None, fire.former or None)


def note_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `note_fire` takes."""
    delay_ms = fire.next_delay // _MS
    outcome = FIRE_OUTCOMES.index(fire.outcome)
    return (workflow, to_ms(fire.nominal), delay_ms, outcome, ms_or_none(fire.at), fire.count)


def queue_facts(fire: Fire, workflow: int, execution_id: str) -> tuple[Any, ...]:
    """Returns what `take_queued` takes."""
    return (workflow, to_ms(fire.nominal), FIRE_OUTCOMES.index(fire.outcome), ms_or_none(fire.at), execution_id)


async def trim(connection: Connection, epoch: int, workflow_id: str, keep: int) -> None:
    """Removes all but the newest rows of one workflow; starts that wait stay."""
    await connection.execute(_TRIM, (epoch, workflow_id, workflow_id, keep))
