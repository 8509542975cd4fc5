"""Connections of kind `teams`: their settings and secrets, the addresses of each cloud, and what secrets are bound to.

The token of the bot goes wherever a message goes, so a message is sent only to the hosts that are listed here, never to
an address because an activity names it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

import httpx2
import msgspec

from looply.connectors.oauth.client_credentials import ClientGrant
from looply.connectors.outbound.routes import (
    ProxySettings,
    Route,
    TlsSettings,
    route_manner,
    route_of,
    route_problems,
)
from looply.connectors.outbound.urls import origin, parse_url
from looply.connectors.port import Binding, ConnectionValues, Target
from looply.errors import BadInput, Problem
from looply.jsontext import Json

Cloud: TypeAlias = Literal["public", "gcc", "gcc_high", "dod", "other"]
GUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_GUID_HINT: Final = "00000000-0000-0000-0000-000000000000"


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Addresses of a system that speaks as Microsoft's do, for `cloud: other`."""

    login: str = ""
    """Where tokens are issued: `https://login.microsoftonline.com`."""
    graph: str = ""
    """Microsoft Graph: `https://graph.microsoft.com`."""
    service: str = ""
    """The Bot Connector, before an activity names a nearer address: `https://smba.trafficmanager.net/teams`."""
    openid: str = ""
    """The description of the keys that sign activities."""
    issuer: str = ""
    """The issuer of the tokens that come with activities: `https://api.botframework.com`."""


class TeamsConnectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `teams`."""

    tenant_id: str
    """The directory (tenant) of the organization in Entra: a GUID."""
    app_id: str
    """The application (client) of the bot in Entra: a GUID."""
    people: Literal["events", "graph"] = "events"
    """How people are found: `events`, once they have installed the app or are in a team that has; `graph`, also by
    their mail address, and the app is installed for them."""
    catalog_app_id: str = ""
    """The id of the app in the organization's catalog, which `graph` installs; empty: it is looked up."""
    cloud: Cloud = "public"
    """Which of Microsoft's clouds the tenant is in; `other` takes the addresses of `endpoints`."""
    endpoints: Endpoints | None = None
    """The addresses of `cloud: other`, such as those of a system for trials."""
    tls: TlsSettings | None = None
    """Trusted authorities, for a proxy that inspects what is encrypted."""
    proxy: ProxySettings | None = None
    """The proxy that calls go through."""


class TeamsConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `teams`."""

    client_secret: str = ""
    """The client secret of the application in Entra."""
    client_key: str = ""
    """The key of `tls.certificate`, in PEM, not encrypted."""
    proxy_password: str = ""
    """The password of `proxy.user`."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of one cloud. `scope` is that of the bot's token; `services` are all hosts of its Bot Connector."""

    login: str
    graph: str
    service: str
    openid: str
    issuer: str
    scope: str
    services: tuple[str, ...]
    admin: str = ""
    """Where an administrator of Teams uploads apps; empty where that is not known."""


_PUBLIC: Final = Places(
    login="https://login.microsoftonline.com",
    graph="https://graph.microsoft.com",
    service="https://smba.trafficmanager.net/teams",
    openid="https://login.botframework.com/v1/.well-known/openidconfiguration",
    issuer="https://api.botframework.com",
    scope="https://api.botframework.com/.default",
    services=("https://smba.trafficmanager.net", "https://smba.infra.gcc.teams.microsoft.com"),
    admin="https://admin.teams.microsoft.com/policies/manage-apps",
)
_GOVERNMENT: Final = Places(
    login="https://login.microsoftonline.us",
    graph="https://graph.microsoft.us",
    service="https://smba.infra.gov.teams.microsoft.us/teams",
    openid="https://login.botframework.azure.us/v1/.well-known/openidconfiguration",
    issuer="https://api.botframework.us",
    scope="https://api.botframework.us/.default",
    services=("https://smba.infra.gov.teams.microsoft.us",),
    admin="https://admin.gov.teams.microsoft.us/policies/manage-apps",
)
_CLOUDS: Final[Mapping[Cloud, Places]] = {
    "public": _PUBLIC,
    "gcc": msgspec.structs.replace(_PUBLIC, service="https://smba.infra.gcc.teams.microsoft.com/teams"),
    "gcc_high": _GOVERNMENT,
    "dod": msgspec.structs.replace(
        _GOVERNMENT,
        graph="https://dod-graph.microsoft.us",
        service="https://smba.infra.dod.teams.microsoft.us/teams",
        services=("https://smba.infra.dod.teams.microsoft.us",),
        admin="https://admin.dod.teams.microsoft.us/policies/manage-apps",
    ),
}
"""Source: Microsoft's pages on bots in government clouds, on national clouds of Graph, and on REST of bots."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A connection, ready for calls. It has the secret, so that `repr` shows the names only."""

    name: str
    tenant_id: str
    app_id: str
    places: Places
    bot_grant: ClientGrant
    graph_grant: ClientGrant
    route: Route | None = None
    has_graph: bool = False
    catalog_app_id: str = ""

    def __repr__(self) -> str:
        return f"Account(name={self.name!r}, tenant_id={self.tenant_id!r}, app_id={self.app_id!r})"

    @property
    def bot_id(self) -> str:
        """The id of the bot in conversations."""
        return f"28:{self.app_id}"

    @property
    def consent_url(self) -> str:
        """The page on which an administrator of the tenant consents to the rights of the application."""
        return f"{self.places.login.rstrip('/')}/{self.tenant_id}/adminconsent?client_id={self.app_id}"

    def takes_service(self, url: str) -> bool:
        """Returns whether messages may be sent to this address of a Bot Connector."""
        try:
            found = origin(parse_url(url))
        except BadInput:
            return False
        return found in _service_targets(self.places)


