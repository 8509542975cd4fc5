"""The live schedule of a workflow: only its newest ACTIVE version has one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
import structlog

from looply.app.context.audit import record
from looply.app.context.services import Services
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.tenants.principal import Principal
from looply.definition import Schedule as Definition
from looply.definition import TriggerSettings, Workflow
from looply.engine.ports.port import Schedule
from looply.engine.upkeep.scheduling import reschedule
from looply.errors import Conflict, DefinitionError, NotFound, Overloaded, RecordDamaged
from looply.jsontext import Json
from looply.schedule import next_fire

_PAGE = 200
# A schedule fires once a second at most, and a change takes milliseconds.
_TRIES = 5

_log = structlog.get_logger(__name__)


class LiveSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A live schedule, and the name of the version that it starts."""

    schedule: Schedule
    workflow_name: str


async def toggle(
    services: Services,
    principal: Principal,
    workflow_id: str,
    version: int | None,
    *,
    pauses: bool,
) -> Schedule:
    """Pauses or resumes the schedule of a workflow, and returns it.

    Instants that were due during the pause do not fire; nor does an instant that is not later than the last fire, after
    the clock was set back.
    Raises: BadRequest, NotFound, Conflict (codes `NO_SCHEDULE`, `NOT_NEWEST`, `NO_ACTIVE_VERSION`), Overloaded.
    """
    organization_id = principal.organization_id
    async with services.schedule_lock:
        row = await services.catalog.workflows.latest_active(organization_id, workflow_id)
        if version is not None and version != row.workflow_version:
            await services.catalog.workflows.get(organization_id, (workflow_id, version))
            newest = row.workflow_version
            message = (
                f"version {version} of workflow {workflow_id} has no schedule, only the newest ACTIVE one, {newest},"
                f" has; repeat with workflow_version {newest} or without one"
            )
            raise Conflict(message, code="NOT_NEWEST")
        workflow = await services.library.compile(organization_id, row)
        for _ in range(_TRIES):
            schedule = await services.engine.schedules.find(organization_id, row.workflow_id)
            if schedule is None:
                raise no_schedule_error(workflow_id, row.workflow_version)
            changed = _change_status(schedule, workflow, "PAUSED" if pauses else "ACTIVE", services.clock.now())
            # The conditional write does not overwrite a fire that happens after the read.
            if changed is schedule or await services.engine.schedules.put(changed, workflow, former=schedule):
                await record(services, principal, "schedule.pause" if pauses else "schedule.play", row.workflow_id)
                return changed
    raise Overloaded(
        f"the schedule of workflow {workflow_id} fires again and again while it is changed; repeat in a second"
    )


def no_schedule_error(workflow_id: str, version: int) -> Conflict:
    """Returns the refusal of a call about the schedule of a version that has none."""
    message = f"version {version} of workflow {workflow_id} has no schedule"
    return Conflict(f"{message}; save a version whose trigger_type is SCHEDULED and activate it", code="NO_SCHEDULE")


def _change_status(
    schedule: Schedule, workflow: Workflow, status: Literal["ACTIVE", "PAUSED"], now: datetime
) -> Schedule:
    if status == schedule.status:
        return schedule
    changed = msgspec.structs.replace(schedule, status=status, definition=workflow.hash.hex())
    return changed if status == "PAUSED" else _wait_for_next_fire(changed, workflow, now)


async def list_all(services: Services, principal: Principal) -> Sequence[LiveSchedule]:
    """Returns the live schedules of the organization, by workflow id."""
    organization_id = principal.organization_id
    return [
        LiveSchedule(
            schedule=schedule,
            workflow_name=await services.library.name(organization_id, schedule.workflow_id, schedule.workflow_version),
        )
        for schedule in await services.engine.schedules.list(organization_id)
    ]


