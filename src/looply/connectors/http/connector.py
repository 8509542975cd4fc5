"""The HTTP connector: one request to any system, with credentials of the input or of a connection."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import httpx2
import msgspec

from looply.connectors.blobs import Blob
from looply.connectors.checking import HTTP_CHECKS, Checks
from looply.connectors.http.bodies import NO_BLOBS, BodyType, HttpOutput, encode_body, read_output
from looply.connectors.http.checks import check_http
from looply.connectors.http.command_lines import curl_of
from looply.connectors.http.headers import check_headers, credentials_in, tracing_headers
from looply.connectors.http.media import open_blobs, read_media, references_in
from looply.connectors.http.paging import PageReader, Pages
from looply.connectors.http.redirects import send_following
from looply.connectors.http.soap import Soap, envelope
from looply.connectors.http.verdicts import judge
from looply.connectors.masking import masker_of
from looply.connectors.outbound.routes import (
    ProxySettings,
    Route,
    TlsSettings,
    route_manner,
    route_of,
    route_problems,
)
from looply.connectors.outbound.targets import canonical_origin
from looply.connectors.outbound.urls import join_url, origin, parse_base_url, parse_url, with_params
from looply.connectors.port import (
    Binding,
    CallContext,
    Check,
    ConnectionKind,
    ConnectionValues,
    Connector,
    HttpRequest,
    HttpResponse,
    Operation,
    Target,
    read_input,
)
from looply.definition.values.pointer import is_pointer
from looply.definition.values.repeat import Repeat, repeat_of_method
from looply.errors import BadInput, OperationError, Problem, tag_input_fields
from looply.jsontext import Json
from looply.rates import SMALL_BYTES, offload_if_large

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
HttpMethod: TypeAlias = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class BearerAuth(msgspec.Struct, frozen=True, tag_field="type", tag="bearer"):
    """A token (RFC 6750)."""

    token: str
    """The token itself, without `Bearer`."""


class BasicAuth(msgspec.Struct, frozen=True, tag_field="type", tag="basic"):
    """A user and a password (RFC 7617)."""

    user: str
    """The user name, which cannot have a colon."""
    password: str
    """The password."""


class HttpInput(msgspec.Struct, frozen=True, kw_only=True):
    """Input of `http.request`."""

    method: HttpMethod = "GET"
    """The HTTP method."""
    url: str = ""
    """Absolute; with a connection also a path below its base URL."""
    params: dict[str, Json] = {}
    """Query parameters by name."""
    headers: dict[str, Json] = {}
    """Headers by name."""
    body_type: BodyType = "json"
    """How the body is sent."""
    body: Json = None
    """Any JSON value; a text for `xml` and `raw`, and for `raw` a blob too."""
    auth: BearerAuth | BasicAuth | None = None
    """Credentials of this call alone; a connection has its own."""
    connection: str | None = None
    """Name of the connection."""
    pages: Pages | None = None
    """Of a GET: reads the following pages too, and returns the items of all."""
    soap: Soap | None = None
    """Of a POST: sends the body in an envelope; a fault in the answer fails the step."""


class HttpConnectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `http`. Its credentials go to no other origin than those named here."""

    base_url: str
    """Scheme, host and port, and a path when all calls share one."""
    auth: Literal["none", "basic", "bearer", "api_key"] = "none"
    """How its calls authenticate."""
    user: str = ""
    """The user name of `basic`."""
    header: str = "x-api-key"
    """Where an `api_key` goes."""
    allowed_hosts: list[str] = []
    """Further hosts (`host` or `host:port`, reached by the base URL's scheme) that may get the credentials."""
    tls: TlsSettings | None = None
    """Whose certificates are trusted, and the certificate that this side shows."""
    proxy: ProxySettings | None = None
    """The proxy that calls go through."""


class HttpConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `http`: `password` for basic, `token` for bearer and api_key, those of `tls`."""

    password: str = ""
    """The password of `basic`."""
    token: str = ""
    """The token of `bearer`, or the API key of `api_key`."""
    client_key: str = ""
    """The key of `tls.certificate`, in PEM and not encrypted."""
    proxy_password: str = ""
    """The password of `proxy.user`."""


@dataclass(frozen=True, slots=True)
class _Destination:
    """The URL of a call, its credentials, and the origins that it may reach; None: any.

    `is_elsewhere`: the URL is one of another host than that of the connection's base URL, which is its system.
    """

    url: httpx2.URL
    headers: Mapping[str, str]
    secrets: tuple[str, ...]
    origins: frozenset[Target] | None = None
    route: Route | None = None
    is_elsewhere: bool = False

    def names(self, url: httpx2.URL) -> bool:
        """Whether a connection names the origin of a URL."""
        return self.origins is not None and origin(url) in self.origins

    def may_follow(self, url: httpx2.URL) -> bool:
        return self.origins is None or origin(url) in self.origins


async def request(ctx: CallContext, input_: dict[str, Json]) -> dict[str, Json]:
    """Sends one request and returns its response in the shape of `HttpOutput`, whatever the status.

    A GET follows redirects (`redirects.py`), within the origins of its connection when it has one, and the pages of a
    list where it asks for them (`paging.py`). Credentials that were sent are masked in the output and in errors.

    Raises: BadInput for an input that cannot be sent, and as `HttpSender.send` and `send_following`.
    """
    call = read_input(HttpInput, input_, "http.request")
    _check_kind(call)
    with tag_input_fields("url", "auth"):
        destination = await _destination(ctx, call)
    with tag_input_fields("body", "soap"):
        blobs = await open_blobs(ctx, call.body_type, call.body)
        content, fixed = _content(call, ctx.idempotency_key, blobs)
    content_type = fixed.get("content-type")
    with tag_input_fields("headers"):
        own = check_headers(call.headers, reserved={*destination.headers, *(fixed if call.soap is not None else ())})
    with tag_input_fields("params"):
        url = with_params(destination.url, call.params)
    outgoing = HttpRequest(
        method=call.method,
        url=url,
        headers={
            "idempotency-key": ctx.idempotency_key,
            **fixed,
            **_own_content_type(own, content_type),
            **tracing_headers(ctx),
            **destination.headers,
        },
        content=content,
        route=destination.route,
    )
    masker = masker_of((*destination.secrets, *credentials_in(own)))
    asks_json = "json" in own.get("accept", "").lower()

    async def send(request: HttpRequest) -> HttpResponse:
        return await send_following(ctx.http, request, destination.may_follow)

    async def read(response: HttpResponse) -> dict[str, Json]:
        return await read_output(response, ctx.limits, asks_json=asks_json)

    try:
        response = await send(outgoing)
        if (media := await read_media(ctx, response)) is not None:
            shown: dict[str, Json] = masker.output(media)
            return shown
        if call.pages is None:
            return await read_output(response, ctx.limits, masker.output, asks_json=asks_json)
        pages = PageReader(call.pages, ctx.limits.response_bytes, send, read, destination.names)
        output = await pages.follow(outgoing, response, await read(response))
    except OperationError as error:
        masker.mask(error)
        # It says nothing of the system that the connection is for.
        error.is_of_connection = error.is_of_connection or destination.is_elsewhere
        raise
    return await offload_if_large(SMALL_BYTES + 1, lambda: masker.output(output))


def _check_kind(call: HttpInput) -> None:
    """Raises: BadInput for fields that do not fit the method, or each other."""
    with tag_input_fields("pages", "method"):
        if call.pages is not None:
            if call.method != "GET":
                raise BadInput(f"`pages` are read by GET, not by {call.method}")
            if not is_pointer(call.pages.items) or not (call.pages.follow == "link" or is_pointer(call.pages.follow)):
                raise BadInput("`pages.items` is a JSON Pointer such as /items, and `pages.follow` one or `link`")
    with tag_input_fields("soap", "method"):
        if call.soap is not None and call.method != "POST":
            raise BadInput(f"a SOAP call is a POST, not a {call.method}")


def _content(call: HttpInput, key: str, blobs: Mapping[str, Blob]) -> tuple[bytes, dict[str, str]]:
    """Returns the bytes of the body, and the headers that describe it."""
    if call.soap is not None:
        return envelope(call.soap, call.body)
    content, content_type = encode_body(call.body_type, call.body, key, blobs)
    return content, {} if content_type is None else {"content-type": content_type}


def command_line(input_: Mapping[str, Json], settings: Mapping[str, Json]) -> str:
    """Returns a request as a command line, without credentials of its own, and without the headers of every call.

    Raises: BadInput for an input that cannot be sent, and for one with blobs.
    """
    call = read_input(HttpInput, {**input_, "auth": None, "pages": None}, "http.request")
    refuse_blobs(call.body_type, call.body)
    is_absolute = call.connection is None or "://" in call.url.partition("?")[0]
    url = parse_url(call.url) if is_absolute else join_url(parse_base_url(str(settings.get("base_url", ""))), call.url)
    content, fixed = _content(call, "", NO_BLOBS)
    headers = {**fixed, **_own_content_type(check_headers(call.headers), fixed.get("content-type"))}
    return curl_of(HttpRequest(method=call.method, url=with_params(url, call.params), headers=headers, content=content))


def refuse_blobs(body_type: BodyType, body: Json) -> None:
    """Raises: BadInput for a body with blobs, whose bytes no command line has."""
    if next(references_in(body_type, body), None) is not None:
        raise BadInput("the body has blobs")


def basic_header(user: str, password: str) -> str:
    """Returns the value of an `Authorization` header for Basic, in UTF-8 (RFC 7617).

    Raises: BadInput for a colon in the user name.
    """
    if ":" in user:
        raise BadInput("the user name of Basic authentication cannot have a colon")
    return "Basic " + b64encode(f"{user}:{password}".encode("utf-8", "replace")).decode("ascii")


def base_url_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of the `base_url` of a connection's settings."""
    try:
        parse_base_url(settings["base_url"])
    except BadInput as error:
        return (Problem(path="/settings/base_url", message=error.message),)
    return ()


