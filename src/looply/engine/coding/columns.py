"""Conversion of what a unit stores to columns by their names; what encodes words in numbers is in `rows.py`.

The order of the columns is part of each result: the statements of SQLite bind them by their positions, which is faster.
"""

from typing import Any, TypeAlias

from looply.engine.coding.rows import EFFECT_STATES, INCIDENT_KINDS, STATUS_NUMBERS, TIMER_KINDS, TRIGGER_NUMBERS
from looply.engine.ports.lists import Head, OpenCard
from looply.engine.ports.store import Batch, EffectRow, IncidentRow, TimerRow, WaitRow
from looply.engine.records.concurrency_slots import ConcurrencySlotRow
from looply.engine.records.copies import CopyMark, CopyUpdate
from looply.instants import ms_or_none, to_ms

Columns: TypeAlias = dict[str, Any]


def head_columns(head: Head) -> Columns:
    """Returns the columns of an execution that each unit changes."""
    return {
        "version": head.workflow_version,
        "status": STATUS_NUMBERS[head.status],
        "state": head.current_state,
        "seq": head.seq,
        "modified_ms": to_ms(head.modified_on),
        "modified_by": head.modified_by,
    }


def start_columns(head: Head) -> Columns:
    """Returns the columns that the first unit of an execution sets; without a process id it has its own id as one."""
    return {
        "trigger": TRIGGER_NUMBERS[head.trigger_type],
        "process_id": head.process_id if head.process_id != head.execution_id else None,
        "profile": head.profile,
        "parent": head.parent,
    }


def batch_columns(batch: Batch) -> Columns:
    """Returns the columns of a batch, but for its bytes."""
    return {
        "first_seq": batch.first_seq,
        "last_seq": batch.last_seq,
        "at_ms": to_ms(batch.at),
        "codec": batch.codec,
    }


def effect_columns(row: EffectRow) -> Columns:
    """Returns the columns of an effect, but for its execution and its organization."""
    state = EFFECT_STATES.index(row.state)
    return {"seq": row.seq, "queue": row.queue, "state": state, "attempt": row.attempt, "epoch": row.epoch}


def timer_columns(row: TimerRow) -> Columns:
    """Returns the columns of a timer, but for its execution."""
    return {"due_ms": to_ms(row.due), "seq": row.seq, "kind": TIMER_KINDS.index(row.kind)}


def wait_columns(row: WaitRow) -> Columns:
    """Returns the columns of a wait, but for its execution."""
    return {"seq": row.seq, "step": row.step, "sources": " ".join(row.sources)}


def incident_columns(row: IncidentRow) -> Columns:
    """Returns the columns of an incident, but for its execution and its organization."""
    return {
        "seq": row.seq,
        "id": row.incident_id,
        "step": row.step,
        "kind": INCIDENT_KINDS.index(row.kind),
        "code": row.code,
        "opened_ms": to_ms(row.opened_on),
    }


def card_columns(card: OpenCard) -> Columns:
    """Returns the columns of an open card, but for its execution, its organization and its workflow."""
    return {
        "id": card.card_id,
        "step": card.step,
        "address": card.address,
        "part": card.part,
        "recipient": card.recipient,
        "channel": card.channel,
        "revision": card.revision,
        "opened_ms": to_ms(card.opened_on),
        "due_ms": ms_or_none(card.due_on),
    }


def slot_columns(row: ConcurrencySlotRow) -> Columns:
    """Returns the columns of a concurrency slot, but for its execution and its workflow."""
    return {
        "seq": row.seq,
        "since_ms": to_ms(row.since),
        "max_concurrency": row.max_concurrency,
        "is_held": int(row.is_held),
    }


def copy_columns(update: CopyUpdate) -> Columns:
    """Returns the columns of a card copy that an update sets, but for its execution."""
    return {"id": update.card_id, "channel": update.channel, "wanted": update.wanted, "due_ms": to_ms(update.due)}


def mark_columns(mark: CopyMark) -> Columns:
    """Returns the columns of a card copy that a try changes."""
    return {
        "shown": mark.shown,
        "handle": mark.handle,
        "attempts": mark.attempts,
        "held_ms": to_ms(mark.held) if mark.held is not None else 0,
        "state": mark.state,
        "code": mark.code,
        "reason": mark.reason,
        "since_ms": to_ms(mark.since),
        "reminded": mark.reminded,
        "doubt": mark.doubt,
        "reported": int(mark.is_reported),
        "due_ms": to_ms(mark.due),
    }
