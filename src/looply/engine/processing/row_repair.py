"""Rows that are other than the history says, put right in the unit of a `RepairRows`.

What is read here belongs to the state that the unit is computed on, because rows change with units only: where another
unit comes in between, the fence refuses this one, and it is computed anew.
"""

from msgspec.structs import replace

from looply.engine.coding.units import claim_of, work_rows
from looply.engine.ports.store import EffectRow, EffectState, Store, Unit, Work, WorkChange
from looply.engine.processing.parent_child import Read, lost_children, lost_end
from looply.engine.records.copies import copy_wishes
from looply.engine.records.letters import letter_rows
from looply.execution import ExecutionState, open_work


async def mended(store: Store, read: Read, unit: Unit, after: ExecutionState, channels: frozenset[str]) -> Unit:
    """Returns the unit with every row that the state after it needs, and without those that it has not.

    An effect whose row is gone is not put again: nobody knows whether it was sent, so an `EffectLost` has to say so.
    """
    stored = await store.reads.work_of(unit.execution_id)
    claims = await store.reads.claims_of(unit.execution_id)
    claim = claim_of(after) if open_work(after).holds_process_id else None
    wrong = next((each for each in claims if each != claim), None)
    children = await lost_children(store, read, after)
    end = await lost_end(store, read, after)
    return replace(
        unit,
        work=_change(stored, work_rows(after, _queued, 0), unit.work),
        put_claim=claim if claim is not None and claim not in claims else None,
        drop_claim=wrong,
        letters=letter_rows(after),
        copies=copy_wishes(None, after, channels),
        sent=(*unit.sent, *children.values(), *((end,) if end is not None else ())),
    )


def _change(stored: Work, wanted: Work, planned: WorkChange) -> WorkChange:
    return WorkChange(
        put=Work(
            effects=planned.put.effects,
            timers=tuple(row for row in wanted.timers if row not in stored.timers),
            waits=tuple(row for row in wanted.waits if row not in stored.waits),
            incidents=tuple(row for row in wanted.incidents if row not in stored.incidents),
            cards=tuple(row for row in wanted.cards if row not in stored.cards),
            continues=wanted.continues,
            place=wanted.place if wanted.place != stored.place else None,
        ),
        drop_effects=_gone({row.seq for row in stored.effects}, {row.seq for row in wanted.effects}),
        drop_timers=tuple((row.due, row.seq) for row in stored.timers if row not in wanted.timers),
        drop_waits=_gone({row.seq for row in stored.waits}, {row.seq for row in wanted.waits}),
        drop_incidents=_gone({row.seq for row in stored.incidents}, {row.seq for row in wanted.incidents}),
        drop_cards=tuple(sorted({row.card_id for row in stored.cards} - {row.card_id for row in wanted.cards})),
        drop_continues=stored.continues and not wanted.continues,
        drop_place=stored.place is not None and wanted.place is None,
    )


def _gone(stored: set[int], wanted: set[int]) -> tuple[int, ...]:
    return tuple(sorted(stored - wanted))


def _queued(_row: EffectRow) -> EffectState:
    return "QUEUED"
