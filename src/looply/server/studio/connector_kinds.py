"""The call that lists the kinds of connection, with the schemas that forms are made from."""

from typing import Final

import msgspec

from looply.connectors.port import ConnectionKind
from looply.definition.schemas.form_schemas import form_of_schema
from looply.jsontext import Json
from looply.server.http.call import IF_NONE_MATCH, Call, Response, read_route
from looply.server.http.wire import SUCCESS, answer_or_304


class ConnectorKindRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of connection: the JSON Schemas (2020-12) of its settings and of its secrets.

    `can_test`: `testConnection` tests it. `can_discover`: `discoverConnection` asks its systems what they offer.
    """

    kind: str
    connector: str
    label: str
    settings_schema: dict[str, Json]
    secrets_schema: dict[str, Json]
    can_test: bool
    can_discover: bool


class ConnectorKindList(msgspec.Struct, frozen=True, kw_only=True):
    """The kinds of connection of the installed connectors."""

    message: str
    count: int
    items: list[ConnectorKindRecord]


async def get_connector_kinds(call: Call) -> Response:
    """Lists the kinds of connection."""
    items = [
        _record(connector.name, kind)
        for connector in call.services.registry.connectors
        for kind in connector.connection_kinds
    ]
    return answer_or_304(call, ConnectorKindList(message=SUCCESS, count=len(items), items=items))


def _record(connector: str, kind: ConnectionKind) -> ConnectorKindRecord:
    return ConnectorKindRecord(
        kind=kind.name,
        connector=connector,
        label=kind.title,
        settings_schema=form_of_schema(kind.settings_schema),
        secrets_schema=form_of_schema(kind.secrets_schema),
        can_test=kind.test is not None,
        can_discover=kind.discover is not None,
    )


ROUTES: Final = (
    read_route(
        path="/v2/workflows/getConnectorKinds",
        access="read.definitions",
        handle=get_connector_kinds,
        summary="List the kinds of connection with the schemas of their settings and secrets",
        description="The list changes only between releases. Send its `ETag` as `If-None-Match` to receive 304.",
        tag="Connections",
        header_values={IF_NONE_MATCH: "The `ETag` of the caller's copy of the list."},
        answer=ConnectorKindList,
    ),
)
