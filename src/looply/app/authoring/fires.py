"""The fires of schedules: their ledger, and previews of the next ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from looply.app.authoring.schedules import no_schedule_error, schedule_of
from looply.app.authoring.workflows import get
from looply.app.context.services import Services
from looply.catalog.tenants.principal import Principal
from looply.definition import Schedule, parse_definition
from looply.engine.ports.port import LedgerRow, MissedFires
from looply.errors import DefinitionError
from looply.jsontext import Json
from looply.schedule import Occurrence, next_change, preview

MAX_FIRES: Final = 100
"""Most fires of one preview."""

_SETTINGS_PATH: Final = "/workflow_steps/0/settings"
_BEFORE_A_CHANGE: Final = timedelta(days=1)


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The next fires of a schedule. `change` is the next clock change of its time zone, None when there is none."""

    timezone: str
    change: datetime | None
    items: Sequence[Occurrence]


async def list_fires(
    services: Services, principal: Principal, workflow_id: str, before: datetime | None, limit: int
) -> Sequence[LedgerRow]:
    """Returns the ledger of a workflow's schedules, newest instant first. Raises: BadRequest, NotFound."""
    await services.catalog.workflows.latest_version(principal.organization_id, workflow_id)
    return await services.engine.schedules.fires(workflow_id.lower(), before, limit)


async def find_missed_fires(services: Services, principal: Principal) -> Mapping[str, MissedFires]:
    """Returns the missed fires of the live schedules, by workflow id."""
    return await services.engine.schedules.find_missed(principal.organization_id)


async def preview_workflow(
    services: Services, principal: Principal, workflow_id: str, version: int | None, view: "View"
) -> Preview:
    """Returns the next fires of a version of a workflow, the newest ACTIVE one for None.

    Raises: BadRequest, NotFound, Conflict (`NO_SCHEDULE`, `NO_ACTIVE_VERSION`), DefinitionError.
    """
    row = await get(services, principal, workflow_id, version)
    schedule = schedule_of(await services.library.compile(principal.organization_id, row))
    if schedule is None:
        raise no_schedule_error(workflow_id, row.workflow_version)
    live = await services.engine.schedules.find(principal.organization_id, row.workflow_id)
    anchor = live.anchor if live is not None and live.workflow_version == row.workflow_version else None
    return view.of(schedule, services.clock.now(), anchor)


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The fires that a preview shows: `count` of them, later than `after` (None: now).

    `is_around_change`: they begin a day before the next clock change.
    """

    count: int = 20
    after: datetime | None = None
    is_around_change: bool = False

    def of(self, schedule: Schedule, now: datetime, anchor: datetime | None = None) -> Preview:
        """Returns the preview. An `every` without a start counts from `anchor`, else from the begin of the view."""
        after = self.after or now
        change = next_change(schedule.timezone, after)
        if self.is_around_change and change is not None:
            after = max(after, change - _BEFORE_A_CHANGE)
        items = preview(schedule, schedule.start or anchor or after, after, min(self.count, MAX_FIRES))
        return Preview(timezone=schedule.timezone, change=change, items=items)


def parse_schedule(settings: dict[str, Any], zone: str = "UTC") -> Schedule:
    """Parses a schedule in the form of a trigger's settings.

    Raises: DefinitionError with every problem; their paths begin at the schedule.
    """
    start: Json = {"trigger_type": "SCHEDULED", "schedule": settings}
    steps: Json = [
        {"id": "WorkflowStartState", "type": "trigger", "settings": start},
        {"id": "end", "type": "terminate", "settings": {}},
    ]
    findings = parse_definition(
        {
            "workflow_name": "Preview",
            "workflow_steps": steps,
            "workflow_connections": [{"from": "WorkflowStartState", "to": "end"}],
            "workflow_settings": {"timezone": zone},
        }
    )
    if findings.workflow is None:
        problems = tuple(replace(found, path=found.path.removeprefix(_SETTINGS_PATH)) for found in findings.errors)
        raise DefinitionError(
            f"the schedule is not valid: {problems[0].message}; correct the fields in `errors` and repeat",
            problems=problems,
        )
    schedule = schedule_of(findings.workflow)
    assert schedule is not None
    return schedule
