"""Lines: connections to other systems, on which one request follows the other (HTTP/1.1, RFC 9112).

Theory of operation. Nearly every answer has the same form: its head comes in one piece, and says with `content-length`
where its body ends. Such an answer is plain, and is read here by one pattern. The HTTP library's parser, which knows
all of HTTP, takes many times as long in Python. What is plain is judged more strictly here than there; whatever else
comes (chunks, an interim response, half a head, `connection: close`, a rare character) is put back into the stream and
read by the library, and so is all that follows on this line. It writes the requests that are not plain, too, and
refuses those that are not valid. So every odd case has one reader, and one set of errors.
"""

import re
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import httpcore2
import httpx2

from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.streams import READ_BYTES, BoundedStream

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
Note: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[None]]

_TOKEN: Final = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_VALUE: Final = rb"(?:[\x21-\x7e\x80-\xff]++(?:[ \t]++[\x21-\x7e\x80-\xff]++)*+)?+"
_REQUEST: Final = re.compile(rb"[A-Z]++ [\x21-\x7e]++")
_NAMES: Final = re.compile(rb"(?:%b:)++" % _TOKEN)
_VALUES: Final = re.compile(rb"(?:%b\n)++" % _VALUE)
_FIELD: Final = rb"%b:[ \t]*+%b[ \t]*+\r\n" % (_TOKEN, _VALUE)
_HEAD: Final = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*+))?+\r\n((?:%b)*+)\r\n" % _FIELD)
_FIELDS: Final = re.compile(rb"(%b):[ \t]*+(%b)[ \t]*+\r\n" % (_TOKEN, _VALUE))
_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_FRAMING: Final = frozenset({b"connection", b"content-length", b"transfer-encoding"})
_FRAMED: Final = frozenset({b"connection", b"expect", b"te", b"trailer", b"transfer-encoding", b"upgrade"})
"""Headers of a request that the library must know of."""
_WITHOUT_BODY: Final = (204, 304)

HEAD_BYTES: Final = 16_384
"""The largest head of a plain answer."""
AT_ONCE: Final = 16_384
"""So many bytes of a body are handed on as they came; more of them wait for their turn (`BoundedStream.read`)."""


class Place(NamedTuple):
    """An origin with an owner, an organization: its lines serve no calls of another owner."""

    owner: str
    scheme: bytes
    host: bytes
    port: int


async def _unnoted(_event: str, _info: dict[str, Any]) -> None:
    """Takes the events of a request that nothing is noted of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as it goes out."""

    method: bytes
    url: httpx2.URL
    headers: Headers = field(repr=False)
    content: bytes = field(default=b"", repr=False)
    owner: str = ""
    """The organization of the call; organizations do not share connections."""
    route: Route | None = None
    """None: the route of all connections that have none."""
    connect_seconds: float | None = None
    note: Note = _unnoted
    """Takes the events of the request, with the names that the library gives them."""


