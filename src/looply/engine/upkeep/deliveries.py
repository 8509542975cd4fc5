"""The deliverer: applies what executions send to each other.

Theory of operation. A delivery row names sender and target; its content is in the history of the sender. It is applied
as a command, or as the start of an execution, and the unit that stores it removes the row, so it is applied once,
however often a process ends. A row that cannot be applied now stays and is tried again. Memory holds only the rows that
are being applied at the moment, and the delayed starts.
"""

import structlog

from looply.clock import Clock
from looply.engine.ports.port import ChildStart, ChildTarget, ChildTargetOf, Start
from looply.engine.ports.store import Store
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.child_starts import ChildStarts
from looply.engine.upkeep.loop import run_few_at_once
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
from looply.execution.closing.children import output_secrets, refuses_start, start_secrets
from looply.execution.document.sizes import json_bytes
from looply.execution.facts.commands import ChildEnded, Command, Terminate
from looply.execution.facts.deliveries import Delivery, DeliveryKey
from looply.execution.facts.events import ChildOutcome, ChildStarted, ExecutionStarted
from looply.execution.facts.state import ExecutionEnd
from looply.jsontext import fingerprint

_log = structlog.get_logger(__name__)

_BATCH = 200
_MOST = 1000
"""So many rows are applied before timers and schedules are served again."""

_VIA = "PARENT"
_REFUSALS = (NotFound, Conflict, BadRequest, Refused, RecordDamaged)
"""The errors of the catalog for a workflow that cannot run; repeating would not help."""


