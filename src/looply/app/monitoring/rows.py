"""Rows of executions: a head with its incident and with what it waits for, without history and payload."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from looply.app.context.services import Services
from looply.app.executions.search import resolve, validate_filter
from looply.catalog.tenants.principal import Principal
from looply.engine.ports.lists import Filter, Head
from looply.engine.records.figures.overview import NO_FACTS, IncidentGroup, IncidentSummary, RowFacts
from looply.execution.document.searching import REQUESTER, SearchValues
from looply.execution.facts.events import IncidentKind, TimerKind
from looply.execution.facts.state import OPEN_STATUSES

WaitKind: TypeAlias = Literal["CARD", "RESUME", "DELAY", "CHILD", "SLOT", "RETRY", "CALL", "TARGET"]

_SHOWN_PEOPLE: Final = 5
_GROUPS: Final = 200
"""Most groups of incidents of one answer."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What an execution waits for: the first of its paths that waits for another party or a time.

    `who` are at most five recipients. `since` is None where the rows do not have it, `until` where there is no limit.
    """

    kind: WaitKind
    step: str = ""
    who: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


class MonitorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One execution of a list. `ended_on` is None while it is open and while an incident is."""

    head: Head
    workflow_name: str
    ended_on: datetime | None = None
    incident: IncidentSummary | None = None
    waiting: Waiting | None = None
    search: SearchValues = ()


class MonitorRows(msgspec.Struct, frozen=True, kw_only=True):
    """One page of rows; the fields are those of `Page`."""

    items: Sequence[MonitorRow]
    after: str
    truncated: bool = False


class NamedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of incidents, with the name of its workflow, empty when that is deleted."""

    group: IncidentGroup
    workflow_name: str


async def list_rows(
    services: Services, principal: Principal, criteria: Filter, *, after: str, limit: int
) -> MonitorRows:
    """Returns rows of executions that match; a page may be short although another one follows.

    A caller who may not read payloads finds no execution by the value of a search field either.
    Raises: as `validate_filter` and `resolve`; Forbidden for criteria of search fields from such a caller.
    """
    organization_id = principal.organization_id
    reads_payloads = principal.may("read.payloads")
    if criteria.fields:
        principal.require("read.payloads")
    valid = replace(validate_filter(criteria), hides_values=not reads_payloads)
    checked = await resolve(services, principal, valid)
    if checked is None:
        return MonitorRows(items=(), after="")
    page = await services.engine.executions.list(organization_id, checked, after, limit, has_events=False)
    rows = await rows_of(services, organization_id, [item.head for item in page.items])
    if not reads_payloads:
        rows = [replace(row, search=()) for row in rows]
    return MonitorRows(items=rows, after=page.after, truncated=page.truncated)


async def rows_of(services: Services, organization_id: str, heads: Sequence[Head]) -> list[MonitorRow]:
    """Returns the rows of these executions, in their order."""
    facts = await services.engine.overview.facts([head.execution_id for head in heads]) if heads else {}
    return [await _row(services, organization_id, head, facts.get(head.execution_id, NO_FACTS)) for head in heads]


async def list_incident_groups(
    services: Services, principal: Principal, workflow_id: str, kinds: Sequence[IncidentKind]
) -> tuple[list[NamedGroup], bool]:
    """Returns the open incidents of the organization by cause, the largest first, and whether some are left out."""
    found = await services.engine.overview.incident_groups(
        principal.organization_id, [workflow_id] if workflow_id else [], kinds, _GROUPS + 1
    )
    names = dict(await services.catalog.workflows.names(principal.organization_id)) if found else {}
    groups = [NamedGroup(group=each, workflow_name=names.get(each.workflow_id, "")) for each in found[:_GROUPS]]
    return groups, len(found) > _GROUPS


async def _row(services: Services, organization_id: str, head: Head, facts: RowFacts) -> MonitorRow:
    name = await services.library.name(organization_id, head.workflow_id, head.workflow_version)
    if not name:
        name = (await services.engine.executions.get(head.execution_id)).workflow.name
    is_over = head.status not in OPEN_STATUSES and facts.incident is None
    return MonitorRow(
        head=head,
        workflow_name=name,
        ended_on=head.modified_on if is_over else None,
        incident=facts.incident,
        waiting=waiting_of(head, facts) if head.is_open else None,
        search=tuple((field, value) for field, value in facts.search if field != REQUESTER),
    )


def waiting_of(head: Head, facts: RowFacts) -> Waiting | None:
    """Returns what an open execution waits for, as its rows say; None while it moves."""
    due: dict[TimerKind, datetime] = {}
    for kind, instant in facts.timers:
        due.setdefault(kind, instant)
    if facts.queued_on is not None:
        return Waiting(kind="SLOT", since=facts.queued_on)
    if facts.cards:
        people = tuple(dict.fromkeys(card.recipient for card in facts.cards))
        first = facts.cards[0]
        return Waiting(
            kind="CARD", step=first.step, who=people[:_SHOWN_PEOPLE], since=first.opened_on, until=due.get("WAIT")
        )
    if facts.waits:
        return Waiting(kind="RESUME", step=facts.waits[0], until=due.get("WAIT"))
    if "DELAY" in due:
        return Waiting(kind="DELAY", step=head.current_state, until=due["DELAY"])
    if "RETRY" in due:
        return Waiting(kind="RETRY", step=head.current_state, until=due["RETRY"])
    if facts.calls:
        # A call in flight makes an execution RUNNING: where it is WAITING, its calls wait for their system.
        if head.status != "WAITING":
            return Waiting(kind="CALL", step=head.current_state)
        return Waiting(kind="TARGET", step=head.current_state, until=due.get("PARK"))
    return Waiting(kind="CHILD", step=head.current_state) if head.status == "WAITING" else None