class Head(NamedTuple):
    """The head of a plain answer, and the number of bytes of its body."""

    status: int
    reason: bytes
    headers: Headers
    length: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body is not read yet. Header names are as they came."""

    status: int
    reason: bytes
    headers: Headers
    body: AsyncIterable[bytes]
    """The pieces of the body, as they come."""
    close: Callable[[], Awaitable[None]]
    """Ends the exchange, also without the whole body."""


def plain_request(request: Outgoing) -> bytes | None:
    """Returns the bytes of a request; None for one that is not valid or not plain, which the library must judge.

    A plain request names its host first, and the length of its body if it has one.
    """
    headers, content = request.headers, request.content
    names = b"".join([name + b":" for name, _ in headers])
    values = b"".join([value + b"\n" for _, value in headers])
    line = b"%b %b" % (request.method, request.url.raw_path)
    if (
        _REQUEST.fullmatch(line) is None
        # A name with a colon would pass for two, and a value with a line break too.
        or names.count(b":") != len(headers)
        or values.count(b"\n") != len(headers)
        or _NAMES.fullmatch(names) is None
        or _VALUES.fullmatch(values) is None
    ):
        return None
    lower = names.lower().split(b":")
    lengths = [value for name, (_, value) in zip(lower, headers, strict=False) if name == b"content-length"]
    is_framed = lengths == [b"%d" % len(content)] if content else lengths in ([], [b"0"])
    is_plain = lower[0] == b"host" and lower.count(b"host") == 1 and _FRAMED.isdisjoint(lower)
    if not is_framed or not is_plain or request.method == b"CONNECT":
        return None
    fields = b"".join([b"%b: %b\r\n" % field for field in headers])
    return b"%b HTTP/1.1\r\n%b\r\n%b" % (line, fields, content)


def plain_head(came: bytes, method: bytes) -> tuple[Head, bytes] | None:
    """Returns the head of the answer to a request, and what came after it; None when the answer is not plain."""
    end = came.find(b"\r\n\r\n", 0, HEAD_BYTES) + 4
    found = _HEAD.fullmatch(came, 0, end) if end > 4 else None
    if found is None:
        return None
    status, headers = int(found[1]), _FIELDS.findall(found[3])
    framing = [(lower, value) for name, value in headers if (lower := name.lower()) in _FRAMING]
    lengths = [value for name, value in framing if name == b"content-length"]
    others = [field for field in framing if field[0] != b"content-length"]
    if any(name != b"connection" or value.lower() != b"keep-alive" for name, value in others):
        return None
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        return None
    if method == b"HEAD" or status in _WITHOUT_BODY:
        length = 0
    elif lengths:
        length = int(lengths[0])
    else:
        return None
    return Head(status, found[2] or b"", headers, length), came[end:]


class Line:
    """A connection to one place, which is made with its first request. `idle_since` is when its last answer ended."""

    def __init__(self, place: Place, tls: ssl.SSLContext, backend: httpcore2.AsyncNetworkBackend) -> None:
        self.place = place
        self.idle_since = 0.0
        self._tls = tls
        self._backend = backend
        self._stream: httpcore2.AsyncNetworkStream | None = None
        self._library: httpcore2.AsyncHTTP11Connection | None = None
        # Whether nothing is left of the last plain exchange.
        self._is_whole = False
        self._is_doubtful = False
        self._is_closed = False

    async def send(self, request: Outgoing) -> Answer:
        """Sends a request and returns when the head of its answer has come. Raises: the library's errors.

        A line whose `send` failed is of no further use.
        """
        answer = await self._exchange(request)
        # Some servers send a body that HEAD never has, right after the head: it would pass for the next answer.
        self._is_doubtful = request.method == b"HEAD" and any(
            name.lower() == b"content-length" and value != b"0" for name, value in answer.headers
        )
        return answer

    async def _exchange(self, request: Outgoing) -> Answer:
        self._is_whole = False
        stream = self._stream
        if stream is None:
            stream = self._stream = await self._connect(request)
        if self._library is None:
            answer = await self._send_plainly(request, stream) if isinstance(stream, BoundedStream) else None
            if answer is not None:
                return answer
            origin = httpcore2.Origin(self.place.scheme, self.place.host, self.place.port)
            self._library = httpcore2.AsyncHTTP11Connection(origin, stream)
        response = await self._library.handle_async_request(self._library_request(request))
        if isinstance(stream, BoundedStream):
            stream.begin_body()
        assert isinstance(response.stream, AsyncIterable)
        reason = response.extensions["reason_phrase"]
        return Answer(response.status, reason, response.headers, response.stream, response.aclose)

    def is_kept(self) -> bool:
        """Returns whether it is open, has nothing left of the last exchange, and nothing more can be on its way."""
        if self._is_closed or self._is_doubtful:
            return False
        return self._is_whole if self._library is None else self._library.is_idle()

    def is_spoiled(self) -> bool:
        """Returns whether the server has closed it, or has sent what would be mistaken for the next response."""
        stream = self._stream
        if stream is None or stream.get_extra_info("is_readable"):
            return True
        # The library has no public method for it.
        left, _ = self._library._h11_state.trailing_data if self._library is not None else (b"", False)
        return bool(left) or (isinstance(stream, BoundedStream) and stream.has_unread())

    async def aclose(self) -> None:
        """Closes the connection; closing it twice is legal."""
        self._is_closed = True
        if self._library is not None:
            await self._library.aclose()
        elif self._stream is not None:
            await self._stream.aclose()

    def _library_request(self, request: Outgoing) -> httpcore2.Request:
        place = self.place
        url = httpcore2.URL(scheme=place.scheme, host=place.host, port=place.port, target=request.url.raw_path)
        extensions = {"trace": request.note}
        return httpcore2.Request(
            request.method, url, headers=request.headers, content=request.content, extensions=extensions
        )

    async def _send_plainly(self, request: Outgoing, stream: BoundedStream) -> Answer | None:
        """Returns the answer, or None where the library must continue: with the answer, or with the request itself."""
        outgoing = plain_request(request)
        if outgoing is None:
            return None
        await request.note("line.send_request_headers.started", {})
        try:
            await stream.write(outgoing)
        except httpcore2.WriteError:
            # The other side may have answered before it closed: the library writes in vain too, and then reads.
            return None
        came = await stream.take()
        found = plain_head(came, request.method)
        if found is None:
            stream.put_back(came, skips_request=True)
            return None
        await request.note("line.receive_response_headers.complete", {})
        stream.begin_body()
        head, first = found
        return Answer(head.status, head.reason, head.headers, self._body(stream, first, head.length), _nothing)

    async def _body(self, stream: BoundedStream, first: bytes, length: int) -> AsyncIterator[bytes]:
        """Yields the pieces of a body of so many bytes, of which the first ones have come."""
        left, part = length, first
        if len(part) > AT_ONCE:
            stream.put_back(part)
            part = b""
        while True:
            if len(part) > left:
                stream.put_back(part[left:])
                part = part[:left]
            left -= len(part)
            self._is_whole = left == 0
            if part:
                yield part
            if self._is_whole:
                return
            part = await (stream.take() if left <= AT_ONCE else stream.read(READ_BYTES))
            if not part:
                # The words are the library's.
                raise httpcore2.RemoteProtocolError(
                    "peer closed connection without sending complete message body "
                    f"(received {length - left} bytes, expected {length})"
                )

    async def _connect(self, request: Outgoing) -> httpcore2.AsyncNetworkStream:
        host, seconds = self.place.host.decode("ascii"), request.connect_seconds
        await request.note("line.connect_tcp.started", {})
        stream = await self._backend.connect_tcp(host=host, port=self.place.port, timeout=seconds)
        await request.note("line.connect_tcp.complete", {})
        if self.place.scheme != b"https":
            return stream
        name = request.route.server_name if request.route is not None else ""
        await request.note("line.start_tls.started", {})
        self._tls.set_alpn_protocols(["http/1.1"])
        secured = await stream.start_tls(self._tls, name or host, seconds)
        await request.note("line.start_tls.complete", {})
        return secured


async def _nothing() -> None:
    """Ends an exchange whose line knows by itself whether the whole body was read."""
