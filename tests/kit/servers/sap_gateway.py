"""A strict SAP Gateway for tests: it does what real ones do, also where that is odd, and counts what it is asked.

gateway = StrictGateway(token_status=404)
server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)

A CSRF token is valid with the cookie of its session only. A password that is wrong five times locks the user. Orders
are created, read in pages of two, changed with ETags, and locked by other users. A repeated request id is answered with
the first result when `is_idempotent`.
"""

import asyncio
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SERVICE_2 = "/sap/opu/odata/sap/Z_ORDERS_SRV"
SERVICE_4 = "/sap/opu/odata4/sap/z_orders/srvd_a2x/sap/z_orders/0001"
PDF = b"%PDF-1.7\n\x00\xff\xfe binary"
PDF_TYPE = "application/pdf"
LOGON_PAGE = b'<html><form action="/saml2/sso"><input name="SAMLRequest"></form></html>'
LOCKED_2 = {
    "error": {
        "code": "ME/006",
        "message": {"lang": "en", "value": "User MUELLER is already processing order 4500000101"},
        "innererror": {"errordetails": [{"code": "ME/006", "message": "locked by MUELLER", "severity": "error"}]},
    }
}
MOST_FAILURES = 5
PAGE = 2


@dataclass
class Request:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        """The parameters by name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass
class Reply:
    """One answer; `hangs` sends nothing of it."""

    status: int = 200
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False

    def encoded(self) -> bytes:
        """Returns the whole answer in bytes."""
        content, kind = _content(self.body)
        head = {**({"Content-Type": kind} if kind else {}), **self.headers, "Content-Length": str(len(content))}
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in head.items()), "", ""]).encode() + content


REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 302: "Found", 400: "Bad Request"} | {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    423: "Locked",
}


@dataclass
class StrictGateway:
    """The state of a gateway, and the switches of a test."""

    user: str = "BUYER"
    password: str = "hunter2-hunter2"
    token_status: int = 200
    """The status of the root of a service; a token comes with it, whatever it is."""
    has_head: bool = True
    """Whether HEAD is answered with a token; if not, with 405."""
    is_idempotent: bool = False
    has_tokens: bool = True
    has_logon_page: bool = False
    refusals: int = 0
    """How many modifying calls are refused with `Required`, as after a switch to another node."""
    hangs: Callable[[Request], bool] = lambda _: False
    """Requests that take effect and are not answered."""
    drops: Callable[[Request], bool] = lambda _: False
    """Requests that take effect and whose connection is closed without an answer."""
    cuts_batches: bool = False
    metadata: str = ""
    """What the service of version 2 says of itself since it was changed; empty before that."""
    address: str = ""
    """Where a test has started it."""
    bearer: str = ""
    """The token that is accepted in place of a password, if any."""
    requests: list[Request] = field(default_factory=list)
    orders: dict[str, dict[str, object]] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    failed_logons: int = 0
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Attachments that were created: content type and bytes, by name."""
    sessions: dict[str, str] = field(default_factory=dict)
    created: Counter[str] = field(default_factory=Counter)
    """How often an order of each reference was created."""
    _connections: set[Any] = field(default_factory=set)
    _results: dict[str, Reply] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    on_request: Callable[[Request], None] = lambda _: None

    @property
    def token_reads(self) -> int:
        """The number of reads that asked for a token."""
        return sum(request.headers.get("x-csrf-token", "").lower() == "fetch" for request in self.requests)

    def add(self, number: str, **values: object) -> None:
        """Adds an order."""
        self.orders[number] = {"Order": number, "Total": "22899.420", "Version": 1, **values}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection, until it is closed."""
        self._connections.add((asyncio.current_task(), writer))
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.on_request(request)
                reply = self.answer(request)
                if self.drops(request):
                    return
                if reply.hangs or self.hangs(request):
                    await reader.read()
                    return
                content = reply.encoded()
                writer.write(content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.method == "HEAD" else content)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def close(self) -> None:
        """Ends all connections."""
        for task, writer in self._connections:
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*(task for task, _ in self._connections), return_exceptions=True)
        self._connections.clear()

    def answer(self, request: Request) -> Reply:
        """Returns the answer to one request, after its effect."""
        if self.has_logon_page:
            return Reply(200, LOGON_PAGE, {"Content-Type": "text/html; charset=utf-8"})
        if (refusal := self._logon(request)) is not None:
            return refusal
        headers: dict[str, str] = {}
        if request.headers.get("x-csrf-token", "").lower() == "fetch":
            if request.method == "HEAD" and not self.has_head:
                return Reply(405)
            headers = self._open_session()
        elif request.method not in ("GET", "HEAD") and not self._is_in_session(request):
            return Reply(403, "CSRF token validation failed", {"x-csrf-token": "Required"})
        reply = self._repeated(request)
        return Reply(reply.status, reply.body, {**reply.headers, **headers}, reply.hangs)

    def _logon(self, request: Request) -> Reply | None:
        given = request.headers.get("authorization", "")
        if self.bearer:
            if given == f"Bearer {self.bearer}":
                return None
            return Reply(401, "", {"WWW-Authenticate": 'Bearer realm="SAP", error="invalid_token"'})
        expected = "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()
        if given == expected and self.failed_logons < MOST_FAILURES:
            self.failed_logons = 0
            return None
        self.failed_logons += 1
        return Reply(401, "Anmeldung fehlgeschlagen", {"WWW-Authenticate": 'Basic realm="SAP NetWeaver"'})

    def _open_session(self) -> dict[str, str]:
        if not self.has_tokens:
            return {}
        number = next(self._numbers)
        session, token = f"session-{number:08}", f"token-{number:08}"
        self.sessions[session] = token
        return {"x-csrf-token": token, "Set-Cookie": f"SAP_SESSIONID_S4H_100={session}; path=/; secure; HttpOnly"}

    def _is_in_session(self, request: Request) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        cookie = request.headers.get("cookie", "").partition("SAP_SESSIONID_S4H_100=")[2].partition(";")[0]
        return cookie in self.sessions and self.sessions[cookie] == request.headers.get("x-csrf-token")

    def _repeated(self, request: Request) -> Reply:
        """Returns the answer to a call, or the first answer to its request id."""
        key = request.headers.get("requestid", "")
        if not self.is_idempotent or not key or request.method in ("GET", "HEAD"):
            return self._call(request)
        if key not in self._results:
            reply = self._call(request)
            self._results[key] = Reply(reply.status, reply.body, {**reply.headers, "RepeatabilityResult": "accepted"})
        return self._results[key]

    def _call(self, request: Request) -> Reply:
        for service in (SERVICE_2, SERVICE_4):
            if request.path == service or request.path.startswith(f"{service}/"):
                entity = request.path.removeprefix(service).strip("/")
                reply = self._service(request, entity, is_v2=service == SERVICE_2)
                if service == SERVICE_4 and isinstance(reply.body, dict) and entity != "$batch":
                    # Decimals are texts here whatever is asked, but that is said to those who ask only.
                    said = ";IEEE754Compatible=true" if "IEEE754Compatible=true" in request.headers["accept"] else ""
                    reply.headers.setdefault("Content-Type", f"application/json{said}")
                return reply
        return Reply(404, _error("no service"))

    def _service(self, request: Request, entity: str, *, is_v2: bool) -> Reply:
        if not entity:
            return Reply(self.token_status, {"d": {"EntitySets": ["Orders"]}} if is_v2 else {"value": []})
        if entity == "$batch":
            return _Batches(self, self._call).answer(request, is_v2=is_v2)
        if entity in ("Orders/$count", "$metadata") or entity.endswith("/$value"):
            return self._plain(request, entity)
        number = re.fullmatch(r"Orders\('(.*)'\)", entity)
        if number is not None:
            return self._order(request, number[1].replace("''", "'"), is_v2=is_v2)
        if entity == "Orders":
            return self._create(request, is_v2=is_v2) if request.method == "POST" else self._list(request, is_v2=is_v2)
        if entity == "Attachments" and request.method == "POST":
            slug = request.headers.get("slug", "")
            self.media[slug] = (request.headers.get("content-type", ""), request.body)
            return Reply(201, {"d": {"Name": slug}} if is_v2 else {"Name": slug})
        if entity == "Release" and request.method == "POST":
            released = request.query.get("Order", "").strip("'")
            return Reply(200, {"d": {"Release": {"Order": released, "Status": "05"}}})
        if bound := re.fullmatch(r"Orders\('(.*)'\)/[\w.]+\.Release", entity):
            self.orders[bound[1]]["Status"] = json.loads(request.body)["Status"]
            return Reply(200, {"Order": bound[1], "Status": self.orders[bound[1]]["Status"]})
        return Reply(404, _error(f"no resource {entity}"))

    def _plain(self, request: Request, entity: str) -> Reply:
        accepted = request.headers.get("accept", "*/*")
        if entity == "$metadata":
            is_v2 = request.path.startswith(f"{SERVICE_2}/")
            described = (self.metadata or METADATA) if is_v2 else METADATA_4
            return Reply(200, described, {"Content-Type": "application/xml"})
        if "text/plain" not in accepted and "*/*" not in accepted:
            return Reply(406)
        if entity == "Orders/$count":
            return Reply(200, str(len(self.orders)))
        kind, content = self.media.get(entity.removeprefix("Attachments('").removesuffix("')/$value"), (PDF_TYPE, PDF))
        return Reply(200, content, {"Content-Type": kind})

    def _order(self, request: Request, number: str, *, is_v2: bool) -> Reply:
        if number in self.locked:
            return Reply(400, LOCKED_2) if is_v2 else Reply(423, _error("locked by MUELLER"))
        order = self.orders.get(number)
        if order is None:
            return Reply(404, _error(f"order {number} does not exist"))
        etag = f'W/"{order["Version"]}"'
        if request.method in ("GET", "HEAD"):
            # As many gateways: only the body has it.
            return Reply(200, _entity(order, etag, is_v2=is_v2))
        if request.headers.get("if-match") not in (etag, "*"):
            return Reply(412, _error("the ETag has changed"))
        if request.method == "DELETE":
            del self.orders[number]
            return Reply(204)
        if request.method not in ("MERGE", "PATCH", "PUT"):
            return Reply(405)
        order.update(json.loads(request.body))
        order["Version"] = int(str(order["Version"])) + 1
        return Reply(204)

    def _create(self, request: Request, *, is_v2: bool) -> Reply:
        values = json.loads(request.body)
        number = str(4500000100 + next(self._numbers))
        self.add(number, **values)
        self.created[str(values.get("Reference", ""))] += 1
        body = _entity(self.orders[number], 'W/"1"', is_v2=is_v2)
        return Reply(201, body, {"Location": f"{request.target}('{number}')"})

    def _list(self, request: Request, *, is_v2: bool) -> Reply:
        rows = list(self.orders.values())
        if found := re.fullmatch(r"Reference eq '(.*)'", request.query.get("$filter", "")):
            rows = [row for row in rows if row.get("Reference") == found[1]]
        first = int(request.query.get("$skiptoken", "0"))
        shown = [_entity(row, f'W/"{row["Version"]}"', is_v2=is_v2) for row in rows[first : first + PAGE]]
        link = f"Orders?$skiptoken={first + PAGE}" if first + PAGE < len(rows) else ""
        if is_v2:
            entities = [entity["d"] for entity in shown]
            absolute = f"http://{request.headers['host']}{SERVICE_2}/{link}"
            return Reply(200, {"d": {"results": entities, **({"__next": absolute} if link else {})}})
        return Reply(200, {"value": shown, **({"@odata.nextLink": link} if link else {})})


@dataclass
class _Batches:
    """The batches that a gateway is sent."""

    gateway: StrictGateway
    call: Callable[[Request], Reply]

    def answer(self, request: Request, *, is_v2: bool) -> Reply:
        """Returns the answer to a batch."""
        reply = self._as_multipart(request) if is_v2 else self._as_json(request)
        if not self.gateway.cuts_batches:
            return reply
        content, kind = _content(reply.body)
        return Reply(reply.status, content[: len(content) // 2], {"Content-Type": kind, **reply.headers})

    def _as_json(self, request: Request) -> Reply:
        answers = []
        for part in json.loads(request.body)["requests"]:
            body = json.dumps(part["body"]).encode() if "body" in part else b""
            inner = Request(part["method"].upper(), f"{SERVICE_4}/{part['url']}", {**request.headers}, body)
            inner.headers |= part.get("headers", {})
            reply = self.call(inner)
            answers.append({"id": part["id"], "status": reply.status, "headers": reply.headers, "body": reply.body})
            if reply.status >= 400:
                break
        return Reply(200, {"responses": answers})

    def _as_multipart(self, request: Request) -> Reply:
        boundary = _boundary(request.headers.get("content-type", ""))
        if not boundary or not request.body.endswith(f"--{boundary}--\r\n".encode()):
            return Reply(400, _error("the batch has no end"))
        answers = [self._unit(request, part) for part in _split(request.body, boundary)]
        body = _multipart_of(answers, "answer")
        return Reply(202, body, {"Content-Type": "multipart/mixed; boundary=answer"})

    def _unit(self, request: Request, part: bytes) -> bytes:
        head, _, content = part.partition(b"\r\n\r\n")
        headers = _parsed(head)
        if int(headers.get("content-length", -1)) != len(content):
            return _http(Reply(400, _error("a part needs its Content-Length")))
        if not headers["content-type"].startswith("multipart/"):
            return _http(self._inner(request, content))
        before = json.loads(json.dumps(self.gateway.orders))
        replies = [
            self._inner(request, each.partition(b"\r\n\r\n")[2])
            for each in _split(content, _boundary(headers["content-type"]))
        ]
        failed = next((reply for reply in replies if reply.status >= 400), None)
        if failed is not None:
            self.gateway.orders = before
            return _http(failed)
        body = _multipart_of([_http(reply) for reply in replies], "set")
        return b"Content-Type: multipart/mixed; boundary=set\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def _inner(self, request: Request, content: bytes) -> Reply:
        head, _, body = content.partition(b"\r\n\r\n")
        line, _, rest = head.partition(b"\r\n")
        method, target, _ = line.decode().split(" ")
        return self.call(Request(method, f"{SERVICE_2}/{target}", {**request.headers, **_parsed(rest)}, body))


METADATA = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
 xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
 xmlns:sap="http://www.sap.com/Protocols/SAPData">
<edmx:DataServices m:DataServiceVersion="2.0">
<Schema Namespace="ZORDERS" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
<EntityType Name="Order"><Key><PropertyRef Name="Order"/></Key>
<Property Name="Order" Type="Edm.String" Nullable="false" MaxLength="10" sap:label="Purchase order"/>
<Property Name="Total" Type="Edm.Decimal" Precision="34" Scale="3"/>
<Property Name="Reference" Type="Edm.String"/>
<Property Name="Text" Type="Edm.String"/>
<Property Name="Status" Type="Edm.String"/>
<NavigationProperty Name="to_Item" Relationship="ZORDERS.Items" FromRole="A" ToRole="B"/></EntityType>
<EntityType Name="Item"><Property Name="Item" Type="Edm.String"/></EntityType>
<Association Name="Items"><End Type="ZORDERS.Order" Multiplicity="1" Role="A"/>
<End Type="ZORDERS.Item" Multiplicity="*" Role="B"/></Association>
<EntityContainer Name="C" m:IsDefaultEntityContainer="true">
<EntitySet Name="Orders" EntityType="ZORDERS.Order"/>
<FunctionImport Name="Release" ReturnType="ZORDERS.Order" m:HttpMethod="POST">
<Parameter Name="Order" Type="Edm.String"/></FunctionImport>
</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"""

