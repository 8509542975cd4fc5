"""What every story proves at its end: nothing is orphaned, every history folds to what is stored beside it, and the
counters of what is open are equal to a count."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec.structs import replace

from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.ports.lists import Head
from looply.engine.ports.port import Audit
from looply.engine.ports.store import Snapshot, Store
from looply.engine.shell.shell import Shell
from looply.execution import ExecutionState, fold
from looply.execution.approvals.decisions import Decision, decisions_of
from looply.execution.facts.events import Event, Migrated, StepScheduled
from looply.instants import from_ms, to_ms

_PROVED_PREFIXES: Final = 20
_PROVED_CLOSELY: Final = 100
"""So many executions of a story are cut at several places; of those behind them each is at one."""

_PAGE: Final = 500


async def prove(shell: Shell, store: Store, codec: Codec) -> Audit:
    """Returns the audit of a store in which nothing moves.

    Raises: AssertionError with every problem.
    """
    audit = await shell.audit()
    assert list(audit.problems) == []
    assert list(await store.figures.find_drift()) == []
    for count, head in enumerate(await store.reads.scan("", 1000)):
        await _prove_history(shell, codec, head, _PROVED_PREFIXES if count < _PROVED_CLOSELY else 1)
    return audit


async def whole_history(shell: Shell, execution_id: str) -> list[Event]:
    """Returns all events of an execution."""
    found: list[Event] = []
    while page := await shell.executions.history(execution_id, len(found), _PAGE):
        found.extend(event for _, event in page)
    return found


async def _prove_history(shell: Shell, codec: Codec, head: Head, places: int) -> None:
    events = await whole_history(shell, head.execution_id)
    state = fold(events)
    assert state == (await shell.executions.get(head.execution_id)).state
    for prefix in _prefixes(len(events), places):
        assert _through_a_snapshot(codec, events, prefix) == state, f"the first {prefix} events and the rest differ"
    starts = Counter((event.address, event.attempt) for event in events if isinstance(event, StepScheduled))
    assert max(starts.values(), default=1) == 1, "an attempt was scheduled twice"
    await _prove_decisions(shell, head, events)


async def _prove_decisions(shell: Shell, head: Head, events: Sequence[Event]) -> None:
    """Proves that the record of decisions says what the history says."""
    execution = await shell.executions.get(head.execution_id)
    was_moved = any(isinstance(event, Migrated) for event in events)
    rows = await shell.decisions.of_execution(head.execution_id)
    recorded = _comparable((row.decision for row in rows), was_moved=was_moved)
    assert recorded == _comparable(decisions_of(execution.workflow, execution.state), was_moved=was_moved)


def _comparable(decisions: Iterable[Decision], *, was_moved: bool) -> list[Any]:
    """Returns decisions in an order of their own, with milliseconds.

    Of an execution that was moved, without what another version may call or hide otherwise.
    """
    found = (replace(one, on=from_ms(to_ms(one.on))) for one in decisions)
    without: dict[str, Any] = {"step": "", "visit": 0, "action": "", "comment": ""} if was_moved else {}
    return sorted((replace(one, **without) for one in found), key=repr)


def _through_a_snapshot(codec: Codec, events: Sequence[Event], prefix: int) -> ExecutionState:
    """Returns the fold of a history whose first events were stored as a state and read again."""
    state = fold(events[:prefix])
    number, data = codec.encode_state(state)
    snapshot = Snapshot(seq=prefix, fold=FOLD_VERSION, codec=number, state=data)
    started = state.started
    return fold(events[prefix:], codec.decode_state(snapshot, started.organization_id, started.execution_id))


def _prefixes(length: int, places: int) -> Sequence[int]:
    """Returns where a history is cut for its proof: everywhere while it is short, else at about so many places."""
    step = max(length // places, 1)
    return range(max(step // 2, 1), length + 1, step)
