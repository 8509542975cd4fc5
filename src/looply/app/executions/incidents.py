"""The open incidents of an organization."""

from typing import Final

import msgspec
from msgspec.structs import replace

from looply.app.context.services import Services
from looply.app.executions.reading import read_executions
from looply.app.executions.search import validate_filter
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import CauseFilter, Execution, Filter, Head
from looply.execution.document.masking import MASK
from looply.execution.facts.events import IncidentKind
from looply.execution.facts.state import Incident

_EXAMINED: Final = 300
"""Failed executions that one page examines: each must be read to find its incidents."""


class OpenIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident with the execution that it has stopped."""

    head: Head
    incident: Incident
    workflow_name: str


class IncidentPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, newest execution first. `after` is the cursor of the next page, empty on the last page.

    `truncated`: the page is short because its scan budget ran out.
    """

    items: list[OpenIncident]
    after: str = ""
    truncated: bool = False


class IncidentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Selects incidents; an empty field matches any, values of one field are OR-ed."""

    workflow_id: str = ""
    codes: tuple[str, ...] = ()
    kinds: tuple[IncidentKind, ...] = ()
    steps: tuple[str, ...] = ()


async def list_page(
    services: Services, principal: Principal, criteria: IncidentFilter, *, after: str, limit: int
) -> IncidentPage:
    """Returns open incidents of the organization. The incidents of one execution are always on the same page.

    Their messages, which may quote data, are `***` for a caller who may not read payloads.
    Raises: as `validate_filter`.
    """
    organization_id = principal.organization_id
    workflow_ids = (criteria.workflow_id,) if criteria.workflow_id else ()
    cause = CauseFilter(codes=criteria.codes, kinds=criteria.kinds, steps=criteria.steps)
    failed = validate_filter(Filter(workflow_ids=workflow_ids, has=("incident",), cause=cause))
    is_quoted = principal.may("read.payloads")
    incidents: list[OpenIncident] = []
    examined = 0
    while True:
        page = await services.engine.executions.list(organization_id, failed, after, limit)
        executions = await read_executions(services, [item.head.execution_id for item in page.items])
        for item in page.items:
            incidents += _incidents_of(executions.get(item.head.execution_id), criteria, is_quoted=is_quoted)
            examined, after = examined + 1, item.head.execution_id
            is_last = item is page.items[-1] and not page.after
            if is_last:
                return IncidentPage(items=incidents)
            if len(incidents) >= limit or examined >= _EXAMINED:
                return IncidentPage(items=incidents, after=after, truncated=len(incidents) < limit)
        if not page.after:
            return IncidentPage(items=incidents)
        after = page.after
        if page.truncated:
            return IncidentPage(items=incidents, after=after, truncated=True)


def _incidents_of(execution: Execution | None, criteria: IncidentFilter, *, is_quoted: bool) -> list[OpenIncident]:
    if execution is None:
        # `looply doctor` reports a damaged execution.
        return []
    return [
        OpenIncident(
            head=execution.head,
            incident=incident if is_quoted else replace(incident, message=MASK),
            workflow_name=execution.workflow.name,
        )
        for incident in sorted(execution.state.incidents.values(), key=lambda incident: incident.seq)
        if (not criteria.codes or incident.code in criteria.codes)
        and (not criteria.kinds or incident.kind in criteria.kinds)
        and (not criteria.steps or incident.step in criteria.steps)
    ]
