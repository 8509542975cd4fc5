"""Connections of kind `sap`: their settings and secrets, and what the secrets are bound to."""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from looply.connectors.http.connector import base_url_problems
from looply.connectors.outbound.routes import ProxySettings, TlsSettings, route_manner, route_problems
from looply.connectors.outbound.urls import origin, parse_base_url, parse_url
from looply.connectors.port import Binding
from looply.connectors.sap.calls.paths import service_path
from looply.errors import BadInput, Problem
from looply.jsontext import Json

SapAuth: TypeAlias = Literal["basic", "oauth_client", "certificate", "api_key"]
CLIENT: Final = re.compile(r"[0-9]{3}")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_SECRETS: Final[Mapping[str, str]] = {
    "basic": "password",
    "oauth_client": "client_secret",
    "certificate": "client_key",
    "api_key": "api_key",
}
"""Kind of authentication -> the secret that it needs."""
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {"basic": ("user",), "oauth_client": ("token_url", "client_id")}
"""Kind of authentication -> the settings that it needs."""


class CsrfSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where CSRF tokens are fetched, for systems that offer them elsewhere than at the root of each service."""

    at: str
    """A path of the system: `/sap/opu/odata/sap/API_PURCHASEORDER_PROCESS_SRV/`."""


class SapConnectionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a connection of kind `sap`."""

    base_url: str
    """Scheme, host and port of the gateway: `https://s4.example.com:44300`."""
    user: str = ""
    """The user name of `basic`."""
    system_id: str = ""
    """Name by which steps may look the connection up, together with `client`."""
    client: str = ""
    """Three digits; sent as `sap-client`. Empty: the system's default."""
    language: str = ""
    """Sent as `sap-language`."""
    auth: SapAuth = "basic"
    """How its calls authenticate."""
    token_url: str = ""
    """Where `oauth_client` gets its tokens, with all of its parameters, such as `sap-client`."""
    client_id: str = ""
    """The client of `oauth_client`."""
    scope: str = ""
    """The scope that `oauth_client` asks for."""
    header: str = "apikey"
    """Where the key of `api_key` goes."""
    tls: TlsSettings | None = None
    """Trusted authorities, and the certificate that `certificate` logs on with."""
    proxy: ProxySettings | None = None
    """The proxy that calls go through."""
    odata: Literal["auto", "2", "4"] = "auto"
    """The version of OData; `auto` reads it from the path of the service."""
    repeatable: bool = False
    """Whether the system recognizes a repeated call by its request id (idempotent services). Then a call whose outcome
    is unknown is repeated."""
    csrf: CsrfSettings | None = None
    """Where CSRF tokens are fetched, when it is not the root of the service."""


class SapConnectionSecrets(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Secrets of a connection of kind `sap`; which of them it has depends on `auth`, `tls` and `proxy`."""

    password: str = ""
    """The password of `basic`."""
    client_secret: str = ""
    """The secret of `oauth_client`."""
    api_key: str = ""
    """The key of `api_key`."""
    client_key: str = ""
    """The key of `tls.certificate`, in PEM, not encrypted."""
    proxy_password: str = ""
    """The password of `proxy.user`."""


def secret_names(settings: Mapping[str, Json]) -> tuple[str, ...]:
    """Returns the names of the secrets that the settings need."""
    found = [_SECRETS[settings.get("auth", "basic")]]
    if (settings.get("tls") or {}).get("certificate"):
        found.append("client_key")
    return tuple(dict.fromkeys(found))


def connection_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of settings that fit their schema."""
    return (*base_url_problems(settings), *_own_problems(settings), *route_problems(settings))


def binding(settings: Mapping[str, Json]) -> Binding:
    """Returns the binding of a connection's secrets: the system and the token server, and how they are reached."""
    read = msgspec.convert(dict(settings), SapConnectionSettings)
    targets = {origin(parse_base_url(read.base_url))}
    manner: dict[str, Json] = {"auth": read.auth, **route_manner(read.tls, read.proxy)}
    if read.auth == "oauth_client":
        targets.add(origin(parse_url(read.token_url)))
        manner |= {"token_url": read.token_url, "client_id": read.client_id}
    if read.auth == "api_key":
        manner["header"] = read.header.lower()
    return Binding(frozenset(targets), manner)


def client_text(value: str | int) -> str:
    """Returns an SAP client as three digits. Raises: BadInput."""
    text = str(value).strip().zfill(3)
    if CLIENT.fullmatch(text) is None:
        raise BadInput(f"`client` is {value!r}; an SAP client has three digits")
    return text


def _own_problems(settings: Mapping[str, Json]) -> Iterator[Problem]:
    auth, client = settings.get("auth", "basic"), settings.get("client", "")
    if client and CLIENT.fullmatch(client) is None:
        yield Problem(path="/settings/client", message="an SAP client has three digits", hint="100")
    if ":" in settings.get("user", ""):
        yield Problem(path="/settings/user", message="a user name of Basic authentication has no colon")
    for name in _NEEDED.get(auth, ()):
        if not settings.get(name):
            yield Problem(path=f"/settings/{name}", message=f"is missing, and `auth: {auth}` needs it")
    if auth == "certificate" and not (settings.get("tls") or {}).get("certificate"):
        yield Problem(path="/settings/tls/certificate", message="is missing, and `auth: certificate` needs it")
    if settings.get("token_url"):
        try:
            parse_url(settings["token_url"])
        except BadInput as error:
            yield Problem(path="/settings/token_url", message=error.message)
    if _HEADER.fullmatch(settings.get("header", "apikey")) is None:
        yield Problem(path="/settings/header", message="is no name of a header", hint="apikey")
    if settings.get("csrf"):
        try:
            service_path(settings["csrf"]["at"])
        except BadInput:
            yield Problem(path="/settings/csrf/at", message="is no path of the system", hint="/sap/opu/odata/sap/SRV/")
