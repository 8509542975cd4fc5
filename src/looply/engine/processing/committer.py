"""The committer: makes a unit of a stretch, stores it, and only then publishes what follows from it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

import msgspec

from looply.clock import Clock
from looply.definition import Workflow
from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.coding.decision_rows import decision_rows
from looply.engine.coding.units import claim_of, expiry_of, head_of, queue_of, work_change
from looply.engine.ports.dispatch import Dispatcher, EffectRef
from looply.engine.ports.port import Fire, Key
from looply.engine.ports.store import Batch, EffectRow, EffectState, Snapshot, Store, StoredDefinition, Unit, Value
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailbox
from looply.engine.processing.observers import Observers, ignore
from looply.engine.processing.parent_child import Read
from looply.engine.processing.row_repair import repair_rows
from looply.engine.processing.watchers import Watchers
from looply.engine.records.changes import StateChange
from looply.engine.records.claims import StoredKey
from looply.engine.records.copies import copy_updates
from looply.engine.records.datastores import DatastoreChange, change_of
from looply.engine.records.figures.figures import figure_change
from looply.engine.records.letters import LetterRow, letter_changes
from looply.execution import ExecutionState, Status
from looply.execution.document.searching import search_value_changes
from looply.execution.facts.datastores import DatastoreWrite
from looply.execution.facts.deliveries import DeliveryKey, deliveries_of
from looply.execution.facts.events import Event
from looply.execution.facts.open_work import must_queue, open_effects
from looply.jsontext import encode_json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.slots import Lane

Encoded: TypeAlias = tuple[Batch, tuple[Value, ...], int]
"""A batch, the large values that it refers to, and the bytes of the text of its events."""

KEY_LIFE = timedelta(hours=24)
"""The shortest time that an idempotency key is kept."""

_SNAPSHOT_EVENTS = 512
_SNAPSHOT_BYTES = 2 * 1024 * 1024
"""The most bytes of a history, as JSON with all large values, that has no snapshot where its state is small."""

_LARGE_BYTES = 256 * 1024
"""Events of this number of bytes take a millisecond or more to encode."""

_BYTES_OF_EVENT = 1024
_BYTES_OF_VISIT = 64
"""Folding an event takes as long as encoding and storing these bytes of a state; encoding a visit, of a document."""


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit stores beside the history: the first one its key and fire, the one of a step's outcome its write.

    `applied` are deliveries of other executions that the unit applies. With `repairs_rows` its rows are computed from
    the stored rows, whatever the state before implied.
    """

    key: Key | None = None
    fire: Fire | None = None
    write: DatastoreWrite | None = None
    applied: tuple[DeliveryKey, ...] = ()
    repairs_rows: bool = False


_NO_EXTRAS = Extras()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitterHooks:
    """How a committer is connected to its shell.

    `read` returns the stored state of another execution, `channels` are those that keep copies of cards elsewhere.
    After each durable unit `on_unit` gets the states before and after it, for the shell itself, then the observers are
    called.
    """

    read: Read
    channels: frozenset[str] = frozenset()
    on_unit: Callable[[ExecutionState | None, ExecutionState], None] = ignore
    observers: Observers = field(default_factory=Observers)


