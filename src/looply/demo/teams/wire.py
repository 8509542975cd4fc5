"""Requests and answers of the simulator, over HTTP/1.1."""

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

JSON: Final = "application/json"


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def parts(self) -> list[str]:
        """The segments of the path, each decoded by itself."""
        return [unquote(each) for each in urlsplit(self.target).path.strip("/").split("/")]

    @property
    def query(self) -> dict[str, str]:
        """The parameters by name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Reply:
    """One answer. `is_cut`: the connection is closed in its place; `hangs`: nothing is sent, and nothing is closed.

    `body` is JSON, or bytes of the type that `Content-Type` of `headers` names.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    hangs: bool = False

    def encode_http(self) -> bytes:
        """Returns the whole answer in bytes."""
        written = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        content = b"" if self.body is None else written
        head = {"Content-Type": JSON, **self.headers, "Content-Length": str(len(content))}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in head.items()), "", ""]).encode() + content


def error(status: int, code: str, message: str = "") -> Reply:
    """Returns an error as the Bot Connector and Graph write theirs."""
    return Reply(status, {"error": {"code": code, "message": message or code}})


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """Returns the next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, _, rest = head.removesuffix(b"\r\n\r\n").partition(b"\r\n")
    method, target, _ = line.decode().split(" ")
    pairs = (each.partition(":") for each in rest.decode().split("\r\n") if each)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
