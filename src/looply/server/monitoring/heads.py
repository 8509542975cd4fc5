"""The stream of heads: the row of each execution that has changed, for lists that show them live."""

from collections.abc import AsyncIterator
from typing import Any, Final

from looply.app.executions.watching import Subscription, check_cursor
from looply.app.monitoring.heads import HeadChunk, follow_heads
from looply.catalog.tenants.names import validate_id
from looply.server.executions.watching import AFTER, LAST_EVENT, decode_cursor, encode_cursor, open_stream
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, Route
from looply.server.http.events import EventStream, frame
from looply.server.monitoring.rows import row_item


async def watch_heads(call: Call) -> Response:
    """Streams the rows of executions that change, from now on or from a cursor."""
    workflow_id = call.query.get("workflow_id")
    only = call.principal.workflow_ids
    if workflow_id:
        only = frozenset((validate_id(workflow_id, "workflow"),))
    found = decode_cursor(call, "h")
    position = (found[0], found[1]) if found else await call.services.feed.position()
    if found:
        await check_cursor(call.services, call.organization_id, position)
    subscription = Subscription(call.services, call.organization_id, call.organization_id)
    current = [position]

    async def frames() -> AsyncIterator[bytes]:
        async for chunk in follow_heads(call.services, subscription, call.organization_id, position, only=only):
            former, current[0] = current[0], chunk.position
            if shown := await _frames(call, chunk, encode_cursor("h", *former)):
                yield shown

    return open_stream(EventStream(frames(), subscription.close, lambda: encode_cursor("h", *current[0])))


async def _frames(call: Call, chunk: HeadChunk, former: str) -> bytes:
    """Returns the frames of a chunk. Only the last one has its cursor: a client that lost one gets all again."""
    rows = await name_actors(call, [row_item(row, has_search=False) for row in chunk.rows])
    sent: list[tuple[Any, str]] = [(row, "") for row in rows]
    if chunk.dropped:
        sent.append(({"dropped": chunk.dropped}, "lagging"))
    cursors = [*([former] * (len(sent) - 1)), encode_cursor("h", *chunk.position)]
    return b"".join(frame(cursor, data, event) for cursor, (data, event) in zip(cursors, sent, strict=False))


ROUTES: Final = (
    Route(
        method="GET",
        path="/v2/workflows/watchHeads",
        access="read.executions",
        takes_bound_keys=True,
        handle=watch_heads,
        summary="Watch rows of executions: stream the row of each one that changes as server-sent events",
        description=(
            "The stream sends the rows of `getExecutionRows`, without values of search fields, at most once a second "
            "for each execution, from now on or after the event named by `Last-Event-ID`. After more than 50 changed "
            "executions in a second an event `lagging` says how many rows were `dropped`, at least: read the page "
            "again. An idle stream sends a comment every 15 seconds. `409` `EVENTS_PRUNED` as for `watchOrganization`."
        ),
        tag="Executions",
        parameters=(Parameter("workflow_id", "Only executions of this workflow."), AFTER),
        header_values={LAST_EVENT: "Id of the last event that was read: the stream continues after it."},
        answer_type="text/event-stream",
        refusals=(409, 429),
    ),
)
