"""The effect runner: takes effects from their rows to their outcomes: marks them running, calls the worker, stores."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from typing import Final, NamedTuple, TypeVar

import structlog

from looply.engine.coding.units import effect_queue
from looply.engine.effects.datastore_operations import DatastoreOperations
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.suspect_calls import SuspectCallGate
from looply.engine.effects.worker import Worker
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.store import Store
from looply.engine.processing.current import CurrentStates
from looply.engine.processing.observers import ignore
from looply.engine.processing.processor import RETRY_SECONDS, Processor
from looply.errors import (
    DatastoreMoved,
    DatastoresFull,
    EngineError,
    LooplyError,
    Stale,
    StoreFull,
    StoreUnreachable,
)
from looply.execution import ExecutionState
from looply.execution.facts.commands import Command
from looply.execution.facts.datastores import is_datastore_operation
from looply.execution.facts.state import OpenStep
from looply.slots import Lane

Result = TypeVar("Result")

_UNAVAILABLE: Final[tuple[type[LooplyError], ...]] = (StoreFull, StoreUnreachable)
"""Nothing was stored, and the same call can succeed later."""

_log = structlog.get_logger(__name__)


class Gates(NamedTuple):
    """What an effect must pass before it begins."""

    suspect_calls: SuspectCallGate
    targets: TargetGate


class EffectRunner:
    """Runs one effect for each call of `perform`, which never raises.

    An outcome that cannot be stored because the disk is full, or the database is unreachable, is held and tried again;
    its slot stays taken, which bounds how many are held. An outcome that the store refuses for another reason is
    dropped, and the recovery handles its effect.
    """

    def __init__(
        self,
        store: Store,
        current: CurrentStates,
        processor: Processor,
        worker: Worker,
        datastores: DatastoreOperations,
        gates: Gates,
    ) -> None:
        self._store = store
        self._current = current
        self._processor = processor
        self._worker = worker
        self._datastores = datastores
        self._suspect_calls = gates.suspect_calls
        self._targets = gates.targets
        self._epoch = 0
        # By (execution id, seq). An effect that was offered twice may be here twice; the row decides which one calls.
        self._in_progress: Counter[tuple[str, int]] = Counter()
        self._unstarted: set[EffectRef] = set()

    def begin(self, epoch: int) -> None:
        """Takes over the epoch of this process."""
        self._epoch = epoch

    def is_performing(self, execution_id: str, seq: int) -> bool:
        """Returns whether an effect is being performed, from before it is marked until its outcome is stored."""
        return (execution_id, seq) in self._in_progress

    def take_unstarted(self) -> Collection[EffectRef]:
        """Returns the effects that could not be begun since the last call; they are still QUEUED in the store."""
        left, self._unstarted = self._unstarted, set()
        return left

    async def perform(self, effect: EffectRef, is_running: bool) -> None:
        """Runs one effect and stores its outcome; does nothing when its attempt is over."""
        key = (effect.execution_id, effect.seq)
        self._in_progress[key] += 1
        try:
            await self._perform(effect, is_running)
        finally:
            self._in_progress[key] -= 1
            if not self._in_progress[key]:
                del self._in_progress[key]
                self._suspect_calls.end(effect)

    async def _perform(self, effect: EffectRef, is_running: bool) -> None:
        state = await self._state(effect)
        is_given_up = state is not None and _is_given_up(state, effect)
        if state is not None and not is_running:
            # While an incident is open nothing starts: the row stays QUEUED, as it does while another suspect call
            # runs. What is given up passes no gate, since it calls nothing.
            if state.has_incident or not (is_given_up or await self._may_begin(state, effect)):
                return
            if not await self._mark_running(effect):
                if not is_given_up:
                    # One that is given up has taken no turn: this may be that of its call, which is under way.
                    self._targets.turns.pop((effect.execution_id, effect.seq), None)
                return
            # This process may have terminated the execution while the row was being marked: then nothing is sent, also
            # where it was evicted from memory at its end. A unit that another process stored before the mark has
            # removed the row; one that it stores later comes after the call was sent.
            known = self._current.in_memory(effect.execution_id)
            if known is not None:
                state = known[0]
            elif not self._store.is_shared:
                state = await self._state(effect)
        opened = _open_step(state, effect) if state is not None else None
        if state is None or opened is None:
            return
        if is_given_up:
            # Its row is marked, so no other process can begin it.
            await self._store_outcome(effect, self._worker.give_up(opened))
        elif is_datastore_operation(opened.operation):
            async with self._datastores.turn(state, opened):
                await self._change_datastore(effect)
        else:
            outcome = await self._worker.carry_out(state, opened)
            if self._targets.concerns(outcome):
                outcome = await self._targets.leave(_with_names(effect, state, opened), outcome)
            await self._store_outcome(effect, outcome)

    async def _may_begin(self, state: ExecutionState, effect: EffectRef) -> bool:
        """Returns whether an effect may begin now; if not, it is queued at the gate that stops it."""
        opened = _open_step(state, effect)
        if opened is None:
            return True
        if opened.is_suspect and not self._suspect_calls.begin(effect):
            return False
        return not self._targets.rows or await self._targets.enter(_with_names(effect, state, opened))

    async def _change_datastore(self, effect: EffectRef) -> None:
        """Carries out an operation on a datastore, again as often as another change of it was stored first."""
        while not await _retry(lambda: self._try_change(effect)):
            pass

    async def _try_change(self, effect: EffectRef) -> bool:
        """Returns whether the operation is over; it is not where another change of the datastore was stored first.

        Raises: StoreUnreachable; then nothing was read.
        """
        state = await self._state(effect)
        if state is None or (opened := _open_step(state, effect)) is None:
            return True
        try:
            await self._store_outcome(effect, await self._datastores.carry_out(state, opened))
        except DatastoreMoved:
            return False
        except DatastoresFull as error:
            await self._store_outcome(effect, self._datastores.failure_of(opened, error))
        return True

    async def _state(self, effect: EffectRef) -> ExecutionState | None:
        """Returns a state in which the effect is in flight, None when its attempt is over.

        It may be the state in memory: whether the row is still QUEUED, the store decides when it is marked.
        """
        known = self._current.in_memory(effect.execution_id)
        if known is not None and not known[0].has_incident and _open_step(known[0], effect) is not None:
            return known[0]
        try:
            state, _ = await _retry(lambda: self._current.get(effect.execution_id))
        except LooplyError as error:
            _log.error("effect_unreadable", execution_id=effect.execution_id, seq=effect.seq, error=error.message)
            self._unstarted.add(effect)
            return None
        return state if _open_step(state, effect) is not None else None

    async def _mark_running(self, effect: EffectRef) -> bool:
        mark = self._store.work.mark_running
        try:
            return await _retry(lambda: mark(effect.execution_id, effect.seq, self._epoch))
        except EngineError as error:
            _log.error("effect_not_marked", execution_id=effect.execution_id, seq=effect.seq, error=error.message)
            self._unstarted.add(effect)
            return False

    async def _store_outcome(self, effect: EffectRef, outcome: Command) -> None:
        """Stores an outcome. Raises: DatastoreMoved, DatastoresFull; then nothing was stored."""

        def report(error: LooplyError) -> None:
            _log.warning("outcome_held", execution_id=effect.execution_id, seq=effect.seq, error=error.message)

        try:
            await _retry(lambda: self._processor.submit(effect.execution_id, outcome), (*_UNAVAILABLE, Stale), report)
        except (DatastoreMoved, DatastoresFull):
            raise
        except EngineError as error:
            _log.error("outcome_lost", execution_id=effect.execution_id, seq=effect.seq, error=error.message)


async def _retry(
    call: Callable[[], Awaitable[Result]],
    causes: tuple[type[LooplyError], ...] = _UNAVAILABLE,
    report: Callable[[LooplyError], None] = ignore,
) -> Result:
    """Returns the result of a call of the store, which is made again as long as it fails by one of the causes.

    `report` gets each of these errors. Raises: what the call raises for other causes.
    """
    while True:
        try:
            return await call()
        except causes as error:
            report(error)
            await asyncio.sleep(RETRY_SECONDS)


def _with_names(effect: EffectRef, state: ExecutionState, opened: OpenStep) -> EffectRef:
    """Returns the effect with the names of its organization and its target; some dispatchers know their hashes only."""
    queue = effect_queue(opened.operation, opened.input, opened.secret)
    return EffectRef(effect.execution_id, effect.seq, Lane(state.started.organization_id, queue))


def _is_given_up(state: ExecutionState, effect: EffectRef) -> bool:
    opened = _open_step(state, effect)
    return opened is not None and opened.is_given_up


def _open_step(state: ExecutionState, effect: EffectRef) -> OpenStep | None:
    """Returns the step of an effect, None when the attempt is over."""
    opened = state.find_open_step(effect.seq)
    return opened if opened is not None and opened.is_in_flight else None