class Deliverer:
    """Deliveries of one engine. `quarantine` holds executions, or works on them alone."""

    def __init__(
        self, shell: Shell, store: Store, clock: Clock, child_target_of: ChildTargetOf, quarantine: Quarantine
    ) -> None:
        self._shell = shell
        self._store = store
        self._clock = clock
        self._child_target_of = child_target_of
        self._quarantine = quarantine
        self._in_progress: set[DeliveryKey] = set()
        self._child_starts = ChildStarts(shell.limits.child_starts_per_minute, shell.turns)

    def next_start(self) -> float | None:
        """Returns the seconds until the next delayed start is due; None when there is none."""
        return self._child_starts.next_due(self._clock.monotonic())

    async def apply_due(self) -> bool:
        """Applies the rows that can be applied now; returns whether none is left that must be tried again.

        Delayed starts are not counted: `next_start` says when the first of them is due.
        Executions that start each other without end take only a share of the pump's time.
        """
        is_done = True
        count = 0
        while rows := await self._ready():
            await self._quarantine.refresh_suspects(row.row.target for row in rows)
            applied = await run_few_at_once(self.deliver, rows, self._shell.turns)
            delayed = sum(self._is_delayed(row) for row in rows)
            is_done = is_done and sum(applied) + delayed >= len(rows)
            count += len(rows) - delayed
            if not any(applied) and not delayed:
                break
            if count >= _MOST:
                return False
        return is_done

    async def _ready(self) -> list[Delivery]:
        """Returns rows that are not being applied here, without those of delayed starts as far as the store can.

        A shared store gives a row to this process once in a while only, so starts that have become due are added.
        """
        now = self._clock.monotonic()
        rows = dict.fromkeys(await self._store.work.deliveries(_BATCH, self._child_starts.find_delayed(now)))
        rows |= dict.fromkeys(Delivery(row, "START") for row in self._child_starts.list_due(now))
        return [row for row in rows if row.row not in self._in_progress]

    def _is_delayed(self, delivery: Delivery) -> bool:
        return self._child_starts.is_delayed(delivery.row, self._clock.monotonic())

    async def deliver(self, delivery: Delivery) -> bool:
        """Applies one row; returns whether it was removed."""
        row = delivery.row
        if self._quarantine.holds(row.target) or self._is_delayed(delivery):
            return False
        self._in_progress.add(row)
        try:
            return await self._apply(delivery)
        except LooplyError as error:
            fields = {"kind": delivery.kind, "sender": row.sender, "target": row.target}
            _log.error("delivery_failed", **fields, error=error.message)
            return False
        finally:
            self._in_progress.discard(row)

    async def _apply(self, delivery: Delivery) -> bool:
        """Applies one row; returns whether it was removed: a start may be delayed."""
        row, now = delivery.row, self._clock.now()
        match delivery.kind:
            case "START":
                return await self._start(row)
            case "STARTED":
                started = ChildEnded(at=now, via="CHILD", delivery=row, child_id=row.sender, outcome="STARTED")
                await self._submit(row, row.target, started)
            case "ENDED":
                state = await self._shell.load_state(row.sender)
                if state.closed is None:
                    # No unit has put this row: the unit of the sender's end will put another.
                    await self._store.work.drop_deliveries((row,))
                else:
                    await self._submit(row, row.target, self._child_ended(row, state, state.closed))
            case "TERMINATE":
                reason = f"the execution {row.sender}, which waited for it, continues without it or has ended"
                await self._submit(row, row.target, Terminate(at=now, via=_VIA, delivery=row, reason=reason))
        return True

    async def _submit(self, row: DeliveryKey, execution_id: str, command: Command) -> None:
        try:
            await self._quarantine.run(execution_id, lambda: self._shell.submit(execution_id, command))
        except NotFound:
            # The target was never started, or is not stored any more: nothing can be notified.
            await self._store.work.drop_deliveries((row,))

    def _child_ended(self, row: DeliveryKey, state: ExecutionState, closed: ExecutionEnd) -> ChildEnded:
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
        """Starts the execution of a row, or records in the sender why it cannot be started.

        Returns false when the start is delayed.
        """
        ((_, requested),) = await self._shell.executions.history(row.sender, row.seq - 1, 1)
        assert isinstance(requested, ChildStarted)
        state = (await self._shell.executions.get(row.sender)).state
        sender = state.started
        try:
            _check_start(requested, state)
            if not self._child_starts.admit(row, sender.organization_id, self._clock.monotonic()):
                return False
            target = await self._child_target_of(sender.organization_id, requested.workflow_id, requested.version)
        except _REFUSALS as error:
            await self._refuse(row, requested, error)
            return True
        is_response = bool(requested.incident_id)
        child_start = ChildStart(
            execution_id=requested.child_id,
            delivery=row,
            parent=row.sender,
            tells="END" if requested.is_awaited else "START",
            depth=0 if is_response else sender.depth + 1,
            is_response=is_response or sender.is_response,
            secret=start_secrets(requested),
        )
        try:
            await self._shell.start(_start_of(sender, requested, target, child_start))
        except (Refused, QuotaExhausted) as error:
            await self._refuse(row, requested, error)
        except Stale:
            # A process that has lost its lease since had started it from this row.
            await self._store.work.drop_deliveries((row,))
        return True

    async def _refuse(self, row: DeliveryKey, requested: ChildStarted, error: LooplyError) -> None:
        """Notifies the sender that the execution cannot be started, and why."""
        fields = {"execution_id": row.sender, "workflow_id": requested.workflow_id}
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


def _check_start(requested: ChildStarted, sender: ExecutionState) -> None:
    """Raises: Conflict when the sender was terminated before."""
    if refuses_start(requested, sender):
        raise Conflict(f"the execution {sender.started.execution_id} was terminated before", code="PARENT_TERMINATED")


def _start_of(sender: ExecutionStarted, requested: ChildStarted, target: ChildTarget, child_start: ChildStart) -> Start:
    return Start(
        organization_id=sender.organization_id,
        workspace_id=target.workspace_id,
        workflow_id=requested.workflow_id,
        workflow_version=target.workflow_version,
        workflow=target.workflow,
        trigger_type="REQUEST",
        body=requested.input,
        body_size=requested.size,
        fingerprint=fingerprint("child", requested.child_id),
        profile=target.profile,
        environment=target.environment,
        by=sender.by,
        via="INCIDENT" if requested.incident_id else _VIA,
        child_start=child_start,
    )
