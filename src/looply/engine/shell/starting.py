"""The starter: starts new executions, and answers a repeated trigger with the execution that it started."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import UUID

from looply.clock import Ids
from looply.definition import TriggerSettings
from looply.engine.ports.port import Start
from looply.engine.processing.committer import Committer, Extras
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailboxes, fail
from looply.engine.processing.processor import Processor
from looply.engine.processing.quotas import Quotas
from looply.engine.records.absences import active_in
from looply.engine.shell.parts import Parts
from looply.errors import (
    BadRequest,
    ClaimTaken,
    EngineError,
    KeyTaken,
    LooplyError,
    Overloaded,
    QuotaExhausted,
    QuotaReached,
    StoreFull,
    payload_error,
)
from looply.execution import ExecutionState, advance, evolve
from looply.execution.answering.starting import Started, answer_taken_key, answer_taken_process_id
from looply.execution.approvals.absent import has_new_cards, pass_on_absent
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import PassOnAbsent
from looply.execution.facts.events import Event, ExecutionStarted
from looply.execution.facts.log_levels import events_at_level
from looply.rates import RateLimiter, offload_if_large

_ASKING = ("adaptiveCard", "approval")
"""The types of steps that send cards."""

_STARTS_IN_FLIGHT = 4096
"""The most triggers in the writer's queue; more are refused, because triggers are refused first."""


