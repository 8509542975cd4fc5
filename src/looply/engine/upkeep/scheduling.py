"""The scheduler of one engine: starts what is due of schedules, and records in their ledger what starts nothing.

Every nominal instant is decided once, whatever runs concurrently: the ledger has one row for it, and the row, the
execution and the schedule's next instant are one unit. Where another process was first, the store raises `FireTaken`,
and the next tick reads the schedule again.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Final
from zlib import crc32

import structlog
from msgspec.structs import replace

from looply.definition import Schedule as Definition
from looply.definition import TriggerSettings, Workflow
from looply.engine.ports.port import Fire, FireOutcome, Schedule, Start
from looply.engine.ports.store import Store
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.loop import run_few_at_once
from looply.errors import FireTaken, LooplyError, QuotaExhausted
from looply.jsontext import Json, fingerprint
from looply.schedule import Plan, decide_overlap, delay_of, next_fire, plan

_log = structlog.get_logger(__name__)

KEPT_FIRES: Final = 10_000
"""The most rows that the ledger keeps of one schedule: the newest."""

_TRIMMED_EVERY: Final = 500

ProfileOf = Callable[[str, str], Awaitable[tuple[str, Json]]]
"""Returns (name, values) of a workflow's default profile, by organization and workflow id; ("", None) without one."""