async def align_schedule(services: Services, organization_id: str, workflow_id: str) -> Schedule | None:
    """Aligns the live schedule with the newest ACTIVE version, and returns it; a paused schedule stays paused.

    Guarantees: idempotent; a version that cannot be read leaves the schedule unchanged. The caller holds
    `schedule_lock`.
    """
    live = await services.engine.schedules.find(organization_id, workflow_id)
    row: WorkflowVersion | None = None
    try:
        row = await _newest_active(services, organization_id, workflow_id)
        if row is None:
            await _drop(services, live)
            return None
        workflow = await services.library.compile(organization_id, row)
    except RecordDamaged as error:
        version = row.workflow_version if row is not None else None
        _log.error(
            "schedule_of_damaged_version", workflow_id=workflow_id, workflow_version=version, error=error.message
        )
        return live
    except DefinitionError as error:
        version = row.workflow_version if row is not None else None
        _log.warning("schedule_unusable", workflow_id=workflow_id, workflow_version=version, error=error.message)
        await _drop(services, live)
        return None
    definition = schedule_of(workflow)
    if definition is None:
        await _drop(services, live)
        return None
    if live is not None and live.workflow_version == row.workflow_version:
        return live
    now = services.clock.now()
    schedule = Schedule(
        organization_id=organization_id,
        workspace_id=row.workspace_id,
        workflow_id=row.workflow_id,
        workflow_version=row.workflow_version,
        definition=workflow.hash.hex(),
        status=live.status if live is not None else "ACTIVE",
        anchor=definition.start or now,
        next=None,
        # The overlap rule checks the last execution of the former version, and no instant before that fires again.
        last=live.last if live is not None else None,
        last_execution=live.last_execution if live is not None else "",
    )
    schedule = _wait_for_next_fire(schedule, workflow, now)
    await services.engine.schedules.put(schedule, workflow)
    return schedule


async def align_all(services: Services) -> None:
    """Aligns every live schedule with the newest ACTIVE version of its workflow.

    Activation writes the catalog, then the schedule. The start of the process repairs a crash in between by this call.
    """
    for organization_id in await services.catalog.organizations.list_ids():
        live = {schedule.workflow_id for schedule in await services.engine.schedules.list(organization_id)}
        async with services.schedule_lock:
            for workflow_id in await _find_scheduled(services, organization_id) | live:
                await align_schedule(services, organization_id, workflow_id)


async def _find_scheduled(services: Services, organization_id: str) -> set[str]:
    """Returns the workflows whose newest ACTIVE version has a schedule, without compiling them."""
    found: set[str] = set()
    seen: set[str] = set()
    after: tuple[str, int] | None = None
    while True:
        page = await services.catalog.workflows.list_page(organization_id, _PAGE, after)
        for item in page.items:
            if item.status == "ACTIVE" and item.workflow_id not in seen:
                seen.add(item.workflow_id)
                if await _is_scheduled(services, organization_id, item.workflow_id):
                    found.add(item.workflow_id)
        if not page.has_more:
            return found
        last = page.items[-1]
        after = (last.workflow_id, last.workflow_version)


async def _is_scheduled(services: Services, organization_id: str, workflow_id: str) -> bool:
    try:
        row = await _newest_active(services, organization_id, workflow_id)
    except RecordDamaged as error:
        _log.error("schedule_of_damaged_version", workflow_id=workflow_id, error=error.message)
        return False
    return row is not None and _starts_by_itself(row.definition)


def _starts_by_itself(definition: dict[str, Json]) -> bool:
    steps = definition.get("workflow_steps")
    return any(
        step.get("settings", {}).get("trigger_type") == "SCHEDULED" for step in (steps or ()) if isinstance(step, dict)
    )


def schedule_of(workflow: Workflow) -> Definition | None:
    """Returns the schedule of a workflow, None when only calls start it."""
    settings = workflow.steps[workflow.start].settings
    assert isinstance(settings, TriggerSettings)
    return settings.schedule


def _wait_for_next_fire(schedule: Schedule, workflow: Workflow, now: datetime) -> Schedule:
    """Returns the schedule with its next fire: the first instant from now on that is later than the last fire."""
    definition = schedule_of(workflow)
    if definition is None:
        return msgspec.structs.replace(schedule, next=None)
    return reschedule(schedule, definition, next_fire(definition, schedule.anchor, max(now, schedule.last or now)))


async def _newest_active(services: Services, organization_id: str, workflow_id: str) -> WorkflowVersion | None:
    try:
        return await services.catalog.workflows.latest_active(organization_id, workflow_id)
    except (NotFound, Conflict):
        return None


async def _drop(services: Services, live: Schedule | None) -> None:
    if live is not None:
        await services.engine.schedules.drop(live.organization_id, live.workflow_id)
