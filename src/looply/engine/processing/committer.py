"""The committer: makes a unit of a stretch, stores it, and only then lets the world see it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from looply.clock import Clock
from looply.definition import Workflow
from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.coding.decision_rows import decision_rows
from looply.engine.coding.units import claim_of, expiry_of, head_of, queue_of, work_change
from looply.engine.ports.dispatch import Dispatcher, EffectRef
from looply.engine.ports.port import Fire, Key
from looply.engine.ports.store import EffectRow, EffectState, Snapshot, Store, StoredDefinition, Unit
from looply.engine.processing.mailbox import Mailbox
from looply.engine.processing.parent_child import Read
from looply.engine.processing.row_repair import mended
from looply.engine.processing.watchers import Watchers
from looply.engine.records.claims import StoredKey
from looply.engine.records.copies import copy_wishes
from looply.engine.records.datastores import DatastoreChange, change_of
from looply.engine.records.letters import changed_letters
from looply.errors import NotFound
from looply.execution import ExecutionState, open_work
from looply.execution.document.searching import changed_search_values
from looply.execution.facts.datastores import DatastoreWrite
from looply.execution.facts.deliveries import DeliveryKey, deliveries_of
from looply.execution.facts.events import Event
from looply.jsontext import encode_json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.slots import Lane

KEY_LIFE = timedelta(hours=24)
"""An idempotency key is kept at least so long."""

_SNAPSHOT_EVENTS = 512
_SNAPSHOT_BYTES = 2 * 1024 * 1024
"""So much history, in bytes of JSON with all large values, is folded without a stored state that is small."""

_BYTES_OF_EVENT = 1024
_BYTES_OF_VISIT = 64
"""To fold an event takes as long as to code and store so much of a state; to code a visit, as so much of a document."""


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What a unit stores beside the history: a first one its key and firing, that of a step's outcome its write.

    `applied` are rows of other executions that the unit makes true. With `mends` its rows are compared with the stored
    ones, whatever was there before.
    """

    key: Key | None = None
    fire: Fire | None = None
    write: DatastoreWrite | None = None
    applied: tuple[DeliveryKey, ...] = ()
    mends: bool = False


_NO_EXTRAS = Extras()


def _nobody(_due: datetime | None) -> None:
    """Stands for the pump until there is one."""


def _not_awake() -> None:
    """Stands for the reconciler until there is one."""


def _unheard(_before: ExecutionState | None, _after: ExecutionState) -> None:
    """Stands for the log of changes until there is one."""


def _nothing() -> None:
    """Stands for the feed until there is one."""


async def _unread(execution_id: str) -> ExecutionState:
    """Stands for the reader until there is one."""
    raise NotFound(f"nobody reads execution {execution_id} yet", code="EXECUTION_NOT_FOUND")


def _untimed(_seconds: float) -> None:
    """Stands for who measures until there is somebody."""


