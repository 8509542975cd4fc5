"""The call that reads the audit log."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.context import audit
from looply.catalog.trail.audit import AuditFilter, AuditPage
from looply.errors import BadRequest
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.rows import AuditItem, audit_row
from looply.server.http.wire import LIMIT, SUCCESS, instant_of, limit_of

_FILTERS: Final = ("actor", "action", "object", "from", "to")


class AuditHead(msgspec.Struct, frozen=True, kw_only=True):
    """The newest record: its number (0 when there is none) and its hash."""

    record_id: int
    hash: str


class AuditCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    record_id: int | UnsetType = UNSET
    after: int | UnsetType = UNSET


class AuditAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows. `truncated`: the page reached its scan limit."""

    message: str
    count: int
    items: list[AuditItem]
    head: AuditHead
    truncated: bool | UnsetType = UNSET
    last_key: AuditCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


async def get_audit(call: Call) -> Response:
    """Lists audit records."""
    after = _number(call, "after")
    if after is None:
        return Response(audit_answer(await _newest_first(call), "record_id"))
    if any(name in call.query for name in (*_FILTERS, "record_id")):
        raise BadRequest("after lists all records in their order; leave the other parameters out", code="BAD_FILTER")
    found = await audit.list_after(call.services, call.principal, after, limit=limit_of(call))
    return Response(audit_answer(found, "after"))


async def _newest_first(call: Call) -> AuditPage:
    query = call.query
    criteria = AuditFilter(
        actor=query.get("actor"),
        action=query.get("action"),
        object_id=query.get("object"),
        recorded_from=instant_of(query.get("from"), "from") if "from" in query else None,
        recorded_to=instant_of(query.get("to"), "to") if "to" in query else None,
    )
    before = _number(call, "record_id")
    return await audit.list_page(call.services, call.principal, criteria, before=before, limit=limit_of(call))


def audit_answer(page: AuditPage, cursor: Literal["record_id", "after"]) -> AuditAnswer:
    """Returns a page on the wire, with the field `cursor` in its `lastKey` when another page follows."""
    items = [audit_row(each) for each in page.items]
    return AuditAnswer(
        message=SUCCESS,
        count=len(items),
        items=items,
        head=AuditHead(record_id=page.head.count, hash=page.head.hash.hex()),
        truncated=page.is_truncated or UNSET,
        last_key=UNSET if page.next is None else AuditCursor(**{cursor: page.next}),
    )


def _number(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if name not in call.query:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequest(f"{name} is {text[:50]!r}, expected the number of a record", code="BAD_CURSOR")
    return int(text)


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getAudit",
        access="audit",
        handle=get_audit,
        summary="List the audit log of the organization, newest first",
        description="With `after` the records come in their order, oldest first, for systems that copy the audit log.",
        tag="Audit",
        parameters=(
            LIMIT,
            Parameter("actor", "Only actions of the API key with this id."),
            Parameter("action", "Only actions of this kind, such as `key.create`."),
            Parameter("object", "Only actions on the object with this id."),
            Parameter("from", "Only actions at or after this instant, epoch milliseconds.", kind="instant"),
            Parameter("to", "Only actions before this instant, epoch milliseconds.", kind="instant"),
            Parameter("record_id", "Pagination key from `lastKey`.", kind="offset"),
            Parameter("after", "Only records with a higher number, oldest first; 0 for all.", kind="offset"),
        ),
        answer=AuditAnswer,
    ),
)