def binding(settings: Mapping[str, Json]) -> Binding:
    """Returns the binding of a connection's credentials: its origins, and the header that they are sent in."""
    read = msgspec.convert(dict(settings), HttpConnectionSettings)
    manner: dict[str, Json] = {"auth": read.auth, **route_manner(read.tls, read.proxy)}
    if read.auth == "api_key":
        manner["header"] = read.header.lower()
    return Binding(_origins(read, ""), manner)


def target(settings: Mapping[str, Json]) -> str:
    """Returns the system of a connection: the canonical origin of its base URL."""
    return canonical_origin(parse_base_url(str(settings.get("base_url", ""))))


def _connection_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    return (*base_url_problems(settings), *route_problems(settings))


async def _destination(ctx: CallContext, call: HttpInput) -> _Destination:
    if call.connection is not None:
        if call.auth is not None:
            raise BadInput("`auth` and `connection` cannot be given together: the connection has the credentials")
        return _of_connection(await ctx.connection(call.connection), call)
    with tag_input_fields("url"):
        url = parse_url(call.url)
    match call.auth:
        case BearerAuth(token):
            headers = {"authorization": f"Bearer {token}"}
            return _Destination(url, _validate_credentials(headers), (token,))
        case BasicAuth(user, password):
            headers = {"authorization": basic_header(user, password)}
            return _Destination(url, headers, (password, f"{user}:{password}"))
        case None:
            return _Destination(url, {}, ())


