"""The origins under which browsers reach this server, and on which connections a session cookie may be used.

Theory of operation. A browser sends a cookie with every request to the host that has set it, whichever page made the
request. So a call by a cookie is accepted only when three things hold.

1. Others cannot read the cookie on its way: the server has its own TLS, a trusted proxy says that its connection has
   TLS, or the browser is on the machine of the server. The last is read from the `Host` header, since a page cannot
   choose it, and not from the address of the connection: that of a container or a tunnel is another one.
2. The `Host` header names this server: `public_url`, or a spelling of loopback with any port, as tunnels and containers
   have others. Otherwise a page of another site, whose name was made to resolve to this server (DNS rebinding), is of
   the same origin as the server in the eyes of the browser. Calls with a key are accepted under every name: a page of
   another site has no key, a browser never sends one by itself, and machines reach servers by many names.
3. A change was made by a page of this server. Pages are of the origin that the browser connected to, or, behind a proxy
   that replaces the `Host` header, of `public_url`. On a connection without TLS only the first holds: such a proxy may
   stand before a server that looks like one on loopback, with clients that have no TLS.
"""

import re
from typing import Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

Protection: TypeAlias = Literal["tls", "loopback"]
"""What keeps others from reading a cookie on its way."""

_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "[::1]"))
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_AUTHORITY: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


class Origin(NamedTuple):
    """The origin of a page (RFC 6454): `host` is in lower case, an IPv6 address in brackets."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        is_default = self.port == _DEFAULT_PORTS.get(self.scheme)
        return f"{self.scheme}://{self.host}" if is_default else f"{self.scheme}://{self.host}:{self.port}"


def read_origin(text: str) -> Origin | None:
    """Returns an origin such as `https://looply.example.com`, None for every other text, `null` included."""
    scheme, separator, authority = text.partition("://")
    scheme = scheme.lower()
    match = _AUTHORITY.fullmatch(authority)
    if not separator or scheme not in _DEFAULT_PORTS or match is None:
        return None
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    return Origin(scheme, match["host"].lower(), port) if port < 2**16 else None


def origin_of_url(url: str) -> Origin | None:
    """Returns the origin of an absolute http or https URL, None for every other text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return read_origin(f"{parts.scheme}://{parts.netloc}")


def is_loopback_host(host: str) -> bool:
    """Returns whether a `Host` header names the machine of the browser."""
    own = read_origin(f"http://{host}")
    return own is not None and own.host in _LOOPBACK


def protection_of(*, is_encrypted: bool, host: str) -> Protection | None:
    """Returns what protects a connection, None when a session cookie must not be used on it.

    `is_encrypted`: this server, or a trusted proxy before it, has TLS with the browser. `host` is the `Host` header.
    """
    if is_encrypted:
        return "tls"
    return "loopback" if is_loopback_host(host) else None


def page_origins(public_url: str, protection: Protection, host: str) -> frozenset[Origin]:
    """Returns the origins whose pages may make changes by a cookie, empty when `Host` does not name this server."""
    own = read_origin(f"{'https' if protection == 'tls' else 'http'}://{host}")
    if own is None:
        return frozenset()
    public = origin_of_url(public_url)
    if own.host not in _LOOPBACK and (public is None or own[1:] != public[1:]):
        return frozenset()
    if protection == "loopback" or public is None:
        return frozenset((own,))
    return frozenset((own, public))


def find_foreign_sign(
    origins: frozenset[Origin], *, origin: str | None, fetch_site: str | None, media_type: str | None
) -> str | None:
    """Returns why a change was not made by a page of `origins`, None when nothing says so.

    The arguments are the headers `Origin`, `Sec-Fetch-Site` and `Content-Type`, None where absent. Browsers send the
    first with every change. A form of another site cannot send JSON.
    """
    if fetch_site is not None and fetch_site != "same-origin":
        return f"a page of another site made the call (Sec-Fetch-Site: {fetch_site[:20]})"
    if origin is not None and read_origin(origin) not in origins:
        expected = " or ".join(sorted(map(str, origins)))
        return (
            f"the call is from a page of {origin[:200]}, expected {expected}; if a proxy stands between them, "
            "have it pass the Host header, and name it in trusted_proxies"
        )
    if (media_type or "").partition(";")[0].strip().lower() != "application/json":
        return "the body must be application/json"
    return None
