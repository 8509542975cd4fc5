"""Engines with one defect each, to show that the simulator detects it.

Every mutant is a context in which one function of the engine, or of its wiring, is replaced. This is the only
place where tests replace functions of ours. The numbers are those of the list in `README.md`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace as with_fields
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.reads import MemoryReads
from kit.memory.work import MemoryWorkQueue
from looply.engine.coding.units import head_of
from looply.engine.effects.effects import EffectRunner
from looply.engine.effects.worker import Worker
from looply.engine.ports.lists import Execution
from looply.engine.processing.committer import Committer, Extras
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailbox
from looply.engine.processing.processor import Processor
from looply.engine.records.startup import StartupState
from looply.engine.shell.executions import StoredExecutions
from looply.engine.shell.starting import Starter
from looply.engine.upkeep.pump import Pump
from looply.engine.upkeep.recovery import Recovery
from looply.errors import ClaimTaken, StoreFull, StoreLost
from looply.execution import advance, fold
from looply.execution.evolving import waits
from looply.execution.facts.commands import AlreadyReleased, Done, EffectDone, Released, Resume
from looply.execution.facts.events import ExecutionClosed, StepSucceeded
from looply.execution.facts.state import ExecutionEnd
from looply.schedule import next_fire
from simulation.running.loop import OWNER
from simulation.running.store import SimulatedStore

Mutant = Callable[[], AbstractContextManager[None]]


@contextmanager
def _replaced(owner: Any, name: str, new: Any) -> Iterator[None]:
    old = getattr(owner, name)
    setattr(owner, name, new)
    try:
        yield
    finally:
        setattr(owner, name, old)


@contextmanager
def _both(*mutants: AbstractContextManager[None]) -> Iterator[None]:
    first, *rest = mutants
    with first:
        if rest:
            with _both(*rest):
                yield
        else:
            yield


def m01_answers_before_the_commit() -> AbstractContextManager[None]:
    """The store acknowledges a unit as soon as it is queued."""
    original = SimulatedStore._commit

    async def commit(self: Any, unit: Any) -> None:
        self._process.spawn(original(self, unit))

    return _replaced(SimulatedStore, "_commit", commit)


def m03_resumes_without_compare_and_set() -> AbstractContextManager[None]:
    """A resume is computed on the stored state concurrently with others, and its unit applies to any later state."""
    original = Processor.submit

    def submit(self: Any, execution_id: str, command: Any) -> Any:
        if not isinstance(command, Resume):
            return original(self, execution_id, command)
        box: Any = Mailbox(execution_id)
        box.is_busy = True
        future = OWNER.get().simulation.loop.create_future()  # type: ignore[union-attr]
        box.pending.append((command, future))
        self._spawn(box)
        return future

    return _both(_replaced(Processor, "submit", submit), _without_fence())


def m04_terminate_does_not_stop_queued_calls() -> AbstractContextManager[None]:
    """A queued call is sent although its execution was terminated in the meantime."""
    original = EffectRunner.perform

    async def perform(self: Any, effect: Any, is_running: bool) -> None:
        state, _ = await self._current.get(effect.execution_id)
        if state.closed is None or state.find_open_step(effect.seq) is not None:
            await original(self, effect, is_running)
            return
        events = await _history(self._current._loader, effect.execution_id)
        opened = fold(events[: effect.seq]).find_open_step(effect.seq)
        await self._worker.carry_out(state, opened)

    return _replaced(EffectRunner, "perform", perform)


def m05_the_schedule_moves_before_the_execution_is_stored() -> AbstractContextManager[None]:
    """A firing moves its schedule in one unit and starts its execution in another one."""
    original = Starter.start

    async def start(self: Any, request: Any) -> Any:
        if request.fire is not None:
            await self._store.schedules.skip(replace(request.fire, outcome="SKIPPED"))
        return await original(self, replace(request, fire=None))

    return _replaced(Starter, "start", start)


def m06_each_attempt_has_its_own_key() -> AbstractContextManager[None]:
    """Each attempt has an idempotency key of its own."""
    original = Worker._context

    def context(self: Any, *given: Any) -> Any:
        made, opened = original(self, *given), given[1]
        if opened.attempt == 1:
            return made
        return with_fields(made, idempotency_key=f"{made.idempotency_key}:{opened.attempt}")

    return _replaced(Worker, "_context", context)


def m07_failures_are_forgotten_by_a_restart() -> AbstractContextManager[None]:
    """An execution that is loaded has all its attempts again."""
    original = Loader.load

    async def load(self: Any, execution_id: str, **options: bool) -> Any:
        state, workflow, chain = await original(self, execution_id, **options)
        fresh = {key: replace(step, failures=0) for key, step in state.open_steps.items()}
        return replace(state, open_steps=fresh), workflow, chain

    return _replaced(Loader, "load", load)


def m08_timers_are_not_loaded_at_boot() -> AbstractContextManager[None]:
    """A process fires only those timers that it has stored itself."""
    apply_work, due_timers, next_due = MemoryData._apply_work, MemoryWorkQueue.due_timers, MemoryWorkQueue.next_due

    def remember(self: Any, execution_id: str, work: Any) -> None:
        process: Any = OWNER.get()
        known = vars(process).setdefault("known_timers", set())
        known.update((execution_id, row.seq) for row in work.put.timers)
        apply_work(self, execution_id, work)

    async def known_due(self: Any, now: Any, limit: int) -> Sequence[Any]:
        known = vars(OWNER.get()).get("known_timers", set())
        return [row for row in await due_timers(self, now, limit) if (row.execution_id, row.seq) in known]

    async def known_next(self: Any) -> Any:
        known = vars(OWNER.get()).get("known_timers", set())
        return min((row.due for key, row in self._data.timers.items() if key in known), default=None)

    return _both(
        _replaced(MemoryData, "_apply_work", remember),
        _replaced(MemoryWorkQueue, "due_timers", known_due),
        _replaced(MemoryWorkQueue, "next_due", known_next if next_due else next_due),
    )


def m09_a_kept_resume_is_used_twice() -> AbstractContextManager[None]:
    """A resume that was kept for the first wait stays buffered for the next one."""
    original = waits._apply_wait_opened

    def wait_opened(state: Any, event: Any) -> Any:
        return replace(original(state, event), buffered=state.buffered)

    return _replaced(waits, "_apply_wait_opened", wait_opened)


def m10_process_ids_are_checked_outside_the_unit() -> AbstractContextManager[None]:
    """Whether a process id is free is looked up before the unit is stored, and not again with it."""
    check, start = MemoryData._check, Starter.start

    def without_claim(self: Any, unit: Any) -> None:
        check(self, replace(unit, put_claim=None))

    async def looked_up(self: Any, request: Any) -> Any:
        for head in await self._store.reads.heads(request.organization_id, request.process_id, request.workflow_id):
            if head.status in ("RUNNING", "WAITING") and request.process_id:
                state, _, _ = await self._loader.load(head.execution_id)
                taken = ClaimTaken("taken", execution_id=head.execution_id, fingerprint=state.started.request)
                if taken.fingerprint != request.fingerprint:
                    raise StoreFull("taken") from taken
        return await start(self, request)

    return _both(_replaced(MemoryData, "_check", without_claim), _replaced(Starter, "start", looked_up))


def m11_numbers_are_used_again_after_a_crash() -> AbstractContextManager[None]:
    """A process continues the numbers before the last batch that an earlier one has stored."""
    original = Loader.load

    async def load(self: Any, execution_id: str, **options: bool) -> Any:
        state, workflow, chain = await original(self, execution_id, **options)
        process: Any = OWNER.get()
        batches = await self._store.journal.history(execution_id, 0, state.seq)
        if not process.is_recovering or len(batches) < 2:
            return state, workflow, chain
        events = await _history(self, execution_id)
        return fold(events[: batches[-2].last_seq]), workflow, batches[-2].chain

    return _both(_replaced(Loader, "load", load), _without_fence())


def m12_recovery_runs_waiting_executions_again() -> AbstractContextManager[None]:
    """A start of the process runs the steps of every WAITING execution again."""

    async def again(pump: Any, box: Any) -> None:
        events = await _history(pump._shell._wiring.loader, box.execution_id)
        begun = fold(events[:1])
        stretch = advance(box.workflow, begun, ())
        if stretch.events:
            after = replace(stretch.state, seq=box.state.seq + len(stretch.events))
            await pump._shell._wiring.committer.commit(box, after, box.workflow, stretch.events)

    return _after_recovery("WAITING", again)


def m13_a_late_result_moves_a_terminated_execution() -> AbstractContextManager[None]:
    """The result of a call completes its execution although that was terminated in the meantime."""
    original = Processor._compute

    async def compute(self: Any, box: Any, commands: Any, *rest: Any, **more: Any) -> Any:
        replies = await original(self, box, [one for one in commands if not isinstance(one, EffectDone)], *rest, **more)
        for command in (one for one in commands if isinstance(one, EffectDone)):
            if box.state is None:
                box.state, box.workflow, box.chain = await self._loader.load(box.execution_id)
            if box.state.closed is None or box.state.closed.status != "TERMINATED":
                await original(self, box, [command], *rest, **more)
                continue
            at = max(command.at, box.state.now)
            step, _, visit = command.address.rpartition(":")
            events = (
                StepSucceeded(at=at, step=step, visit=int(visit), attempt=command.attempt, output=command.output),
                ExecutionClosed(at=at, status="COMPLETED"),
            )
            closed = ExecutionEnd(status="COMPLETED", reason="", by="", on=at)
            after = replace(box.state, seq=box.state.seq + 2, now=at, closed=closed)
            await self._committer.commit(box, after, box.workflow, events)
        others = iter(replies)
        return [Done() if isinstance(one, EffectDone) else next(others) for one in commands]

    return _replaced(Processor, "_compute", compute)


def m14_the_epoch_is_not_checked() -> AbstractContextManager[None]:
    """A process that was replaced continues to store."""
    original = Commits._flush

    def flush(self: Any) -> None:
        self._epoch = self._data.epoch
        original(self)

    return _replaced(Commits, "_flush", flush)


def m15_a_clock_set_back_fires_again() -> AbstractContextManager[None]:
    """The next instant of a schedule is computed from the clock alone, not from the last firing."""
    original = Pump.tick

    async def tick(self: Any, judged: Any = None) -> None:
        now = judged or self._clock.now()
        for schedule in list(OWNER.get().simulation.data.schedules.values()):  # type: ignore[union-attr]
            if schedule.status == "ACTIVE" and schedule.next is not None and schedule.next > now:
                workflow = await self._shell.executions.workflow(schedule.definition)
                plan = workflow.steps[workflow.start].settings.schedule
                coming = next_fire(plan, schedule.anchor, now)
                if coming != schedule.next:
                    await self._store.schedules.put(replace(schedule, next=coming))
        await original(self, now)

    return _replaced(Pump, "tick", tick)


def m17_a_full_disk_is_ignored() -> AbstractContextManager[None]:
    """A unit that failed for lack of space counts as stored."""
    original = SimulatedStore._commit

    async def commit(self: Any, unit: Any) -> None:
        try:
            await original(self, unit)
        except StoreFull:
            return

    return _replaced(SimulatedStore, "_commit", commit)


def m18_effects_leave_before_the_commit() -> AbstractContextManager[None]:
    """A call is sent as soon as it is decided, before its unit is stored."""

    async def commit(
        self: Any,
        box: Any,
        after: Any,
        workflow: Any,
        events: Any,
        extras: Any = Extras(),  # noqa: B008 - immutable
    ) -> None:
        started, first_seq = after.started, box.state.seq + 1 if box.state is not None else 1
        encoded = self._codec.encode_measured(
            events, started.organization_id, started.execution_id, first_seq, box.chain
        )
        unit, _ = self._unit(box, after, workflow, events, extras, encoded)
        former = box.state, box.workflow, box.chain
        box.state, box.workflow, box.chain = after, workflow, unit.batch.chain
        self._publish(unit, after)
        try:
            await self._store.journal.commit(unit)
        except BaseException:
            box.state, box.workflow, box.chain = former
            raise

    return _replaced(Committer, "commit", commit)


def m19_recovery_overwrites_an_end() -> AbstractContextManager[None]:
    """A start of the process marks completed executions as crashed."""

    async def again(pump: Any, box: Any) -> None:
        at = box.state.now
        after = replace(
            box.state, seq=box.state.seq + 1, closed=ExecutionEnd(status="FAILED", reason="crash", by="", on=at)
        )
        event = ExecutionClosed(at=at, status="FAILED", reason="crash")
        await pump._shell._wiring.committer.commit(box, after, box.workflow, (event,))

    return _after_recovery("COMPLETED", again)


def m20_names_are_looked_up_in_all_organizations() -> AbstractContextManager[None]:
    """A process id is looked up in all organizations."""
    original = MemoryReads.heads

    async def heads(self: Any, organization_id: str, name: str, workflow_id: str) -> Sequence[Any]:
        found: list[Any] = []
        for organization in sorted({head.organization_id for head in self._data.heads.values()}):
            found.extend(await original(self, organization, name, workflow_id))
        return found

    return _replaced(MemoryReads, "heads", heads)


def m21_lost_calls_are_reported_once_only() -> AbstractContextManager[None]:
    """A call that was lost with its process stays open when the disk is full at the next start."""
    original = Recovery._lose_effects

    async def lose_effects(self: Any) -> bool:
        await original(self)
        return False

    return _replaced(Recovery, "_lose_effects", lose_effects)


def m22_losers_get_the_reply_of_the_winner() -> AbstractContextManager[None]:
    """The second resume is answered as if it had released the wait."""
    original = Processor._compute

    async def compute(self: Any, box: Any, commands: Any, *rest: Any, **more: Any) -> Any:
        replies = await original(self, box, commands, *rest, **more)
        return [Released() if isinstance(reply, AlreadyReleased) else reply for reply in replies]

    return _replaced(Processor, "_compute", compute)


def m23_unknown_commits_are_reported_as_not_done() -> AbstractContextManager[None]:
    """A store that failed during a commit reports that nothing was done."""
    original = SimulatedStore._commit

    async def commit(self: Any, unit: Any) -> None:
        try:
            await original(self, unit)
        except StoreLost as error:
            raise StoreFull("nothing was done") from error

    return _replaced(SimulatedStore, "_commit", commit)


def m24_unknown_outcomes_are_tried_again() -> AbstractContextManager[None]:
    """A call with an unknown outcome is repeated although its step says that an operator must decide."""
    deciding = import_module("looply.execution.deciding.decide")

    def on_unknown(workflow: Any, state: Any, path: Any) -> Any:
        return (deciding._next_attempt(workflow, state, path),)

    return _replaced(deciding, "_handle_unknown", on_unknown)


def m25_a_call_leaves_that_was_terminated_while_it_was_marked() -> AbstractContextManager[None]:
    """Whether a queued call is still open is checked before it is marked as running, and not after."""

    async def perform(self: Any, effect: Any, is_running: bool) -> None:
        state = await self._state(effect)
        if state is None or (not is_running and state.has_incident):
            return
        if is_running or await self._mark_running(effect):
            opened = state.find_open_step(effect.seq)
            await self._store_outcome(effect.execution_id, await self._worker.carry_out(state, opened))

    return _replaced(EffectRunner, "perform", perform)


def m26_a_read_shows_units_before_their_acknowledgement() -> AbstractContextManager[None]:
    """A read that went to the store answers with its result, although the cache is newer by then."""

    async def get(self: Any, execution_id: str) -> Execution:
        found = self._current.in_memory(execution_id)
        if found is None:
            state, workflow, _ = await self._loader.load(execution_id)
            found = state, workflow
        return Execution(head=head_of(found[0]), state=found[0], workflow=found[1])

    return _replaced(StoredExecutions, "get", get)


def _without_fence() -> AbstractContextManager[None]:
    original = MemoryData._check

    def check(self: Any, unit: Any) -> None:
        stored = self.heads.get(unit.execution_id)
        original(self, replace(unit, expected_seq=stored.seq if stored is not None else 0))

    return _replaced(MemoryData, "_check", check)


def _after_recovery(status: str, act: Callable[[Any, Any], Any]) -> AbstractContextManager[None]:
    original = Pump.recover

    async def recover(self: Any, boot: StartupState) -> None:
        await original(self, boot)
        for head in await self._store.reads.scan("", 1000):
            if head.status == status:
                box: Any = Mailbox(head.execution_id)
                box.state, box.workflow, box.chain = await self._shell._wiring.loader.load(head.execution_id)
                await act(self, box)

    return _replaced(Pump, "recover", recover)


async def _history(loader: Any, execution_id: str) -> list[Any]:
    loaded = await loader._store.journal.load(execution_id)
    events: list[Any] = []
    for batch in await loader._store.journal.history(execution_id, 0, loaded.head.seq):
        events.extend(loader._codec.decode(batch, loaded.values, loaded.head.organization_id, execution_id))
    return events


MUTANTS: Sequence[Mutant] = tuple(
    made for name, made in sorted(globals().items()) if name[0] == "m" and name[1:3].isdigit()
)

RARE: Sequence[Mutant] = (
    m25_a_call_leaves_that_was_terminated_while_it_was_marked,
    m26_a_read_shows_units_before_their_acknowledgement,
)
"""Mutants that one run of several thousand catches; scenarios of `directed.py` do so each time."""
