"""Bulks, which redrive or terminate many executions: start, preview, read and cancel them. `bulk_runner` runs them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from looply.app.context.reasons import validate_reason
from looply.app.context.services import Services
from looply.app.executions import repairs
from looply.app.executions.repairs import RepairRequest
from looply.app.executions.search import validate_filter
from looply.catalog.authored.bulks import Bulk, BulkAction
from looply.catalog.storage.pages import Page
from looply.catalog.tenants.names import validate_id
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.port import CauseFilter, Filter, Head
from looply.errors import BadRequest, Conflict, NotFound, Refused
from looply.execution.facts.commands import Redrive
from looply.execution.facts.state import OPEN_STATUSES, Status
from looply.instants import from_ms, ms_or_none

DEFAULT_RATE: Final = 10
MAX_RATE: Final = 100

COUNTED: Final = 2000
"""The most executions that a dry run counts; it reports whether there are more."""
SAMPLE: Final = 20
EXAMINED: Final = 200
"""The most executions, newest first, whose redrive a dry run forecasts one by one."""

_STATUSES: Final[Mapping[BulkAction, tuple[Status, ...]]] = {
    "redrive": ("FAILED",),
    "terminate": (*OPEN_STATUSES, "FAILED"),
}
_PAGE: Final = 200


class BulkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The action of a bulk and the filter of its executions, those of one workflow or of all.

    `version` and `steps` belong to a redrive; `version` counts only with `has_version`, None is then the newest ACTIVE
    one. `is_all` confirms a filter that restricts nothing. `rate` is in executions per second.
    """

    action: BulkAction
    criteria: Filter
    is_all: bool = False
    reason: str = ""
    rate: int = DEFAULT_RATE
    has_version: bool = False
    version: int | None = None
    steps: Mapping[str, str] = {}


