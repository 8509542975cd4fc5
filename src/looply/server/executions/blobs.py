"""Calls on blobs: bytes that data documents refer to."""

from base64 import b64encode
from typing import Final

import msgspec

from looply.app.executions import blobs
from looply.rates import offload_if_large
from looply.server.http.call import Call, Parameter, Response, read_route
from looply.server.http.wire import SUCCESS, WORKFLOW_ID


class BlobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A blob. `content` are its bytes in base64; `type` and `name` are what the other system said."""

    type: str
    name: str
    size: int
    content: str


class BlobAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One blob."""

    message: str
    item: BlobRecord


async def get_blob(call: Call) -> Response:
    """Reads a blob."""
    query = call.query
    found = await blobs.get(
        call.services, call.principal, query.get("workflow_id"), query.get("workflow_execution_id"), query.get("blob")
    )
    size = len(found.content)
    content = await offload_if_large(size, lambda: b64encode(found.content).decode("ascii"))
    item = BlobRecord(type=found.media_type, name=found.name, size=size, content=content)
    return Response(BlobAnswer(message=SUCCESS, item=item))


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getBlob",
        access="read.payloads",
        takes_bound_keys=True,
        handle=get_blob,
        summary="Read the bytes that a data document refers to",
        tag="Executions",
        parameters=(
            WORKFLOW_ID,
            Parameter("workflow_execution_id", "Id of the execution.", is_required=True),
            Parameter("blob", "The hash that `$blob` of the reference has.", is_required=True),
        ),
        answer=BlobAnswer,
        refusals=(404,),
    ),
)
