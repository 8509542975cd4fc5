"""Row repair: stored rows that differ from the history are corrected in the unit of a `RepairRows` command.

The rows read here belong to the state that the unit is computed on, because rows change with units only: where another
unit comes in between, the fence refuses this one, and it is computed again.
"""

from msgspec.structs import replace

from looply.engine.coding.units import claim_of, work_rows
from looply.engine.ports.store import EffectRow, EffectState, Store, Unit, Work, WorkChange
from looply.engine.processing.parent_child import Read, find_lost_children, find_lost_termination
from looply.engine.records.copies import copy_updates
from looply.engine.records.letters import letter_rows
from looply.execution import ExecutionState


async def repair_rows(store: Store, read: Read, unit: Unit, after: ExecutionState, channels: frozenset[str]) -> Unit:
    """Returns the unit with every row that the state after it needs and that is missing, and without all others.

    An effect whose row is missing is not put again: whether it was sent is unknown, so an `EffectLost` must record
    that.
    """
    stored = await store.reads.work_of(unit.execution_id)
    claims = await store.reads.claims_of(unit.execution_id)
    claim = claim_of(after) if after.holds_process_id else None
    wrong = next((each for each in claims if each != claim), None)
    children = await find_lost_children(store, read, after)
    end = await find_lost_termination(store, read, after)
    return replace(
        unit,
        work=_change(stored, work_rows(after, _queued, 0), unit.work),
        put_claim=claim if claim is not None and claim not in claims else None,
        drop_claim=wrong,
        letters=letter_rows(after),
        copies=copy_updates(None, after, channels),
        sent=(*unit.sent, *children.values(), *((end,) if end is not None else ())),
    )


def _change(stored: Work, required: Work, planned: WorkChange) -> WorkChange:
    return WorkChange(
        put=Work(
            effects=planned.put.effects,
            timers=tuple(row for row in required.timers if row not in stored.timers),
            waits=tuple(row for row in required.waits if row not in stored.waits),
            incidents=tuple(row for row in required.incidents if row not in stored.incidents),
            cards=tuple(row for row in required.cards if row not in stored.cards),
            continues=required.continues,
            slot=required.slot if required.slot != stored.slot else None,
        ),
        drop_effects=_gone({row.seq for row in stored.effects}, {row.seq for row in required.effects}),
        drop_timers=tuple((row.due, row.seq) for row in stored.timers if row not in required.timers),
        drop_waits=_gone({row.seq for row in stored.waits}, {row.seq for row in required.waits}),
        drop_incidents=_gone({row.seq for row in stored.incidents}, {row.seq for row in required.incidents}),
        drop_cards=tuple(sorted({row.card_id for row in stored.cards} - {row.card_id for row in required.cards})),
        drop_continues=stored.continues and not required.continues,
        drop_slot=stored.slot is not None and required.slot is None,
    )


def _gone(stored: set[int], required: set[int]) -> tuple[int, ...]:
    return tuple(sorted(stored - required))


def _queued(_row: EffectRow) -> EffectState:
    return "QUEUED"
