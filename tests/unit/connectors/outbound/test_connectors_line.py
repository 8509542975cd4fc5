"""One line: plain answers and all others are read alike, and nothing is sent that is not valid."""

import asyncio
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from looply.connectors.outbound.line import AT_ONCE, Answer, Line, Outgoing, Place, plain_head, plain_request
from looply.connectors.outbound.streams import READ_BYTES, BoundedStream
from looply.connectors.outbound.urls import parse_url

_OK = b"HTTP/1.1 200 OK\r\n"
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PLACE = Place("", b"http", b"s4.example", 8000)
URL = parse_url("http://s4.example:8000/sap/opu?sap-client=100")


class Script(httpcore2.AsyncNetworkStream):
    """A peer that says these pieces, one for each read, and then closes. It keeps what it was sent."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = list(pieces)
        self.sent = b""
        self.is_closed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return self.pieces.pop(0) if self.pieces else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self.sent += buffer

    async def aclose(self) -> None:
        self.is_closed = True

    def get_extra_info(self, info: str) -> Any:
        return False if info == "is_readable" else None


class Acknowledged(Script):
    """A script that notes how many pieces were left each time that what had come was acknowledged."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__(pieces)
        self.left: list[int] = []

    def setsockopt(self, *option: int) -> None:
        assert option == (socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self.left.append(len(self.pieces))

    def get_extra_info(self, info: str) -> Any:
        return self if info == "socket" else super().get_extra_info(info)


class Network(httpcore2.AsyncNetworkBackend):
    """A network whose only connection is a script. Without `is_bounded` the library does everything."""

    def __init__(self, script: Script, *, is_bounded: bool) -> None:
        self._script = script
        self._is_bounded = is_bounded

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        return BoundedStream(self._script, asyncio.Lock()) if self._is_bounded else self._script


def line_to(script: Script, *, is_bounded: bool = True) -> Line:
    return Line(PLACE, _TLS, Network(script, is_bounded=is_bounded))


def request(method: bytes = b"GET", content: bytes = b"", **headers: bytes) -> Outgoing:
    fields = [(b"Host", b"s4.example:8000"), *((name.encode().replace(b"_", b"-"), headers[name]) for name in headers)]
    if content:
        fields.append((b"Content-Length", b"%d" % len(content)))
    return Outgoing(method=method, url=URL, headers=fields, content=content)


async def content_of(answer: Answer) -> bytes:
    return b"".join([part async for part in answer.body])


async def outcome(line: Line, asked: Outgoing) -> Any:
    """Returns all that a caller learns: the answer, or the error, and whether the line is kept."""
    try:
        answer = await line.send(asked)
        found: Any = (answer.status, answer.reason, list(answer.headers), await content_of(answer))
        await answer.close()
    except httpcore2.RemoteProtocolError as error:
        found = str(error)
    is_kept = line.is_kept()
    return found, is_kept, is_kept and line.is_spoiled()


PLAIN = {
    "with a body": [_OK + b"Content-Length: 5\r\nX-A:  b c \r\n\r\nhello"],
    "its body later": [_OK + b"Content-Length: 5\r\n\r\n", b"he", b"llo"],
    "without a reason": [b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"],
    "an empty reason": [b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"],
    "an empty field": [_OK + b"X-A:\r\nX-B: \t\r\nContent-Length: 0\r\n\r\n"],
    "a failure": [b"HTTP/1.1 503 Away\r\nconnection: Keep-Alive\r\ncontent-length: 1\r\n\r\nx"],
    "no content": [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "no content, with a length": [b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"],
    "not modified": [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"],
    "latin-1": [_OK + b"X-A: \xe4\xf6\r\nContent-Length: 1\r\n\r\nx"],
    "cookies": [_OK + b"Set-Cookie: a=1\r\nset-cookie: b=2\r\nContent-Length: 0\r\n\r\n"],
    "cut": [_OK + b"Content-Length: 5\r\n\r\nhel"],
    "more than announced": [_OK + b"Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n"],
    "more later": [_OK + b"Content-Length: 5\r\n\r\nhe", b"lloHTTP/1.1 200 OK\r\n"],
}
OTHER = {
    "chunked": [_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    "chunked and cut": [_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"],
    "chunked with a length": [_OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
    "another coding": [_OK + b"Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"],
    "two lengths": [_OK + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"],
    "two other lengths": [_OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
    "a list of lengths": [_OK + b"Content-Length: 5, 5\r\n\r\nhello"],
    "a length with a sign": [_OK + b"Content-Length: +5\r\n\r\nhello"],
    "an empty length": [_OK + b"Content-Length:\r\n\r\nhello"],
    "no length": [_OK + b"\r\nhello"],
    "close": [_OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello"],
    "an old version": [b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
    "an interim answer": [b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + _OK + b"Content-Length: 5\r\n\r\nhello"],
    "half a head": [_OK + b"Content-Le", b"ngth: 5\r\n\r\nhello"],
    "a folded field": [_OK + b"X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello"],
    "a blank before a colon": [_OK + b"Content-Length : 5\r\n\r\nhello"],
    "line feeds alone": [b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"],
    "a control character": [_OK + b"X-A: \x01\r\nContent-Length: 5\r\n\r\nhello"],
    "a null": [_OK + b"X-A: \x00\r\nContent-Length: 5\r\n\r\nhello"],
    "no field": [_OK + b"hello\r\n\r\n"],
    "another protocol": [b"220 mail.example\r\n\r\n"],
    "a strange status": [b"HTTP/1.1 777 What\r\nContent-Length: 5\r\n\r\nhello"],
    "a large head": [_OK + b"X-A: " + b"a" * 20_000 + b"\r\nContent-Length: 5\r\n\r\nhello"],
    "nothing": [],
}


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
@pytest.mark.parametrize("name", [*PLAIN, *OTHER])
async def test_every_answer_is_read_as_the_library_reads_it(name: str, method: bytes) -> None:
    pieces = {**PLAIN, **OTHER}[name]
    asked = request(method, b"{}" if method == b"POST" else b"")
    ours, theirs = Script(pieces), Script(pieces)
    line = line_to(ours)
    found = await outcome(line, asked)
    expected, is_kept, is_spoiled = await outcome(line_to(theirs, is_bounded=False), asked)
    assert found == (expected, is_kept, is_spoiled)
    # By each reader of the answer the request was sent once.
    assert ours.sent == theirs.sent
    is_plain = line._library is None
    assert is_plain == (name in PLAIN or (method == b"HEAD" and name == "no length"))


FIELDS = [
    b"Content-Length: 2",
    b"content-length:3",
    b"Connection: keep-alive",
    b"Connection: close",
    b"Transfer-Encoding: chunked",
    b"A: b",
    b"A:",
    b"A : b",
    b" folded",
    b"A: b\tc ",
    b"A: \x0b",
    b"A: \x80",
    b":",
    b"A",
]


@pytest.mark.parametrize(
    ("head", "is_kept"),
    [
        (b"Content-Length: 5\r\n\r\n", False),
        (b"Content-Length: 0\r\n\r\n", True),
        (b"\r\n", True),
        # Folded, which the library reads.
        (b"X-A: b\r\n c\r\nContent-Length: 5\r\n\r\n", False),
    ],
)
async def test_a_line_whose_server_may_send_a_body_after_a_head_is_not_kept(head: bytes, is_kept: bool) -> None:
    line = line_to(Script([_OK + head, b"hello"]))
    answer = await line.send(request(b"HEAD"))
    assert await content_of(answer) == b""
    await answer.close()
    assert line.is_kept() is is_kept


@given(
    st.lists(st.sampled_from(FIELDS), max_size=4),
    st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 204", b"HTTP/1.1 304 \xff", b"HTTP/1.0 200 OK", b"HTTP/1.1 100 "]),
    st.sampled_from([b"\r\n", b"\n"]),
    st.sampled_from([b"", b"ab", b"abc", b"abcd"]),
)
def test_what_is_plain_has_one_meaning(fields: list[bytes], status: bytes, end: bytes, body: bytes) -> None:
    pieces = [end.join([status, *fields, b"", b""]) + body]
    if plain_head(pieces[0], b"GET") is None:
        return

    async def both() -> tuple[Any, Any]:
        found = await outcome(line_to(Script(pieces)), request())
        return found, await outcome(line_to(Script(pieces), is_bounded=False), request())

    found, expected = asyncio.run(both())
    assert found == expected


@pytest.mark.parametrize(
    ("method", "content", "headers"),
    [
        (b"GET", b"", {}),
        (b"GET", b"", {"x_a": b"b c\td", "x_empty": b"", "x_latin": b"\xe4"}),
        (b"POST", b"{}", {"content_type": b"application/json"}),
        (b"POST", b"", {"content_length": b"0"}),
        (b"DELETE", b"", {}),
        (b"PUT", b"x" * 100_000, {}),
    ],
)
async def test_a_plain_request_has_the_bytes_that_the_library_writes(
    method: bytes, content: bytes, headers: dict[str, bytes]
) -> None:
    asked, theirs = request(method, content, **headers), Script(PLAIN["no content"])
    await outcome(line_to(theirs, is_bounded=False), asked)
    assert plain_request(asked) == theirs.sent


@pytest.mark.parametrize(
    "headers",
    [
        [(b"x-a", b"b\r\nx-evil: 1")],
        [(b"x-a", b"b\nx-evil: 1")],
        [(b"x-a: b\r\nx-evil", b"1")],
        [(b"x-a: b", b"1")],
        [(b"x-a:b", b"1")],
        [(b"", b"1")],
        [(b"x-a", b" b")],
        [(b"x-a", b"b ")],
        [(b"x-a", b"\x00")],
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"transfer-encoding", b"gzip")],
        [(b"host", b"other.example")],
    ],
)
async def test_a_request_that_is_not_valid_is_not_sent(headers: list[tuple[bytes, bytes]]) -> None:
    script = Script(PLAIN["with a body"])
    line = line_to(script)
    asked = Outgoing(method=b"GET", url=URL, headers=[(b"Host", b"s4.example"), *headers])
    with pytest.raises(httpcore2.LocalProtocolError):
        await line.send(asked)
    assert (script.sent, line.is_kept()) == (b"", False)


async def test_a_body_that_has_no_length_or_another_one_is_not_sent_plainly() -> None:
    fields = [(b"Host", b"s4.example")]
    for length in ([], [(b"Content-Length", b"1")], [(b"Content-Length", b"02")]):
        assert plain_request(Outgoing(method=b"POST", url=URL, headers=[*fields, *length], content=b"{}")) is None
    for length in ([(b"Content-Length", b"2")], [(b"Transfer-Encoding", b"chunked")]):
        assert plain_request(Outgoing(method=b"GET", url=URL, headers=[*fields, *length])) is None


async def test_plain_and_other_answers_follow_each_other_on_one_line() -> None:
    plain, other = PLAIN["with a body"], OTHER["chunked"]
    script = Script([*plain, *plain, *other, *plain, *other])
    line = line_to(script)
    for _ in range(5):
        answer = await line.send(request())
        assert await content_of(answer) == b"hello"
        await answer.close()
        assert (line.is_kept(), line.is_spoiled()) == (True, False)
    assert script.sent.count(b"GET /sap/opu?sap-client=100 HTTP/1.1\r\n") == 5
    await line.aclose()
    assert (script.is_closed, line.is_kept()) == (True, False)


async def test_a_large_body_comes_in_pieces_that_are_not_large() -> None:
    body = b"x" * (READ_BYTES * 3 + AT_ONCE)
    head = _OK + b"Content-Length: %d\r\n\r\n" % len(body)
    line = line_to(Script([head + body[:-1], body[-1:]]))
    answer = await line.send(request())
    parts = [part async for part in answer.body]
    assert (b"".join(parts), max(map(len, parts)), line.is_kept()) == (body, READ_BYTES, True)


async def test_a_line_whose_answer_was_not_read_is_not_kept() -> None:
    line = line_to(Script(PLAIN["with a body"]))
    answer = await line.send(request())
    await answer.close()
    assert not line.is_kept()


async def test_a_peer_that_does_not_read_a_request_may_have_answered_it() -> None:
    class Deaf(Script):
        async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
            raise httpcore2.WriteError("it has closed")

    for content in (b"{}", b"x" * 100_000):
        line = line_to(Deaf([b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"]))
        answer = await line.send(request(b"POST", content))
        assert (answer.status, await content_of(answer)) == (413, b"no")


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="the system has no acknowledgement at once")
@pytest.mark.parametrize(
    "pieces",
    [
        [_OK + b"Content-Length: 5\r\n\r\n", b"he", b"llo"],
        [_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n"],
    ],
    ids=["plain", "chunked"],
)
async def test_what_came_of_an_answer_is_acknowledged_before_the_rest_is_waited_for(pieces: list[bytes]) -> None:
    script = Acknowledged([*pieces, *pieces])
    line = line_to(script)
    for left in ([5, 4], [5, 4, 2, 1]):
        answer = await line.send(request())
        assert len(script.left) == len(left) - 2
        assert await content_of(answer) == b"hello"
        await answer.close()
        assert script.left == left
