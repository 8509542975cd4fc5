"""The deliverer: applies what executions send to each other, and lets those in line have their turn.

Theory of operation. A row says from whom to whom; what it means stands in the history of the sender. It is applied as a
command, or as the start of an execution, and the unit that stores it takes the row away, so it is applied once, however
often a process ends. A row that cannot be applied now stays and is tried again. Nothing is remembered here but what is
being applied at the moment, and which starts are delayed.
"""

import asyncio

import structlog

from looply.clock import Clock
from looply.engine.ports.port import Call, CalleeOf, ChildTarget, Start
from looply.engine.ports.store import Store
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.child_starts import ChildStarts
from looply.engine.upkeep.quarantine import Quarantine
from looply.errors import (
    BadRequest,
    Conflict,
    LooplyError,
    NotFound,
    QuotaExhausted,
    RecordDamaged,
    Refused,
    Stale,
)
from looply.execution import ExecutionState
from looply.execution.approvals.children import output_secrets, start_secrets
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.commands import Admit, ChildEnded, Command, Done, Terminate
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.events import ChildOutcome, ChildStarted, ExecutionStarted
from looply.execution.facts.state import ExecutionEnd
from looply.jsontext import fingerprint

_log = structlog.get_logger(__name__)

_BATCH = 200
_MOST = 1000
"""So many rows are applied before timers and schedules have their turn again."""

_VIA = "PARENT"
_REFUSALS = (NotFound, Conflict, BadRequest, Refused, RecordDamaged)
"""What the catalog says of a workflow that cannot be run; asking again would not help."""


