"""Connections that mail is sent through: of kind `smtp` and of kind `graph_mail`, their settings and their secrets."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from looply.connectors.outbound.routes import (
    ProxySettings,
    TlsSettings,
    route_manner,
    route_problems,
)
from looply.connectors.outbound.targets import canonical_host
from looply.connectors.outbound.urls import origin, parse_url
from looply.connectors.port import Binding, Target
from looply.definition.settings.mail import address_problem
from looply.errors import BadInput, Problem
from looply.jsontext import Json

Language: TypeAlias = Literal["en", "de"]
Cloud: TypeAlias = Literal["public", "gcc_high", "dod", "other"]
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SENDER_HINT: Final = "write orders@example.com or Orders <orders@example.com>"


class SmtpConnectionSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}
):
    """Settings of a connection of kind `smtp`."""

    host: Annotated[str, msgspec.Meta(min_length=1)]
    """The mail server, as its certificate names it."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 587
    """Its port: 587 for `starttls`, 465 for `tls`, 25 for most relays."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """Whether encryption begins with a command, with the connection, or never."""
    ca: str = ""
    """Certificate authorities in PEM that are trusted in addition to those of the machine."""
    auth: Literal["password", "xoauth2", "none"] = "password"
    """How the user is authenticated; `xoauth2`: by a token of `token_url`. Without a `user`, `password` is like `none`.
    """
    user: str = ""
    """The user; for `xoauth2` the address of the mailbox."""
    token_url: str = ""
    """For `xoauth2`: where tokens are issued, `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token` or
    `https://oauth2.googleapis.com/token`."""
    client_id: str = ""
    """For `xoauth2`: the client that tokens are issued to."""
    scope: str = ""
    """For `xoauth2`: what tokens are for, `https://outlook.office365.com/.default`; Google needs none."""
    sender: str
    """The sender of the mail: `orders@example.com` or `Orders <orders@example.com>`."""
    language: Language = "en"
    """The language of what this server writes in mails, such as the hints around a card."""


class SmtpConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `smtp`."""

    password: str = ""
    """The password of the user."""
    client_secret: str = ""
    """For `xoauth2`: the secret of the client."""
    refresh_token: str = ""
    """For `xoauth2`: what a person has granted to the client, such as in Google; without it the client itself is
    granted the token."""


class MailEndpoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Addresses of a system that speaks as Microsoft's do, for `cloud: other`."""

    login: str = ""
    """Where tokens are issued: `https://login.microsoftonline.com`."""
    graph: str = ""
    """Microsoft Graph: `https://graph.microsoft.com`."""


class GraphMailConnectionSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"sender": "from"}
):
    """Settings of a connection of kind `graph_mail`."""

    tenant_id: str
    """The directory (tenant) of the organization in Entra: a GUID."""
    client_id: str
    """The application (client) in Entra: a GUID."""
    sender: str
    """The mailbox that sends: `orders@example.com` or `Orders <orders@example.com>`."""
    cloud: Cloud = "public"
    """Which of Microsoft's clouds the tenant is in; `other` takes the addresses of `endpoints`."""
    endpoints: MailEndpoints | None = None
    """The addresses of `cloud: other`, such as those of a system for trials."""
    tls: TlsSettings | None = None
    """Trusted authorities, for a proxy that inspects what is encrypted."""
    proxy: ProxySettings | None = None
    """The proxy that calls go through."""
    language: Language = "en"
    """The language of what this server writes in mails, such as the hints around a card."""


class GraphMailConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `graph_mail`."""

    client_secret: str = ""
    """The client secret of the application in Entra."""
    client_key: str = ""
    """The key of `tls.certificate`, in PEM, not encrypted."""
    proxy_password: str = ""
    """The password of `proxy.user`."""


_CLOUDS: Final[Mapping[Cloud, MailEndpoints]] = {
    "public": MailEndpoints(login="https://login.microsoftonline.com", graph="https://graph.microsoft.com"),
    "gcc_high": MailEndpoints(login="https://login.microsoftonline.us", graph="https://graph.microsoft.us"),
    "dod": MailEndpoints(login="https://login.microsoftonline.us", graph="https://dod-graph.microsoft.us"),
}
"""Source: Microsoft's page on national clouds of Graph."""


def smtp_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of settings of kind `smtp` that a schema cannot express."""
    return tuple(_smtp_problems(settings))


def smtp_secret_names(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns the names of the secrets that settings of kind `smtp` need."""
    return ("client_secret",) if settings.get("auth") == "xoauth2" else ()


def smtp_binding(settings: Mapping[str, Json]) -> Binding:
    """Returns what the secrets of a connection of kind `smtp` are bound to."""
    read = msgspec.convert(dict(settings), SmtpConnectionSettings)
    targets: set[Target] = {("smtp", read.host.lower(), read.port)}
    manner: dict[str, Json] = {"tls": read.tls}
    if read.ca:
        manner["ca"] = read.ca
    if read.auth == "xoauth2":
        targets.add(origin(parse_url(read.token_url)))
        manner |= {"auth": read.auth, "client_id": read.client_id}
    return Binding(frozenset(targets), manner)


