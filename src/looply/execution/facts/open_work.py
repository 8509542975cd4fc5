"""The open work of an execution: the rows that will move it further, as a pure function of its state."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from looply.execution.facts.state import (
    Card,
    ConcurrencySlot,
    ExecutionState,
    Incident,
    OpenChild,
    OpenWait,
    Timer,
    is_answered,
    open_cards,
)


class EffectWork(msgspec.Struct, frozen=True):
    """An effect that is due or in flight: the number of the event that scheduled it, and what it is."""

    seq: int
    address: str
    attempt: int
    operation: str


class OpenWork(msgspec.Struct, frozen=True, kw_only=True):
    """The open work of an execution: the rows that will move it. A pure function of the state."""

    effects: Mapping[int, EffectWork]
    timers: Mapping[int, Timer]
    waits: Mapping[int, OpenWait]
    incidents: Mapping[int, Incident]
    cards: Mapping[str, Card]
    continues: bool
    holds_process_id: bool
    children: Mapping[str, OpenChild] = {}
    slot: ConcurrencySlot | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the execution is an orphan: nothing will ever move it again."""
        is_queued = self.slot is not None and not self.slot.is_held
        owned = (self.effects, self.timers, self.waits, self.incidents, self.children)
        return not (any(owned) or self.continues or is_queued)


_NONE: Mapping[Any, Any] = {}

NO_WORK: Final = OpenWork(
    effects=_NONE, timers=_NONE, waits=_NONE, incidents=_NONE, cards=_NONE, continues=False, holds_process_id=False
)
"""The open work of an execution before its start and after its end."""


def open_effects(state: ExecutionState) -> dict[int, EffectWork]:
    """Returns the effects that are due or in flight, by the numbers of the events that scheduled them."""
    return {
        step.seq: EffectWork(step.seq, step.address, step.attempt, step.operation)
        for step in state.open_steps.values()
        if step.is_in_flight
    }


def must_queue(state: ExecutionState, seq: int) -> bool:
    """Returns whether the effect that the event `seq` scheduled cannot begin with the unit that stores it.

    While an incident is open nothing begins, also not what was scheduled in the unit that opens it. A suspect call has
    to wait for its turn.
    """
    opened = state.find_open_step(seq)
    return state.has_incident or (opened is not None and opened.is_suspect)


def open_work(state: ExecutionState) -> OpenWork:
    """Returns the rows that the store must hold for the execution beside its history.

    While an incident is open it has no timers: those that are due by then fire when the incident is closed.
    """
    if state.closed is not None:
        return NO_WORK
    return OpenWork(
        effects=open_effects(state),
        timers=_NONE if state.has_incident else state.timers,
        waits={wait.seq: wait for wait in state.waits.values()},
        incidents={incident.seq: incident for incident in state.incidents.values()},
        cards={
            card.card_id: card
            for card in open_cards(state)
            if card.address in state.waits and not is_answered(state, card)
        },
        continues=state.continues,
        holds_process_id=state.holds_process_id,
        children=state.children,
        slot=state.slot,
    )
