"""Event streams: of one execution until its end, of an organization for as long as the client reads."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from looply.app.executions.watching import (
    ExecutionEnded,
    Subscription,
    check_cursor,
    entries_of,
    find_watchable,
    follow_execution,
    follow_organization,
)
from looply.engine.processing.feed import Committed
from looply.errors import BadRequest
from looply.server.http.actor_names import name_actors, name_entries
from looply.server.http.call import Call, Parameter, Response, Route
from looply.server.http.events import EVENT_STREAM, EventStream, frame

LAST_EVENT: Final = "Last-Event-ID"
CursorKind: TypeAlias = Literal["e", "o", "h"]
"""The kind of a stream: of one execution, of an organization, of heads."""

_NUMBERS: Final[Mapping[CursorKind, int]] = {"e": 2, "o": 3, "h": 2}


async def watch_execution(call: Call) -> Response:
    """Streams the log of one execution."""
    execution_id = await find_watchable(call.services, call.principal, call.query.get("workflow_execution_id"))
    found = decode_cursor(call, "e")
    subscription = Subscription(call.services, call.organization_id, execution_id)
    current = [(found[0], found[1]) if found else (0, -1)]

    async def frames() -> AsyncIterator[bytes]:
        async for chunk in follow_execution(call.services, subscription, execution_id, current[0]):
            if isinstance(chunk, ExecutionEnded):
                yield frame(encode_cursor("e", *current[0]), {"status": chunk.status}, "end")
                return
            numbers, entries = zip(*chunk.entries, strict=True)
            for number, entry in zip(numbers, await name_actors(call, entries), strict=True):
                current[0] = (chunk.seq, number)
                yield frame(encode_cursor("e", chunk.seq, number), entry)

    return open_stream(EventStream(frames(), subscription.close, lambda: encode_cursor("e", *current[0])))


async def watch_organization(call: Call) -> Response:
    """Streams the logs of all executions of the organization, from now on or from a cursor."""
    found = decode_cursor(call, "o")
    position = (found[0], found[1]) if found else await call.services.feed.position()
    sent = found[2] if found else _WHOLE_BATCH
    # Unless the client has all entries of the batch at the cursor, that batch is read again.
    begin = position if sent == _WHOLE_BATCH else (position[0], position[1] - 1)
    for each in dict.fromkeys((position, begin) if found else ()):
        await check_cursor(call.services, call.organization_id, each)
    subscription = Subscription(call.services, call.organization_id, call.organization_id)
    current = [position]

    async def frames() -> AsyncIterator[bytes]:
        only = call.principal.workflow_ids
        async for committed in follow_organization(call.services, subscription, call.organization_id, begin, only=only):
            shown = await _frames(call, committed)
            if committed.position == position:
                shown = shown[sent + 1 :]
            current[0] = max(current[0], committed.position)
            if shown:
                yield b"".join(shown)

    return open_stream(EventStream(frames(), subscription.close, lambda: encode_cursor("o", *current[0], _WHOLE_BATCH)))


_WHOLE_BATCH: Final = 1_000_000
"""In a cursor: the client has all entries of the batch. The batch is not read again, so it may be pruned by then."""


async def _frames(call: Call, committed: Committed) -> Sequence[bytes]:
    """Returns the frames of a batch, which are encoded once for all watchers.

    Each entry has the ids of its execution and workflow; that of a child's start has the workflow of the child.
    """
    if committed.frames is None:
        own = {"workflow_id": committed.workflow_id, "workflow_execution_id": committed.execution_id}
        entries = await name_entries(call, [(index, {**own, **entry}) for index, entry in entries_of(committed)])
        last = len(entries) - 1
        committed.frames = [
            frame(encode_cursor("o", *committed.position, _WHOLE_BATCH if number == last else number), entry)
            for number, entry in entries
        ]
    return committed.frames


def open_stream(stream: EventStream) -> Response:
    """Returns the answer that a stream is."""
    # Buffering proxies forward such an answer at once.
    return Response(stream, headers=((b"x-accel-buffering", b"no"),), media_type=EVENT_STREAM)


def encode_cursor(kind: CursorKind, *numbers: int) -> str:
    """Returns the cursor of a stream as clients send it again."""
    text = ".".join((kind, *map(str, numbers)))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(call: Call, kind: CursorKind) -> tuple[int, ...]:
    """Returns the numbers of a cursor, empty without one. The header, which browsers send, takes precedence."""
    text = call.headers.get(LAST_EVENT.lower().encode(), "") or call.query.get("after")
    if not text:
        return ()
    try:
        found, *parts = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)).decode().split(".")
        numbers = tuple(int(part) for part in parts)
    except (ValueError, binascii.Error):
        found, numbers = "", ()
    if found != kind or len(numbers) != _NUMBERS[kind] or any(not -1 <= each < 1 << 62 for each in numbers):
        message = "the cursor is not one of this stream; send the id of its last event, or begin without a cursor"
        raise BadRequest(message, code="BAD_CURSOR")
    return numbers


AFTER: Final = Parameter("after", "Id of the last event that was read, for clients that cannot send the header.")
_SHARED: Final[dict[str, Any]] = {
    "method": "GET",
    "access": "read.payloads",
    "tag": "Executions",
    "header_values": {LAST_EVENT: "Id of the last event that was read: the stream continues after it."},
    "answer_type": "text/event-stream",
}

ROUTES: Final = (
    Route(
        path="/v2/workflows/watchExecution",
        takes_bound_keys=True,
        handle=watch_execution,
        summary="Watch one execution: stream its event log as server-sent events",
        description=(
            "The stream sends each log entry once, in the form of `getWorkflowExecutionById`, from the first entry or "
            "after the event named by `Last-Event-ID`. When the execution has ended, an event `end` with its `status` "
            "follows and the stream ends. An idle stream sends a comment every 15 seconds."
        ),
        parameters=(
            Parameter("workflow_execution_id", "Id of the execution.", is_required=True),
            AFTER,
        ),
        refusals=(404, 429),
        **_SHARED,
    ),
    Route(
        path="/v2/workflows/watchOrganization",
        takes_bound_keys=True,
        handle=watch_organization,
        summary="Watch all executions of the organization: stream their event logs as server-sent events",
        description=(
            "The stream sends each log entry once, in the order in which it was stored, from now on or after the event "
            "named by `Last-Event-ID`, with `workflow_id` and `workflow_execution_id`. An idle stream sends a comment "
            "every 15 seconds. `409` `EVENTS_PRUNED`: some events after the named one have been pruned. If that "
            "happens while the stream is open, an event `refused` with the body of that answer is sent, and the "
            "stream ends."
        ),
        parameters=(AFTER,),
        refusals=(409, 429),
        **_SHARED,
    ),
)