def smtp_target(settings: Mapping[str, Json]) -> str:
    """Returns the name of the mail server that a connection leads to."""
    read = msgspec.convert(dict(settings), SmtpConnectionSettings)
    return f"smtp://{canonical_host(read.host)}:{read.port}"


def graph_endpoints(settings: GraphMailConnectionSettings) -> MailEndpoints:
    """Returns the addresses of a connection's cloud. Raises: BadInput when `endpoints` lacks one that is needed."""
    if settings.cloud != "other":
        return _CLOUDS[settings.cloud]
    endpoints = settings.endpoints or MailEndpoints()
    for name in endpoints.__struct_fields__:
        if not getattr(endpoints, name):
            raise BadInput(f"`cloud: other` needs `endpoints.{name}`")
    return endpoints


def graph_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of settings of kind `graph_mail` that a schema cannot express."""
    return (*_graph_problems(settings), *route_problems(settings))


def graph_secret_names(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns the names of the secrets that settings of kind `graph_mail` need."""
    tls: Any = settings.get("tls") or {}
    return ("client_secret", "client_key") if tls.get("certificate") else ("client_secret",)


def graph_binding(settings: Mapping[str, Json]) -> Binding:
    """Returns what the client secret, and the tokens that it is exchanged for, are bound to."""
    read = msgspec.convert(dict(settings), GraphMailConnectionSettings)
    endpoints = graph_endpoints(read)
    targets = {origin(parse_url(each)) for each in (endpoints.login, endpoints.graph)}
    manner: dict[str, Json] = {
        "tenant_id": read.tenant_id.lower(),
        "client_id": read.client_id.lower(),
        **route_manner(read.tls, read.proxy),
    }
    return Binding(frozenset(targets), manner)


def graph_target(settings: Mapping[str, Json]) -> str:
    """Returns the name of the system that a connection leads to: Graph, as its tenant knows it."""
    read = msgspec.convert(dict(settings), GraphMailConnectionSettings)
    scheme, host, port = origin(parse_url(graph_endpoints(read).graph))
    return f"{scheme}://{host}:{port}#{read.tenant_id.lower()}/mail"


def _smtp_problems(settings: Mapping[str, Json]) -> Iterator[Problem]:
    if problem := address_problem(settings["from"]):
        yield Problem(path="/settings/from", message=problem, hint=_SENDER_HINT)
    auth, user = settings.get("auth", "password"), settings.get("user", "")
    if user and auth != "none" and settings.get("tls") == "none":
        what = "token" if auth == "xoauth2" else "password"
        message = f"with `tls` none the {what} would be sent in plain text"
        yield Problem(path="/settings/tls", message=message, hint="use starttls or tls, or leave out the user")
    if auth == "none" and user:
        yield Problem(path="/settings/user", message="with `auth` none there is no user", hint="leave it out")
    # A certificate authority is checked as those of other connections are.
    for found in route_problems({"tls": {"ca": settings.get("ca", "")}}):
        yield Problem(path="/settings/ca", message=found.message, hint=found.hint)
    if auth == "xoauth2":
        yield from _token_problems(settings)
        return
    for name in ("token_url", "client_id", "scope"):
        if settings.get(name):
            yield Problem(path=f"/settings/{name}", message="is for `auth` xoauth2 alone", hint="leave it out")


def _token_problems(settings: Mapping[str, Json]) -> Iterator[Problem]:
    for name in ("user", "client_id", "token_url"):
        if not settings.get(name):
            yield Problem(path=f"/settings/{name}", message="is missing, and `auth` xoauth2 needs it")
    if url := settings.get("token_url"):
        try:
            parse_url(url)
        except BadInput as error:
            yield Problem(path="/settings/token_url", message=error.message)


def _graph_problems(settings: Mapping[str, Json]) -> Iterator[Problem]:
    for name in ("tenant_id", "client_id"):
        if _GUID.fullmatch(settings[name]) is None:
            hint = "00000000-0000-0000-0000-000000000000"
            yield Problem(path=f"/settings/{name}", message="is no GUID", hint=hint)
    if problem := address_problem(settings["from"]):
        yield Problem(path="/settings/from", message=problem, hint=_SENDER_HINT)
    endpoints: Any = settings.get("endpoints") or {}
    if settings.get("cloud", "public") != "other":
        if endpoints:
            hint = "leave it out, or set `cloud` to other"
            yield Problem(path="/settings/endpoints", message="is for `cloud: other` alone", hint=hint)
        return
    for name in MailEndpoints.__struct_fields__:
        if not (url := endpoints.get(name, "")):
            yield Problem(path=f"/settings/endpoints/{name}", message="is missing, and `cloud: other` needs it")
            continue
        try:
            parse_url(url)
        except BadInput as error:
            yield Problem(path=f"/settings/endpoints/{name}", message=error.message)
