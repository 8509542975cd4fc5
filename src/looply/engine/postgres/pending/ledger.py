"""The ledger of schedules in PostgreSQL: one row for each nominal instant with a decision."""

from typing import Any, Final

from looply.engine.coding.rows import FIRE_OUTCOMES
from looply.engine.ports.port import Fire
from looply.engine.postgres.database.connections import Call
from looply.engine.sql.schedules import MILLISECOND
from looply.instants import ms_or_none, to_ms

_HOLD: Final = "hold_schedule(%s, %s::integer), hold_former(%s::integer, %s, %s::uuid)"
NOTE_FIRE: Final = "note_fire(%s::integer, %s::bigint, %s::bigint, %s::integer, %s::bigint, %s::integer)"
_TAKE_QUEUED: Final = "take_queued(%s::integer, %s::bigint, %s::integer, %s::bigint, %s::uuid)"


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


def hold_call(fire: Fire, workflow: int, epoch: int) -> Call:
    """Returns the call that locks the schedule of a fire, and refuses when it has started another execution since."""
    return _HOLD, (epoch, workflow, *former_facts(fire, workflow))


def fire_call(fire: Fire, workflow: int, execution_id: str) -> Call:
    """Returns the call that records the fire of an execution."""
    if not fire.was_queued:
        return NOTE_FIRE, note_facts(fire, workflow)
    outcome = FIRE_OUTCOMES.index(fire.outcome)
    return _TAKE_QUEUED, (workflow, to_ms(fire.nominal), outcome, ms_or_none(fire.at), execution_id)
