"""The preview of an activation: what changes for executions, schedules and callers. Nothing is stored."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from looply.app.authoring import workflows
from looply.app.authoring.definitions import check_definition
from looply.app.authoring.fires import Preview, View, parse_schedule
from looply.app.bulks.preview import EXAMINED, Judgement, NeededMapping
from looply.app.bulks.preview import preview as preview_bulk
from looply.app.bulks.requests import BulkRequest
from looply.app.bulks.selection import Candidate, find_matching
from looply.app.context.services import Services
from looply.catalog.authored.uses import UsingVersion
from looply.catalog.authored.workflows import WorkflowVersion
from looply.catalog.tenants.principal import Principal
from looply.definition.diff import Change, diff_definitions
from looply.definition.graph.model import START
from looply.engine.ports.lists import Filter, Head
from looply.errors import Conflict, DefinitionError, NotFound, Problem, RecordDamaged
from looply.execution.facts.state import OPEN_STATUSES
from looply.jsontext import Json

FIRES: Final = 5
MAX_CHANGES: Final = 500
MAX_CALLERS: Final = 200


class ScheduleSide(msgspec.Struct, frozen=True, kw_only=True):
    """The next fires of the schedule of a version."""

    version: int
    fires: Preview


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A version that starts the workflow, by its steps or when it fails.

    `is_latest_called`: it starts the newest ACTIVE version, whichever that is.
    """

    version: UsingVersion
    steps: tuple[str, ...]
    on_failure: bool
    is_latest_called: bool


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """Judgements on open executions, newest first, with the head of each.

    `is_complete`: no open execution is left out.
    """

    judgements: tuple[tuple[Judgement, Head], ...] = ()
    mappings: tuple[NeededMapping, ...] = ()
    is_complete: bool = False


class ActivationPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What an activation changes.

    `active` is the newest ACTIVE version now. `open_by_version` counts open executions and those with an incident, at
    most those that a bulk counts; `is_open_complete`: all of them.
    """

    row: WorkflowVersion
    active: WorkflowVersion | None
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    change_count: int
    changes: tuple[Change, ...]
    before: ScheduleSide | None
    after: ScheduleSide | None
    is_paused: bool
    open_by_version: Mapping[int, int]
    is_open_complete: bool
    callers: tuple[Caller, ...]
    migration: Migration


async def preview_activation(
    services: Services, principal: Principal, workflow_id: str, version: int
) -> ActivationPreview:
    """Returns what the activation of a version would change.

    Raises: BadRequest, NotFound, Overloaded; Forbidden without `read.executions`.
    """
    principal.require("read.executions")
    organization_id = principal.organization_id
    row = await workflows.get(services, principal, workflow_id, version)
    active = await _find_active(services, organization_id, row.workflow_id)
    findings = await check_definition(
        services, organization_id, row.definition, row.mock_schema, own_id=row.workflow_id, needs_names=True
    )
    former: dict[str, Json] = active.definition if active is not None else {}
    changes = await services.background.run(lambda: diff_definitions(former, row.definition))
    candidates, is_complete = await _find_open(services, organization_id, row.workflow_id)
    heads = [each.head for each in candidates if each.head is not None]
    live = await services.engine.schedules.find(organization_id, row.workflow_id)
    # The live schedule may still be that of a former version, whose anchor the active one does not have.
    is_of_active = live is not None and active is not None and live.workflow_version == active.workflow_version
    anchor = live.anchor if live is not None and is_of_active else None
    return ActivationPreview(
        row=row,
        active=active,
        errors=findings.errors,
        warnings=findings.warnings,
        change_count=len(changes),
        changes=changes[:MAX_CHANGES],
        before=_schedule_side(services, active, anchor) if active is not None else None,
        after=_schedule_side(services, row),
        is_paused=live is not None and live.status == "PAUSED",
        open_by_version=Counter(head.workflow_version for head in heads),
        is_open_complete=is_complete,
        callers=await _find_callers(services, organization_id, row.workflow_id),
        migration=await _judge(services, principal, row, candidates, is_complete=is_complete),
    )


async def _find_active(services: Services, organization_id: str, workflow_id: str) -> WorkflowVersion | None:
    try:
        return await services.catalog.workflows.latest_active(organization_id, workflow_id)
    except (NotFound, Conflict):
        return None


def _objects(value: Json) -> Iterator[dict[str, Any]]:
    yield from (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))


def _schedule_side(services: Services, row: WorkflowVersion, anchor: datetime | None = None) -> ScheduleSide | None:
    """Returns the next fires of a version, also of one with errors elsewhere; None when it has no valid schedule.

    `anchor` is the instant from which an `every` without a start counts; None: it would count from now.
    """
    start = next((each for each in _objects(row.definition.get("workflow_steps")) if each.get("id") == START), {})
    settings = start.get("settings")
    if not isinstance(settings, dict) or settings.get("trigger_type") != "SCHEDULED":
        return None
    schedule, general = settings.get("schedule"), row.definition.get("workflow_settings")
    zone = general.get("timezone") if isinstance(general, dict) else None
    try:
        parsed = parse_schedule(
            schedule if isinstance(schedule, dict) else {}, zone if isinstance(zone, str) else "UTC"
        )
    except DefinitionError:
        return None
    fires = View(count=FIRES).of(parsed, services.clock.now(), anchor)
    return ScheduleSide(version=row.workflow_version, fires=fires)


async def _find_open(services: Services, organization_id: str, workflow_id: str) -> tuple[list[Candidate], bool]:
    """Returns the executions of a workflow that run, wait, or have an incident, newest first, and whether it is all."""
    found: list[Candidate] = []
    is_complete = True
    for criteria in (
        Filter(workflow_ids=(workflow_id,), statuses=OPEN_STATUSES),
        Filter(workflow_ids=(workflow_id,), statuses=("FAILED",), has=("incident",)),
    ):
        matching = await find_matching(services, organization_id, criteria)
        found += matching.items
        is_complete &= matching.is_complete
    return sorted(found, key=lambda each: each.execution_id, reverse=True), is_complete


async def _judge(
    services: Services,
    principal: Principal,
    row: WorkflowVersion,
    candidates: list[Candidate],
    *,
    is_complete: bool,
) -> Migration:
    """Returns what would become of open executions that are moved to a version; nothing for one that cannot run."""
    chosen = candidates[:EXAMINED]
    if not chosen:
        return Migration(is_complete=is_complete)
    ids = tuple(each.execution_id for each in chosen)
    request = BulkRequest(action="redrive", execution_ids=ids, has_version=True, version=row.workflow_version)
    try:
        seen = await preview_bulk(services, principal, request)
    except Conflict:
        return Migration()
    heads = {each.execution_id: each.head for each in chosen if each.head is not None}
    return Migration(
        judgements=tuple(
            (each, heads[each.execution_id]) for each in seen.judgements or () if each.execution_id in heads
        ),
        mappings=seen.mappings,
        is_complete=is_complete and len(chosen) == len(candidates),
    )


async def _find_callers(services: Services, organization_id: str, workflow_id: str) -> tuple[Caller, ...]:
    """Returns the versions that start a workflow: newest ACTIVE ones, and drafts that are newer."""
    page = await services.catalog.uses.list_page(organization_id, "workflow", workflow_id, MAX_CALLERS)
    return tuple([await _caller(services, organization_id, each) for each in page.items])


async def _caller(services: Services, organization_id: str, using: UsingVersion) -> Caller:
    steps = tuple(place.step for place in using.places if place.step)
    on_failure = any(not place.step for place in using.places)
    try:
        row = await services.catalog.workflows.get(organization_id, using.key)
        called = [
            _version_called(step) for step in _objects(row.definition.get("workflow_steps")) if step.get("id") in steps
        ]
    except (NotFound, RecordDamaged):
        called = []
    return Caller(
        version=using,
        steps=steps,
        on_failure=on_failure,
        is_latest_called=on_failure or any(version in (None, "", "latest") for version in called),
    )


def _version_called(step: Mapping[str, Any]) -> Json:
    settings = step.get("settings")
    return settings.get("version") if isinstance(settings, dict) else None