class PlannedCalls(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one step that a bulk would make at once, in all executions together.

    `repeated`: the step has made a call before in that execution; `same_key` of these calls keep their idempotency key,
    so a receiver that remembers keys does not act twice.
    """

    workflow_id: str
    step: str
    operation: str
    count: int
    repeated: int
    same_key: int


class PlannedRefusals(msgspec.Struct, frozen=True, kw_only=True):
    """Executions that would not continue for the same reason: how many, and the newest of them."""

    code: str
    message: str
    count: int
    execution_id: str


class BulkPreview(msgspec.Struct, frozen=True, kw_only=True):
    """The number of executions that match now, at most `COUNTED`, and the newest of them.

    For a redrive, `examined` of the newest (at most `EXAMINED`) were forecast: `calls` are the calls that they would
    make, and `refused` of them would not continue, for the reasons of `refusals`.
    """

    count: int
    is_complete: bool
    sample: tuple[Head, ...]
    examined: int = 0
    refused: int = 0
    calls: tuple[PlannedCalls, ...] = ()
    refusals: tuple[PlannedRefusals, ...] = ()


async def start(services: Services, principal: Principal, request: BulkRequest) -> Bulk:
    """Starts a bulk and returns it. It processes matching executions that were started before now, newest first.

    How many match now, at most `COUNTED`, is stored beside the request, for its progress.

    Raises: BadRequest for a filter that restricts nothing, a rate or a reason out of bounds; Refused (code
    `SEARCH_TOO_WIDE`) for a filter that names too much; NotFound for the version; Conflict (code `TOO_MANY_BULKS`).
    """
    request = _validate(request)
    version = 0
    if request.has_version:
        workflow_id = request.criteria.workflow_ids[0]
        found = await services.library.resolve(principal.organization_id, workflow_id, request.version)
        version = found.workflow_version
    options = {
        "reason": request.reason,
        "rate": request.rate,
        "version": version,
        "steps": dict(request.steps),
        "by": principal.by,
        "expected": len((await _matching(services, principal, request.criteria))[0]),
    }
    owner = (principal.organization_id, principal.workspace_id)
    criteria = filter_document(request.criteria)
    bulk = await services.catalog.bulks.start(owner, request.action, criteria, options, actor=principal.actor)
    services.bulk_signal.notify()
    return bulk


async def preview(services: Services, principal: Principal, request: BulkRequest) -> BulkPreview:
    """Returns a preview of a bulk; nothing is stored. Raises: as `start`."""
    request = _validate(request)
    command = Redrive(at=services.clock.now(), by=principal.by, reason=request.reason)
    if request.has_version:
        workflow_id = request.criteria.workflow_ids[0]
        target = await services.library.resolve(principal.organization_id, workflow_id, request.version)
        command = replace(
            command, workflow=target.workflow, workflow_version=target.workflow_version, steps=request.steps
        )
    found, is_complete = await _matching(services, principal, request.criteria)
    seen = BulkPreview(count=len(found), is_complete=is_complete, sample=tuple(found[:SAMPLE]))
    return (
        seen
        if request.action != "redrive"
        else await _forecast_calls(services, principal, command, seen, found[:EXAMINED])
    )


async def _matching(services: Services, principal: Principal, criteria: Filter) -> tuple[list[Head], bool]:
    """Returns the newest executions that match, at most `COUNTED`, and whether these are all."""
    found: list[Head] = []
    after = ""
    while len(found) <= COUNTED:
        page = await services.engine.list(principal.organization_id, criteria, after, _PAGE, has_events=False)
        found += [item.head for item in page.items]
        after = page.after
        if not after:
            break
    return found[:COUNTED], not after


async def get(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Returns a bulk. Raises: BadRequest, NotFound."""
    return await services.catalog.bulks.get(principal.organization_id, bulk_id)


async def list_page(services: Services, principal: Principal, limit: int, before: str | None) -> Page[Bulk]:
    """Returns bulks, newest first. Raises: BadRequest."""
    return await services.catalog.bulks.list_page(principal.organization_id, limit, before)


async def cancel(services: Services, principal: Principal, bulk_id: str) -> Bulk:
    """Cancels a bulk and returns it. Raises: BadRequest, NotFound."""
    return await services.catalog.bulks.cancel(principal.organization_id, bulk_id, actor=principal.actor)


def filter_document(criteria: Filter) -> dict[str, Any]:
    """Returns a filter in the form in which it is stored and shown, without empty fields."""
    cause = criteria.cause or CauseFilter()
    shown = {
        "workflow_id": _only(criteria.workflow_ids),
        "workflow_version": _only(criteria.workflow_versions),
        "status": list(criteria.statuses),
        "workflow_trigger_type": _only(criteria.trigger_types),
        "process_id": list(criteria.process_ids),
        "from": ms_or_none(criteria.created_from),
        "to": ms_or_none(criteria.created_to),
        "incident_code": list(cause.codes),
        "incident_kind": list(cause.kinds),
        "incident_state": list(cause.steps),
    }
    return {name: value for name, value in shown.items() if value not in (None, [])}


def parse_filter(document: Mapping[str, Any]) -> Filter:
    """Returns the filter of a stored document."""

    def instant(name: str) -> datetime | None:
        return from_ms(document[name]) if name in document else None

    def one(name: str) -> tuple[Any, ...]:
        return (document[name],) if name in document else ()

    cause = CauseFilter(
        codes=tuple(document.get("incident_code", ())),
        kinds=tuple(document.get("incident_kind", ())),
        steps=tuple(document.get("incident_state", ())),
    )
    return Filter(
        workflow_ids=one("workflow_id"),
        workflow_versions=one("workflow_version"),
        statuses=tuple(document.get("status", ())),
        trigger_types=one("workflow_trigger_type"),
        process_ids=tuple(document.get("process_id", ())),
        created_from=instant("from"),
        created_to=instant("to"),
        cause=None if cause == CauseFilter() else cause,
    )


def _only(values: Sequence[Any]) -> Any:
    """Returns the only value of a field that holds one at most, or None."""
    return values[0] if values else None


async def _forecast_calls(
    services: Services, principal: Principal, command: Redrive, seen: BulkPreview, heads: Sequence[Head]
) -> BulkPreview:
    """Adds to a preview the calls that a redrive of these executions would make at once."""
    refused: dict[str, PlannedRefusals] = {}
    calls: Counter[tuple[str, str, str]] = Counter()
    repeated: Counter[tuple[str, str, str]] = Counter()
    same_key: Counter[tuple[str, str, str]] = Counter()
    for head in heads:
        try:
            repair = RepairRequest(execution_id=head.execution_id, command=command)
            outcome = await repairs.preview(services, principal, repair)
        except (Conflict, NotFound, Refused) as error:
            first = PlannedRefusals(code=error.code, message=error.message, count=0, execution_id=head.execution_id)
            known = refused.get(error.code, first)
            refused[error.code] = replace(known, count=known.count + 1)
            continue
        for effect in outcome.forecast.effects if outcome.forecast else ():
            which = head.workflow_id, effect.address.step, effect.operation
            calls[which] += 1
            repeated[which] += effect.is_repeated
            same_key[which] += effect.is_repeated and effect.keeps_key
    planned = (
        PlannedCalls(
            workflow_id=which[0],
            step=which[1],
            operation=which[2],
            count=count,
            repeated=repeated[which],
            same_key=same_key[which],
        )
        for which, count in sorted(calls.items())
    )
    refusals = tuple(sorted(refused.values(), key=lambda each: (-each.count, each.code)))
    count = sum(each.count for each in refusals)
    return replace(seen, examined=len(heads), refused=count, calls=tuple(planned), refusals=refusals)


def _validate(request: BulkRequest) -> BulkRequest:
    criteria = request.criteria
    if not filter_document(criteria) and not request.is_all:
        raise BadRequest.at("/filter", 'restricts nothing; give a field, or confirm by {"all": true} (looply: --all)')
    if not 1 <= request.rate <= MAX_RATE:
        raise BadRequest.at("/rate_per_second", f"must be 1 to {MAX_RATE}")
    validate_reason(request.reason)
    if request.has_version and not criteria.workflow_ids:
        raise BadRequest.at("/filter/workflow_id", "is missing; a version needs its workflow")
    if request.steps and not request.has_version:
        raise BadRequest.at("/mapping", "needs a workflow_version; name the version to continue with")
    criteria = replace(criteria, workflow_ids=tuple(validate_id(each, "workflow") for each in criteria.workflow_ids))
    criteria = validate_filter(criteria)
    return replace(request, criteria=replace(criteria, statuses=criteria.statuses or _STATUSES[request.action]))
