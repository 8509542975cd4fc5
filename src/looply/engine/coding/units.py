"""Units: the rows that change between two states of an execution."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from looply.clock import id_time
from looply.connectors.outbound.targets import canonical_origin_of
from looply.definition import Workflow
from looply.definition.calls.systems import system_name
from looply.definition.settings.mail import person_of
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.lists import Head, OpenCard
from looply.engine.ports.store import EffectRow, EffectState, IncidentRow, TimerRow, WaitRow, Work, WorkChange
from looply.engine.records.claims import Claim
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.errors import DefinitionError
from looply.execution import ExecutionState, OpenWork, open_work
from looply.execution.document.masking import mask_pointers
from looply.execution.facts.address import parse_address
from looply.execution.facts.datastores import is_datastore_operation
from looply.execution.facts.open_work import NO_WORK, EffectWork, open_effects
from looply.execution.facts.state import Card, ConcurrencySlot, Incident, OpenWait, Timer
from looply.jsontext import Json
from looply.slots import Lane

Key = TypeVar("Key", int, str)
Entry = TypeVar("Entry")
_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_TARGET_CHARACTERS: Final = 300
"""More than the longest name of a host or a connection."""
_NO_CHANGE: Final = WorkChange()


def head_of(state: ExecutionState) -> Head:
    """Returns the row of the execution that lists show."""
    started = state.started
    created_on = id_time(started.execution_id)
    return Head(
        execution_id=started.execution_id,
        organization_id=started.organization_id,
        workspace_id=started.workspace_id,
        workflow_id=started.workflow_id,
        workflow_version=state.workflow_version,
        status=state.status,
        current_state=state.current_state,
        trigger_type=started.trigger_type,
        process_id=started.process_id or started.execution_id,
        profile=started.profile,
        parent=started.parent,
        seq=state.seq,
        created_on=created_on,
        # After the clock was set back, an id, which never decreases, has a later time than its events.
        modified_on=max(state.now, created_on),
        modified_by=state.modified_by,
    )


def claim_of(state: ExecutionState) -> Claim | None:
    """Returns the claim that the execution holds while it is open, None without a process id of the caller."""
    started = state.started
    if not started.process_id:
        return None
    return Claim(
        organization_id=started.organization_id,
        workflow_id=started.workflow_id,
        process_id=started.process_id,
        fingerprint=started.request,
    )


def expiry_of(before: ExecutionState | None, after: ExecutionState, workflow: Workflow) -> datetime | None:
    """Returns when an execution that ends between the two states may be pruned.

    None where it does not end, and where its workflow has no retention of its own.
    """
    retention = workflow.settings.retention
    if retention is None or after.closed is None or (before is not None and before.closed is not None):
        return None
    try:
        return retention.after(after.now, workflow.settings.timezone)
    except DefinitionError:
        return _NEVER  # after the last instant that can be represented


def work_rows(state: ExecutionState, effect_state: Callable[[EffectRow], EffectState], epoch: int) -> Work:
    """Returns all rows that the store must hold for the state: its `open_work` as rows."""
    return _rows(state, open_work(state), effect_state, epoch)


def work_change(
    before: ExecutionState | None,
    after: ExecutionState,
    effect_state: Callable[[EffectRow], EffectState],
    epoch: int,
) -> WorkChange:
    """Returns the difference of open work between two states of one execution.

    `effect_state` decides for a new effect whether it starts at once (RUNNING) or is queued.
    """
    if before is None and after.closed is not None:
        return _NO_CHANGE
    old = open_work(before) if before is not None else NO_WORK
    new = open_work(after)
    added = OpenWork(
        # An effect that was open before continues, also when its step has another name now: a row put again is sent
        # again.
        effects={seq: effect for seq, effect in new.effects.items() if seq not in old.effects},
        timers=_added(old.timers, new.timers),
        waits=_added(old.waits, new.waits),
        incidents=_added(old.incidents, new.incidents),
        cards=_added(old.cards, new.cards),
        # Put also when it was there before: it belongs to the process that stores it last.
        continues=new.continues,
        holds_process_id=False,
        slot=new.slot if new.slot != old.slot else None,
    )
    return WorkChange(
        put=_rows(after, added, effect_state, epoch),
        drop_effects=_gone(old.effects, new.effects),
        drop_timers=tuple((old.timers[seq].due, seq) for seq in _gone(old.timers, new.timers)),
        drop_waits=_gone(old.waits, new.waits),
        drop_incidents=_gone(old.incidents, new.incidents),
        drop_cards=_gone(old.cards, new.cards),
        drop_continues=old.continues and not new.continues,
        drop_slot=old.slot is not None and new.slot is None,
        card_count=len(new.cards) - len(old.cards),
    )


def effect_queue(operation: str, effect_input: Json, secret: tuple[str, ...] = ()) -> str:
    """Returns the name of the target that limits an effect: its connection, its system, or the canonical origin
    of its URL. Which system a connection leads to now, the name does not say: `looply.engine.effects.targets` knows.

    An expression may have produced any text for it; only the beginning is stored, without characters 0. A target under
    a `secret` pointer of the effect has no name, since these names are stored in clear text.
    """
    shown = mask_pointers(effect_input, secret, "input") if secret else effect_input
    target = _target(operation, shown if isinstance(shown, dict) else {})
    return f"{operation} {target[:_TARGET_CHARACTERS]}".replace("\0", "\N{REPLACEMENT CHARACTER}")


def queue_of(state: ExecutionState, effect: EffectWork) -> str:
    """Returns the queue of an open effect."""
    opened = state.open_steps[effect.address]
    return effect_queue(effect.operation, opened.input, opened.secret)


def newly_given_up(before: ExecutionState | None, after: ExecutionState) -> Sequence[EffectRef]:
    """Returns the effects that a unit has given up: their timers have fired while they wait for a system."""
    if before is None or before.timers is after.timers or not before.timers:
        return ()
    started = after.started
    return [
        EffectRef(started.execution_id, seq, Lane(started.organization_id, queue_of(after, effect)))
        for seq, effect in open_effects(after).items()
        if after.open_steps[effect.address].is_given_up and not _was_given_up(before, seq)
    ]


def _was_given_up(before: ExecutionState, seq: int) -> bool:
    opened = before.find_open_step(seq)
    return opened is not None and opened.is_given_up


def _target(operation: str, values: Mapping[str, Any]) -> str:
    if is_datastore_operation(operation):
        return str(values.get("name", ""))
    if isinstance(connection := values.get("connection"), str) and connection:
        return connection
    if system := system_name(values):
        return system
    url = values.get("url")
    return canonical_origin_of(url) if isinstance(url, str) else ""


def _rows(state: ExecutionState, work: OpenWork, effect_state: Callable[[EffectRow], EffectState], epoch: int) -> Work:
    return Work(
        effects=tuple(_effect(state, effect, effect_state, epoch) for effect in work.effects.values()),
        timers=tuple(_timer(state, timer) for timer in work.timers.values()),
        waits=tuple(_wait(state, wait) for wait in work.waits.values()),
        incidents=tuple(_incident(state, incident) for incident in work.incidents.values()),
        cards=tuple(_card(state, card) for card in work.cards.values()),
        continues=work.continues,
        slot=_slot(state, work.slot),
    )


def _effect(
    state: ExecutionState, effect: EffectWork, effect_state: Callable[[EffectRow], EffectState], epoch: int
) -> EffectRow:
    row = EffectRow(
        execution_id=state.started.execution_id,
        seq=effect.seq,
        organization_id=state.started.organization_id,
        queue=queue_of(state, effect),
        state="QUEUED",
        attempt=effect.attempt,
        epoch=0,
    )
    if effect_state(row) == "QUEUED":
        return row
    return replace(row, state="RUNNING", epoch=epoch)


def _timer(state: ExecutionState, timer: Timer) -> TimerRow:
    return TimerRow(execution_id=state.started.execution_id, seq=timer.seq, due=timer.due, kind=timer.kind)


def _wait(state: ExecutionState, wait: OpenWait) -> WaitRow:
    return WaitRow(execution_id=state.started.execution_id, seq=wait.seq, step=wait.step, sources=wait.sources)


def _incident(state: ExecutionState, incident: Incident) -> IncidentRow:
    return IncidentRow(
        execution_id=state.started.execution_id,
        seq=incident.seq,
        incident_id=incident.incident_id,
        organization_id=state.started.organization_id,
        step=incident.step,
        kind=incident.kind,
        code=incident.code,
        opened_on=incident.opened_on,
    )


def _slot(state: ExecutionState, slot: ConcurrencySlot | None) -> ConcurrencySlotRow | None:
    if slot is None:
        return None
    return ConcurrencySlotRow(
        execution_id=state.started.execution_id,
        seq=slot.seq,
        since=slot.since,
        max_concurrency=slot.max_concurrency,
        is_held=slot.is_held,
    )


def _card(state: ExecutionState, card: Card) -> OpenCard:
    return OpenCard(
        card_id=card.card_id,
        execution_id=state.started.execution_id,
        workflow_id=state.started.workflow_id,
        step=parse_address(card.address).step,
        # The address in its token, from which links are made.
        address=card.sent_as or card.address,
        part=card.part,
        recipient=person_of(card.recipient),
        channel=card.channel,
        revision=card.revision,
        opened_on=card.opened_on,
        due_on=wait.timeout_on if (wait := state.waits.get(card.address)) is not None else None,
    )


def _added(old: Mapping[Key, Entry], new: Mapping[Key, Entry]) -> Mapping[Key, Entry]:
    if not old:
        return new
    return {key: entry for key, entry in new.items() if key not in old or old[key] != entry}


def _gone(old: Mapping[Key, Entry], new: Mapping[Key, Entry]) -> tuple[Key, ...]:
    return tuple(key for key in old if key not in new) if old else ()
