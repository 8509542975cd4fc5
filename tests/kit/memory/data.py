"""The rows of the memory store, and how one unit changes them. They outlive a store, as a disk outlives a process."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from msgspec.structs import replace

from kit.memory.records.copy_rows import StoredCopy, request_update
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.coding.refusals import claim_taken_error, key_taken_error, slot_taken_error, stale_error
from looply.engine.coding.rows import fire_taken_error
from looply.engine.ports.lists import Head, OpenCard
from looply.engine.ports.port import Fire, LedgerRow, Schedule
from looply.engine.ports.store import (
    Batch,
    EffectRow,
    IncidentRow,
    Position,
    Snapshot,
    StoredDefinition,
    TimerRow,
    Unit,
    Value,
    WaitRow,
    WorkChange,
)
from looply.engine.records.claims import Claim, StoredKey
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.records.datastores import Datastore, DatastoreChange, full_error, revision_error
from looply.engine.records.decisions import DecisionRow
from looply.engine.records.figures.figures import ChangeRow, CounterKey, RollUp, RollUpKey
from looply.engine.records.letters import LetterRow
from looply.engine.records.targets import TargetRow
from looply.execution.document.searching import SearchValues
from looply.execution.facts.absences import Absence
from looply.execution.facts.deliveries import DeliveryKey, DeliveryKind
from looply.execution.facts.state import OPEN_STATUSES
from looply.instants import to_ms

Row = tuple[str, int]
"""An execution id and the number of an event."""


@dataclass
class MemoryData:
    """All rows. `epoch` rises with each store that is opened on them."""

    epoch: int = 0
    is_clean: bool = True
    heads: dict[str, Head] = field(default_factory=dict)
    crash_counts: dict[str, int] = field(default_factory=dict)
    batches: dict[str, list[Batch]] = field(default_factory=dict)
    order: list[tuple[str, Batch] | None] = field(default_factory=list)
    """Batches by their positions; None at the position of one that was pruned."""
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    values: dict[tuple[str, bytes], Value] = field(default_factory=dict)
    value_uses: dict[str, dict[bytes, int]] = field(default_factory=dict)
    claims: dict[tuple[str, str], tuple[Claim, str]] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[StoredKey, str]] = field(default_factory=dict)
    effects: dict[Row, EffectRow] = field(default_factory=dict)
    timers: dict[Row, TimerRow] = field(default_factory=dict)
    waits: dict[Row, WaitRow] = field(default_factory=dict)
    incidents: dict[Row, IncidentRow] = field(default_factory=dict)
    cards: dict[str, OpenCard] = field(default_factory=dict)
    continuations: set[str] = field(default_factory=set)
    places: dict[str, ConcurrencySlotRow] = field(default_factory=dict)
    deliveries: dict[DeliveryKey, DeliveryKind] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    copies: dict[str, StoredCopy] = field(default_factory=dict)
    letters: dict[Row, LetterRow] = field(default_factory=dict)
    decisions: dict[Row, DecisionRow] = field(default_factory=dict)
    absences: dict[tuple[str, str], Absence] = field(default_factory=dict)
    targets: dict[tuple[str, str], TargetRow] = field(default_factory=dict)
    datastores: dict[tuple[str, str], Datastore] = field(default_factory=dict)
    datastore_floors: dict[str, int] = field(default_factory=dict)
    fires: dict[str, dict[datetime, LedgerRow]] = field(default_factory=dict)
    definitions: dict[str, StoredDefinition] = field(default_factory=dict)
    search: dict[str, SearchValues] = field(default_factory=dict)
    expiries: dict[str, datetime] = field(default_factory=dict)
    figure_changes: list[ChangeRow] = field(default_factory=list)
    counters: dict[CounterKey, int] = field(default_factory=dict)
    rollups: dict[RollUpKey, RollUp] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    """The numbers of organizations and workflows in the three before."""
    pruned: dict[str, Position] = field(default_factory=dict)
    dictionaries: dict[int, bytes] = field(default_factory=lambda: {STARTER: starter_dictionary()})

    def is_open(self, execution_id: str) -> bool:
        """Whether the execution is stored and still runs or waits."""
        head = self.heads.get(execution_id)
        return head is not None and head.status in OPEN_STATUSES

    def placed(self, after: int) -> Iterator[tuple[int, str, Batch]]:
        """Yields (position, execution id, batch) of what is stored after a position, in order."""
        for place, entry in enumerate(islice(self.order, max(after, 0), None), max(after, 0) + 1):
            if entry is not None:
                yield place, *entry

    def apply(self, unit: Unit) -> None:
        """Applies a unit whole, or raises and changes nothing.

        Raises: Stale, KeyTaken, ClaimTaken, SlotTaken, FireTaken, DatastoreMoved, DatastoresFull.
        """
        self._check(unit)
        if unit.datastore is not None:
            self.check_datastore(unit.datastore)
        if unit.fire is not None:
            self.take_fire(unit.fire, unit.execution_id)
        execution_id, head = unit.execution_id, unit.head
        former = self.heads.get(execution_id)
        # What never changes after the start is taken from there, as an UPDATE does.
        self.heads[execution_id] = head if former is None else _moved(former, head)
        self.crash_counts[execution_id] = 0
        self.batches.setdefault(execution_id, []).append(unit.batch)
        self.order.append((execution_id, unit.batch))
        self._apply_payload(unit)
        self._apply_claim(unit)
        self._apply_work(unit.execution_id, unit.work)
        if unit.datastore is not None:
            self.change_datastore(unit.datastore)
        for update in unit.copies:
            request_update(self.copies, unit.execution_id, update)
        self.letters.update({(row.execution_id, row.seq): row for row in unit.letters})
        self.decisions.update({(row.execution_id, row.seq): row for row in unit.decisions})
        self.deliveries.update({delivery.row: delivery.kind for delivery in unit.sent})
        for row in unit.applied:
            self.deliveries.pop(row, None)
        if unit.figures is not None:
            numbers = (self.number(head.organization_id), self.number(head.workflow_id))
            self.figure_changes.append(ChangeRow(*numbers, head.profile, to_ms(unit.batch.at), unit.figures))

    def number(self, name: str) -> int:
        """Returns the number of an organization or a workflow in figures."""
        return self.numbers.setdefault(name, len(self.numbers) + 1)

    def line_of(self, workflow_id: str) -> tuple[list[ConcurrencySlotRow], list[ConcurrencySlotRow]]:
        """Returns the slot rows of a workflow's executions: those that hold a slot, and the queued ones in order."""
        places = [row for key, row in self.places.items() if self.heads[key].workflow_id == workflow_id]
        line = [row for row in places if not row.is_held]
        return [row for row in places if row.is_held], sorted(line, key=lambda row: (row.since, row.execution_id))

    def take_fire(self, fire: Fire, execution_id: str) -> None:
        """Takes a nominal instant and moves the schedule on; `execution_id` is empty for none. Raises: FireTaken."""
        schedule = self.schedules.get(fire.workflow_id)
        ledger = self.fires.setdefault(fire.workflow_id, {})
        if schedule is None or not _waits_for(fire, schedule, ledger):
            raise fire_taken_error(fire)
        ledger[fire.nominal] = LedgerRow(
            nominal=fire.nominal, outcome=fire.outcome, execution_id=execution_id, at=fire.at, count=fire.count
        )
        moved = schedule if fire.was_queued else replace(schedule, next=fire.next, delay=fire.next_delay)
        if execution_id:
            moved = replace(moved, last=fire.nominal, last_execution=execution_id)
        self.schedules[fire.workflow_id] = moved

    def check_datastore(self, change: DatastoreChange) -> None:
        """Raises: DatastoreMoved, DatastoresFull when the change cannot be applied."""
        owner = change.organization_id
        stored = self.datastores.get((owner, change.name))
        if (stored.revision if stored is not None else 0) != change.expected:
            raise revision_error(change)
        if change.expected == 0:
            if change.revision <= self.datastore_floors.get(owner, 0):
                raise revision_error(change)
            if sum(1 for organization_id, _ in self.datastores if organization_id == owner) >= change.limit:
                raise full_error(change)

    def change_datastore(self, change: DatastoreChange) -> None:
        """Applies a change that was checked."""
        place = (change.organization_id, change.name)
        if change.after is not None:
            self.datastores[place] = change.after
            return
        del self.datastores[place]
        floor = self.datastore_floors.get(change.organization_id, 0)
        self.datastore_floors[change.organization_id] = max(floor, change.revision)

    def admissible(self) -> list[str]:
        """Returns executions that may take a concurrency slot: of each workflow at most the first queued one."""
        workflows = sorted({self.heads[key].workflow_id for key in self.places})
        lines = [self.line_of(workflow_id) for workflow_id in workflows]
        return [line[0].execution_id for held, line in lines if line and len(held) < line[0].max_concurrency]

    def _check(self, unit: Unit) -> None:
        if unit.key is not None:
            self._check_key(unit.key, unit.batch.at)
        stored = self.heads.get(unit.execution_id)
        if (stored.seq if stored is not None else 0) != unit.expected_seq:
            raise stale_error(unit)
        if unit.put_claim is not None:
            claim = unit.put_claim
            found = self.claims.get((claim.workflow_id, claim.process_id))
            if found is not None and found[1] != unit.execution_id:
                raise claim_taken_error(claim, found[1], found[0].fingerprint)

        place = unit.work.put.slot
        if place is not None and place.is_held:
            held, line = self.line_of(unit.head.workflow_id)
            if len(held) >= place.max_concurrency or line[:1] != [self.places.get(unit.execution_id)]:
                raise slot_taken_error(unit.head.workflow_id, place)

    def _check_key(self, key: StoredKey, now: datetime) -> None:
        found = self.keys.get((key.organization_id, key.text))
        if found is not None and (found[0].expires_on > now or self.is_open(found[1])):
            raise key_taken_error(key, found[1], found[0].fingerprint)

    def _apply_payload(self, unit: Unit) -> None:
        execution_id, organization_id = unit.execution_id, unit.head.organization_id
        for value in unit.values:
            self.values.setdefault((organization_id, value.hash), value)
            self.value_uses.setdefault(execution_id, {})[value.hash] = unit.batch.last_seq
        if unit.snapshot is not None:
            self.snapshots[execution_id] = unit.snapshot
        elif unit.head.status in ("COMPLETED", "TERMINATED"):
            self.snapshots.pop(execution_id, None)
        if unit.definition is not None:
            self.definitions.setdefault(unit.definition.hash, unit.definition)
        if unit.expires_on is not None:
            self.expiries[execution_id] = unit.expires_on
        if unit.search is not None:
            self.search[execution_id] = unit.search
        if unit.key is not None:
            self.keys[unit.key.organization_id, unit.key.text] = (unit.key, execution_id)

    def _apply_claim(self, unit: Unit) -> None:
        if unit.put_claim is not None:
            claim = unit.put_claim
            self.claims[claim.workflow_id, claim.process_id] = (claim, unit.execution_id)
        if unit.drop_claim is not None:
            place = (unit.drop_claim.workflow_id, unit.drop_claim.process_id)
            if place in self.claims and self.claims[place][1] == unit.execution_id:
                del self.claims[place]

    def _apply_work(self, execution_id: str, work: WorkChange) -> None:
        self.effects.update({(execution_id, row.seq): row for row in work.put.effects})
        self.timers.update({(execution_id, row.seq): row for row in work.put.timers})
        self.waits.update({(execution_id, row.seq): row for row in work.put.waits})
        self.incidents.update({(execution_id, row.seq): row for row in work.put.incidents})
        self.cards.update({card.card_id: card for card in work.put.cards})
        if work.put.continues:
            self.continuations.add(execution_id)
        if work.put.slot is not None:
            self.places[execution_id] = work.put.slot
        for seq in work.drop_effects:
            self.effects.pop((execution_id, seq), None)
        for due, seq in work.drop_timers:
            if (timer := self.timers.get((execution_id, seq))) is not None and timer.due == due:
                del self.timers[execution_id, seq]
        for seq in work.drop_waits:
            self.waits.pop((execution_id, seq), None)
        for seq in work.drop_incidents:
            self.incidents.pop((execution_id, seq), None)
        for card_id in work.drop_cards:
            self.cards.pop(card_id, None)
        if work.drop_continues:
            self.continuations.discard(execution_id)
        if work.drop_slot:
            self.places.pop(execution_id, None)


def _waits_for(fire: Fire, schedule: Schedule, ledger: dict[datetime, LedgerRow]) -> bool:
    if schedule.status != "ACTIVE" or fire.former not in (None, schedule.last_execution):
        return False
    row = ledger.get(fire.nominal)
    if fire.was_queued:
        return row is not None and row.outcome == "QUEUED"
    return row is None and schedule.next is not None and schedule.next <= fire.nominal


def _moved(former: Head, head: Head) -> Head:
    return replace(
        former,
        workflow_version=head.workflow_version,
        status=head.status,
        current_state=head.current_state,
        seq=head.seq,
        modified_on=head.modified_on,
        modified_by=head.modified_by,
    )
