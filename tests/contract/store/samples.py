"""Units for the store contract: executions of nothing in particular, one after the other in time."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from looply.clock import Ids
from looply.engine.ports.lists import Head, OpenCard
from looply.engine.ports.port import Fire, Schedule
from looply.engine.ports.store import (
    Batch,
    EffectRow,
    EffectState,
    IncidentRow,
    TimerRow,
    Unit,
    WaitRow,
    Work,
    WorkChange,
)
from looply.engine.records.claims import Claim, StoredKey
from looply.execution.facts.state import Status
from looply.testing.clock import START_TIME, SerialEntropy

ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
OTHER_ORGANIZATION = "01900000-0000-7000-8000-00000000000b"
WORKSPACE = "01900000-0000-7000-8000-0000000000aa"
WORKFLOW = "01900000-0000-7000-8000-000000000f01"
OTHER_WORKFLOW = "01900000-0000-7000-8000-000000000f02"


class Samples:
    """Makes units. Each new execution is one second younger than the one before."""

    def __init__(self) -> None:
        self._ids = Ids(SerialEntropy())
        self.now: datetime = START_TIME

    def later(self, span: timedelta = timedelta(seconds=1)) -> datetime:
        """Lets time pass and returns the new instant."""
        self.now += span
        return self.now

    def first(self, **changes: Any) -> Unit:
        """Returns the first unit of a new execution: events 1 to 3. `changes` are fields of Head or Unit."""
        now = self.later()
        execution_id = str(self._ids.next(now))
        head = Head(
            execution_id=execution_id,
            organization_id=ORGANIZATION,
            workspace_id=WORKSPACE,
            workflow_id=WORKFLOW,
            workflow_version=1,
            status="RUNNING",
            current_state="step_1",
            trigger_type="REQUEST",
            process_id=execution_id,
            profile="default",
            parent="",
            seq=3,
            created_on=now,
            modified_on=now,
            modified_by="key:test",
        )
        of_head = {name: changes.pop(name) for name in tuple(changes) if name in Head.__struct_fields__}
        head = replace(head, **of_head)
        batch = Batch(first_seq=1, last_seq=3, at=now, codec=1, chain=b"1" * 32, events=b"events 1 to 3")
        facts = {"work": WorkChange(), **changes}
        return Unit(execution_id=execution_id, expected_seq=0, head=head, batch=batch, **facts)

    def next(self, head: Head, events: int = 1, **changes: Any) -> Unit:
        """Returns a further unit of an execution whose last head is `head`."""
        now = self.later()
        of_head = {name: changes.pop(name) for name in tuple(changes) if name in Head.__struct_fields__}
        last = head.seq + events
        moved = replace(head, **{"seq": last, "modified_on": now, **of_head})
        text = f"events {head.seq + 1} to {last}".encode()
        batch = Batch(first_seq=head.seq + 1, last_seq=last, at=now, codec=1, chain=last.to_bytes(32), events=text)
        facts = {"work": WorkChange(), **changes}
        return Unit(execution_id=head.execution_id, expected_seq=head.seq, head=moved, batch=batch, **facts)

    def claimed(self, process_id: str, request: bytes = b"request", **changes: Any) -> Unit:
        """Returns the first unit of an execution with a process id, which it claims."""
        workflow_id = changes.get("workflow_id", WORKFLOW)
        put = claim(process_id, request, workflow_id)
        return self.first(process_id=process_id, put_claim=put, **changes)

    def keyed(
        self, text: str, request: bytes = b"request", life: timedelta = timedelta(hours=24), **facts: Any
    ) -> Unit:
        """Returns the first unit of an execution that was started under an idempotency key."""
        unit = self.first(**facts)
        key = StoredKey(organization_id=ORGANIZATION, text=text, fingerprint=request, expires_on=self.now + life)
        return replace(unit, key=key)

    def fired(self, fire: Fire) -> Unit:
        """Returns the first unit of an execution that a schedule started."""
        return self.first(trigger_type="SCHEDULED", fire=fire)


def claim(process_id: str, request: bytes = b"request", workflow_id: str = WORKFLOW) -> Claim:
    """Returns a claim on a process id."""
    return Claim(organization_id=ORGANIZATION, workflow_id=workflow_id, process_id=process_id, fingerprint=request)


def working(unit: Unit, **rows: Any) -> Unit:
    """Returns the unit with rows of open work put."""
    return replace(unit, work=WorkChange(put=Work(**rows)))


def ended(samples: Samples, head: Head, status: Status = "COMPLETED", **changes: Any) -> Unit:
    """Returns the unit that ends an execution, and gives its process id back if it has one."""
    drop = claim(head.process_id, workflow_id=head.workflow_id) if head.process_id != head.execution_id else None
    return samples.next(head, status=status, drop_claim=drop, **changes)


def effect(execution_id: str, seq: int, state: EffectState = "QUEUED", epoch: int = 0) -> EffectRow:
    """Returns the row of an effect."""
    return EffectRow(
        execution_id=execution_id,
        seq=seq,
        organization_id=ORGANIZATION,
        queue="http.request example.com",
        state=state,
        attempt=1,
        epoch=epoch,
    )


def timer(execution_id: str, seq: int, due: datetime) -> TimerRow:
    """Returns the row of a timer."""
    return TimerRow(execution_id=execution_id, seq=seq, due=due, kind="DELAY")


def wait(execution_id: str, seq: int) -> WaitRow:
    """Returns the row of a wait."""
    return WaitRow(execution_id=execution_id, seq=seq, step="waitForResponse_1", sources=("SAP", "TEAMS"))


def incident(execution_id: str, seq: int, opened_on: datetime) -> IncidentRow:
    """Returns the row of an incident."""
    return IncidentRow(
        execution_id=execution_id,
        seq=seq,
        incident_id=str(UUID(int=seq)),
        organization_id=ORGANIZATION,
        step="httpRequest_1",
        kind="UNKNOWN",
        code="TIMEOUT",
        opened_on=opened_on,
    )


def card(execution_id: str, number: int, opened_on: datetime, recipient: str = "ada@example.com") -> OpenCard:
    """Returns the row of an open card copy."""
    return OpenCard(
        card_id=str(UUID(int=number)),
        execution_id=execution_id,
        workflow_id=WORKFLOW,
        step="adaptiveCard_1",
        address="adaptiveCard_1:1",
        part=0,
        recipient=recipient,
        channel="inbox",
        revision=1,
        opened_on=opened_on,
    )


def schedule(next_on: datetime | None, workflow_id: str = WORKFLOW, **changes: Any) -> Schedule:
    """Returns a live schedule."""
    facts = {
        "organization_id": ORGANIZATION,
        "workspace_id": WORKSPACE,
        "workflow_id": workflow_id,
        "workflow_version": 1,
        "definition": "d" * 64,
        "status": "ACTIVE",
        "anchor": START_TIME,
        "next": next_on,
        **changes,
    }
    return Schedule(**facts)


def process_ids(prefix: str, count: int) -> Iterator[str]:
    """Yields numbered process ids."""
    return (f"{prefix}{number:05}" for number in range(count))
