"""The ASGI application: gives each request an id, finds its route, and turns every error into an answer.

A handler is reached only through a route, and every route passes the same checks in the same order.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog

from looply.app.context.metrics import Meter
from looply.clock import Entropy
from looply.errors import LooplyError
from looply.server.callers.origins import is_https_only
from looply.server.http.access_log import NO_ROUTE, AccessLog
from looply.server.http.call import Headers, Response, Route
from looply.server.http.dispatch import Dispatch, render_body, response_headers
from looply.server.http.events import DEFAULT_INTERVALS, EventStream, StreamIntervals, frame, send_stream
from looply.server.http.problems import error_answer, error_body, status_of
from looply.server.http.request_ids import RequestIds
from looply.server.http.request_parsing import ClientDisconnected
from looply.server.http.routing import RouteTable

_log = structlog.get_logger(__name__)

_REPORTED_IN_STREAMS: Final = (404, 409)
_HTTPS_ONLY: Final[Headers] = ((b"strict-transport-security", b"max-age=31536000"),)
_NO_CALL: Final = "no call has this address; /docs lists all calls"


class Observers(NamedTuple):
    """Optional observers of each request: `meter` times it, `access_log` logs it."""

    meter: Meter | None = None
    access_log: AccessLog | None = None


NO_OBSERVERS: Final = Observers()


class Boundary:
    """The ASGI application that the server runs."""

    def __init__(
        self,
        routes: Sequence[Route],
        dispatch: Dispatch,
        entropy: Entropy,
        *,
        observers: Observers = NO_OBSERVERS,
        intervals: StreamIntervals = DEFAULT_INTERVALS,
    ) -> None:
        """`intervals` are those of event streams."""
        self.routes = tuple(routes)
        self._meter, self._access_log = observers
        self._intervals = intervals
        self._table = RouteTable(routes)
        self._dispatch = dispatch
        self._ids = RequestIds(entropy)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await _refuse_protocol(scope, receive, send)
            return
        request_id = self._ids.next()
        scope.setdefault("state", {})["request_id"] = request_id
        tracked = _TrackedSend(send, self._meter, is_head=scope["method"] == "HEAD", headers=_headers_of(scope))
        start = self._access_log.now() if self._access_log is not None else 0.0
        try:
            await self._answer(scope, receive, tracked, request_id)
        except ClientDisconnected:
            return
        except Exception as error:
            # The HTTP boundary: whatever failed, the caller gets an answer and the log the traceback.
            if not isinstance(error, LooplyError):
                _log_unexpected(error, request_id)
            if tracked.has_started:
                raise
            await reply(tracked, error_answer(error, request_id), request_id)
        finally:
            if self._access_log is not None:
                self._access_log.log_answer(
                    scope, request_id, start, route=tracked.route, status=tracked.status, size=tracked.size
                )

    async def _answer(self, scope: Any, receive: Any, send: "_TrackedSend", request_id: str) -> None:
        match = self._table.find(scope["path"])
        if match is None:
            await reply(send, _refusal(_NO_CALL, "NOT_FOUND", 404, request_id), request_id)
            return
        branch = match.branch(scope["method"])
        if branch is None:
            message = f"this address does not take {scope['method'][:20]}, expected {match.allow.decode()}"
            refusal = _refusal(message, "METHOD_NOT_ALLOWED", 405, request_id)
            await reply(send, Response(refusal.body, 405, ((b"allow", match.allow),)), request_id)
            return
        route = send.route = branch.route(match.rest)
        if not branch.leads_to(match.rest):
            await reply(send, _refusal(_NO_CALL, "NOT_FOUND", 404, request_id), request_id)
            return
        values = branch.values(match.rest)
        principal = scope["state"]["principal"] = await self._dispatch.admit(route, scope)
        answer = await self._dispatch.perform(route, principal, scope, receive, values)
        if isinstance(answer.body, EventStream):
            await self._stream(send, receive, answer, request_id, lambda: self._dispatch.check(route, scope))
            return
        await reply(send, answer, request_id)

    async def _stream(
        self,
        send: "_TrackedSend",
        receive: Any,
        answer: Response,
        request_id: str,
        check: Callable[[], Awaitable[object]],
    ) -> None:
        """Sends an answer that is a stream.

        An error after the head of the answer ends the stream. When a reconnect would be refused for the same reason, an
        event `refused` with the body of that refusal precedes the end.
        """
        stream: EventStream = answer.body
        headers = [each for each in response_headers(answer, request_id, 0) if each[0] != b"content-length"]
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            if send.is_head:
                await send({"type": "http.response.body", "body": b""})
                return
            await send_stream(send, receive, stream, self._dispatch.wait_for_drain(), check, self._intervals)
        except LooplyError as error:
            _log.info("stream_ended", request_id=request_id, error=error.message)
            last = b""
            if status_of(error) in _REPORTED_IN_STREAMS:
                last = frame(stream.cursor(), error_answer(error, request_id).body, "refused")
            await send({"type": "http.response.body", "body": last})
        finally:
            await stream.aclose()


class _TrackedSend:
    """An ASGI `send` that records status and size of the answer, and that sends no body for HEAD.

    The meter times the request until its answer begins, under the `route` that matched. `headers` are added.
    """

    __slots__ = ("_begun", "_headers", "_meter", "_send", "is_head", "route", "size", "status")

    def __init__(self, send: Any, meter: Meter | None, *, is_head: bool, headers: Headers) -> None:
        self._send = send
        self._headers = headers
        self._meter = meter
        self._begun = meter.begin() if meter is not None else 0.0
        self.is_head = is_head
        self.status = 0
        self.size = 0
        self.route: Route | None = None

    @property
    def has_started(self) -> bool:
        """Whether the answer has begun."""
        return self.status != 0

    def __call__(self, message: Any) -> Awaitable[None]:
        """Sends one message."""
        if not self.has_started:
            self.status = message["status"]
            self._measure()
            if self._headers:
                message = {**message, "headers": [*message["headers"], *self._headers]}
        if message["type"] == "http.response.body":
            if self.is_head:
                message = {**message, "body": b""}
            self.size += len(message.get("body", b""))
        sending: Awaitable[None] = self._send(message)
        return sending

    def _measure(self) -> None:
        if self._meter is not None:
            route = self.route
            path, method = (route.path, route.method) if route is not None else (NO_ROUTE, NO_ROUTE)
            self._meter.end(self._begun, path, method, self.status)


def _headers_of(scope: Any) -> Headers:
    """Returns the headers that every answer on the connection has."""
    if scope.get("scheme") != "https":
        return ()
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    return _HTTPS_ONLY if is_https_only("https", host.decode("latin-1")) else ()


def _refusal(message: str, code: str, status: int, request_id: str) -> Response:
    return Response(error_body(message, code, (), request_id), status)


def _log_unexpected(error: BaseException, request_id: str) -> None:
    """Logs an unexpected error; the caller learns the request id only."""
    _log.error("request_broke", request_id=request_id, exc_info=error)


async def reply(send: Any, answer: Response, request_id: str) -> None:
    """Sends an answer."""
    body = render_body(answer)
    headers = response_headers(answer, request_id, len(body))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_protocol(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    while scope["type"] == "lifespan":
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
