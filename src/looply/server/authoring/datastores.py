"""Calls on datastores."""

from functools import partial
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring import datastores
from looply.engine.records.datastores import Datastore
from looply.jsontext import Json
from looply.rates import offload_if_large
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.rows import DatastoreRecord, DatastoreRow, datastore_record, datastore_row
from looply.server.http.wire import LIMIT, SUCCESS, Message, limit_of

Revision = Annotated[int, msgspec.Meta(ge=0, description="0: the datastore must not exist.")]


class DatastoreAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The datastore."""

    message: str
    item: DatastoreRecord


class DatastoreCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    name: str


class DatastorePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page, by name. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[DatastoreRow]
    last_key: DatastoreCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class PutDatastoreBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new document of a datastore; with `if_revision` it is stored only while the datastore has this revision."""

    name: str
    value: Json
    if_revision: Revision | None = None


class DeleteDatastoreBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The datastore to delete; with `if_revision` only while it has this revision."""

    name: str
    if_revision: Revision | None = None


async def get_datastores(call: Call) -> Response:
    """Lists the datastores."""
    found, has_more = await datastores.list_page(call.services, call.principal, limit_of(call), call.query.get("name"))
    items = await name_actors(call, [datastore_row(line) for line in found])
    last_key = DatastoreCursor(name=items[-1].name) if has_more else UNSET
    return Response(DatastorePage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


async def get_datastore(call: Call) -> Response:
    """Returns a datastore."""
    found = await datastores.get(call.services, call.principal, call.query.get("name"))
    return await _answer(found)


async def put_datastore(call: Call) -> Response:
    """Stores the document of a datastore."""
    body: PutDatastoreBody = call.body
    stored = await datastores.put(call.services, call.principal, body.name, body.value, if_revision=body.if_revision)
    return await _answer(stored)


async def _answer(datastore: Datastore) -> Response:
    """Returns the answer with a datastore, whose document is decoded beside the event loop when it is large."""
    item = await offload_if_large(len(datastore.body), partial(datastore_record, datastore))
    return Response(DatastoreAnswer(message=SUCCESS, item=item))


async def delete_datastore(call: Call) -> Response:
    """Deletes a datastore."""
    body: DeleteDatastoreBody = call.body
    await datastores.delete(call.services, call.principal, body.name, if_revision=body.if_revision)
    return Response(Message())


_NAME: Final = Parameter("name", "Name of the datastore.", is_required=True)

ROUTES: Final = (
    read_route(
        path="/v2/workflows/getDatastores",
        access="read.definitions",
        handle=get_datastores,
        summary="List the datastores by name, without their documents",
        tag="Datastores",
        parameters=(LIMIT, Parameter("name", "Pagination key from `lastKey`.")),
        answer=DatastorePage,
    ),
    read_route(
        path="/v2/workflows/getDatastore",
        access="read.payloads",
        handle=get_datastore,
        summary="Read a datastore with its document",
        tag="Datastores",
        parameters=(_NAME,),
        answer=DatastoreAnswer,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/putDatastore",
        access="edit.datastores",
        handle=put_datastore,
        summary="Replace the document of a datastore; creates the datastore if it does not exist",
        tag="Datastores",
        body=PutDatastoreBody,
        answer=DatastoreAnswer,
        refusals=(409, 422),
    ),
    manage_route(
        path="/v2/workflows/deleteDatastore",
        access="edit.datastores",
        needs_confirmation=True,
        handle=delete_datastore,
        summary="Delete a datastore",
        tag="Datastores",
        body=DeleteDatastoreBody,
        answer=Message,
        refusals=(404, 409),
    ),
)
