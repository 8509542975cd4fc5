"""The differences between two versions, and the uses of an object."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.browsing.comparing import MAX_CHANGES, ComparedKind, Side, compare
from looply.app.browsing.uses import UsedKind, list_uses
from looply.catalog.authored.uses import UseKey, UsingVersion
from looply.catalog.tenants.names import validate_id
from looply.definition.calls.uses import Use
from looply.definition.diff import Change, ChangeKind, Subject
from looply.errors import BadRequest
from looply.jsontext import Json
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, cursor_of, limit_of, number_of, one_of, version_of

_USED: Final = ("workflow", "card", "connection", "datastore", "calendar")
_CURSOR: Final = ("workflow_id", "workflow_version")


class ComparedSide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One side: a stored version by `id` and `version` (a number or `latest`), or the document itself.

    `id` is that of the workflow or the card, or the name of the datastore, which has its current document only.
    """

    id: str = ""
    version: int | str | None = None
    definition: Json | UnsetType = UNSET


class DiffBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to compare: the changes lead from `a` to `b`."""

    kind: ComparedKind
    a: ComparedSide
    b: ComparedSide


class ChangeItem(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `name` is the id of the step, the edge as `from/branch`, or the field of the definition.

    `path` is a JSON Pointer within the step, the field, the card or the document; empty for the whole of it. `before`
    and `after` are null where the value is absent.
    """

    kind: ChangeKind
    subject: Subject
    name: str
    path: str
    before: Json
    after: Json


class DiffAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The changes: steps first, then edges, then the rest. `count` is that of all; `truncated`: some are left out."""

    message: str
    count: int
    changes: list[ChangeItem]
    truncated: bool | UnsetType = UNSET


class UseItem(msgspec.Struct, frozen=True, kw_only=True):
    """One use: the version of a workflow, its step (null for a setting of the workflow), and the pointer of the name.

    `label` is what the step's description says.
    """

    workflow_id: str
    workflow_name: str
    version: int
    status: Literal["DRAFT", "ACTIVE"]
    step: str | None
    label: str
    path: str


class UseCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the fields back as query parameters."""

    workflow_id: str
    workflow_version: int


class UsesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One page of uses, by workflow; all those of a version are on one page, of one name the first 100.

    `count` is how many versions the page has, which is what `limit` limits. `lastKey` is present when another page
    follows.
    """

    message: str
    count: int
    used_by: list[UseItem]
    last_key: UseCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


def change_item(change: Change) -> ChangeItem:
    """Returns a change on the wire."""
    return ChangeItem(
        kind=change.kind,
        subject=change.subject,
        name=change.name,
        path=change.path,
        before=change.before,
        after=change.after,
    )


async def diff_versions(call: Call) -> Response:
    """Compares two versions."""
    body: DiffBody = call.body
    found = await compare(call.services, call.principal, body.kind, _side(body.a, "a"), _side(body.b, "b"))
    changes = [change_item(change) for change in found[:MAX_CHANGES]]
    answer = DiffAnswer(message=SUCCESS, count=len(found), changes=changes, truncated=len(found) > MAX_CHANGES or UNSET)
    return Response(answer)


async def get_uses(call: Call) -> Response:
    """Lists the uses of an object."""
    (kind,) = one_of((call.query.get("kind"),), _USED, "kind")
    used: UsedKind = kind
    named = call.query.get("name") or call.query.get("id")
    if not named or ("name" in call.query and "id" in call.query):
        raise BadRequest("name the object: `id` of a workflow or card, `name` of any other", code="BAD_FILTER")
    cursor = cursor_of(call, *_CURSOR)
    after = None
    if cursor is not None:
        after = UseKey(validate_id(cursor[0], "workflow"), number_of(cursor[1], "workflow_version"))
    page = await list_uses(call.services, call.principal, used, named, limit_of(call), after)
    items = [_use(version, place) for version in page.items for place in version.places]
    last_key: UseCursor | UnsetType = UNSET
    if page.has_more:
        last = page.items[-1]
        last_key = UseCursor(workflow_id=last.workflow_id, workflow_version=last.workflow_version)
    return Response(UsesAnswer(message=SUCCESS, count=len(page.items), used_by=items, last_key=last_key))


def _use(version: UsingVersion, place: Use) -> UseItem:
    return UseItem(
        workflow_id=version.workflow_id,
        workflow_name=version.workflow_name,
        version=version.workflow_version,
        status=version.status,
        step=place.step or None,
        label=place.label,
        path=place.path,
    )


def _side(side: ComparedSide, name: str) -> Side:
    if (side.definition is UNSET) == (not side.id):
        raise BadRequest.at(f"/{name}", "must have an id, or a definition; not both")
    if side.definition is not UNSET:
        return Side(document=side.definition)
    return Side(object_id=side.id, version=version_of(side.version))


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/diffVersions",
        access="read.definitions",
        handle=diff_versions,
        summary="Compare two versions of a workflow or card, or two documents",
        description=(
            "Changes nothing. Each side is a stored version or a document that is sent. Steps are matched by their id, "
            "edges by their exit. Reading a stored datastore needs the permission `read.payloads` as well."
        ),
        body=DiffBody,
        answer=DiffAnswer,
        refusals=(404, 409, 422, 429),
    ),
    read_route(
        path="/v2/workflows/getUses",
        access="read.definitions",
        handle=get_uses,
        summary="List the workflows that name a workflow, card, connection, datastore or calendar",
        description=(
            "From the newest ACTIVE version of each workflow and from newer drafts. A name that an expression computes "
            "is not known before the step runs, and is not listed. A `calendar` is a datastore that an approval names "
            "as its calendar."
        ),
        parameters=(
            Parameter("kind", "workflow, card, connection, datastore or calendar.", is_required=True),
            Parameter("id", "Id of the workflow or card."),
            Parameter("name", "Name of the connection, datastore or calendar."),
            LIMIT,
            Parameter("workflow_id", "Pagination key from `lastKey`."),
            Parameter("workflow_version", "Pagination key from `lastKey`.", kind="count"),
        ),
        answer=UsesAnswer,
        refusals=(404,),
    ),
)
