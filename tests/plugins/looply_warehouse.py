"""A connector of another distribution than Looply: reserves and ships goods of a warehouse."""

from collections.abc import Mapping

import msgspec

from looply.connectors.http.bodies import encode_body, read_output
from looply.connectors.outbound.urls import join_url, origin, parse_base_url
from looply.connectors.port import (
    Binding,
    CallContext,
    ConnectionKind,
    Connector,
    HttpRequest,
    Operation,
    read_input,
)
from looply.errors import Rejected, Unavailable
from looply.jsontext import Json


class WarehouseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `warehouse`."""

    base_url: str
    """Scheme, host and port."""


class WarehouseSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `warehouse`."""

    token: str
    """The token of its calls."""


class Stock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Input of `warehouse.stock`."""

    connection: str
    sku: str


class Goods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Input of `warehouse.reserve` and `warehouse.ship`."""

    connection: str
    """Name of the connection."""
    sku: str
    """The article."""
    quantity: int
    """How many."""
    note: str = ""
    """A text for the people of the warehouse."""


class Answer(msgspec.Struct, frozen=True):
    """Output of every operation: what the warehouse answered."""

    status: str
    data: Json


async def stock(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Reads how many there are of an article."""
    given = read_input(Stock, input_, "warehouse.stock")
    return await _send(ctx, "warehouse.stock", given.connection, "GET", f"stock/{given.sku}", None)


async def reserve(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Reserves goods; the warehouse knows a reservation by its idempotency key."""
    return await _order(ctx, "warehouse.reserve", input_, "reservations")


async def ship(ctx: CallContext, input_: dict[str, Json]) -> Json:
    """Sends goods on their way; twice asked is twice sent."""
    return await _order(ctx, "warehouse.ship", input_, "shipments")


async def _order(ctx: CallContext, operation: str, input_: dict[str, Json], path: str) -> Json:
    given = read_input(Goods, input_, operation)
    body: dict[str, Json] = {"sku": given.sku, "quantity": given.quantity, "note": given.note}
    return await _send(ctx, operation, given.connection, "POST", path, body)


async def _send(ctx: CallContext, operation: str, connection: str, method: str, path: str, body: Json) -> Json:
    values = await ctx.connection(connection)
    settings = values.read("warehouse", WarehouseSettings, operation)
    content, content_type = encode_body("json", body, ctx.idempotency_key)
    headers = {"authorization": f"Bearer {values.secrets['token']}", "idempotency-key": ctx.idempotency_key}
    if content_type is not None:
        headers["content-type"] = content_type
    url = join_url(parse_base_url(settings.base_url), path)
    response = await ctx.http.send(HttpRequest(method=method, url=url, headers=headers, content=content))
    answer = await read_output(response, ctx.limits)
    if response.status == 503:
        raise Unavailable("the warehouse is closed", sent=True, status="503")
    if response.status >= 400:
        raise Rejected(f"the warehouse answered {answer['data']}", sent=True, status=str(response.status))
    return {"status": answer["status"], "data": answer["data"]}


def _binding(settings: Mapping[str, Json]) -> Binding:
    read = msgspec.convert(dict(settings), WarehouseSettings)
    return Binding(frozenset({origin(parse_base_url(read.base_url))}), {"auth": "bearer"})


CONNECTOR = Connector(
    name="warehouse",
    title="Warehouse",
    operations=(
        Operation(
            name="warehouse.stock",
            title="Read the stock",
            input=Stock,
            output=Answer,
            repeat="always",
            call=stock,
            connection_kind="warehouse",
        ),
        Operation(
            name="warehouse.reserve",
            title="Reserve goods",
            input=Goods,
            output=Answer,
            repeat="with_key",
            call=reserve,
            connection_kind="warehouse",
        ),
        Operation(
            name="warehouse.ship",
            title="Ship goods",
            input=Goods,
            output=Answer,
            repeat="never",
            call=ship,
            connection_kind="warehouse",
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="warehouse",
            title="Warehouse",
            settings=WarehouseSettings,
            secrets=WarehouseSecrets,
            binding=_binding,
        ),
    ),
)
