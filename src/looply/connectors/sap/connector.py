"""The SAP connector: one call of an OData service, including the session protocol."""

import re
from collections.abc import Mapping
from typing import Literal

import httpx2
import msgspec

from looply.connectors.http.bodies import BodyType, HttpOutput, encode_body, read_output
from looply.connectors.http.connector import (
    Method,
    base_url_problems,
    basic_header,
    repeat,
    target,
    with_upper_method,
)
from looply.connectors.http.headers import check_headers, tracing_headers
from looply.connectors.http.redirects import send_following
from looply.connectors.masking import Masker
from looply.connectors.outbound.sessions import Session
from looply.connectors.outbound.urls import join_url, origin, parse_base_url, with_params
from looply.connectors.port import (
    Binding,
    CallContext,
    ConnectionKind,
    ConnectionValues,
    Connector,
    HttpRequest,
    HttpResponse,
    Operation,
    read_input,
)
from looply.connectors.sap.paths import entity_path, service_path
from looply.connectors.sap.protocol import Outcome, call, service_root
from looply.errors import BadInput, OperationError, Problem, tag_input_fields
from looply.jsontext import Json, fingerprint

FETCH_FAILED = "CSRF Token fetch failed"
# The connector owns the session and the credentials.
_RESERVED = ("authorization", "cookie", "x-csrf-token")
_CLIENT = re.compile(r"[0-9]{3}")


class SapInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `sap.odata`. The system is named by `connection`, or by `system_id` and `client`."""

    connection: str | None = None
    """Name of the connection."""
    system_id: str | None = None
    """Together with `client`, instead of `connection`."""
    client: str | int | None = None
    """Three digits; together with `system_id`, instead of `connection`."""
    service_path: str
    """Path of the OData service."""
    entity: str = ""
    """Entity set with its key, such as `A_PurchaseOrder('4500000101')`."""
    method: Method = "GET"
    """The HTTP method."""
    params: dict[str, Json] = {}
    """Query parameters by name."""
    headers: dict[str, Json] = {}
    """Headers by name."""
    body_type: BodyType = "json"
    """How the body is sent."""
    body: Json = None
    """Any JSON value; a text for `xml` and `raw`."""


class SapConnectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `sap`."""

    base_url: str
    """Scheme, host and port of the gateway: `https://s4.example.com:44300`."""
    user: str
    """The user name."""
    system_id: str = ""
    """Name by which steps may look the connection up, together with `client`."""
    client: str = ""
    """Three digits; sent as `sap-client`. Empty: the system's default."""
    language: str = ""
    """Sent as `sap-language`."""
    auth: Literal["basic"] = "basic"
    """How its calls authenticate."""


class SapConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `sap`."""

    password: str
    """The password."""


async def odata(ctx: CallContext, input_: dict[str, Json]) -> dict[str, Json]:
    """Calls an OData service and returns its response in the shape of `HttpOutput`, whatever the status.

    A modifying call first fetches a CSRF token unless one is cached. When that fails, the output is the failed response
    with `CSRF Token fetch failed` as its data. When the response of a GET has no `ETag` header, `headers.etag` is
    taken from the entity (`__metadata.etag` of V2, `@odata.etag` of V4). No request leaves the connection's origin:
    a redirect elsewhere is returned as it is. The password, the token and the session cookies are masked.

    Raises: BadInput for an input that cannot be sent, and as `HttpSender.send`; `sent` is False as long as only the
    token was requested.
    """
    given = read_input(SapInput, input_, "sap.odata")
    values = await _connection(ctx, given)
    settings = values.read("sap", SapConnectionSettings, "sap.odata")
    password = values.secrets.get("password", "")
    authorization = basic_header(settings.user, password)
    request, fetch = _requests(ctx, given, settings, authorization)
    key = fingerprint(list(origin(request.url)), request.url.params.get("sap-client"), settings.user, password)
    kept = ctx.cache.find(key)
    try:
        outcome = await _converse(ctx, request, fetch, kept)
    except OperationError as error:
        _masker(settings, password, (kept,)).mask(error)
        raise
    ctx.cache.keep(key, outcome.session)
    masker = _masker(settings, password, (kept, outcome.session))
    return await read_output(outcome.response, ctx.limits, lambda read: masker.output(_output(request, outcome, read)))


async def _connection(ctx: CallContext, given: SapInput) -> ConnectionValues:
    if given.connection is not None:
        if given.system_id is not None:
            raise BadInput("give either `connection` or `system_id` and `client`, not both")
        return await ctx.connection(given.connection)
    if given.system_id is not None and given.client is not None:
        criteria = {"system_id": given.system_id, "client": _client(given.client)}
        return await ctx.matching_connection("sap", criteria)
    raise BadInput("name the SAP system by `connection`, or by `system_id` and `client`")


def _client(value: str | int) -> str:
    text = str(value).strip().zfill(3)
    if _CLIENT.fullmatch(text) is None:
        raise BadInput(f"`client` is {value!r}; an SAP client has three digits")
    return text


def _requests(
    ctx: CallContext, given: SapInput, settings: SapConnectionSettings, authorization: str
) -> tuple[HttpRequest, HttpRequest]:
    """Returns the call and the read of the token, both without a session."""
    base = parse_base_url(settings.base_url)
    with tag_input_fields("service_path"):
        root = service_path(given.service_path)
    with tag_input_fields("params", "client"):
        system = _system_params(given, settings)
    with tag_input_fields("headers"):
        own = check_headers(given.headers, reserved=_RESERVED)
    with tag_input_fields("body"):
        content, content_type = encode_body(given.body_type, given.body, ctx.idempotency_key)
    every_request = {**tracing_headers(ctx), "authorization": authorization}
    headers = {
        "accept": "application/json",
        "idempotency-key": ctx.idempotency_key,
        **({} if content_type is None else {"content-type": content_type}),
        **own,
        **every_request,
    }
    if content_type is not None and given.body_type == "multipart":
        headers["content-type"] = content_type  # it has the boundary
    with tag_input_fields("entity"):
        path = f"{root}/{entity_path(given.entity)}"
    with tag_input_fields("params"):
        url = with_params(join_url(base, path), {**given.params, **system})
    fetch = service_root(with_params(join_url(base, f"{root}/"), system)).with_headers(every_request)
    return HttpRequest(method=given.method, url=url, headers=headers, content=content), fetch


def _system_params(given: SapInput, settings: SapConnectionSettings) -> dict[str, str]:
    asked = given.params.get("sap-client", given.client)
    client = settings.client or (_client(asked) if isinstance(asked, str | int) else "")
    if isinstance(asked, str | int) and _client(asked) != client:
        raise BadInput(f"the call asks for client {asked}, its connection is for client {client}")
    params = {"sap-client": client, "sap-language": "" if "sap-language" in given.params else settings.language}
    return {name: value for name, value in params.items() if value}


async def _converse(ctx: CallContext, request: HttpRequest, fetch: HttpRequest, kept: Session) -> Outcome:
    """Drives the protocol over the network, within the origin of the connection."""

    def within_origin(url: httpx2.URL) -> bool:
        return origin(url) == origin(request.url)

    conversation = call(request, fetch, kept)
    exchange = next(conversation)
    while True:
        try:
            response = await send_following(ctx.http, exchange.request, within_origin)
        except OperationError as error:
            error.sent = error.sent and exchange.is_effect
            raise
        try:
            exchange = conversation.send(response)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome


def _output(request: HttpRequest, outcome: Outcome, output: dict[str, Json]) -> dict[str, Json]:
    if outcome.is_fetch_failure:
        return {**output, "data": FETCH_FAILED}
    etag = _entity_etag(outcome.response, output["data"]) if request.method == "GET" else None
    return output if etag is None else {**output, "headers": {**output["headers"], "etag": etag}}


def _entity_etag(response: HttpResponse, data: Json) -> str | None:
    """Returns the ETag in an entity's own metadata, when the response has none in its headers."""
    if response.header("etag") is not None or not isinstance(data, dict):
        return None
    entity = data.get("d", data)
    if not isinstance(entity, dict):
        return None
    metadata = entity.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else entity.get("@odata.etag")
    return etag if isinstance(etag, str) else None


def _masker(settings: SapConnectionSettings, password: str, sessions: tuple[Session, ...]) -> Masker:
    # sap-usercontext contains the client and the language, which are not secret.
    cookies = [
        value for session in sessions for name, value in session.cookies.items() if name.lower() != "sap-usercontext"
    ]
    return Masker([password, f"{settings.user}:{password}", *(session.token for session in sessions), *cookies])


def _binding(settings: Mapping[str, Json]) -> Binding:
    read = msgspec.convert(dict(settings), SapConnectionSettings)
    return Binding(frozenset({origin(parse_base_url(read.base_url))}), {"auth": read.auth})


def _target(settings: Mapping[str, Json]) -> str:
    """Returns the system of a connection: its gateway, and its client, which is a system of its own."""
    client = settings.get("client")
    return f"{target(settings)}#{client}" if client else target(settings)


def _connection_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    problems = list(base_url_problems(settings))
    client = settings.get("client", "")
    if client and _CLIENT.fullmatch(client) is None:
        problems.append(Problem(path="/settings/client", message="an SAP client has three digits", hint="100"))
    if ":" in settings["user"]:
        problems.append(Problem(path="/settings/user", message="a user name of Basic authentication has no colon"))
    return tuple(problems)


CONNECTOR = Connector(
    name="sap",
    title="SAP",
    operations=(
        Operation(
            name="sap.odata",
            title="SAP request",
            input=SapInput,
            output=HttpOutput,
            repeat=repeat,
            call=odata,
            connection_kind="sap",
            normalize=with_upper_method,
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="sap",
            title="SAP system",
            settings=SapConnectionSettings,
            secrets=SapConnectionSecrets,
            check=_connection_problems,
            binding=_binding,
            target=_target,
        ),
    ),
)