def _of_connection(values: ConnectionValues, call: HttpInput) -> _Destination:
    settings = values.read("http", HttpConnectionSettings, "http.request")
    base = parse_base_url(settings.base_url)
    origins = _origins(settings, values.name)
    url = parse_url(call.url) if "://" in call.url.partition("?")[0] else join_url(base, call.url)
    if origin(url) not in origins:
        raise BadInput(
            f"connection {values.name} is for {_host_text(base)}, and its credentials must not go to "
            f"{_host_text(url)}; use a URL of that host, another connection, or none"
        )
    headers = _validate_credentials(_credentials(settings, values.secrets))
    secrets = tuple(values.secrets.values())
    shown = (*secrets, *(f"{settings.user}:{secret}" for secret in secrets))
    route = route_of(settings.tls, settings.proxy, values.secrets)
    return _Destination(url, headers, shown, origins, route, is_elsewhere=origin(url) != origin(base))


async def _check_connection(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    """Tests a connection: its network, and one read of its base URL, or of a path below it."""
    checks = Checks(ctx.clock, HTTP_CHECKS)
    begun = checks.begin()
    try:
        destination = _of_connection(values, HttpInput(url=path))
    except OperationError as error:
        checks.fail("dns", begun, error, "correct the settings of the connection")
        return checks.results()
    request = HttpRequest(method="GET", url=destination.url, headers=destination.headers, route=destination.route)
    await check_http(ctx, checks, request, masker_of(destination.secrets))
    return checks.results()


def _origins(settings: HttpConnectionSettings, connection: str) -> frozenset[Target]:
    base = parse_base_url(settings.base_url)
    return frozenset({origin(base), *(_allowed_origin(base, host, connection) for host in settings.allowed_hosts)})


def _credentials(settings: HttpConnectionSettings, secrets: Mapping[str, str]) -> dict[str, str]:
    match settings.auth:
        case "basic":
            return {"authorization": basic_header(settings.user, secrets.get("password", ""))}
        case "bearer":
            return {"authorization": f"Bearer {secrets.get('token', '')}"}
        case "api_key":
            return {settings.header.lower(): secrets.get("token", "")}
        case "none":
            return {}


def _validate_credentials(headers: dict[str, str]) -> dict[str, str]:
    try:
        return check_headers(headers)
    except BadInput as error:  # its message names a header that the author did not write
        raise BadInput(
            "the credentials cannot be sent in a header: line break, control character or bad name"
        ) from error


def _allowed_origin(base: httpx2.URL, host: str, connection: str) -> tuple[str, str, int]:
    problem = f"connection {connection} allows the host {host!r}; write host or host:port"
    try:
        url = parse_url(f"{base.scheme}://{host}")
    except BadInput as error:
        raise BadInput(problem) from error
    if url.raw_path != b"/":
        raise BadInput(problem)
    return origin(url)


def _own_content_type(own: Mapping[str, str], content_type: str | None) -> dict[str, str]:
    """Returns the author's headers, without a content type for a multipart body, whose own has the boundary."""
    if content_type is not None and content_type.startswith("multipart/"):
        return {name: value for name, value in own.items() if name != "content-type"}
    return dict(own)


def with_upper_method(input_: Mapping[str, Json]) -> Mapping[str, Json]:
    """Returns an input with its method, if it has one, in upper case."""
    method = input_.get("method")
    return {**input_, "method": method.upper()} if isinstance(method, str) else input_


def _host_text(url: httpx2.URL) -> str:
    scheme, host, port = origin(url)
    return f"{scheme}://{host}:{port}"


def repeat(input_: Mapping[str, Json]) -> Repeat:
    """Returns whether a request may be repeated after an unknown outcome: always, but for POST and PATCH."""
    return repeat_of_method(input_.get("method", "GET"))


CONNECTOR = Connector(
    name="http",
    title="HTTP",
    operations=(
        Operation(
            name="http.request",
            title="HTTP request",
            input=HttpInput,
            output=HttpOutput,
            repeat=repeat,
            call=request,
            connection_kind="http",
            normalize=with_upper_method,
            judge=judge,
            command=command_line,
        ),
    ),
    connection_kinds=(
        ConnectionKind(
            name="http",
            title="HTTP system",
            settings=HttpConnectionSettings,
            secrets=HttpConnectionSecrets,
            check=_connection_problems,
            binding=binding,
            target=target,
            test=_check_connection,
        ),
    ),
)
