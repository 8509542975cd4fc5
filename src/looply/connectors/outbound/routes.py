"""Routes: whose certificates a connection trusts, which certificate it shows, and the proxy that it goes through.

A route is a property of a named connection. It changes how the target is reached, never which target may be reached:
the egress policy judges the target and the proxy alike (`network.py`, `proxies.py`).
"""

import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from looply.connectors.outbound.trust import machine_trust
from looply.connectors.outbound.urls import parse_url
from looply.errors import BadInput, Problem
from looply.jsontext import Json

PEM_CHARACTERS: Final = 262_144
"""The most characters of certificates or of a key; the authorities of a whole machine are about 220,000."""


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The TLS of a connection. Without it: the machine's authorities, and no certificate of its own."""

    ca: str = ""
    """Certificate authorities in PEM that are trusted in addition to those of the machine."""
    certificate: str = ""
    """The certificate, with its chain, in PEM, that identifies this side; its key is the secret `client_key`."""
    server_name: str = ""
    """The name that the other side's certificate is checked for, when it is not the host of the URL."""


class ProxySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The proxy of a connection; calls go through a tunnel (`CONNECT`)."""

    url: str
    """Scheme, host and port: `http://proxy.example.com:3128`."""
    user: str = ""
    """The user name at the proxy; its password is the secret `proxy_password`."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a request reaches its target. Equal routes share connections."""

    ca: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    server_name: str = ""
    proxy: str = ""
    proxy_user: str = ""
    proxy_password: str = field(default="", repr=False)

    @property
    def has_own_tls(self) -> bool:
        """Whether a TLS context of its own is needed."""
        return bool(self.ca or self.certificate)

    def to_another_origin(self) -> "Route | None":
        """Returns the route to a target that the connection does not name: without its certificate and host name."""
        other = replace(self, certificate="", key="", server_name="")
        return other if other != Route() else None


def route_of(tls: TlsSettings | None, proxy: ProxySettings | None, secrets: Mapping[str, str]) -> Route | None:
    """Returns the route of a connection; None when it has neither TLS settings nor a proxy.

    Raises: BadInput when the certificate or its key is missing.
    """
    if tls is None and proxy is None:
        return None
    tls, key = tls or TlsSettings(), secrets.get("client_key", "")
    if bool(tls.certificate) != bool(key):
        missing = (
            "secret `client_key` is missing" if tls.certificate else "`tls.certificate` of its `client_key` is missing"
        )
        raise BadInput(f"the connection has half of a client certificate: the {missing}")
    return Route(
        ca=tls.ca,
        certificate=tls.certificate,
        key=key,
        server_name=tls.server_name,
        proxy=proxy.url if proxy is not None else "",
        proxy_user=proxy.user if proxy is not None else "",
        proxy_password=secrets.get("proxy_password", "") if proxy is not None else "",
    )


def route_manner(tls: TlsSettings | None, proxy: ProxySettings | None) -> dict[str, Json]:
    """Returns what a connection's secrets are bound to beside their targets.

    Each of them decides who can read what is sent.
    """
    found: dict[str, Json] = {
        "ca": tls.ca if tls is not None else "",
        "certificate": tls.certificate if tls is not None else "",
        "server_name": tls.server_name if tls is not None else "",
        "proxy": proxy.url if proxy is not None else "",
        "proxy_user": proxy.user if proxy is not None else "",
    }
    return {name: value for name, value in found.items() if value}


def route_problems(settings: Mapping[str, Json]) -> tuple[Problem, ...]:
    """Returns the problems of `tls` and `proxy` in the settings of a connection, which fit their schema."""
    return (*_tls_problems(settings.get("tls") or {}), *_proxy_problems(settings.get("proxy")))


def tls_context(route: Route) -> ssl.SSLContext:
    """Returns the TLS context of a route. It reads files of the machine, so it belongs in a thread.

    Raises: BadInput for an authority that is none, and for a certificate that its key does not fit.
    """
    context = machine_trust()
    if route.ca:
        _add_authorities(context, route.ca)
    if route.certificate:
        _add_certificate(context, route.certificate, route.key)
    return context


def _tls_problems(tls: Mapping[str, Json]) -> Iterator[Problem]:
    for name in ("ca", "certificate"):
        text = tls.get(name, "")
        if text and (message := _certificates_problem(text)):
            yield Problem(path=f"/settings/tls/{name}", message=message, hint="-----BEGIN CERTIFICATE----- ...")
    server_name = tls.get("server_name", "")
    if server_name and _host_of(f"https://{server_name}") != server_name.lower():
        yield Problem(path="/settings/tls/server_name", message="is no host name", hint="s4.example.com")


def _proxy_problems(proxy: Mapping[str, Json] | None) -> Iterator[Problem]:
    if proxy is None:
        return
    try:
        url = parse_url(proxy["url"])
    except BadInput as error:
        yield Problem(path="/settings/proxy/url", message=error.message, hint="http://proxy.example.com:3128")
        return
    if url.raw_path != b"/":
        yield Problem(path="/settings/proxy/url", message="a proxy has no path and no query")
    if ":" in proxy.get("user", ""):
        yield Problem(path="/settings/proxy/user", message="a user name of Basic authentication has no colon")


def _host_of(url: str) -> str:
    try:
        return parse_url(url).host
    except BadInput:
        return ""


def _certificates_problem(text: str) -> str:
    if len(text) > PEM_CHARACTERS:
        return f"has {len(text)} characters; the most are {PEM_CHARACTERS}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return "has no certificates in PEM that can be read"
    return ""


def _add_authorities(context: ssl.SSLContext, text: str) -> None:
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as error:
        raise BadInput("the connection's `tls.ca` has no certificates in PEM that can be read") from error


def _add_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    with _readable_once(f"{certificate}\n{key}\n") as path:
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(path, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            raise BadInput(
                "the connection's client certificate cannot be used: `tls.certificate` and the secret `client_key` "
                "must be PEM, belong together, and the key must not be encrypted"
            ) from error


@contextmanager
def _readable_once(text: str) -> Iterator[str]:
    """Yields the path of a file with this text, in memory where the system can: the library reads files only."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("key", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "w", encoding="ascii", errors="replace") as file:
            file.write(text)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    with tempfile.NamedTemporaryFile("w", encoding="ascii", errors="replace") as file:
        file.write(text)
        file.flush()
        yield file.name