METADATA_4 = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="com.sap" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Order"><Key><PropertyRef Name="Order"/></Key>
<Property Name="Order" Type="Edm.String" Nullable="false" MaxLength="10"/>
<Property Name="Total" Type="Edm.Decimal" Precision="34" Scale="3"/>
<Property Name="Reference" Type="Edm.String"/>
<Property Name="Text" Type="Edm.String"/>
<Property Name="Status" Type="Edm.String"/></EntityType>
<Action Name="Release" IsBound="true"><Parameter Name="order" Type="com.sap.Order"/>
<Parameter Name="Status" Type="Edm.String"/><ReturnType Type="com.sap.Order"/></Action>
<EntityContainer Name="C"><EntitySet Name="Orders" EntityType="com.sap.Order"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""


def _entity(order: dict[str, object], etag: str, *, is_v2: bool) -> dict[str, Any]:
    values = {name: value for name, value in order.items() if name != "Version"}
    if is_v2:
        return {"d": {"__metadata": {"etag": etag, "type": "ZORDERS.Order"}, **values}}
    return {"@odata.etag": etag, **values}


def _error(text: str) -> dict[str, object]:
    return {"error": {"code": "Z/001", "message": {"lang": "en", "value": text}}}


def _content(body: object) -> tuple[bytes, str]:
    if body is None:
        return b"", ""
    if isinstance(body, bytes):
        return body, ""
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"


def _http(reply: Reply) -> bytes:
    inner = reply.encoded()
    head = b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-Length: %d\r\n\r\n"
    return head % len(inner) + inner


def _multipart_of(parts: list[bytes], boundary: str) -> bytes:
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


def _split(body: bytes, boundary: str) -> list[bytes]:
    pieces = (b"\r\n" + body).split(f"\r\n--{boundary}".encode())
    return [piece.removeprefix(b"\r\n") for piece in pieces[1:-1]]


def _boundary(kind: str) -> str:
    return kind.partition("boundary=")[2].strip('"')


def _parsed(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode().split("\r\n") if line)
    return {name.strip().lower(): value.strip() for name, _, value in lines}


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, _, rest = head.partition(b"\r\n")
    method, target, _ = line.decode().split(" ")
    headers = _parsed(rest.removesuffix(b"\r\n\r\n"))
    return Request(method, target, headers, await reader.readexactly(int(headers.get("content-length", 0))))
