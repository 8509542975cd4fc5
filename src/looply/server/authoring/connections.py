"""Calls on connections. No answer contains the value of a secret."""

from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from looply.app.authoring import connections
from looply.app.browsing import connection_uses
from looply.catalog.authored.connections import Connection, ConnectionDraft
from looply.instants import to_ms
from looply.jsontext import Json
from looply.server.http.actor_names import name_actors
from looply.server.http.call import Call, Parameter, Response, manage_route, read_route
from looply.server.http.wire import LIMIT, SUCCESS, Finding, Message, finding_of, limit_of


class ConnectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A connection with the names of its secrets."""

    connection_id: str
    organization_id: str
    workspace_id: str
    name: str
    kind: str
    settings: dict[str, Json]
    secret_names: list[str]
    created_by: str | None
    modified_by: str | None
    created_by_name: str | UnsetType = UNSET
    modified_by_name: str | UnsetType = UNSET
    created_on: int
    modified_on: int


class ConnectionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The connection."""

    message: str
    item: ConnectionRecord


class ConnectionCursor(msgspec.Struct, frozen=True, kw_only=True):
    """Cursor of the next page: send the field back as a query parameter."""

    connection_id: str


class ConnectionPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `lastKey` is present when another page follows."""

    message: str
    count: int
    items: list[ConnectionRecord]
    last_key: ConnectionCursor | UnsetType = msgspec.field(name="lastKey", default=UNSET)


class CreateConnectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The kind (`sap`, `http`) defines the fields of `settings` and `secrets`."""

    name: str
    kind: str
    settings: dict[str, Json]
    secrets: dict[str, str] = {}


class UpdateConnectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret that is left out keeps its value; null removes it. `new_name` renames the connection."""

    name: str
    kind: str
    settings: dict[str, Json]
    secrets: dict[str, str | None] = {}
    new_name: str | None = None


class NamedConnectionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Identifies a connection."""

    name: str


class ConnectionDraftBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A connection that is not saved."""

    kind: str
    settings: dict[str, Json]
    secrets: dict[str, str | None] = {}


class ConnectionTestBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A saved connection by its `name`, or a `draft`; with both, the draft keeps saved secrets that it leaves out.

    `path` is a path of the system that is called too, such as that of a service; empty: the kind chooses one.
    """

    name: str | None = None
    draft: ConnectionDraftBody | None = None
    path: str = ""


