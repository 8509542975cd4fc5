"""Calls on API keys."""

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.administration import keys
from looply.catalog.tenants.keys import KeyDraft
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, Route, manage_route
from looply.server.http.rows import KeyRecord, NewKeyRecord, key_row, new_key_row
from looply.server.http.wire import LIMIT, SUCCESS, instant_of, limit_of


class RevokedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The revoked key, and the keys made with it, directly or indirectly, that were live before this call."""

    message: str
    item: KeyRecord
    made_by_it: list[KeyRecord]


class NewKeyAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The new key."""

    message: str
    item: NewKeyRecord


class KeyCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    key_id: str


class KeyPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[KeyRecord]
    last_key: KeyCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class CreateKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`expires_on` is in epoch milliseconds; without it the key does not expire.

    With `workflow_ids` (1 to 30 ids) the key is bound to these workflows. It has the permissions of its `scopes`, and
    `permissions`; one of both must name something.
    """

    name: str
    scopes: list[str] = []
    expires_on: int | None = None
    workflow_ids: list[str] | None = None
    permissions: list[str] = []


class RevokeKeyBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key to revoke. With `cascade` the live keys that were made with it are revoked too."""

    key_id: str
    cascade: bool = False


async def create_key(call: Call) -> Response:
    """Creates a key."""
    body: CreateKeyBody = call.body
    expires_on = None if body.expires_on is None else instant_of(body.expires_on, "expires_on")
    new = await keys.create(
        call.services, call.principal, KeyDraft(body.name, body.scopes, expires_on, body.workflow_ids, body.permissions)
    )
    return Response(NewKeyAnswer(message=SUCCESS, item=new_key_row(new.key, new.text)))


async def revoke_key(call: Call) -> Response:
    """Revokes a key."""
    revoked = await keys.revoke(call.services, call.principal, call.body.key_id, cascade=call.body.cascade)
    made = [key_row(key) for key in revoked.made_by_it]
    return Response(RevokedAnswer(message=SUCCESS, item=key_row(revoked.key), made_by_it=made))


async def get_keys(call: Call) -> Response:
    """Lists the keys."""
    page = await keys.list_page(call.services, call.principal, limit_of(call), call.query.get("key_id") or None)
    items = await name_actors(call, [key_row(key) for key in page.items])
    last_key = KeyCursor(key_id=items[-1].key_id) if page.has_more else UNSET
    return Response(KeyPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/createKey",
        access="keys",
        needs_confirmation=True,
        handle=create_key,
        summary="Create an API key",
        description="Only this answer holds the text of the key.",
        tag="Keys",
        body=CreateKeyBody,
        answer=NewKeyAnswer,
        refusals=(422,),
    ),
    manage_route(
        path="/v2/workflows/revokeKey",
        access="keys",
        needs_confirmation=True,
        handle=revoke_key,
        summary="Revoke an API key, with `cascade` also the keys that were made with it",
        tag="Keys",
        body=RevokeKeyBody,
        answer=RevokedAnswer,
        refusals=(404,),
    ),
    Route(
        method="GET",
        path="/v2/workflows/getKeys",
        access="keys",
        handle=get_keys,
        summary="List the API keys, newest first, revoked ones included",
        tag="Keys",
        parameters=(LIMIT, Parameter("key_id", "Pagination key from `lastKey`.")),
        answer=KeyPage,
    ),
)
