"""Principals: with whose credentials the calls of a connection are made, and how they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2

from looply.connectors.http.connector import basic_header
from looply.connectors.http.headers import check_headers
from looply.connectors.oauth.client_credentials import ClientGrant, client_token
from looply.connectors.outbound.routes import Route, route_of
from looply.connectors.outbound.urls import origin, parse_base_url, parse_url
from looply.connectors.port import CallContext, ConnectionValues
from looply.connectors.sap.calls.settings import SapConnectionSettings
from looply.errors import BadInput
from looply.jsontext import fingerprint

RESERVED: Final = ("authorization", "cookie", "x-csrf-token", "requestid")
"""Headers that belong to the connector: the credentials, the session, and the id of a repeated call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The credentials of a connection for one client of its system. `repr` shows none."""

    connection: str
    headers: Mapping[str, str] = field(repr=False)
    """The headers that authenticate a call, without the token of `grant`."""
    secrets: tuple[str, ...] = field(repr=False)
    session_key: bytes
    """Identifies sessions: they are never shared by other credentials, another client or another system."""
    logon_key: bytes
    """As `session_key`, and another one after each time that the connection was saved."""
    route: Route | None = None
    grant: ClientGrant | None = None

    async def authorization(self, ctx: CallContext, *, is_test: bool = False) -> tuple[Mapping[str, str], str]:
        """Returns the headers that authenticate a call now, and the token in them, if any.

        Raises: as `client_token`.
        """
        if self.grant is None:
            return self.headers, ""
        token = await client_token(ctx, self.grant, is_test=is_test)
        return {**self.headers, "authorization": f"Bearer {token}"}, token


def principal_of(values: ConnectionValues, settings: SapConnectionSettings, client: str) -> Principal:
    """Returns the principal of a connection's calls to one client. Raises: BadInput for incomplete settings."""
    secrets = {name: value for name, value in values.secrets.items() if value}
    route = route_of(settings.tls, settings.proxy, secrets)
    headers = _headers(settings, secrets)
    grant = _grant(values, settings, secrets, route) if settings.auth == "oauth_client" else None
    base = parse_base_url(settings.base_url)
    identity = fingerprint(
        list(origin(base)),
        client,
        settings.auth,
        [settings.user, settings.client_id, settings.token_url, settings.scope],
        dict(sorted(secrets.items())),
        settings.tls.certificate if settings.tls is not None else "",
    )
    pairs = [f"{settings.user}:{secrets['password']}"] if settings.auth == "basic" else []
    return Principal(
        connection=values.name,
        headers=headers,
        secrets=(*secrets.values(), *pairs),
        session_key=identity,
        logon_key=fingerprint(identity.hex(), values.revision),
        route=route,
        grant=grant,
    )


def _headers(settings: SapConnectionSettings, secrets: Mapping[str, str]) -> Mapping[str, str]:
    match settings.auth:
        case "basic":
            if not settings.user or "password" not in secrets:
                raise BadInput("the connection has no user or no password, which `auth: basic` needs")
            return {"authorization": basic_header(settings.user, secrets["password"])}
        case "api_key":
            if "api_key" not in secrets:
                raise BadInput("the connection has no secret `api_key`, which `auth: api_key` needs")
            return _checked({settings.header: secrets["api_key"]})
        case "certificate":
            if settings.tls is None or not settings.tls.certificate:
                raise BadInput("the connection has no `tls.certificate`, which `auth: certificate` needs")
            return {}
        case "oauth_client":
            return {}


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    try:
        return check_headers(headers)
    except BadInput as error:  # its message may name a header that the author did not write
        raise BadInput("the API key cannot be sent in a header: line break, control character or bad name") from error


def _grant(
    values: ConnectionValues, settings: SapConnectionSettings, secrets: Mapping[str, str], route: Route | None
) -> ClientGrant:
    if not settings.token_url or not settings.client_id or "client_secret" not in secrets:
        raise BadInput("the connection needs `token_url`, `client_id` and the secret `client_secret` for its tokens")
    url = _token_url(settings.token_url)
    return ClientGrant(
        url=url,
        client_id=settings.client_id,
        client_secret=secrets["client_secret"],
        scope=settings.scope,
        route=route,
        connection=values.name,
        revision=values.revision,
        is_elsewhere=origin(url) != origin(parse_base_url(settings.base_url)),
    )


def _token_url(text: str) -> httpx2.URL:
    try:
        return parse_url(text)
    except BadInput as error:
        raise BadInput(f"the connection's `token_url` is not valid: {error.message}") from error
