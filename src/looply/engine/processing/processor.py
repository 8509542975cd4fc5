"""The processor: each mailbox takes its commands, one unit at a time, and replies are sent after the commit."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from msgspec.structs import replace

from looply.clock import Clock
from looply.definition import Workflow
from looply.engine.processing.committer import Committer, Extras
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailbox, Mailboxes, fail
from looply.engine.records.absences import active_in
from looply.errors import ClaimTaken, EngineError, LooplyError, SlotTaken, Stale
from looply.execution import ExecutionState, advance, answer
from looply.execution.answering.starting import process_id_in_use_error, takes_process_id
from looply.execution.approvals.absent import has_new_cards
from looply.execution.facts.commands import Admit, Command, Continue, Done, EffectDone, PassOnAbsent, RepairRows, Reply
from looply.execution.facts.deliveries import DeliveryKey
from looply.execution.facts.events import Event
from looply.limits import Limits
from looply.rates import MAX_WAIT_SECONDS, UNITS_PER_SECOND, Kind, Turns

_log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5
"""A unit that could not be stored because the disk is full is tried again after this time."""

STRETCH_UNITS: Final = 5_000
"""The work of a stretch that was cut, about 5 ms, in the units of `looply.rates.Turns`.

It leaves an organization a third of the event loop while several organizations use the process.
"""
_KIND: Final = Kind("stretch", UNITS_PER_SECOND)

_BATCH_COMMANDS = 64
"""Commands of one execution that are stored by one unit at most."""
_TRIES = 3
"""How often the commands of a unit are computed at most, in a store of one process."""
_SHARED_TRIES = 1000
"""Each time that a unit loses against one of another process, the execution has progressed: one of them always wins."""


class Deadline:
    """The end of the time that a stretch may take."""

    __slots__ = ("_clock", "_end")

    def __init__(self, clock: Clock, span: timedelta) -> None:
        self._clock = clock
        self._end = clock.monotonic() + span.total_seconds()

    def __call__(self) -> bool:
        """Returns whether the time is over."""
        return self._clock.monotonic() >= self._end


class _Batch:
    """Commands of one unit in computation: the newest state, and what the unit will store and reply."""

    __slots__ = ("applied", "events", "extras", "replies", "state", "workflow")

    def __init__(self, state: ExecutionState, workflow: Workflow) -> None:
        self.state = state
        self.workflow = workflow
        self.events: list[Event] = []
        self.replies: list[Reply | LooplyError] = []
        self.applied: list[DeliveryKey] = []
        self.extras = Extras()


class Processor:
    """Processes the mailboxes. Commands of one execution are computed in order, never two at a time."""

    def __init__(
        self,
        boxes: Mailboxes,
        loader: Loader,
        committer: Committer,
        clock: Clock,
        limits: Limits,
        *,
        turns: Turns | None = None,
    ) -> None:
        """With `turns` the stretches of each organization's long runs come one after the other."""
        self._boxes = boxes
        self._loader = loader
        self._committer = committer
        self._clock = clock
        self._limits = limits
        self._turns = turns
        self._is_shared = loader.is_shared
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def submit(self, execution_id: str, command: Command) -> "asyncio.Future[Reply]":
        """Puts a command into the mailbox of its execution; the future is the reply, after its events are durable."""
        box = self._boxes.open(execution_id)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        box.pending.append((command, future))
        if not box.is_busy:
            box.is_busy = True
            self._spawn(box)
        return future

    def release(self, box: Mailbox, *, has_failed: bool = False) -> None:
        """Continues with the pending commands of a busy mailbox, or makes it quiet. Cut stretches come last."""
        if self._continues(box):
            if pause := RETRY_SECONDS if has_failed else self._pause(box):
                asyncio.get_running_loop().call_later(pause, self._continue, box.execution_id)
            else:
                box.pending.append((Continue(at=self._clock.now()), asyncio.get_running_loop().create_future()))
        if box.pending:
            self._spawn(box)
            return
        box.is_busy = False
        self._boxes.update_cost(box)

    async def stop(self) -> None:
        """Returns when no mailbox is busy; cut stretches stay cut, and the next process continues them."""
        self._is_stopping = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def deadline(self) -> Deadline:
        """Returns the end of the time that one stretch may take."""
        return Deadline(self._clock, self._limits.stretch_time)

    def _pause(self, box: Mailbox) -> float:
        """Returns the seconds until the next stretch of a run may begin; the first one of a child begins at once."""
        if self._turns is None or box.state is None or box.state.seq == 1:
            return 0.0
        wait = self._turns.reserve(box.state.started.organization_id, STRETCH_UNITS, _KIND)
        return min(wait, MAX_WAIT_SECONDS)

    def _continue(self, execution_id: str) -> None:
        if not self._is_stopping:
            self.submit(execution_id, Continue(at=self._clock.now()))

    def _continues(self, box: Mailbox) -> bool:
        if self._is_stopping or box.state is None or not box.state.continues:
            return False
        return not any(isinstance(command, Continue) for command, _ in box.pending)

    def _spawn(self, box: Mailbox) -> None:
        task = asyncio.get_running_loop().create_task(self._take(box))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(partial(_log_failure, box.execution_id))

    async def _take(self, box: Mailbox) -> None:
        """Takes one batch of the mailbox: computes, stores, replies."""
        batch = _next_batch(box)
        is_stored = False
        try:
            replies = await self._compute_with_retries(box, [command for command, _ in batch])
        except LooplyError as error:
            for _, future in batch:
                fail(future, error)
        else:
            is_stored = True
            # Commands that there was no time for come first in the next unit, after other tasks had their turn.
            box.pending.extendleft(reversed(batch[len(replies) :]))
            batch = batch[: len(replies)]
            for (_, future), reply in zip(batch, replies, strict=True):
                if isinstance(reply, LooplyError):
                    fail(future, reply)
                elif not future.done():
                    future.set_result(reply)
        finally:
            for _, future in batch:
                fail(future, EngineError(_broken(box.execution_id)))
            self.release(box, has_failed=not is_stored)

    async def _compute_with_retries(self, box: Mailbox, commands: Sequence[Command]) -> list[Reply | LooplyError]:
        """Computes and stores; again on the newest state where another process has stored a unit in the meantime."""
        claim_error: ClaimTaken | None = None
        may_admit = True
        for _ in range(_SHARED_TRIES if self._is_shared else _TRIES):
            try:
                return await self._compute(box, commands, claim_error, may_admit=may_admit)
            except SlotTaken:
                # Another execution took the slot first; the other commands of the batch are computed without the
                # admission.
                may_admit = False
            except ClaimTaken as error:
                # Only a command that would take the process id back is refused; the result of a call beside it is
                # stored.
                if claim_error is not None:
                    raise
                claim_error = error
            except Stale:
                if self._is_shared:
                    await self._catch_up(box)
                else:
                    box.unload()
        return await self._compute(box, commands, claim_error, may_admit=False)

    async def _compute(
        self, box: Mailbox, commands: Sequence[Command], claim_error: ClaimTaken | None, *, may_admit: bool
    ) -> list[Reply | LooplyError]:
        """Computes the commands and stores what they changed; returns their replies, see `_answer_all`."""
        is_certain = not self._is_shared
        if box.state is None or box.workflow is None:
            is_certain = True
            box.state, box.workflow, box.chain = await self._loader.load(box.execution_id)
        batch = _Batch(box.state, box.workflow)
        self._answer_all(batch, commands, claim_error, may_admit=may_admit)
        examined = box.state
        while has_new_cards(examined, batch.state):
            # In the same unit the cards of absent people are passed on, which may send more of them.
            examined = batch.state
            self._answer(batch, await _absent_people(self._loader, examined), None, self.deadline())
        if batch.events:
            extras = replace(batch.extras, applied=tuple(batch.applied))
            await self._committer.commit(box, batch.state, batch.workflow, batch.events, extras)
        elif not is_certain and await self._catch_up(box):
            raise Stale(f"the replies of execution {box.execution_id} are about a state that is over")
        elif batch.applied:
            await self._committer.drop_deliveries(batch.applied)
        return batch.replies

    def _answer_all(
        self, batch: _Batch, commands: Sequence[Command], claim_error: ClaimTaken | None, *, may_admit: bool
    ) -> None:
        """Adds a reply for each command, or its own error: a command that cannot be computed affects no other.

        When the time of a stretch is over, the remaining commands have no reply, and nothing was done for them. With
        `claim_error` another execution has the process id by now, so that no command may take it back; without
        `may_admit` no concurrency slot is taken.
        """
        is_cut = self.deadline()
        for command in commands:
            if batch.replies and is_cut():
                return
            if isinstance(command, Admit) and not may_admit:
                batch.replies.append(Done(is_late=True))
                continue
            try:
                reply = self._answer(batch, command, claim_error, is_cut)
            except LooplyError as error:
                batch.replies.append(error)
            else:
                batch.replies.append(reply)
                if command.delivery is not None:
                    batch.applied.append(command.delivery)

    def _answer(self, batch: _Batch, command: Command, claim_error: ClaimTaken | None, is_cut: Deadline) -> Reply:
        """Computes one command and adds its events; returns its reply. Raises: what `answer` and `advance` raise."""
        timely = command if command.at >= batch.state.now else replace(command, at=batch.state.now)
        answered = answer(batch.workflow, batch.state, timely, limits=self._limits)
        if answered.write is not None:
            batch.extras = replace(batch.extras, write=answered.write)
        if isinstance(command, RepairRows):
            batch.extras = replace(batch.extras, repairs_rows=True)
        if answered.events:
            onto = answered.workflow or batch.workflow
            stretch = advance(onto, batch.state, answered.events, limits=self._limits, is_cut=is_cut)
            if claim_error is not None and takes_process_id(batch.state, stretch.state):
                raise process_id_in_use_error(stretch.state.started.process_id) from claim_error
            batch.state, batch.workflow = stretch.state, onto
            batch.events.extend(stretch.events)
        return answered.reply

    async def _catch_up(self, box: Mailbox) -> bool:
        """Applies what other processes have stored; returns whether there was anything."""
        if box.state is None or box.workflow is None:
            return False
        before = box.state.seq
        box.state, box.workflow, box.chain = await self._loader.refresh(box.state, box.workflow, box.chain)
        return box.state.seq > before


async def _absent_people(loader: Loader, state: ExecutionState) -> PassOnAbsent:
    """Returns the command that passes the cards of people on who are absent now."""
    absences = await active_in(loader.absences, state.started.organization_id, state.now)
    return PassOnAbsent(at=state.now, absences=absences)


def _next_batch(box: Mailbox) -> list[tuple[Command, "asyncio.Future[Reply]"]]:
    """Takes commands of one unit out of a mailbox.

    A command that changes a datastore has a unit of its own: when the datastore has moved, no other command is refused.
    """
    batch = [box.pending.popleft()]
    while box.pending and len(batch) < _BATCH_COMMANDS and not (_writes(batch[0][0]) or _writes(box.pending[0][0])):
        batch.append(box.pending.popleft())
    return batch


def _writes(command: Command) -> bool:
    return isinstance(command, EffectDone) and command.write is not None


def _log_failure(execution_id: str, task: asyncio.Task[None]) -> None:
    """Logs the error with which a task has ended, which is a defect."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("command_broke", execution_id=execution_id, exc_info=error)


def _broken(execution_id: str) -> str:
    return (
        f"a command of execution {execution_id} broke, and nothing of it was stored;"
        " the log of the server has the cause (command_broke)"
    )
