"""The deliverer: applies what executions send to each other, and lets those in line have their turn.

Theory of operation. A row says from whom to whom; what it means stands in the history of the sender. It is applied as a
command, or as the start of an execution, and the unit that stores it takes the row away, so it is applied once, however
often a process ends. A row that cannot be applied now stays and is tried again. Nothing is remembered here but what is
being applied at the moment.
"""

import asyncio

import structlog

from looply.clock import Clock
from looply.engine.parking import Parking
from looply.engine.port import Call, Callee, CalleeOf, Start
from looply.engine.shell import Shell
from looply.engine.store import Store
from looply.errors import BadRequest, Conflict, LooplyError, NotFound, RecordDamaged, Refused, Stale
from looply.execution import ExecutionState
from looply.execution.children import output_secrets, start_secrets
from looply.execution.commands import Admit, ChildEnded, Command, Done, Terminate
from looply.execution.deliveries import Delivered, Delivery
from looply.execution.events import ChildOutcome, ChildStarted, ExecutionStarted
from looply.execution.sizes import json_bytes
from looply.execution.state import Closed
from looply.jsontext import fingerprint
from looply.rates import Rates

_log = structlog.get_logger(__name__)

_BATCH = 200
_MOST = 1000
"""So many rows are applied before timers and schedules have their turn again."""

_VIA = "PARENT"
_REFUSALS = (NotFound, Conflict, BadRequest, Refused, RecordDamaged)
"""What the catalog says of a workflow that cannot be run; asking again would not help."""


class Deliverer:
    """Deliveries and turns of one engine. `parking` tells which executions must rest, or are worked on alone."""

    def __init__(self, shell: Shell, store: Store, clock: Clock, callee_of: CalleeOf, parking: Parking) -> None:
        self._shell = shell
        self._store = store
        self._clock = clock
        self._callee_of = callee_of
        self._parking = parking
        self._in_hand: set[Delivered] = set()
        self._most_starts = shell.limits.child_starts
        self._rates = Rates(self._most_starts)

    async def settle(self) -> bool:
        """Applies what can be applied now; returns whether nothing is left that must be tried again.

        Executions that start each other without end take no more than a share of the pump's time.
        """
        is_done = True
        count = 0
        while rows := [row for row in await self._store.work.deliveries(_BATCH) if row.row not in self._in_hand]:
            await self._parking.look(row.row.target for row in rows)
            applied = await asyncio.gather(*(self._deliver(row) for row in rows))
            is_done = is_done and all(applied)
            count += len(rows)
            if not any(applied):
                break
            if count >= _MOST:
                return False
        return await self._admit() and is_done

    async def _admit(self) -> bool:
        """Gives slots to those whose turn it is, one after the other, since each changes whose turn is next."""
        while ids := await self._store.work.admissible(_BATCH):
            await self._parking.look(ids)
            ready = [execution_id for execution_id in ids if not self._parking.holds(execution_id)]
            if not any([await self._admitted(execution_id) for execution_id in ready]):
                return False
        return True

    async def _admitted(self, execution_id: str) -> bool:
        try:
            admit = Admit(at=self._clock.now())
            reply = await self._parking.run(execution_id, lambda: self._shell.submit(execution_id, admit))
        except LooplyError as error:
            _log.error("admission_failed", execution_id=execution_id, error=error.message)
            return False
        return isinstance(reply, Done) and not reply.is_late

    async def _deliver(self, delivery: Delivery) -> bool:
        """Applies one row; returns whether it is gone."""
        row = delivery.row
        if self._parking.holds(row.target):
            return False
        self._in_hand.add(row)
        try:
            await self._apply(delivery)
        except LooplyError as error:
            fields = {"kind": delivery.kind, "sender": row.sender, "target": row.target}
            _log.error("delivery_failed", **fields, error=error.message)
            return False
        finally:
            self._in_hand.discard(row)
        return True

    async def _apply(self, delivery: Delivery) -> None:
        row, now = delivery.row, self._clock.now()
        match delivery.kind:
            case "START":
                await self._start(row)
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

    async def _submit(self, row: Delivered, execution_id: str, command: Command) -> None:
        try:
            await self._parking.run(execution_id, lambda: self._shell.submit(execution_id, command))
        except NotFound:
            # It was never started, or is stored no longer: nobody is there who could be told.
            await self._store.work.drop_deliveries((row,))

    def _ended(self, row: Delivered, state: ExecutionState, closed: Closed) -> ChildEnded:
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

    async def _start(self, row: Delivered) -> None:
        """Starts the execution that is wanted, or tells the one that wants it why it cannot be started."""
        ((_, wish),) = await self._shell.history(row.sender, row.seq - 1, 1)
        assert isinstance(wish, ChildStarted)
        state = (await self._shell.get(row.sender)).state
        sender = state.started
        try:
            self._check_start(wish, state)
            callee = await self._callee_of(sender.organization_id, wish.workflow_id, wish.version)
        except _REFUSALS as error:
            await self._refuse(row, wish, error)
            return
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
        except Refused as error:
            await self._refuse(row, wish, error)
        except Stale:
            # It was started from this row by a process that was then given up for dead.
            await self._store.work.drop_deliveries((row,))

    def _check_start(self, wish: ChildStarted, sender: ExecutionState) -> None:
        """Raises: Conflict when the sender was terminated before; Refused when its organization starts too many.

        A child that is awaited was terminated with its parent: it is started, and ends at once.
        """
        started, closed = sender.started, sender.closed
        has_own_life = not wish.is_awaited and not wish.incident_id
        if has_own_life and closed is not None and closed.status == "TERMINATED":
            raise Conflict(f"the execution {started.execution_id} was terminated before", code="PARENT_TERMINATED")
        if self._rates.take(started.organization_id, self._clock.monotonic()):
            message = f"steps of the organization have started {self._most_starts} executions in a minute"
            raise Refused(f"{message}; the limit child_starts is {self._most_starts}", code="CHILD_RATE")

    async def _refuse(self, row: Delivered, wish: ChildStarted, error: LooplyError) -> None:
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


def _start_of(sender: ExecutionStarted, wish: ChildStarted, callee: Callee, call: Call) -> Start:
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
