"""Accounts: a connection as mail is sent through it, ready for calls, with its secrets."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import quote

import httpx2

from looply.connectors.email.conversation import Server
from looply.connectors.email.settings import (
    GraphMailConnectionSettings,
    Language,
    SmtpConnectionSettings,
    graph_endpoints,
)
from looply.connectors.oauth.client_credentials import ClientGrant
from looply.connectors.outbound.routes import Route, route_of
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import ConnectionValues
from looply.definition.settings.mail import read_address
from looply.errors import BadInput

GRAPH_MAIL: Final = "graph_mail"
SMTP: Final = "smtp"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpAccount:
    """A mail server; `grant` is where its tokens come from, None without tokens."""

    sender: str
    server: Server
    grant: ClientGrant | None = None
    language: Language = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphAccount:
    """A mailbox of Microsoft Graph. `url` takes its mails; `login` and `graph` are the addresses of its cloud."""

    sender: str
    url: httpx2.URL
    grant: ClientGrant
    route: Route | None = field(default=None, repr=False)
    language: Language = "en"


Account: TypeAlias = SmtpAccount | GraphAccount


def account_of(values: ConnectionValues, operation: str) -> Account:
    """Returns a connection as mail is sent through it, for a call of an operation.

    Raises: BadInput for a connection of another kind, or whose settings do not fit.
    """
    if values.kind == GRAPH_MAIL:
        return graph_account(values, operation)
    if values.kind == SMTP:
        return smtp_account(values, operation)
    message = f"connection {values.name} is of kind {values.kind}; {operation} needs one of kind {SMTP} or {GRAPH_MAIL}"
    raise BadInput(message)


def smtp_account(values: ConnectionValues, operation: str) -> SmtpAccount:
    """Returns the account of a connection of kind `smtp`. Raises: as `account_of`."""
    settings = values.read(SMTP, SmtpConnectionSettings, operation)
    has_tokens = settings.auth == "xoauth2"
    server = Server(
        host=settings.host,
        port=settings.port,
        tls=settings.tls,
        ca=settings.ca,
        user="" if settings.auth == "none" else settings.user,
        password="" if has_tokens else values.secrets.get("password", ""),
    )
    if not has_tokens:
        return SmtpAccount(sender=settings.sender, server=server, language=settings.language)
    grant = ClientGrant(
        url=parse_url(settings.token_url),
        client_id=settings.client_id,
        client_secret=values.secrets.get("client_secret", ""),
        refresh_token=values.secrets.get("refresh_token", ""),
        scope=settings.scope,
        connection=values.name,
        revision=values.revision,
        is_elsewhere=True,
    )
    return SmtpAccount(sender=settings.sender, server=server, grant=grant, language=settings.language)


def graph_account(values: ConnectionValues, operation: str) -> GraphAccount:
    """Returns the account of a connection of kind `graph_mail`. Raises: as `account_of`."""
    settings = values.read(GRAPH_MAIL, GraphMailConnectionSettings, operation)
    endpoints, route = graph_endpoints(settings), route_of(settings.tls, settings.proxy, values.secrets)
    read = read_address(settings.sender)
    if read is None:
        raise BadInput(f"the `from` of connection {values.name} is no mail address")
    grant = ClientGrant(
        url=parse_url(f"{endpoints.login.rstrip('/')}/{settings.tenant_id.lower()}/oauth2/v2.0/token"),
        client_id=settings.client_id.lower(),
        client_secret=values.secrets.get("client_secret", ""),
        scope=f"{endpoints.graph.rstrip('/')}/.default",
        route=route,
        connection=values.name,
        revision=values.revision,
        is_elsewhere=True,
    )
    url = parse_url(f"{endpoints.graph.rstrip('/')}/v1.0/users/{quote(read[1], safe='')}/sendMail")
    return GraphAccount(sender=settings.sender, url=url, grant=grant, route=route, language=settings.language)
