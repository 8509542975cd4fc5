"""The ledger of schedules in PostgreSQL: one row for each nominal instant with a decision."""

from typing import Any, Final

from looply.clock import ms_or_none, to_ms
from looply.engine.coding.rows import FIRE_OUTCOMES
from looply.engine.ports.port import Fire
from looply.engine.sql.schedules import MILLISECOND

NOTE_FIRE: Final = "note_fire(%s::integer, %s::bigint, %s::bigint, %s::integer, %s::bigint, %s::integer)"
TAKE_QUEUED: Final = "take_queued(%s::integer, %s::bigint, %s::integer, %s::bigint, %s::uuid)"


def fire_facts(fire: Fire, workflow: int) -> dict[str, Any]:
    """Returns a fire as the database's functions take it."""
    return {"workflow": workflow, "nominal_ms": to_ms(fire.nominal), "next_ms": ms_or_none(fire.next)}


def former_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `hold_former` takes."""
    return (workflow, fire.former is None, fire.former or None)


def note_facts(fire: Fire, workflow: int) -> tuple[Any, ...]:
    """Returns what `note_fire` takes."""
    delay_ms = fire.next_delay // MILLISECOND
    outcome = FIRE_OUTCOMES.index(fire.outcome)
    return (workflow, to_ms(fire.nominal), delay_ms, outcome, ms_or_none(fire.at), fire.count)


def queued_facts(fire: Fire, workflow: int, execution_id: str) -> tuple[Any, ...]:
    """Returns what `take_queued` takes."""
    return (workflow, to_ms(fire.nominal), FIRE_OUTCOMES.index(fire.outcome), ms_or_none(fire.at), execution_id)
