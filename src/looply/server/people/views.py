"""Calls on views: filters of a page under a name, of one person or shared with the organization."""

from typing import Final, get_args

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.people import views
from looply.catalog.authored.views import MAX_OWN, MAX_SHARED, View, ViewDraft, ViewPage
from looply.instants import to_ms
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import SUCCESS, Message, instant_of, one_of

TAG: Final = "Views"
_PAGES: Final[tuple[ViewPage, ...]] = get_args(ViewPage)


class ViewRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A view. `query` is the query of the page's address, without its question mark.

    `created_by` is the person to whom it belongs; `is_mine`: the caller. `can_change`: the caller may change and delete
    it.
    """

    view_id: str
    page: ViewPage
    name: str
    query: str
    is_shared: bool
    is_mine: bool
    can_change: bool
    created_by: str
    created_by_name: str | UnsetType = UNSET
    modified_by: str | None
    modified_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int


class ViewAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The view as it is stored."""

    message: str
    item: ViewRecord


class ViewList(msgspec.Struct, frozen=True, kw_only=True):
    """The own views and the shared ones, by name."""

    message: str
    count: int
    items: list[ViewRecord]


class PutViewBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view. With `view_id` it replaces that one, provided that it was not changed after `modified_on`."""

    page: ViewPage
    name: str
    query: str
    is_shared: bool = False
    view_id: str | None = None
    modified_on: int | None = None


class DeleteViewBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The view to delete, provided that it was not changed after `modified_on`."""

    view_id: str
    modified_on: int


async def get_views(call: Call) -> Response:
    """Lists the views of a page."""
    (page,) = one_of((call.query.get("page"),), _PAGES, "page")
    found = await views.list_all(call.services, call.principal, page)
    items = await name_actors(call, [_record(call, view) for view in found])
    return Response(ViewList(message=SUCCESS, count=len(items), items=items))


async def put_view(call: Call) -> Response:
    """Stores a view."""
    body: PutViewBody = call.body
    draft = ViewDraft(page=body.page, name=body.name, query=body.query, is_shared=body.is_shared)
    modified_on = instant_of(body.modified_on, "modified_on") if body.modified_on is not None else None
    view = await views.put(call.services, call.principal, draft, view_id=body.view_id, modified_on=modified_on)
    (item,) = await name_actors(call, [_record(call, view)])
    return Response(ViewAnswer(message=SUCCESS, item=item))


async def delete_view(call: Call) -> Response:
    """Deletes a view."""
    body: DeleteViewBody = call.body
    modified_on = instant_of(body.modified_on, "modified_on")
    await views.delete(call.services, call.principal, body.view_id, modified_on)
    return Response(Message())


def _record(call: Call, view: View) -> ViewRecord:
    is_mine = view.user_id == call.principal.actor
    return ViewRecord(
        view_id=view.view_id,
        page=view.page,
        name=view.name,
        query=view.query,
        is_shared=view.is_shared,
        is_mine=is_mine,
        can_change=is_mine or call.principal.may("members"),
        created_by=view.user_id,
        modified_by=view.modified_by,
        created_on=to_ms(view.created_on),
        modified_on=to_ms(view.modified_on),
    )


ROUTES: Final = (
    read_route(
        path="/v2/session/getViews",
        access="own",
        handle=get_views,
        summary="List the own views of a page, and those that are shared with the organization",
        tag=TAG,
        parameters=(Parameter("page", "The page: `executions`.", is_required=True),),
        answer=ViewList,
    ),
    manage_route(
        path="/v2/session/putView",
        access="own",
        handle=put_view,
        summary="Store a view of a page, for oneself or for the organization",
        description=(
            f"A person has at most {MAX_OWN} views of a page, and an organization shares at most {MAX_SHARED}. Only "
            "the person to whom a shared view belongs changes it, or one with the permission `members`. A view that "
            "another has changed in between is 409 `STALE` with its `modified_on`."
        ),
        tag=TAG,
        body=PutViewBody,
        answer=ViewAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/session/deleteView",
        access="own",
        handle=delete_view,
        summary="Delete a view of a page",
        tag=TAG,
        body=DeleteViewBody,
        answer=Message,
        refusals=(404, 409),
    ),
)
