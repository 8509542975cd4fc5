"""The list of workflows: one row each, with what a person looks for in a list of workflows.

A page is a few reads, however many workflows there are: heads from one index, the definitions of those that are shown,
counters and roll-ups of those, and the live schedules of the organization.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec

from looply.app.browsing.name_match import match_candidates, validate_term
from looply.app.browsing.version_list import ListedVersions, count_changes
from looply.app.context.services import Services
from looply.catalog.authored.listing import Candidate, HeadQuery, Matches, ObjectHead
from looply.catalog.authored.versions import VersionKey
from looply.catalog.tenants.principal import Principal
from looply.definition import diff_definitions
from looply.definition.graph.trigger import trigger_settings
from looply.engine.ports.lists import TriggerType
from looply.engine.ports.port import Schedule
from looply.engine.records.figures.figures import FAILED, GRAINS, INCIDENTS, RUNNING, WAITING, RollUp
from looply.instants import EPOCH, from_ms
from looply.jsontext import Json, parse_stored

Having: TypeAlias = Literal["draft", "incident", "schedule"]

HOURS: Final = 24
"""Hours of the last day, the current one included."""

_MAX_NAMED: Final = 500
"""More workflows are not named in a statement: they are picked from the list instead."""


class WorkflowQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which workflows a page lists: those that match `term` and have all of `has`, with ids below `after`."""

    term: str = ""
    has: Collection[Having] = ()
    after: str = ""
    limit: int


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """What is open of a workflow, and what happened to it in `HOURS` hours from `begin` on, oldest first."""

    running: int
    waiting: int
    failed: int
    incidents: int
    begin: datetime
    hours: Sequence[RollUp]


class WorkflowEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `trigger_type` is None for a version whose trigger cannot be read; `schedule` is as it is written.

    `numbers` are None for callers who may not read executions.
    """

    head: ObjectHead
    trigger_type: TriggerType | None
    schedule: Json
    live: Schedule | None
    numbers: Numbers | None


class WorkflowEntries(msgspec.Struct, frozen=True, kw_only=True):
    """One page; `as_of` is the instant of the counters, the other fields are those of `HeadPage`."""

    items: Sequence[WorkflowEntry]
    after: str
    is_truncated: bool
    as_of: datetime


async def list_workflows(services: Services, principal: Principal, criteria: WorkflowQuery) -> WorkflowEntries:
    """Returns workflows, newest created first.

    Raises: BadRequest for a term that is too long; Forbidden for `incident` from a caller who may not read executions.
    """
    organization_id = principal.organization_id
    schedules = {each.workflow_id: each for each in await services.engine.schedules.list(organization_id)}
    query = await _query_of(services, principal, criteria, schedules)
    page = await services.catalog.workflow_lists.list_heads(organization_id, query)
    triggers = await _read_triggers(services, organization_id, page.items)
    numbers, as_of = await _read_numbers(services, principal, [head.object_id for head in page.items])
    entries = [
        WorkflowEntry(
            head=head,
            trigger_type=triggers[head.object_id][0],
            schedule=triggers[head.object_id][1],
            live=schedules.get(head.object_id),
            numbers=numbers.get(head.object_id),
        )
        for head in page.items
    ]
    return WorkflowEntries(items=entries, after=page.after, is_truncated=page.is_truncated, as_of=as_of)


async def list_versions(
    services: Services, principal: Principal, workflow_id: str, before: int | None, limit: int
) -> ListedVersions:
    """Returns the versions of a workflow below number `before`, newest first. Raises: NotFound, Overloaded."""
    lines = await services.catalog.workflow_lists.list_versions(
        principal.organization_id, workflow_id, limit + 1, before
    )
    return await count_changes(services, lines, limit, diff_definitions)


async def _query_of(
    services: Services, principal: Principal, criteria: WorkflowQuery, schedules: Mapping[str, Schedule]
) -> HeadQuery:
    matches = match_candidates(validate_term(criteria.term), is_draft="draft" in criteria.has)
    sets: list[Collection[str]] = [] if principal.workflow_ids is None else [principal.workflow_ids]
    if "schedule" in criteria.has:
        sets.append(schedules)
    if "incident" in criteria.has:
        principal.require("read.executions")
        sets.append(await services.engine.figures.workflows_with(principal.organization_id, INCIDENTS.values()))
    if not sets:
        return HeadQuery(limit=criteria.limit, after=criteria.after, matches=matches)
    ids = set(sets[0]).intersection(*sets[1:])
    if len(ids) > _MAX_NAMED:
        return HeadQuery(limit=criteria.limit, after=criteria.after, matches=_and_is_one_of(matches, ids))
    return HeadQuery(limit=criteria.limit, after=criteria.after, matches=matches, only=ids)


def _and_is_one_of(matches: Matches | None, ids: set[str]) -> Matches:
    def matches_both(candidate: Candidate) -> bool:
        return candidate.object_id in ids and (matches is None or matches(candidate))

    return matches_both


async def _read_triggers(
    services: Services, organization_id: str, heads: Sequence[ObjectHead]
) -> dict[str, tuple[TriggerType | None, Json]]:
    """Returns what starts each workflow, and the schedule as its author wrote it, in the zone that it is in."""
    keys: list[VersionKey] = [(head.object_id, head.shown_version) for head in heads]
    texts = await services.catalog.workflow_lists.contents(organization_id, keys)
    return await services.background.run(lambda: {key[0]: _trigger_of(texts.get(key, "")) for key in keys})


def _trigger_of(text: str) -> tuple[TriggerType | None, Json]:
    try:
        definition = parse_stored(text.encode())
    except ValueError:
        return None, None
    settings = trigger_settings(definition)
    match settings.get("trigger_type"):
        case "REQUEST":
            return "REQUEST", None
        case "SCHEDULED":
            return "SCHEDULED", _with_zone(settings.get("schedule"), cast("dict[str, Any]", definition))
    return None, None


def _with_zone(schedule: Json, definition: dict[str, Any]) -> Json:
    if not isinstance(schedule, dict) or "timezone" in schedule:
        return schedule
    settings = definition.get("workflow_settings")
    zone = settings.get("timezone") if isinstance(settings, dict) else None
    return {**schedule, "timezone": zone or "UTC"}


async def _read_numbers(
    services: Services, principal: Principal, workflow_ids: Sequence[str]
) -> tuple[dict[str, Numbers], datetime]:
    now = services.clock.now()
    if not workflow_ids or not principal.may("read.executions"):
        return {}, now
    figures, hour = services.engine.figures, GRAINS["hour"]
    counts = await figures.counts_of(principal.organization_id, workflow_ids)
    begin = now - (now - EPOCH) % hour - (HOURS - 1) * hour
    begins = [begin + index * hour for index in range(HOURS)]
    hours: dict[tuple[str, datetime], RollUp] = {}
    for row in await figures.hours_of(principal.organization_id, workflow_ids, begins):
        hours.setdefault((row.workflow_id, from_ms(row.begin_ms)), RollUp()).add(row.rollup)
    numbers = {
        workflow_id: _numbers_of(
            counts.totals.get(workflow_id, {}), begin, [hours.get((workflow_id, each), RollUp()) for each in begins]
        )
        for workflow_id in workflow_ids
    }
    return numbers, counts.behind_since or now


def _numbers_of(totals: Mapping[str, int], begin: datetime, hours: Sequence[RollUp]) -> Numbers:
    return Numbers(
        running=totals.get(RUNNING, 0),
        waiting=totals.get(WAITING, 0),
        failed=totals.get(FAILED, 0),
        incidents=sum(totals.get(name, 0) for name in INCIDENTS.values()),
        begin=begin,
        hours=hours,
    )