class Starter:
    """Starts executions of one engine."""

    def __init__(
        self,
        *,
        parts: Parts,
        loader: Loader,
        boxes: Mailboxes,
        processor: Processor,
        committer: Committer,
        quotas: Quotas,
    ) -> None:
        self._store = parts.store
        self._clock = parts.clock
        self._entropy = parts.entropy
        self._limits = parts.limits
        self._loader = loader
        self._boxes = boxes
        self._processor = processor
        self._committer = committer
        self._ids = Ids(parts.entropy)
        self._starts: set[asyncio.Task[None]] = set()
        self._rates = RateLimiter(parts.limits.triggers_per_minute)
        self._quotas = quotas

    def begin(self, highest_id: str) -> None:
        """Issues ids above the highest one that is stored ("" when there is none)."""
        self._ids = Ids(self._entropy, UUID(highest_id) if highest_id else None)

    async def stop(self) -> None:
        """Ends when no start is being stored."""
        await asyncio.gather(*self._starts, return_exceptions=True)

    async def start(self, request: Start) -> Started:
        """Stores a new execution and runs it as far as it goes; see `Engine.start`."""
        if len(self._starts) >= _STARTS_IN_FLIGHT:
            raise Overloaded(
                f"{len(self._starts)} triggers are being stored, and the queue takes no more; repeat in a second"
            )
        if request.child_start is None:
            self._check_rate(request.organization_id)
        await _check_body(request)
        if request.process_id:
            await self._check_process_id(request)
        if not self._quotas.is_counted:
            await self._quotas.wait_until_counted()
        try:
            self._check_space()
            self._quotas.check(request.organization_id)
        except (StoreFull, QuotaExhausted):
            if not await self._is_repeated(request):
                raise
        try:
            return await self._run_detached(request)
        except KeyTaken as taken:
            assert request.key is not None
            return _obey(answer_taken_key(taken, request.key.fingerprint), taken)
        except ClaimTaken as taken:
            return _obey(answer_taken_process_id(taken, request.fingerprint, request.process_id), taken)

    def _check_space(self) -> None:
        """Raises: StoreFull while the disk is nearly full."""
        if self._store.is_short_of_space:
            message = "the disk is nearly full: new executions are refused so that open ones can end; free some space"
            raise StoreFull(message)

    def _check_rate(self, organization_id: str) -> None:
        """Counts a trigger. Raises: QuotaReached."""
        if seconds := self._rates.take(organization_id, self._clock.monotonic()):
            most = self._limits.triggers_per_minute
            message = (
                f"the organization has triggered {most} executions in a minute; the limit triggers_per_minute is {most}"
            )
            raise QuotaReached(f"{message}; repeat later", retry_after=timedelta(seconds=seconds))

    async def _is_repeated(self, request: Start) -> bool:
        """Returns whether a key or an open execution answers the request, so that the store starts nothing for it."""
        if request.key is not None:
            key = await self._store.journal.find_key(request.organization_id, request.key.text, self._clock.now())
            if key is not None:
                return True
        if not request.process_id:
            return False
        heads = await self._store.reads.heads(request.organization_id, request.process_id, request.workflow_id)
        return any(head.is_open for head in heads)

    async def _run_detached(self, request: Start) -> Started:
        """Runs a start to its end even when its caller disconnects: what is stored must be published."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Started] = loop.create_future()
        self._quotas.begin(request.organization_id)
        task = loop.create_task(self._run(request, future))
        self._starts.add(task)
        task.add_done_callback(self._starts.discard)
        return await future

    async def _run(self, request: Start, future: "asyncio.Future[Started]") -> None:
        """Runs a start for whom the future is, and ends its count: its unit is counted instead, if it is stored."""
        try:
            started = await self._start(request)
        except LooplyError as error:
            fail(future, error)
        else:
            if not future.done():
                future.set_result(started)
        finally:
            self._quotas.end(request.organization_id)
            fail(future, EngineError("the start broke; the log has the details"))

    async def _check_process_id(self, request: Start) -> None:
        """Refuses a process id that is an execution id of the organization: it would name two executions."""
        try:
            UUID(request.process_id)
        except ValueError:
            return
        head = await self._store.reads.head(request.process_id.lower())
        if head is not None and head.organization_id == request.organization_id:
            message = "the process id is the id of an execution; choose another one"
            raise BadRequest(message, code="PROCESS_ID_IS_EXECUTION")

    async def _start(self, request: Start) -> Started:
        # Read before the execution has its id: executions are stored in the order of their ids.
        absences = await self._absences_for(request)
        now = self._clock.now()
        child_start = request.child_start
        execution_id = str(self._ids.next(now)) if child_start is None else child_start.execution_id
        if child_start is not None and self._boxes.find(execution_id) is not None:
            raise Overloaded(f"execution {execution_id} was requested while its start is stored; repeat the call")
        secret = request.workflow.steps[request.workflow.start].secret
        first = ExecutionStarted(
            at=now,
            by=request.by,
            via=request.via,
            execution_id=execution_id,
            organization_id=request.organization_id,
            workspace_id=request.workspace_id,
            workflow_id=request.workflow_id,
            workflow_version=request.workflow_version,
            definition=request.workflow.hash.hex(),
            seed=self._entropy.token(16),
            trigger_type=request.trigger_type,
            process_id=request.process_id,
            profile=request.profile,
            environment=request.environment,
            body=request.body,
            request=request.fingerprint,
            size=request.body_size,
            secret=secret if child_start is None else tuple(dict.fromkeys((*secret, *child_start.secret))),
            parent=child_start.parent if child_start is not None else "",
            tells=child_start.tells if child_start is not None else "",
            depth=child_start.depth if child_start is not None else request.depth,
            is_response=child_start is not None and child_start.is_response,
            rerun_of=request.rerun_of,
            requires_sap_profile=request.workflow.requires_sap_profile,
        )
        state, events = self._first_stretch(request, first, absences)
        extras = Extras(
            key=request.key, fire=request.fire, applied=(child_start.delivery,) if child_start is not None else ()
        )
        # The mailbox is busy before the unit is stored: a command that finds the new row waits for the commit.
        box = self._boxes.open(execution_id)
        box.is_busy = True
        try:
            await self._committer.commit(box, state, request.workflow, events, extras)
        finally:
            self._processor.release(box)
        self._loader.keep(first.definition, request.workflow)
        return Started(execution_id=execution_id)

    async def _absences_for(self, request: Start) -> tuple[Absence, ...]:
        """Returns the absences that the first stretch may need: none where no step sends a card."""
        if request.child_start is not None or not any(step.type in _ASKING for step in request.workflow.steps.values()):
            return ()
        return await active_in(self._store.absences, request.organization_id, self._clock.now())

    def _first_stretch(
        self, request: Start, first: ExecutionStarted, absences: tuple[Absence, ...]
    ) -> tuple[ExecutionState, tuple[Event, ...]]:
        """Returns the first stretch, in which the cards of absent people are passed on.

        The first stretch of a child execution is its start alone: its delivery is repeated after a crash, so nothing
        that could end the process must be part of the unit that removes the delivery.
        """
        if request.child_start is not None:
            (stored,) = events_at_level(request.workflow.settings.log, (first,))
            return evolve(None, stored), (stored,)
        stretch = advance(request.workflow, None, (first,), limits=self._limits, is_cut=self._processor.deadline())
        state, events = stretch.state, stretch.events
        asked: ExecutionState | None = None
        while absences and has_new_cards(asked, state):
            asked = state
            passed = pass_on_absent(state, PassOnAbsent(at=state.now, absences=absences))
            if passed.events:
                more = advance(request.workflow, state, passed.events, limits=self._limits)
                state, events = more.state, (*events, *more.events)
        return state, events


def _obey(answered: Started | LooplyError, refusal: EngineError) -> Started:
    """Returns the answer to a trigger that the store has refused, or raises it."""
    if isinstance(answered, LooplyError):
        raise answered from refusal
    return answered


async def _check_body(request: Start) -> None:
    """Refuses a body that the schema of the trigger does not allow; a large one is checked beside the event loop.

    Raises: Refused (code `PAYLOAD_REFUSED`).
    """
    settings = request.workflow.steps[request.workflow.start].settings
    assert isinstance(settings, TriggerSettings)
    if settings.checker is None:
        return
    if problems := await offload_if_large(request.body_size, partial(settings.problems_of, request.body)):
        raise payload_error(problems)
