"""The search over everything."""

from typing import Final
from urllib.parse import quote

import msgspec

from looply.app.browsing.searching import Hit, HitKind, search_all
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS


class FoundItem(msgspec.Struct, frozen=True, kw_only=True):
    """One object. `detail` distinguishes it from others with the same title; `url` is its page in the web app."""

    kind: HitKind
    id: str
    title: str
    detail: str
    url: str


class SearchAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """At most five objects of each kind, exact matches first."""

    message: str
    count: int
    items: list[FoundItem]


async def search(call: Call) -> Response:
    """Searches everything that the caller may read."""
    found = await search_all(call.services, call.principal, call.query.get("term"))
    items = [
        FoundItem(kind=each.kind, id=each.object_id, title=each.title, detail=each.detail, url=_url(each))
        for each in found
    ]
    return Response(SearchAnswer(message=SUCCESS, count=len(items), items=items))


def _url(hit: Hit) -> str:
    """Returns the path of an object's page in the web app."""
    name = quote(hit.object_id, safe="")
    match hit.kind:
        case "workflow":
            return f"/app/workflows/{name}"
        case "card":
            return f"/app/cards/{name}/v/{hit.version}"
        case "execution":
            return f"/app/executions/{name}"
        case "datastore":
            return f"/app/data/datastores/{name}"
        case "connection":
            return f"/app/data/connections/{name}"


ROUTES: Final = (
    read_route(
        path="/v2/workflows/searchAll",
        access="read.definitions",
        handle=search,
        summary="Search workflows, cards, executions, datastores and connections",
        description=(
            "At most five of each kind, and only kinds that the caller may read. Names are found by a part of them, "
            "executions by execution id, process id, current step and values of search fields, as `getExecutionRows` "
            "finds them by `term`; by values of search fields only with the permission `read.payloads`."
        ),
        parameters=(Parameter("term", "What to search for, up to 200 characters.", is_required=True),),
        answer=SearchAnswer,
        refusals=(422,),
    ),
)