class Deliverer:
    """Deliveries and turns of one engine. `parking` tells which executions must rest, or are worked on alone."""

    def __init__(self, shell: Shell, store: Store, clock: Clock, callee_of: CalleeOf, parking: Quarantine) -> None:
        self._shell = shell
        self._store = store
        self._clock = clock
        self._callee_of = callee_of
        self._quarantine = parking
        self._in_hand: set[DeliveryKey] = set()
        self._child_starts = ChildStarts(shell.limits.child_starts)

    async def settle(self) -> bool:
        """Applies what can be applied now; returns whether nothing is left that must be tried again.

        Executions that start each other without end take no more than a share of the pump's time.
        """
        is_done = True
        count = 0
        while rows := await self._ready():
            await self._quarantine.look(row.row.target for row in rows)
            applied = await asyncio.gather(*(self._deliver(row) for row in rows))
            delayed = sum(self._is_delayed(row) for row in rows)
            is_done = is_done and all(applied)
            count += len(rows) - delayed
            if not any(applied) and not delayed:
                break
            if count >= _MOST:
                return False
        is_done = is_done and not self._child_starts.delayed(self._clock.monotonic())
        return await self._admit() and is_done

    async def _ready(self) -> list[Delivery]:
        """Returns rows that nobody here is applying, without those of delayed starts as far as the store can."""
        rows = await self._store.work.deliveries(_BATCH, self._child_starts.delayed(self._clock.monotonic()))
        return [row for row in rows if row.row not in self._in_hand]

    def _is_delayed(self, delivery: Delivery) -> bool:
        return self._child_starts.is_delayed(delivery.row, self._clock.monotonic())

    async def _admit(self) -> bool:
        """Gives slots to those whose turn it is, one after the other, since each changes whose turn is next."""
        while ids := await self._store.work.admissible(_BATCH):
            await self._quarantine.look(ids)
            ready = [execution_id for execution_id in ids if not self._quarantine.holds(execution_id)]
            if not any([await self._admitted(execution_id) for execution_id in ready]):
                return False
        return True

    async def _admitted(self, execution_id: str) -> bool:
        try:
            admit = Admit(at=self._clock.now())
            reply = await self._quarantine.run(execution_id, lambda: self._shell.submit(execution_id, admit))
        except LooplyError as error:
            _log.error("admission_failed", execution_id=execution_id, error=error.message)
            return False
        return isinstance(reply, Done) and not reply.is_late

    async def _deliver(self, delivery: Delivery) -> bool:
        """Applies one row; returns whether it is gone."""
        row = delivery.row
        if self._quarantine.holds(row.target) or self._is_delayed(delivery):
            return False
        self._in_hand.add(row)
        try:
            return await self._apply(delivery)
        except LooplyError as error:
            fields = {"kind": delivery.kind, "sender": row.sender, "target": row.target}
            _log.error("delivery_failed", **fields, error=error.message)
            return False
        finally:
            self._in_hand.discard(row)

    async def _apply(self, delivery: Delivery) -> bool:
        """Applies one row; returns whether it is gone: a start may be delayed."""
        row, now = delivery.row, self._clock.now()
        match delivery.kind:
            case "START":
                return await self._start(row)
            case "STARTED":
                started = ChildEnded(at=now, via="CHILD", delivery=row, child_id=row.sender, outcome="STARTED")
                await self._submit(row, row.target, started)
            case "ENDED":
                state = await self._shell.stored(row.sender)
                if state.closed is None:
                    # A row that no unit has made: the one of its end will make another.
                    await self._store.work.drop_deliveries((row,))
                else:
                    await self._submit(row, row.target, self._ended(row, state, state.closed))
            case "TERMINATE":
                reason = f"the execution {row.sender}, which waits for it, goes on without it or has ended"
                await self._submit(row, row.target, Terminate(at=now, via=_VIA, delivery=row, reason=reason))
        return True

    async def _submit(self, row: DeliveryKey, execution_id: str, command: Command) -> None:
        try:
            await self._quarantine.run(execution_id, lambda: self._shell.submit(execution_id, command))
        except NotFound:
            # It was never started, or is stored no longer: nobody is there who could be told.
            await self._store.work.drop_deliveries((row,))

    def _ended(self, row: DeliveryKey, state: ExecutionState, closed: ExecutionEnd) -> ChildEnded:
        outcome: ChildOutcome = closed.status
        output = dict(state.payload)
        return ChildEnded(
            at=self._clock.now(),
            via="CHILD",
            delivery=row,
            child_id=row.sender,
            outcome=outcome,
            output=output,
            size=json_bytes(output),
            secret=output_secrets(state),
            message=closed.reason,
        )

    async def _start(self, row: DeliveryKey) -> bool:
        """Starts the execution of a row, or records in the one that sent it why it cannot be started.

        Returns false when the start is delayed.
        """
        ((_, wish),) = await self._shell.history(row.sender, row.seq - 1, 1)
        assert isinstance(wish, ChildStarted)
        state = (await self._shell.get(row.sender)).state
        sender = state.started
        try:
            _check_start(wish, state)
            if not self._child_starts.admit(row, sender.organization_id, self._clock.monotonic()):
                return False
            callee = await self._callee_of(sender.organization_id, wish.workflow_id, wish.version)
        except _REFUSALS as error:
            await self._refuse(row, wish, error)
            return True
        is_response = bool(wish.incident_id)
        call = Call(
            execution_id=wish.child_id,
            delivery=row,
            parent=row.sender,
            tells="END" if wish.is_awaited else "START",
            depth=0 if is_response else sender.depth + 1,
            is_response=is_response or sender.is_response,
            secret=start_secrets(wish),
        )
        try:
            await self._shell.start(_start_of(sender, wish, callee, call))
        except (Refused, QuotaExhausted) as error:
            await self._refuse(row, wish, error)
        except Stale:
            # It was started from this row by a process that was then given up for dead.
            await self._store.work.drop_deliveries((row,))
        return True

    async def _refuse(self, row: DeliveryKey, wish: ChildStarted, error: LooplyError) -> None:
        """Lets the sender know that the execution cannot be started, and why."""
        fields = {"execution_id": row.sender, "workflow_id": wish.workflow_id}
        _log.warning("child_refused", **fields, code=error.code, error=error.message)
        refused = ChildEnded(
            at=self._clock.now(),
            via=_VIA,
            delivery=row,
            child_id=row.target,
            outcome="REFUSED",
            code=error.code,
            message=error.message,
        )
        await self._submit(row, row.sender, refused)


def _check_start(wish: ChildStarted, sender: ExecutionState) -> None:
    """Raises: Conflict when the sender was terminated before.

    A child that is awaited was terminated with its parent: it is started, and ends at once.
    """
    started, closed = sender.started, sender.closed
    has_own_life = not wish.is_awaited and not wish.incident_id
    if has_own_life and closed is not None and closed.status == "TERMINATED":
        raise Conflict(f"the execution {started.execution_id} was terminated before", code="PARENT_TERMINATED")


def _start_of(sender: ExecutionStarted, wish: ChildStarted, callee: ChildTarget, call: Call) -> Start:
    return Start(
        organization_id=sender.organization_id,
        workspace_id=callee.workspace_id,
        workflow_id=wish.workflow_id,
        workflow_version=callee.workflow_version,
        workflow=callee.workflow,
        trigger_type="REQUEST",
        body=wish.input,
        body_size=wish.size,
        request=fingerprint("child", wish.child_id),
        profile=callee.profile,
        environment=callee.environment,
        by=sender.by,
        via="INCIDENT" if wish.incident_id else _VIA,
        call=call,
    )