class Committer:
    """Stores stretches of executions and publishes what follows from them.

    `on_timer` is told the earliest due instant of new timers after they are durable, None when schedules or lines of
    executions changed, or something was sent to another execution; `on_copies` is called when a copy of a card has to
    look otherwise, in one of `channels`; `count` and `on_change` get the states before and after each unit that
    is durable, `on_commit` the seconds that the store took for it. `read` gives what is stored of other executions.
    """

    def __init__(
        self, store: Store, codec: Codec, dispatcher: Dispatcher, clock: Clock, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._store = store
        self._limits = limits
        self._codec = codec
        self._dispatcher = dispatcher
        self._clock = clock
        self._epoch = 0
        self._known_definitions: set[str] = set()
        self.watchers = Watchers()
        self._unsaved: dict[str, tuple[int, int]] = {}
        self.channels: frozenset[str] = frozenset()
        self.read: Read = _unread
        self.on_copies: Callable[[], None] = _not_awake
        self.on_timer: Callable[[datetime | None], None] = _nobody
        self.count: Callable[[ExecutionState | None, ExecutionState], None] = _unheard
        self.on_change: Callable[[ExecutionState | None, ExecutionState], None] = _unheard
        self.on_stored: Callable[[], None] = _nothing
        self.on_commit: Callable[[float], None] = _untimed

    @property
    def epoch(self) -> int:
        """The epoch of this process, 0 before `begin`."""
        return self._epoch

    def begin(self, epoch: int, definitions: frozenset[str]) -> None:
        """Takes over what the store told when it was opened."""
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

        Effects leave, watchers wake and timers count only after the unit is durable. When it is not stored, the
        mailbox stays where it was.
        Raises: what `Journal.commit` raises.
        """
        unit = self._unit(box, after, workflow, events, extras)
        is_stored = False
        try:
            if extras.mends:
                unit = await mended(self._store, self.read, unit, after, self.channels)
            begun = self._clock.monotonic()
            await self._store.journal.commit(unit)
            is_stored = True
        finally:
            if not is_stored:
                for row in unit.work.put.effects:
                    if row.state == "RUNNING":
                        self._dispatcher.release(row.lane)
        self.on_commit(self._clock.monotonic() - begun)
        before = box.state
        box.state, box.workflow, box.chain = after, workflow, unit.batch.chain
        self.count(before, after)
        self.on_change(before, after)
        self.on_stored()
        if unit.definition is not None:
            self._known_definitions.add(unit.definition.hash)
        self._publish(unit, after)
        if before is not None and before.is_frozen and not after.is_frozen:
            self._offer_again(before, after)

    async def drop_deliveries(self, rows: Sequence[DeliveryKey]) -> None:
        """Removes rows that move nothing any more."""
        await self._store.work.drop_deliveries(rows)

    def _unit(
        self, box: Mailbox, after: ExecutionState, workflow: Workflow, events: Sequence[Event], extras: Extras
    ) -> Unit:
        """Returns the unit of one stretch; it holds a slot of the dispatcher for each effect that is RUNNING in it."""
        before = box.state
        started = after.started
        expected = before.seq if before is not None else 0
        batch, values, size = self._codec.encode_measured(
            events, started.organization_id, started.execution_id, expected + 1, box.chain
        )
        work = work_change(before, after, self._effect_state(after), self._epoch)
        held = before is not None and open_work(before).holds_process_id
        holds = open_work(after).holds_process_id
        claim = claim_of(after)
        head = head_of(after)
        former = (box.workflow, before) if before is not None and box.workflow is not None else None
        return Unit(
            execution_id=started.execution_id,
            expected_seq=expected,
            head=head,
            batch=batch,
            work=work,
            values=values,
            snapshot=self._snapshot(after, size),
            # A new execution puts its claim even when it ends in the same unit, which drops it again: that an open
            # execution holds the process id must be found out in any case.
            put_claim=claim if before is None or (holds and not held) else None,
            drop_claim=claim if (held or before is None) and not holds else None,
            key=self._stored_key(started.organization_id, extras.key),
            fire=extras.fire,
            definition=self._new_definition(after, workflow),
            sent=deliveries_of(started, enumerate(events, expected + 1)),
            applied=extras.applied,
            copies=copy_wishes(before, after, self.channels),
            letters=changed_letters(before, after),
            decisions=decision_rows(head, workflow, events, expected + 1),
            datastore=self._change(after, extras.write),
            search=changed_search_values(former, workflow, after),
            expires_on=expiry_of(before, after, workflow),
        )

    def _effect_state(self, after: ExecutionState) -> Callable[[EffectRow], EffectState]:
        def decide(row: EffectRow) -> EffectState:
            opened = after.find_open_step(row.seq)
            # While an incident is open nothing starts, also not what was scheduled in the unit that opens it. A call
            # that may be what ends processes has to wait for its turn.
            is_suspect = opened is not None and opened.is_suspect
            is_held = after.is_frozen or is_suspect
            return "QUEUED" if is_held or not self._dispatcher.reserve(row.lane) else "RUNNING"

        return decide

    def _stored_key(self, organization_id: str, key: Key | None) -> StoredKey | None:
        if key is None:
            return None
        return StoredKey(
            organization_id=organization_id,
            text=key.text,
            request=key.request,
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
        return stored_definition(workflow, after.started.workflow_id, after.workflow_version)

    def _snapshot(self, after: ExecutionState, size: int) -> Snapshot | None:
        """Returns a coded state when folding has become dear: at a rest since the last one, at the end on the whole.

        The larger the state the more lies between two, so that what they take grows with the history, not faster.
        """
        execution_id = after.started.execution_id
        first, grown = self._unsaved.pop(execution_id, (0, 0))
        grown += size
        if after.closed is not None:
            return self._coded(after) if after.seq > _SNAPSHOT_EVENTS else None
        bulk = after.document_bytes + len(after.visits) * _BYTES_OF_VISIT
        most_events = max(_SNAPSHOT_EVENTS, bulk // _BYTES_OF_EVENT)
        is_dear = after.seq - first > most_events or grown > max(_SNAPSHOT_BYTES, bulk)
        if is_dear and not open_work(after).continues:
            self._unsaved[execution_id] = (after.seq, 0)
            return self._coded(after)
        if after.seq > _SNAPSHOT_EVENTS // 4 or grown > _SNAPSHOT_BYTES // 4:
            self._unsaved[execution_id] = (first, grown)
        return None

    def _coded(self, after: ExecutionState) -> Snapshot:
        codec, state = self._codec.encode_state(after)
        return Snapshot(seq=after.seq, fold=FOLD_VERSION, codec=codec, state=state)

    def _offer_again(self, before: ExecutionState, after: ExecutionState) -> None:
        """Offers the effects whose turn came while the execution stood still; the rows tell which of them run."""
        known = open_work(before).effects
        for seq, effect in open_work(after).effects.items():
            if seq in known:
                lane = Lane(after.started.organization_id, queue_of(after, effect))
                self._dispatcher.offer(EffectRef(after.started.execution_id, seq, lane))

    def _publish(self, unit: Unit, after: ExecutionState) -> None:
        for row in unit.work.put.effects:
            effect = row.reference
            if row.state == "RUNNING":
                self._dispatcher.launch(effect)
            elif not after.is_frozen:
                # While an incident is open nothing starts; it is offered once nothing holds it back.
                self._dispatcher.offer(effect)
        if unit.work.put.timers:
            self.on_timer(min(row.due for row in unit.work.put.timers))
        if unit.sent or unit.work.drop_place or unit.work.put.place is not None:
            self.on_timer(None)
        if unit.copies:
            self.on_copies()
        self.watchers.tell(unit.execution_id)


def stored_definition(workflow: Workflow, workflow_id: str, workflow_version: int) -> StoredDefinition:
    """Returns a definition as the store keeps it."""
    return StoredDefinition(
        hash=workflow.hash.hex(),
        workflow_id=workflow_id,
        workflow_version=workflow_version,
        body=encode_json(workflow.definition),
    )