class ConnectionCheck(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tested. `text` says what was found, `fix` what to do."""

    name: str
    """`dns`, `tcp`, `tls`, `logon`, `service`, `csrf` or `clock`; `test` when the test itself failed."""
    state: Literal["ok", "warning", "failed", "skipped"]
    ms: int
    text: str
    fix: str


class ConnectionTest(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a test: whether no check failed, and all checks in their order."""

    is_ok: bool
    checks: list[ConnectionCheck]


class ConnectionTestAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a test."""

    message: str
    item: ConnectionTest


class DiscoveryAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the system offers: `services`; of one service its `entity_sets` and `operations`."""

    message: str
    item: dict[str, Json]


class CheckedUseRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A step that names what its system does not have (`findings`), or why it was not compared (`failure`).

    `label` is what the step's description says; paths are pointers into the definition of that version.
    """

    workflow_id: str
    workflow_name: str
    version: int
    status: Literal["DRAFT", "ACTIVE"]
    step: str
    label: str
    findings: list[Finding]
    failure: Finding | None


class UsesCheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check of the steps that use a connection.

    `checked` is how many steps were compared, `unchecked` how many places of steps an expression gives, which are known
    when the workflow runs. `truncated`: there are more steps than one check compares.
    """

    is_ok: bool
    """Whether there is no finding, and every step was compared whose service is known before it runs."""
    checked: int
    skipped: int
    """How many steps were not compared, because an expression gives their service or client, or because the operation
    that they call is not one of systems of this kind."""
    unchecked: int
    further: int
    """How many findings are not listed, because there are more than one check lists."""
    truncated: bool
    steps: list[CheckedUseRecord]
    """The steps with findings, and those that could not be checked, by workflow and version."""


class UsesCheckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the check of the steps that use a connection."""

    message: str
    item: UsesCheckRecord


async def create_connection(call: Call) -> Response:
    """Creates a connection."""
    body: CreateConnectionBody = call.body
    draft = ConnectionDraft(name=body.name, kind=body.kind, settings=body.settings, secrets=body.secrets)
    return _answer(await connections.create(call.services, call.principal, draft))


async def update_connection(call: Call) -> Response:
    """Changes a connection."""
    body: UpdateConnectionBody = call.body
    draft = ConnectionDraft(
        name=body.name if body.new_name is None else body.new_name,
        kind=body.kind,
        settings=body.settings,
        secrets=body.secrets,
    )
    return _answer(await connections.update(call.services, call.principal, body.name, draft))


async def delete_connection(call: Call) -> Response:
    """Deletes a connection."""
    await connections.delete(call.services, call.principal, call.body.name)
    return Response(Message())


async def check_connection(call: Call) -> Response:
    """Tests a connection."""
    body: ConnectionTestBody = call.body
    draft = None
    if body.draft is not None:
        given = body.draft
        draft = ConnectionDraft(
            name=body.name or "draft", kind=given.kind, settings=given.settings, secrets=given.secrets
        )
    checks = await connections.test(call.services, call.principal, body.name, draft, body.path)
    shown = [ConnectionCheck(name=c.name, state=c.state, ms=c.ms, text=c.text, fix=c.fix) for c in checks]
    item = ConnectionTest(is_ok=all(check.state != "failed" for check in checks), checks=shown)
    return Response(ConnectionTestAnswer(message=SUCCESS, item=item))


async def discover_connection(call: Call) -> Response:
    """Asks a system what it offers."""
    question = {"service": call.query.get("service", "")}
    item = await connections.discover(call.services, call.principal, call.query.get("name", ""), question)
    return Response(DiscoveryAnswer(message=SUCCESS, item=item))


async def check_connection_uses(call: Call) -> Response:
    """Checks the steps that use a connection."""
    found = await connection_uses.check_uses(call.services, call.principal, call.query.get("name", ""))
    steps = [_checked_use(use) for use in found.uses if use.problems or use.failure]
    further = sum(use.further for use in found.uses)
    item = UsesCheckRecord(
        is_ok=not steps and not further and not found.is_cut,
        checked=sum(use.is_compared for use in found.uses),
        skipped=sum(not use.is_compared and use.failure is None for use in found.uses),
        unchecked=sum(use.unchecked for use in found.uses),
        further=further,
        truncated=found.is_cut,
        steps=steps,
    )
    return Response(UsesCheckAnswer(message=SUCCESS, item=item))


async def get_connection(call: Call) -> Response:
    """Reads a connection."""
    found = await connections.get(call.services, call.principal, call.query.get("name"))
    (item,) = await name_actors(call, [_record(found)])
    return Response(ConnectionAnswer(message=SUCCESS, item=item))


async def get_connections(call: Call) -> Response:
    """Lists the connections."""
    before = call.query.get("connection_id") or None
    page = await connections.list_page(call.services, call.principal, limit_of(call), before)
    items = await name_actors(call, [_record(connection) for connection in page.items])
    last_key = ConnectionCursor(connection_id=items[-1].connection_id) if page.has_more else UNSET
    return Response(ConnectionPage(message=SUCCESS, count=len(items), items=items, last_key=last_key))


def _answer(connection: Connection) -> Response:
    return Response(ConnectionAnswer(message=SUCCESS, item=_record(connection)))


def _checked_use(use: connection_uses.CheckedUse) -> CheckedUseRecord:
    return CheckedUseRecord(
        workflow_id=use.workflow_id,
        workflow_name=use.workflow_name,
        version=use.version,
        status=use.status,
        step=use.step,
        label=use.label,
        findings=[finding_of(problem) for problem in use.problems],
        failure=None if use.failure is None else finding_of(use.failure),
    )


def _record(connection: Connection) -> ConnectionRecord:
    return ConnectionRecord(
        connection_id=connection.connection_id,
        organization_id=connection.organization_id,
        workspace_id=connection.workspace_id,
        name=connection.name,
        kind=connection.kind,
        settings=connection.settings,
        secret_names=list(connection.secret_names),
        created_by=connection.created_by,
        modified_by=connection.modified_by,
        created_on=to_ms(connection.created_on),
        modified_on=to_ms(connection.modified_on),
    )


ROUTES: Final = (
    manage_route(
        path="/v2/workflows/createConnection",
        access="edit.connections",
        needs_confirmation=True,
        handle=create_connection,
        summary="Create a connection to another system",
        tag="Connections",
        body=CreateConnectionBody,
        answer=ConnectionAnswer,
        refusals=(409, 422),
    ),
    manage_route(
        path="/v2/workflows/updateConnection",
        access="edit.connections",
        needs_confirmation=True,
        handle=update_connection,
        summary="Change a connection; secrets that are left out are kept",
        tag="Connections",
        body=UpdateConnectionBody,
        answer=ConnectionAnswer,
        refusals=(404, 409, 422),
    ),
    manage_route(
        path="/v2/workflows/deleteConnection",
        access="edit.connections",
        needs_confirmation=True,
        handle=delete_connection,
        summary="Delete a connection and its secrets",
        tag="Connections",
        body=NamedConnectionBody,
        answer=Message,
        refusals=(404,),
    ),
    manage_route(
        path="/v2/workflows/testConnection",
        access="edit.connections",
        handle=check_connection,
        summary="Test a connection, saved or not",
        description="The process that makes the calls tests name, network, certificate, logon, service and clock.",
        tag="Connections",
        body=ConnectionTestBody,
        answer=ConnectionTestAnswer,
        refusals=(404, 422),
    ),
    read_route(
        path="/v2/workflows/discoverConnection",
        access="edit.drafts",
        handle=discover_connection,
        summary="Ask the system of a connection for its services, or for the entities and operations of one",
        tag="Connections",
        parameters=(
            Parameter("name", "Name of the connection.", is_required=True),
            Parameter("service", "Path of a service; its entities and operations are returned."),
        ),
        answer=DiscoveryAnswer,
        refusals=(404, 409, 422),
    ),
    read_route(
        path="/v2/workflows/checkConnectionUses",
        access="edit.drafts",
        handle=check_connection_uses,
        summary="Check the steps that use a connection against what its system offers at present",
        description=(
            "The `$metadata` of each OData service that they name is read, and compared with their paths, keys, query"
            " options and bodies: in newest ACTIVE versions, and in drafts that are newer. No step is carried out."
        ),
        tag="Connections",
        parameters=(Parameter("name", "Name of the connection.", is_required=True),),
        answer=UsesCheckAnswer,
        refusals=(404, 409, 422),
    ),
    read_route(
        path="/v2/workflows/getConnection",
        access="read.definitions",
        handle=get_connection,
        summary="Read a connection; of its secrets only the names",
        tag="Connections",
        parameters=(Parameter("name", "Name of the connection.", is_required=True),),
        answer=ConnectionAnswer,
        refusals=(404,),
    ),
    read_route(
        path="/v2/workflows/getConnections",
        access="read.definitions",
        handle=get_connections,
        summary="List the connections, newest first",
        tag="Connections",
        parameters=(LIMIT, Parameter("connection_id", "Pagination key from `lastKey`.")),
        answer=ConnectionPage,
    ),
)