class Scheduling:
    """Schedules of one engine. `has_queued`: starts wait for other executions to end, so it must check again soon."""

    def __init__(self, shell: Shell, store: Store, profile_of: ProfileOf) -> None:
        self._shell = shell
        self._store = store
        self._profile_of = profile_of
        self.has_queued = False

    async def tick(self, now: datetime, batch: int) -> bool:
        """Starts what is queued and what is due. A start that fails delays no other; returns whether all succeeded."""
        queued = await self._store.schedules.list_queued(batch)
        self.has_queued = bool(queued)
        has_succeeded = await self._all_succeed(
            {schedule.workflow_id: self._start_queued(schedule, nominal, now) for schedule, nominal in queued}
        )
        handled: set[str] = set()
        while due := [one for one in await self._store.schedules.due(now, batch) if one.workflow_id not in handled]:
            handled.update(one.workflow_id for one in due)
            has_succeeded = (
                await self._all_succeed({one.workflow_id: self._fire(one, now) for one in due}) and has_succeeded
            )
        return has_succeeded

    async def _all_succeed(self, actions: Mapping[str, Coroutine[Any, Any, None]]) -> bool:
        """Runs the actions of several workflows concurrently; returns whether all succeeded."""
        return all(await run_few_at_once(lambda each: self._succeeds(*each), actions.items(), self._shell.turns))

    async def _succeeds(self, workflow_id: str, action: Coroutine[Any, Any, None]) -> bool:
        try:
            await action
        except LooplyError as error:
            _log.error("schedule_failed", workflow_id=workflow_id, error=error.message)
            return False
        return True

    async def _start_queued(self, schedule: Schedule, nominal: datetime, now: datetime) -> None:
        """Starts the oldest of the queued starts, when the execution before it has ended."""
        if await self._is_running(schedule.last_execution):
            return
        workflow = await self._shell.executions.workflow(schedule.definition)
        fire = Fire(
            workflow_id=schedule.workflow_id,
            nominal=nominal,
            next=schedule.next,
            outcome="STARTED",
            at=now,
            former=schedule.last_execution,
            was_queued=True,
        )
        try:
            await self._start(schedule, workflow, fire)
        except QuotaExhausted:
            return  # it remains queued until the quota allows it
        except FireTaken:
            _log.info("schedule_changed", workflow_id=schedule.workflow_id, nominal=nominal.isoformat())

    async def _fire(self, schedule: Schedule, now: datetime) -> None:
        """Decides on every instant of a schedule that is due, oldest first."""
        assert schedule.next is not None
        workflow = await self._shell.executions.workflow(schedule.definition)
        definition = _definition(workflow)
        due = plan(definition, schedule.workflow_id, schedule.anchor, schedule.next, now)
        nominal = schedule.next
        try:
            if due.missed is not None:
                nominal = due.missed.last
                await self._miss(schedule, definition, due, now)
            elif not due.starts:
                # The rules of its time zone, or its definition, yield other instants than when it was stored.
                await self._store.schedules.put(reschedule(schedule, definition, due.next), former=schedule)
            for index, start in enumerate(due.starts):
                nominal = start.nominal
                following = due.starts[index + 1].nominal if index + 1 < len(due.starts) else due.next
                outcome: FireOutcome = "CAUGHT_UP" if start.is_late else "STARTED"
                fire = Fire(
                    workflow_id=schedule.workflow_id,
                    nominal=nominal,
                    next=following,
                    next_delay=delay_of(definition, schedule.workflow_id, following),
                    outcome=outcome,
                    at=now,
                )
                schedule = await self._decide(schedule, workflow, fire)
        except FireTaken:
            _log.warning("schedule_fired_already", workflow_id=schedule.workflow_id, nominal=nominal.isoformat())
            await self._move_past(schedule, definition, nominal)
        if crc32(f"{schedule.workflow_id} {nominal.isoformat()}".encode()) % _TRIMMED_EVERY == 0:
            await self._store.schedules.trim(schedule.workflow_id, KEPT_FIRES)

    async def _decide(self, schedule: Schedule, workflow: Workflow, fire: Fire) -> Schedule:
        """Starts one instant, or queues or skips it by the overlap rule; returns the schedule after that."""
        overlap = _definition(workflow).overlap
        moved = replace(schedule, next=fire.next, delay=fire.next_delay)
        is_running, queued = False, 0
        if overlap != "allow":
            fire = replace(fire, former=schedule.last_execution)
            queued = await self._store.schedules.count_queued(schedule.workflow_id) if overlap == "queue" else 0
            is_running = await self._is_running(schedule.last_execution)
        if (outcome := decide_overlap(overlap, is_running=is_running, queued=queued)) is not None:
            await self._store.schedules.skip(replace(fire, outcome=outcome))
            self.has_queued |= outcome == "QUEUED"
            return moved
        try:
            execution_id = await self._start(schedule, workflow, fire)
        except QuotaExhausted as error:
            _log.warning("schedule_refused", workflow_id=schedule.workflow_id, error=error.message)
            await self._store.schedules.skip(replace(fire, outcome="REFUSED"))
            return moved
        return replace(moved, last=fire.nominal, last_execution=execution_id)

    async def _start(self, schedule: Schedule, workflow: Workflow, fire: Fire) -> str:
        profile, environment = await self._profile_of(schedule.organization_id, schedule.workflow_id)
        started = await self._shell.start(
            Start(
                organization_id=schedule.organization_id,
                workspace_id=schedule.workspace_id,
                workflow_id=schedule.workflow_id,
                workflow_version=schedule.workflow_version,
                workflow=workflow,
                trigger_type="SCHEDULED",
                body=None,
                fingerprint=fingerprint("schedule", schedule.workflow_id, fire.nominal.isoformat()),
                profile=profile,
                environment=environment,
                by="schedule",
                via="SCHEDULE",
                fire=fire,
            )
        )
        return started.execution_id

    async def _miss(self, schedule: Schedule, definition: Definition, due: Plan, now: datetime) -> None:
        """Records missed instants: an operator must see them, whatever the reason was."""
        assert due.missed is not None
        following = due.starts[0].nominal if due.starts else due.next
        fire = Fire(
            workflow_id=schedule.workflow_id,
            nominal=due.missed.last,
            next=following,
            next_delay=delay_of(definition, schedule.workflow_id, following),
            outcome="MISSED",
            at=now,
            count=due.missed.count,
        )
        await self._store.schedules.skip(fire)
        _log.error(
            "schedule_missed",
            workflow_id=schedule.workflow_id,
            last=due.missed.last.isoformat(),
            count=due.missed.count,
            catch_up=definition.catch_up,
        )

    async def _move_past(self, schedule: Schedule, definition: Definition, nominal: datetime) -> None:
        """Advances a schedule past an instant which the workflow's former schedule has fired."""
        moved = reschedule(schedule, definition, next_fire(definition, schedule.anchor, nominal))
        await self._store.schedules.put(moved, former=schedule)

    async def _is_running(self, execution_id: str) -> bool:
        head = await self._store.reads.head(execution_id) if execution_id else None
        return head is not None and head.is_open


def reschedule(schedule: Schedule, definition: Definition, following: datetime | None) -> Schedule:
    """Returns the schedule that waits for another nominal instant."""
    return replace(schedule, next=following, delay=delay_of(definition, schedule.workflow_id, following))


def _definition(workflow: Workflow) -> Definition:
    settings = workflow.steps[workflow.start].settings
    assert isinstance(settings, TriggerSettings)
    assert settings.schedule is not None
    return settings.schedule
