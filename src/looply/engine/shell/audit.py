"""The audit: folds every history and compares it with the stored rows. It proves that nothing is orphaned."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from looply.engine.coding.units import claim_of, head_of, work_rows
from looply.engine.ports.lists import Head
from looply.engine.ports.port import Audit, Examined, ignore_examined
from looply.engine.ports.store import EffectRow, EffectState, Store, Work
from looply.engine.processing.parent_child import Read, find_lost_children, find_lost_termination
from looply.engine.records.claims import Claim
from looply.engine.records.copies import CopyRow
from looply.engine.records.letters import LetterRow, letter_rows
from looply.errors import LooplyError, NotFound
from looply.execution import ExecutionState, open_work
from looply.execution.facts.deliveries import Delivery
from looply.jsontext import Json

_PAGE = 200
_TRIES = 3
"""An execution may change between the reads of a running server: only a difference that persists is a problem."""

_ORPHAN_KINDS = ("ORPHAN", "CHILD")

Problem: TypeAlias = dict[str, Json]
"""{`execution_id`, `kind`, `message`}."""


async def audit_store(
    store: Store, read: Read, channels: frozenset[str] = frozenset(), examined: Examined = ignore_examined
) -> Audit:
    """Returns the number of executions, of open ones, and every problem: {`execution_id`, `kind`, `message`}.

    Kinds: `UNREADABLE`, `HEAD` (the row of lists differs from the history), `WORK` (rows of open work differ),
    `CLAIM` (the claims on its process id differ), `CHILD` (it waits for an execution that will never notify it),
    `PARENT` (its parent no longer waits for it, and no termination is on its way), `ORPHAN` (an open execution that
    nothing will move), `ROW` (rows that refer to what is not stored), `CARD` (the required revision of a copy of a
    card; `channels` are those that keep copies, all of which must be stored), `LETTER` (the row of a dead letter
    differs), `DATASTORE` (one that cannot be read as it was stored). `examined` is called after each page.
    """
    executions = opened = orphans = 0
    problems: list[Problem] = []
    after = ""
    while heads := await store.reads.scan(after, _PAGE):
        for head in heads:
            executions += 1
            opened += head.is_open
            found = await problems_of(store, read, head.execution_id, channels)
            orphans += is_orphan(found)
            problems.extend(found)
        examined(executions)
        after = heads[-1].execution_id
    problems.extend({"execution_id": "", "kind": "ROW", "message": line} for line in await store.reads.dangling_rows())
    problems.extend(
        {"execution_id": "", "kind": "DATASTORE", "message": line} for line in await store.datastores.find_damaged()
    )
    return Audit(
        executions=executions,
        open=opened,
        orphans=orphans,
        problems=problems,
        stale_cards=await store.copies.count_stale(),
    )


def is_orphan(problems: Sequence[Problem]) -> bool:
    """Returns whether these problems belong to an execution that nothing will move."""
    return any(problem["kind"] in _ORPHAN_KINDS for problem in problems)


async def problems_of(store: Store, read: Read, execution_id: str, channels: frozenset[str]) -> Sequence[Problem]:
    """Returns the problems of one execution, as `audit_store` reports them."""
    found: Sequence[Problem] = ()
    for _ in range(_TRIES):
        found = await _examine(store, read, execution_id, channels)
        if not found:
            break
    return found


async def _examine(store: Store, read: Read, execution_id: str, channels: frozenset[str]) -> Sequence[Problem]:
    head = await store.reads.head(execution_id)
    if head is None:
        return ()
    rows = await store.reads.work_of(execution_id)
    claims = await store.reads.claims_of(execution_id)
    copies = await store.copies.of_execution(execution_id)
    letters = await store.letters.of_execution(execution_id)
    try:
        state = await read(execution_id)
    except NotFound:
        return ()
    except LooplyError as error:
        return ({"execution_id": execution_id, "kind": "UNREADABLE", "message": error.message},)
    return [
        {"execution_id": execution_id, "kind": kind, "message": message}
        for kind, message in (
            *_differences(head, rows, state),
            *_wrong_claims(claims, state),
            *_child_problems(await find_lost_children(store, read, state)),
            *_parent_problems(state, await find_lost_termination(store, read, state)),
            *_wrong_copies(copies, state, channels),
            *_wrong_letters(letters, state),
        )
    ]


def _differences(head: Head, rows: Work, state: ExecutionState) -> list[tuple[str, str]]:
    found = []
    expected = head_of(state)
    if head != expected:
        names = [name for name in head.__struct_fields__ if getattr(head, name) != getattr(expected, name)]
        found.append(("HEAD", f"the stored row differs from the history in {', '.join(names)}"))
    required = _comparable(work_rows(state, _queued, 0))
    stored = _comparable(rows)
    found.extend(
        ("WORK", f"stored {kind} are {stored[kind]}, the history says {required[kind]}")
        for kind in required
        if required[kind] != stored[kind]
    )
    if state.is_open and open_work(state).is_empty:
        found.append(("ORPHAN", f"the execution is {state.status} and nothing will move it"))
    return found


def _wrong_copies(stored: Sequence[CopyRow], state: ExecutionState, channels: frozenset[str]) -> list[tuple[str, str]]:
    """Returns the copies of cards whose stored row differs from the history."""
    required = {card.card_id: card.changed for card in state.cards.values()}
    found = {copy.card_id: copy.wanted for copy in stored}
    due = {card.card_id for card in state.cards.values() if card.channel in channels}
    wrong = sorted(key for key in found.keys() | due if found.get(key) != required.get(key))
    return [
        ("CARD", f"the copy {key} must look as after event {required.get(key)}, and event {found.get(key)} is stored")
        for key in wrong
    ]


def _wrong_letters(stored: Sequence[LetterRow], state: ExecutionState) -> list[tuple[str, str]]:
    required = {row.seq: row for row in letter_rows(state)}
    found = {row.seq: row for row in stored}
    wrong = sorted(seq for seq in found.keys() | required.keys() if found.get(seq) != required.get(seq))
    return [("LETTER", f"the row of dead letter {seq} differs from the history") for seq in wrong]


def _child_problems(children: Iterable[str]) -> list[tuple[str, str]]:
    return [
        ("CHILD", f"waits for the execution {child_id}, which is neither open nor to be started")
        for child_id in children
    ]


def _parent_problems(state: ExecutionState, missing: Delivery | None) -> list[tuple[str, str]]:
    if missing is None:
        return []
    parent = state.started.parent
    return [("PARENT", f"the parent {parent} no longer waits for the execution, and no termination of it is pending")]


def _wrong_claims(stored: Sequence[Claim], state: ExecutionState) -> list[tuple[str, str]]:
    claim = claim_of(state) if state.holds_process_id else None
    required = [claim] if claim is not None else []
    if list(stored) == required:
        return []
    held, due = (", ".join(repr(each.process_id) for each in found) or "none" for found in (stored, required))
    return [("CLAIM", f"stored claims on process ids are {held}, the history says {due}")]


def _queued(_row: EffectRow) -> EffectState:
    return "QUEUED"


def _comparable(work: Work) -> dict[str, object]:
    """Returns what is compared of the rows: whether an effect is QUEUED or RUNNING is not in the history."""
    return {
        "effects": sorted((row.seq, row.attempt, row.queue) for row in work.effects),
        "timers": sorted((row.seq, row.due, row.kind) for row in work.timers),
        "waits": sorted((row.seq, row.step, row.sources) for row in work.waits),
        "incidents": sorted(work.incidents, key=lambda row: row.seq),
        "cards": sorted(work.cards, key=lambda card: card.card_id),
        "continuations": work.continues,
        "places": work.slot,
    }
