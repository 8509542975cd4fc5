"""The executions of a bulk, slice by slice, newest first: those that match its filter, or those with its ids."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from looply.app.bulks.requests import BulkRequest, parse_filter
from looply.app.context.services import Services
from looply.catalog.authored.bulks import IDS, Bulk
from looply.engine.ports.lists import Filter, Head
from looply.errors import execution_not_found

COUNTED: Final = 2000
"""The most executions of a filter that are counted."""
_PAGE: Final = 200


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that a bulk processes; `head` is None where the organization has none with the id."""

    execution_id: str
    head: Head | None

    def require(self) -> Head:
        """Returns the head. Raises: NotFound (code `EXECUTION_NOT_FOUND`)."""
        if self.head is None:
            raise execution_not_found(self.execution_id)
        return self.head


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """Some executions of a bulk. `after` is the cursor of the next slice, empty after the last one.

    `is_repeated`: a process that has ended may have changed some of them.
    """

    items: Sequence[Candidate]
    after: str
    is_repeated: bool = False


class Matching(msgspec.Struct, frozen=True, kw_only=True):
    """The executions that a bulk would process now, newest first; a filter counts at most `COUNTED` of them."""

    items: Sequence[Candidate]
    is_complete: bool

    @property
    def heads(self) -> list[Head]:
        """Those that exist."""
        return [each.head for each in self.items if each.head is not None]


async def read_slice(
    services: Services, organization_id: str, document: Mapping[str, Any], *, until: datetime, after: str, limit: int
) -> Slice:
    """Returns the executions of a stored selection below the id `after`.

    A filter selects none that started at `until` or later. Raises: as `Executions.list`.
    """
    if IDS in document:
        ids = [each for each in document[IDS] if not after or each < after]
        found = await _find(services, organization_id, ids[:limit], document.get("workflow_id", ""))
        return Slice(items=found, after=ids[limit - 1] if len(ids) > limit else "")
    criteria = parse_filter(document)
    before = min(criteria.created_to or until, until)
    page = await services.engine.executions.list(organization_id, replace(criteria, created_to=before), after, limit)
    return Slice(items=[_candidate(item.head) for item in page.items], after=page.after)


async def read_begun(services: Services, bulk: Bulk) -> Slice:
    """Returns the slice that a process which has ended did not record. Raises: as `Overview.heads`."""
    found = await _find(services, bulk.organization_id, bulk.begun, bulk.criteria.get("workflow_id", ""))
    return Slice(items=found, after=bulk.begun[-1], is_repeated=True)


async def find_selected(services: Services, organization_id: str, request: BulkRequest) -> Matching:
    """Returns the executions that a request selects now, by its ids or its filter. Raises: as `Executions.list`."""
    if request.execution_ids is not None:
        return Matching(items=await _find(services, organization_id, request.execution_ids), is_complete=True)
    return await find_matching(services, organization_id, request.criteria)


async def find_matching(services: Services, organization_id: str, criteria: Filter) -> Matching:
    """Returns the executions that a filter matches now. Raises: as `Executions.list`."""
    found: list[Head] = []
    after = ""
    while len(found) <= COUNTED:
        page = await services.engine.executions.list(organization_id, criteria, after, _PAGE, has_events=False)
        found += [item.head for item in page.items]
        after = page.after
        if not after:
            break
    return Matching(items=[_candidate(head) for head in found[:COUNTED]], is_complete=not after)


async def _find(
    services: Services, organization_id: str, ids: Sequence[str], workflow_id: str = ""
) -> Sequence[Candidate]:
    """Returns the executions with these ids, in order; one that is unknown, or of another workflow, has no head."""
    heads: dict[str, Head] = {}
    for at in range(0, len(ids), _PAGE):
        for head in await services.engine.overview.heads(ids[at : at + _PAGE]):
            if head.organization_id == organization_id and workflow_id in ("", head.workflow_id):
                heads[head.execution_id] = head
    return [Candidate(execution_id=each, head=heads.get(each)) for each in ids]


def _candidate(head: Head) -> Candidate:
    return Candidate(execution_id=head.execution_id, head=head)
