"""Conversion of SQL rows to the structs of the port, and the numbers that encode words in them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, TypeAlias

from looply.clock import id_time
from looply.engine.ports.lists import CardKey, Head, OpenCard
from looply.engine.ports.port import Fire, LedgerRow, MissedFires, Schedule
from looply.engine.ports.store import Batch, EffectRow, IncidentRow, PositionedBatch, TimerRow, WaitRow
from looply.engine.records.claims import Claim
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.records.copies import CopyRow
from looply.engine.records.datastores import Datastore, DatastoreSummary
from looply.engine.records.decisions import DecisionRow, decider
from looply.engine.records.letters import LetterRow
from looply.errors import BadRequest, FireTaken
from looply.execution.approvals.decisions import Decision
from looply.execution.facts.deliveries import DELIVERY_KINDS, Delivery, DeliveryKey
from looply.execution.facts.state import OPEN_STATUSES
from looply.execution.facts.values.actor import Actor
from looply.instants import from_ms, instant_or_none, ms_or_none, to_ms

Row: TypeAlias = tuple[Any, ...]

# The position is stored: words are added at the end and never moved. Typed as Any, because the empty word at position
# 0, which no row has, is no word of the ports.
_Words: TypeAlias = tuple[Any, ...]
STATUSES: Final[_Words] = ("", "RUNNING", "WAITING", "COMPLETED", "FAILED", "TERMINATED")
TRIGGERS: Final[_Words] = ("", "REQUEST", "SCHEDULED")
EFFECT_STATES: Final[_Words] = ("QUEUED", "RUNNING")
TIMER_KINDS: Final[_Words] = ("", "DELAY", "RETRY", "WAIT", "EXECUTION", "REMINDER", "ESCALATION", "FALLBACK", "PARK")
INCIDENT_KINDS: Final[_Words] = ("", "FAILED", "UNKNOWN", "TIMEOUT", "LIMIT", "POISON")
SCHEDULE_STATUSES: Final[_Words] = ("", "ACTIVE", "PAUSED")
LETTER_REASONS: Final[_Words] = ("", "UNFIT", "UNUSED")
LETTER_ACTIONS: Final[_Words] = ("", "APPLIED", "DISCARDED")
FIRE_OUTCOMES: Final[_Words] = ("", "STARTED", "CAUGHT_UP", "SKIPPED", "QUEUED", "MISSED", "REFUSED")

DELIVERIES: Final[_Words] = ("", *DELIVERY_KINDS)

INCIDENT_NUMBERS: Final = {word: number for number, word in enumerate(INCIDENT_KINDS)}
STATUS_NUMBERS: Final = {word: number for number, word in enumerate(STATUSES)}
RUNNING: Final = STATUS_NUMBERS["RUNNING"]
OPEN_NUMBERS: Final = tuple(STATUS_NUMBERS[status] for status in OPEN_STATUSES)
IN_OPEN_NUMBERS: Final = f"IN ({', '.join(str(number) for number in OPEN_NUMBERS)})"
"""What follows a column of statuses in a statement that asks whether its execution is open."""
TRIGGER_NUMBERS: Final = {word: number for number, word in enumerate(TRIGGERS)}

_ID_BYTES = 16


def id_bytes(text: str) -> bytes:
    """Returns the 16 bytes of an id. Raises: ValueError when the text is no id."""
    data = bytes.fromhex(text.replace("-", ""))
    if len(data) != _ID_BYTES:
        raise ValueError(f"{text!r} is not an id of 16 bytes")
    return data


def find_id(text: str) -> bytes | None:
    """Returns the 16 bytes of an id, None when the text is no id: then nothing has it."""
    try:
        return id_bytes(text)
    except ValueError:
        return None


def cursor_bytes(text: str) -> bytes:
    """Returns the 16 bytes of the id in a cursor. Raises: BadRequest."""
    found = find_id(text)
    if found is None:
        raise BadRequest(f"the cursor {text!r} is not an execution id; use the one that the previous page returned")
    return found


def id_text(data: bytes) -> str:
    """Returns an id as text."""
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def head_from(row: Row) -> Head:
    """Returns the head of a row of the view `head`."""
    execution_id = id_text(row[0])
    return Head(
        execution_id=execution_id,
        organization_id=row[1],
        workspace_id=row[2],
        workflow_id=row[3],
        workflow_version=row[4],
        status=STATUSES[row[5]],
        current_state=row[6],
        trigger_type=TRIGGERS[row[7]],
        process_id=row[8] if row[8] is not None else execution_id,
        profile=row[9],
        parent=row[10],
        seq=row[11],
        created_on=id_time(execution_id),
        modified_on=from_ms(row[12]),
        modified_by=row[13],
    )


def batch_from(row: Row) -> Batch:
    """Returns the batch of (first_seq, last_seq, at_ms, codec, chain, events)."""
    return Batch(first_seq=row[0], last_seq=row[1], at=from_ms(row[2]), codec=row[3], chain=row[4], events=row[5])


def positioned_batch_from(row: Row) -> PositionedBatch:
    """Returns the batch of (transaction, n, execution_id, organization id, workflow id, columns of the batch)."""
    return PositionedBatch(
        position=(row[0], row[1]),
        execution_id=id_text(row[2]),
        organization_id=row[3],
        workflow_id=row[4],
        batch=batch_from(row[5:]),
    )


def effect_from(row: Row) -> EffectRow:
    """Returns the effect of (execution_id, seq, organization id, queue, state, attempt, epoch)."""
    return EffectRow(
        execution_id=id_text(row[0]),
        seq=row[1],
        organization_id=row[2],
        queue=row[3],
        state=EFFECT_STATES[row[4]],
        attempt=row[5],
        epoch=row[6],
    )


def timer_from(row: Row) -> TimerRow:
    """Returns the timer of (due_ms, execution_id, seq, kind)."""
    return TimerRow(execution_id=id_text(row[1]), seq=row[2], due=from_ms(row[0]), kind=TIMER_KINDS[row[3]])


def wait_from(row: Row) -> WaitRow:
    """Returns the wait of (execution_id, seq, step, sources)."""
    return WaitRow(execution_id=id_text(row[0]), seq=row[1], step=row[2], sources=tuple(row[3].split()))


def incident_from(row: Row) -> IncidentRow:
    """Returns the incident of (execution_id, seq, id, organization id, step, kind, code, opened_ms)."""
    return IncidentRow(
        execution_id=id_text(row[0]),
        seq=row[1],
        incident_id=row[2],
        organization_id=row[3],
        step=row[4],
        kind=INCIDENT_KINDS[row[5]],
        code=row[6],
        opened_on=from_ms(row[7]),
    )


def slot_from(row: Row) -> ConcurrencySlotRow:
    """Returns the concurrency slot row of (execution_id, seq, since_ms, most, held)."""
    return ConcurrencySlotRow(
        execution_id=id_text(row[0]), seq=row[1], since=from_ms(row[2]), max_concurrency=row[3], is_held=bool(row[4])
    )


def delivery_from(row: Row) -> Delivery:
    """Returns the delivery of (target, sender, seq, kind)."""
    return Delivery(DeliveryKey(id_text(row[0]), id_text(row[1]), row[2]), DELIVERIES[row[3]])


def claim_from(row: Row) -> Claim:
    """Returns the claim of (organization id, workflow id, process_id, request)."""
    return Claim(organization_id=row[0], workflow_id=row[1], process_id=row[2], fingerprint=row[3])


FIRST_CARD: Final[CardKey] = (2**63 - 1, "")
"""A key before that of every card: the beginning of a list."""


def card_from(row: Row) -> OpenCard:
    """Returns a card of (id, execution_id, workflow id, step, address, part, recipient, channel, revision, opened, due
    instant)."""
    return OpenCard(
        card_id=row[0],
        execution_id=id_text(row[1]),
        workflow_id=row[2],
        step=row[3],
        address=row[4],
        part=row[5],
        recipient=row[6],
        channel=row[7],
        revision=row[8],
        opened_on=from_ms(row[9]),
        due_on=instant_or_none(row[10]),
    )


def schedule_from(row: Row) -> Schedule:
    """Returns the schedule of (organization id, workspace id, workflow id, version, definition, status, anchor_ms,
    next_ms, last_ms, last_execution, delay_ms)."""
    return Schedule(
        organization_id=row[0],
        workspace_id=row[1],
        workflow_id=row[2],
        workflow_version=row[3],
        definition=row[4],
        status=SCHEDULE_STATUSES[row[5]],
        anchor=from_ms(row[6]),
        next=instant_or_none(row[7]),
        last=instant_or_none(row[8]),
        last_execution=id_text(row[9]) if row[9] is not None else "",
        delay=timedelta(milliseconds=row[10]),
    )


def datastore_from(row: Row) -> Datastore:
    """Returns the datastore of (organization id, name, revision, body, created, modified, modified_by, digest)."""
    return Datastore(
        organization_id=row[0],
        name=row[1],
        revision=row[2],
        body=row[3],
        created_on=from_ms(row[4]),
        modified_on=from_ms(row[5]),
        modified_by=row[6],
        digest=row[7],
    )


def datastore_summary_from(row: Row) -> DatastoreSummary:
    """Returns the summary of (name, revision, size, created_ms, modified_ms, modified_by)."""
    return DatastoreSummary(
        name=row[0],
        revision=row[1],
        size=row[2],
        created_on=from_ms(row[3]),
        modified_on=from_ms(row[4]),
        modified_by=row[5],
    )


COPY_COLUMNS: Final = (
    "id, execution_id, channel, wanted, shown, since_ms, handle, attempts, state, code, reason, reminded, doubt,"
    " reported, takes"
)


def copy_from(row: Row) -> CopyRow:
    """Returns the copy of a card, of `COPY_COLUMNS`."""
    return CopyRow(
        card_id=row[0],
        execution_id=id_text(row[1]),
        channel=row[2],
        wanted=row[3],
        shown=row[4],
        since=from_ms(row[5]),
        handle=row[6],
        attempts=row[7],
        state=row[8],
        code=row[9],
        reason=row[10],
        reminded=row[11],
        doubt=row[12],
        is_reported=bool(row[13]),
        takes=row[14],
    )


LETTER_COLUMNS: Final = (
    "l.execution_id, l.seq, o.id, w.id, l.process_id, l.reason, l.source, l.sender, l.kept_ms, l.action, l.settled_by,"
    " l.settled_ms, l.note"
)
"""The columns of a letter `l`, with the names of its organization `o` and its workflow `w`."""


def letter_columns(letter: LetterRow) -> dict[str, Any]:
    """Returns the columns of a letter except its execution, organization and workflow."""
    return {
        "seq": letter.seq,
        "process_id": letter.process_id,
        "reason": LETTER_REASONS.index(letter.reason),
        "source": letter.source,
        "sender": letter.sender,
        "kept_ms": to_ms(letter.kept_on),
        "action": LETTER_ACTIONS.index(letter.action),
        "settled_by": letter.settled_by,
        "settled_ms": ms_or_none(letter.settled_on),
        "note": letter.note,
    }


def letter_from(row: Row) -> LetterRow:
    """Returns the letter, of `LETTER_COLUMNS`."""
    return LetterRow(
        execution_id=id_text(row[0]),
        seq=row[1],
        organization_id=row[2],
        workflow_id=row[3],
        process_id=row[4],
        reason=LETTER_REASONS[row[5]],
        source=row[6],
        sender=row[7],
        kept_on=from_ms(row[8]),
        action=LETTER_ACTIONS[row[9]],
        settled_by=row[10],
        settled_on=instant_or_none(row[11]),
        note=row[12],
    )


DECISION_COLUMNS: Final = (
    "d.execution_id, d.seq, o.id, w.id, d.version, d.process_id, d.step, d.visit, d.scope, d.decided_by, d.action,"
    " d.comment, d.at_ms, d.via, d.revision, d.is_final, d.actor, d.actor_id, d.actor_email, d.substitute_for"
)
"""The columns of a decision `d`, with the names of its organization `o` and its workflow `w`."""


def decision_columns(row: DecisionRow) -> dict[str, Any]:
    """Returns the columns of a decision except its execution, organization and workflow."""
    decision, actor = row.decision, row.decision.actor
    return {
        "seq": row.seq,
        "version": row.workflow_version,
        "process_id": row.process_id,
        "step": decision.step,
        "visit": decision.visit,
        "scope": decision.scope,
        "decided_by": decision.user,
        "person": decider(row),
        "action": decision.action,
        "comment": decision.comment,
        "at_ms": to_ms(decision.on),
        "via": decision.via,
        "revision": decision.revision,
        "is_final": int(decision.is_final),
        "actor": actor.kind if actor is not None else "",
        "actor_id": actor.user_id if actor is not None else "",
        "actor_email": actor.email if actor is not None else "",
        "substitute_for": decision.substitute_for,
    }


def decision_from(row: Row) -> DecisionRow:
    """Returns the decision, of `DECISION_COLUMNS`."""
    return DecisionRow(
        execution_id=id_text(row[0]),
        seq=row[1],
        organization_id=row[2],
        workflow_id=row[3],
        workflow_version=row[4],
        process_id=row[5],
        decision=Decision(
            step=row[6],
            visit=row[7],
            scope=row[8],
            user=row[9],
            action=row[10],
            comment=row[11],
            on=from_ms(row[12]),
            via=row[13],
            revision=row[14],
            is_final=bool(row[15]),
            actor=Actor(kind=row[16], user_id=row[17], email=row[18]) if row[16] else None,
            substitute_for=row[19],
        ),
    )


def ledger_from(row: Row) -> LedgerRow:
    """Returns the row of a ledger of (nominal_ms, execution_id, outcome, at_ms, count)."""
    return LedgerRow(
        nominal=from_ms(row[0]),
        execution_id=id_text(row[1]) if row[1] is not None else "",
        outcome=FIRE_OUTCOMES[row[2]],
        at=instant_or_none(row[3]),
        count=row[4],
    )


def misses_by_workflow(rows: Iterable[Row]) -> dict[str, MissedFires]:
    """Returns the missed instants by workflow id, of (workflow id, count, last nominal_ms)."""
    return {row[0]: MissedFires(count=int(row[1]), last=from_ms(row[2])) for row in rows}


def fire_taken_error(fire: Fire) -> FireTaken:
    """Returns the error for a decision on a schedule that has advanced since."""
    instant = fire.nominal.isoformat()
    return FireTaken(f"the schedule of workflow {fire.workflow_id} does not wait for {instant} any more")