def places_of(settings: TeamsConnectionSettings) -> Places:
    """Returns the addresses of a connection's cloud. Raises: BadInput when `endpoints` lacks one that is needed."""
    if settings.cloud != "other":
        return _CLOUDS[settings.cloud]
    given = settings.endpoints or Endpoints()
    missing = [name for name in given.__struct_fields__ if not getattr(given, name)]
    if missing:
        raise BadInput(f"`cloud: other` needs `endpoints.{missing[0]}`")
    return Places(
        login=given.login,
        graph=given.graph,
        service=given.service,
        openid=given.openid,
        issuer=given.issuer,
        scope=_PUBLIC.scope,
        services=(given.service,),
    )


def account_of(values: ConnectionValues) -> Account:
    """Returns a connection as it is called. Raises: BadInput for settings of another kind, and for a half route."""
    settings = values.read("teams", TeamsConnectionSettings, "Teams")
    places, route = places_of(settings), route_of(settings.tls, settings.proxy, values.secrets)
    return Account(
        name=values.name,
        tenant_id=settings.tenant_id.lower(),
        app_id=settings.app_id.lower(),
        places=places,
        bot_grant=_grant(values, settings, places, places.scope, route),
        graph_grant=_grant(values, settings, places, f"{places.graph}/.default", route),
        route=route,
        has_graph=settings.people == "graph",
        catalog_app_id=settings.catalog_app_id,
    )


def binding(settings: Mapping[str, Json]) -> Binding:
    """Returns what the client secret, and the tokens that it is exchanged for, are bound to."""
    read = msgspec.convert(dict(settings), TeamsConnectionSettings)
    places = places_of(read)
    targets = {origin(parse_url(each)) for each in (places.login, places.graph, places.service, places.openid)}
    manner: dict[str, Json] = {
        "tenant_id": read.tenant_id.lower(),
        "app_id": read.app_id.lower(),
        **route_manner(read.tls, read.proxy),
    }
    return Binding(frozenset(targets | _service_targets(places)), manner)


def target(settings: Mapping[str, Json]) -> str:
    """Returns the name of the system that a connection leads to: the bot in its tenant."""
    read = msgspec.convert(dict(settings), TeamsConnectionSettings)
    scheme, host, port = origin(parse_url(places_of(read).service))
    return f"{scheme}://{host}:{port}#{read.tenant_id.lower()}/{read.app_id.lower()}"


def secret_names(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns the names of the secrets that the settings need."""
    has_certificate = (settings.get("tls") or {}).get("certificate")
    return ("client_secret", "client_key") if has_certificate else ("client_secret",)


def connection_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of settings that fit their schema."""
    return (*_own_problems(settings), *route_problems(settings))


def _own_problems(settings: Mapping[str, Json]) -> Iterator[Problem]:
    for name in ("tenant_id", "app_id", "catalog_app_id"):
        given = settings.get(name, "")
        if (given or name != "catalog_app_id") and GUID.fullmatch(given) is None:
            yield Problem(path=f"/settings/{name}", message="is no GUID", hint=_GUID_HINT)
    given_endpoints = settings.get("endpoints") or {}
    if settings.get("cloud", "public") != "other":
        if given_endpoints:
            hint = "leave it out, or set `cloud` to other"
            yield Problem(path="/settings/endpoints", message="is for `cloud: other` alone", hint=hint)
        return
    for name in Endpoints.__struct_fields__:
        url = given_endpoints.get(name, "")
        if not url:
            yield Problem(path=f"/settings/endpoints/{name}", message="is missing, and `cloud: other` needs it")
            continue
        try:
            parse_url(url)
        except BadInput as error:
            yield Problem(path=f"/settings/endpoints/{name}", message=error.message)


def _service_targets(places: Places) -> set[Target]:
    return {origin(parse_url(each)) for each in places.services}


def _grant(
    values: ConnectionValues, settings: TeamsConnectionSettings, places: Places, scope: str, route: Route | None
) -> ClientGrant:
    url: httpx2.URL = parse_url(f"{places.login.rstrip('/')}/{settings.tenant_id.lower()}/oauth2/v2.0/token")
    return ClientGrant(
        url=url,
        client_id=settings.app_id.lower(),
        client_secret=values.secrets.get("client_secret", ""),
        scope=scope,
        route=route,
        connection=values.name,
        revision=values.revision,
        is_elsewhere=True,
    )
