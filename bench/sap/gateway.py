"""A small SAP gateway that counts: `python -m bench.sap.gateway PORT`.

It has one service of each version of OData. Reads of `Items` return amounts of 31 digits with 3 places, which are a
function of `$skip`; an order that is created must have the same amounts. A CSRF token takes `TOKEN_SECONDS`, and
changes need it. `Echo` answers all headers of a request. `/figures` answers what was counted.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from bench.harness.load import run

SERVICES: Final = {
    "2": "/sap/opu/odata/sap/Z_BENCH_SRV",
    "4": "/sap/opu/odata4/sap/z_bench/srvd_a2x/sap/z_bench/0001",
}
ROWS: Final = 500
"""Amounts of one read."""
TOKEN_SECONDS: Final = 0.05
TOKEN: Final = "bench-csrf-token-0001"
SESSION: Final = "bench-session-0001"

_METADATA: Final = {
    "2": """<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"><edmx:DataServices>
<Schema Namespace="B" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">
<EntityType Name="Order"><Property Name="Order" Type="Edm.String"/>
<NavigationProperty Name="to_Item" Relationship="B.Items" FromRole="Order" ToRole="Item"/></EntityType>
<EntityType Name="Item"><Property Name="Item" Type="Edm.String"/>
<Property Name="Amount" Type="Edm.Decimal" Precision="31" Scale="3"/></EntityType>
<Association Name="Items"><End Type="B.Order" Multiplicity="1" Role="Order"/>
<End Type="B.Item" Multiplicity="*" Role="Item"/></Association>
<EntityContainer Name="C"><EntitySet Name="Orders" EntityType="B.Order"/><EntitySet Name="Items" EntityType="B.Item"/>
</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>""",
    "4": """<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="B" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Order"><Property Name="Order" Type="Edm.String"/>
<NavigationProperty Name="to_Item" Type="Collection(B.Item)"/></EntityType>
<EntityType Name="Item"><Property Name="Item" Type="Edm.String"/>
<Property Name="Amount" Type="Edm.Decimal" Precision="31" Scale="3"/></EntityType>
<EntityContainer Name="C"><EntitySet Name="Orders" EntityType="B.Order"/><EntitySet Name="Items" EntityType="B.Item"/>
</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>""",
}


def amounts(first: int) -> list[str]:
    """Returns the amounts of a read from a row on: 31 digits, 3 of them after the point."""
    chance = random.Random(first)
    return [f"{chance.randrange(10**27, 10**28)}.{chance.randrange(1000):03}" for _ in range(ROWS)]


@dataclass
class Counted:
    """What the gateway was asked."""

    token_reads: int = 0
    instants: list[float] = field(default_factory=list)
    """When each change came, in seconds since the start of the gateway."""
    same: int = 0
    changed: int = 0
    """Amounts of created orders that were those of the read, and others."""
    connections: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request: header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Gateway:
    """The gateway of one process."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._counted = Counted()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the requests of one connection until it is closed."""
        self._counted.connections += 1
        try:
            while True:
                request = await _read(reader)
                writer.write(await self._answer(request))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(self, request: Request) -> bytes:
        if request.path == "/figures":
            return _encoded(200, self._counted.__dict__)
        version = next((key for key, path in SERVICES.items() if request.path.startswith(path)), "")
        if request.headers.get("x-csrf-token", "").lower() == "fetch":
            self._counted.token_reads += 1
            await asyncio.sleep(TOKEN_SECONDS)
            more = {"x-csrf-token": TOKEN, "set-cookie": f"SAP_SESSIONID={SESSION}; path=/"}
            return _encoded(200, {}, more, is_head=request.method == "HEAD")
        if request.path.endswith("/$metadata") and version:
            return _encoded(200, _METADATA[version])
        if request.path.endswith("/Echo"):
            return _encoded(200, {"d": {"Headers": request.headers, "Text": " ".join(request.headers.values())}})
        if request.method == "POST":
            return self._created(request, version)
        rows = [{"Item": f"{at:05}", "Amount": text} for at, text in enumerate(amounts(_first(request)))]
        if version == "2":
            return _encoded(200, {"d": {"results": rows}})
        kind = {"content-type": "application/json;IEEE754Compatible=true"}
        return _encoded(200, {"value": rows}, kind)

    def _created(self, request: Request, version: str) -> bytes:
        is_in_session = f"SAP_SESSIONID={SESSION}" in request.headers.get("cookie", "")
        if request.headers.get("x-csrf-token") != TOKEN or not is_in_session:
            return _encoded(403, "CSRF token validation failed", {"x-csrf-token": "Required"})
        self._counted.instants.append(time.monotonic() - self._begun)
        order: dict[str, Any] = json.loads(request.body, parse_float=Decimal, parse_int=Decimal)
        if "to_Item" in order:
            expected = [Decimal(text) for text in amounts(int(order["Order"]))]
            found = [Decimal(item["Amount"]) for item in order["to_Item"]]
            same = sum(one == other for one, other in zip(expected, found, strict=True))
            self._counted.same += same
            self._counted.changed += len(expected) - same
        made = {"Order": str(order.get("Order", ""))}
        return _encoded(201, {"d": made} if version == "2" else made)


def _first(request: Request) -> int:
    return int(request.query.get("$skip", "0"))


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for line in head[1:] if line for name, _, value in [line.partition(":")]}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    url = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return Request(method, url.path, query, headers, body)


def _encoded(status: int, body: object, more: dict[str, str] | None = None, *, is_head: bool = False) -> bytes:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "application/xml" if isinstance(body, str) and body.startswith("<") else "application/json"
    headers = {"content-type": kind, **(more or {}), "content-length": str(len(content))}
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_head else content)


async def main() -> None:
    """Serves for ever."""
    server = await asyncio.start_server(Gateway().serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