class Committer:
    """Stores stretches of executions and publishes what follows from them.

    Without `hooks` it reads other executions from the store, has no channels and calls no observers.
    """

    def __init__(
        self,
        store: Store,
        codec: Codec,
        dispatcher: Dispatcher,
        clock: Clock,
        limits: Limits = DEFAULT_LIMITS,
        hooks: CommitterHooks | None = None,
    ) -> None:
        self._store = store
        self._limits = limits
        self._codec = codec
        self._dispatcher = dispatcher
        self._clock = clock
        hooks = hooks or CommitterHooks(read=Loader(store, codec).load_state)
        self._channels = hooks.channels
        self._read = hooks.read
        self._on_unit = hooks.on_unit
        self._observers = hooks.observers
        self._epoch = 0
        self._known_definitions: set[str] = set()
        self.watchers = Watchers()
        self._unsaved: dict[str, tuple[int, int]] = {}

    @property
    def epoch(self) -> int:
        """The epoch of this process, 0 before `begin`."""
        return self._epoch

    def begin(self, epoch: int, definitions: frozenset[str]) -> None:
        """Takes over what the store reported when it was opened."""
        self._epoch = epoch
        self._known_definitions = set(definitions)

    async def commit(
        self,
        box: Mailbox,
        after: ExecutionState,
        workflow: Workflow,
        events: Sequence[Event],
        extras: Extras = _NO_EXTRAS,
    ) -> None:
        """Stores the events of one stretch and moves the mailbox to the state after it.

        Effects leave, watchers wake and timers count only after the unit is durable. When it is not stored, the mailbox
        keeps its state.
        Raises: what `Journal.commit` raises.
        """
        started = after.started
        first_seq = box.state.seq + 1 if box.state is not None else 1
        facts = (events, started.organization_id, started.execution_id, first_seq, box.chain)
        # New executions are stored in the order of their ids, so none of them is overtaken while it is encoded.
        if box.state is not None and _is_large(events):
            encoded = await asyncio.to_thread(self._codec.encode_measured, *facts)
        else:
            encoded = self._codec.encode_measured(*facts)
        unit, former = self._unit(box, after, workflow, events, extras, encoded)
        is_stored = False
        try:
            if extras.repairs_rows:
                unit = await repair_rows(self._store, self._read, unit, after, self._channels)
            start = self._clock.monotonic()
            await self._store.journal.commit(unit)
            is_stored = True
        finally:
            if not is_stored:
                for row in unit.work.put.effects:
                    if row.state == "RUNNING":
                        self._dispatcher.release(row.lane)
        self._observers.on_commit(self._clock.monotonic() - start)
        before = box.state
        box.state, box.workflow, box.chain = after, workflow, unit.batch.chain
        self._on_unit(before, after)
        self._observers.on_change(_state_change(before, after, unit, former))
        if unit.definition is not None:
            self._known_definitions.add(unit.definition.hash)
        self._publish(unit, after)
        if before is not None and before.has_incident and not after.has_incident:
            self._offer_again(before, after)

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes rows that move nothing any more."""
        await self._store.work.drop_deliveries(rows)

    def _unit(
        self,
        box: Mailbox,
        after: ExecutionState,
        workflow: Workflow,
        events: Sequence[Event],
        extras: Extras,
        encoded: Encoded,
    ) -> tuple[Unit, Status | None]:
        """Returns the unit of one stretch, and the status before it.

        It holds a slot of the dispatcher for each effect that is RUNNING in it.
        """
        before = box.state
        started = after.started
        expected = before.seq if before is not None else 0
        batch, values, size = encoded
        work = work_change(before, after, self._effect_state(after), self._epoch)
        had_process_id = before is not None and before.holds_process_id
        holds = after.holds_process_id
        claim = claim_of(after)
        head = head_of(after)
        letters = letter_changes(before, after)
        searched = (box.workflow, before) if before is not None and box.workflow is not None else None
        former = before.status if before is not None else None
        unit = Unit(
            execution_id=started.execution_id,
            expected_seq=expected,
            head=head,
            batch=batch,
            work=work,
            values=values,
            snapshot=self._snapshot(after, size),
            # A new execution puts its claim even when it ends in the same unit, which drops it again: the store must
            # find an open execution that holds the process id in any case.
            put_claim=claim if before is None or (holds and not had_process_id) else None,
            drop_claim=claim if (had_process_id or before is None) and not holds else None,
            key=self._stored_key(started.organization_id, extras.key),
            fire=extras.fire,
            definition=self._new_definition(after, workflow),
            sent=deliveries_of(started, enumerate(events, expected + 1)),
            applied=extras.applied,
            copies=copy_updates(before, after, self._channels),
            letters=letters,
            decisions=decision_rows(head, workflow, events, expected + 1),
            datastore=self._change(after, extras.write),
            search=search_value_changes(searched, workflow, after),
            expires_on=expiry_of(before, after, workflow),
            figures=figure_change(
                before, after, (former, head.status), events, (work.card_count, _opened_letters(before, letters))
            ),
        )
        return unit, former

    def _effect_state(self, after: ExecutionState) -> Callable[[EffectRow], EffectState]:
        def first_state(row: EffectRow) -> EffectState:
            return "QUEUED" if must_queue(after, row.seq) or not self._dispatcher.reserve(row.lane) else "RUNNING"

        return first_state

    def _stored_key(self, organization_id: str, key: Key | None) -> StoredKey | None:
        if key is None:
            return None
        return StoredKey(
            organization_id=organization_id,
            text=key.text,
            fingerprint=key.fingerprint,
            expires_on=self._clock.now() + KEY_LIFE,
        )

    def _change(self, after: ExecutionState, write: DatastoreWrite | None) -> DatastoreChange | None:
        if write is None:
            return None
        started = after.started
        return change_of(started.organization_id, write, after.now, started.execution_id, self._limits)

    def _new_definition(self, after: ExecutionState, workflow: Workflow) -> StoredDefinition | None:
        if after.definition in self._known_definitions:
            return None
        return encode_definition(workflow, after.started.workflow_id, after.workflow_version)

    def _snapshot(self, after: ExecutionState, size: int) -> Snapshot | None:
        """Returns an encoded state when folding has become slow: since the last one while it waits, in total at the
        end.

        The larger the state, the more events between two snapshots, so that their cost grows with the history, not
        faster.
        """
        execution_id = after.started.execution_id
        first, grown = self._unsaved.pop(execution_id, (0, 0))
        grown += size
        if after.closed is not None:
            return self._snapshot_of(after) if after.seq > _SNAPSHOT_EVENTS else None
        bulk = after.document_bytes + len(after.visits) * _BYTES_OF_VISIT
        most_events = max(_SNAPSHOT_EVENTS, bulk // _BYTES_OF_EVENT)
        is_expensive = after.seq - first > most_events or grown > max(_SNAPSHOT_BYTES, bulk)
        if is_expensive and not after.continues:
            self._unsaved[execution_id] = (after.seq, 0)
            return self._snapshot_of(after)
        if after.seq > _SNAPSHOT_EVENTS // 4 or grown > _SNAPSHOT_BYTES // 4:
            self._unsaved[execution_id] = (first, grown)
        return None

    def _snapshot_of(self, after: ExecutionState) -> Snapshot:
        codec, state = self._codec.encode_state(after)
        return Snapshot(seq=after.seq, fold=FOLD_VERSION, codec=codec, state=state)

    def _offer_again(self, before: ExecutionState, after: ExecutionState) -> None:
        """Offers the effects that were held while the execution was frozen; the rows say which of them run."""
        offered = open_effects(before)
        for seq, effect in open_effects(after).items():
            if seq in offered:
                lane = Lane(after.started.organization_id, queue_of(after, effect))
                self._dispatcher.offer(EffectRef(after.started.execution_id, seq, lane))

    def _publish(self, unit: Unit, after: ExecutionState) -> None:
        for row in unit.work.put.effects:
            effect = row.reference
            if row.state == "RUNNING":
                self._dispatcher.launch(effect)
            elif not after.has_incident:
                # While an incident is open nothing starts; the effect is offered when the last incident is closed.
                self._dispatcher.offer(effect)
        if unit.work.put.timers:
            self._observers.on_timer(min(row.due for row in unit.work.put.timers))
        if unit.sent or unit.work.drop_slot or unit.work.put.slot is not None:
            self._observers.on_timer(None)
        if unit.copies:
            self._observers.on_copies()
        self.watchers.notify(unit.execution_id, after)


def _is_large(events: Sequence[Event]) -> bool:
    """Returns whether encoding events takes so long that a thread does it; secrets are sealed in the event loop."""
    size = sum(getattr(event, "size", 0) for event in events)
    return size > _LARGE_BYTES and not any(getattr(event, "secret", ()) for event in events)


def encode_definition(workflow: Workflow, workflow_id: str, workflow_version: int) -> StoredDefinition:
    """Returns a definition as the store keeps it."""
    return StoredDefinition(
        hash=workflow.hash.hex(),
        workflow_id=workflow_id,
        workflow_version=workflow_version,
        body=encode_json(workflow.definition),
    )


def _opened_letters(before: ExecutionState | None, letters: Sequence[LetterRow]) -> int:
    """Returns how many dead letters more are not settled after the changes of their rows."""
    if not letters:
        return 0
    letters_before = before.letters if before is not None else {}
    were_open = sum(1 for row in letters if row.seq in letters_before and not letters_before[row.seq].action)
    return sum(1 for row in letters if not row.action) - were_open


def _state_change(
    before: ExecutionState | None, after: ExecutionState, unit: Unit, former: Status | None
) -> StateChange:
    return StateChange(
        before=before,
        after=after,
        former=former,
        status=unit.head.status,
        current_state=unit.head.current_state,
    )
