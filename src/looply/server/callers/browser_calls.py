"""Calls from browsers: their session cookies, and the proof that a page of this server made a change by one.

`origins.py` has the rules for connections and pages. A change by a cookie needs a header besides, with a text that only
pages of this server can read.
"""

import hmac
from typing import Any, Final

import msgspec

from looply.app.context.links import Links
from looply.app.context.sign_in import SignInMeans
from looply.app.people.signing_in import Caller
from looply.errors import BadRequest, Forbidden
from looply.server.callers.client_addresses import ClientAddresses, network_of
from looply.server.callers.origins import Origin, Protection, base_url, find_foreign_sign, page_origins, protection_of

CSRF_HEADER: Final = b"x-looply-csrf"
SECURE_COOKIE: Final = b"__Host-looply"
PLAIN_COOKIE: Final = b"looply"
"""The name where the cookie is not `Secure`: on plain http on the machine itself, whose browsers may drop those."""

_FLOW_SUFFIX: Final = b"-sign-in"
_FLOW_SECONDS: Final = 600
"""How long a person may take to sign in at a provider."""
_COOKIES: Final[dict[Protection, bytes]] = {"tls": SECURE_COOKIE, "loopback": PLAIN_COOKIE}
_COOKIE_SECONDS: Final = 7 * 24 * 3600


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """The browser of a call, and whether its cookies are `Secure`.

    `base_url` is the address of the server that a provider may send the browser to. `flow` is the cookie of a sign-in
    at a provider that has begun.
    """

    caller: Caller
    has_secure_cookie: bool
    base_url: str = ""
    flow: str | None = None

    def cookie(self, token: str) -> tuple[bytes, bytes]:
        """Returns the header that gives a browser the cookie of a session."""
        return self._header(b"", token, _COOKIE_SECONDS)

    def without_cookie(self) -> tuple[bytes, bytes]:
        """Returns the header that makes a browser forget the cookie."""
        return self._header(b"", "", 0)

    def flow_cookie(self, flow: str) -> tuple[bytes, bytes]:
        """Returns the header that makes a browser keep a sign-in that has begun."""
        return self._header(_FLOW_SUFFIX, flow, _FLOW_SECONDS)

    def without_flow(self) -> tuple[bytes, bytes]:
        """Returns the header that makes a browser forget it."""
        return self._header(_FLOW_SUFFIX, "", 0)

    def _header(self, suffix: bytes, token: str, seconds: int) -> tuple[bytes, bytes]:
        name = (SECURE_COOKIE if self.has_secure_cookie else PLAIN_COOKIE) + suffix
        secure = "; Secure" if self.has_secure_cookie else ""
        # Lax: a link in a mail or in Teams opens a page of the server with the session.
        value = f"{name.decode()}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
        return b"set-cookie", value.encode()


class BrowserCalls:
    """The rules for calls of browsers. `links` knows the URL under which people reach the server.

    `means` are those by which people sign in.
    """

    def __init__(self, addresses: ClientAddresses, links: Links, means: SignInMeans) -> None:
        self._addresses = addresses
        self._links = links
        self.means = means

    def browser(self, scope: Any) -> Browser:
        """Returns the browser of a call that begins, changes or ends a session.

        Raises: Forbidden (code `INSECURE_CONNECTION` where no cookie may be used, `FOREIGN_HOST` under a wrong name).
        """
        host = _host(scope)
        protection = self._protection(scope, host)
        if protection is None:
            raise _insecure_error()
        self._page_origins(host, protection)
        cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
        flows = _cookie_values(cookies, _COOKIES[protection] + _FLOW_SUFFIX)
        agent = _header(scope, b"user-agent") or ""
        address = network_of(self._addresses.address(scope))
        caller = Caller(address=address, user_agent=agent, request_id=scope.get("state", {}).get("request_id", ""))
        return Browser(
            caller=caller,
            has_secure_cookie=protection == "tls",
            base_url=base_url(self._links.public_url, protection, host),
            flow=flows[0] if len(flows) == 1 else None,
        )

    def token(self, scope: Any, cookies: bytes) -> str | None:
        """Returns the value of the session cookie of a call, None without one or where none may be used.

        Raises: BadRequest (code `TWO_CREDENTIALS`) when it is given twice; Forbidden (code `FOREIGN_HOST`).
        """
        if b"looply=" not in cookies:
            return None
        host = _host(scope)
        protection = self._protection(scope, host)
        if protection is None:
            return None
        found = _cookie_values(cookies, _COOKIES[protection])
        if len(found) > 1:
            raise BadRequest("the call has two session cookies; delete those of this site", code="TWO_CREDENTIALS")
        if not found:
            return None
        self._page_origins(host, protection)
        return found[0]

    def check_change(self, scope: Any, csrf: str) -> None:
        """Checks that a page of this server made a change by a cookie. Raises: Forbidden (code `CSRF`)."""
        given = _header(scope, CSRF_HEADER) or ""
        if not hmac.compare_digest(given.encode("latin-1"), csrf.encode()):
            raise _foreign_error("the header x-looply-csrf is not that of the session")
        self.check_origin(scope)

    def check_origin(self, scope: Any) -> None:
        """Checks that a page of this server made a call.

        Raises: Forbidden (codes `CSRF`, `FOREIGN_HOST`, and `INSECURE_CONNECTION` where no cookie may be used).
        """
        host = _host(scope)
        protection = self._protection(scope, host)
        if protection is None:
            raise _insecure_error()
        reason = find_foreign_sign(
            self._page_origins(host, protection),
            origin=_header(scope, b"origin"),
            fetch_site=_header(scope, b"sec-fetch-site"),
            media_type=_header(scope, b"content-type"),
        )
        if reason is not None:
            raise _foreign_error(reason)

    def _page_origins(self, host: str, protection: Protection) -> frozenset[Origin]:
        """Returns the origins whose pages may make changes. Raises: Forbidden (code `FOREIGN_HOST`)."""
        origins = page_origins(self._links.public_url, protection, host)
        if not origins:
            raise Forbidden(
                f"the server has no pages under {host[:200]!r}; open {self._links.public_url}, or set public_url to "
                "the address under which people reach the server; a proxy must pass the Host header",
                code="FOREIGN_HOST",
            )
        return origins

    def _protection(self, scope: Any, host: str) -> Protection | None:
        is_encrypted = scope.get("scheme") == "https" or self._addresses.is_forwarded_https(scope)
        return protection_of(is_encrypted=is_encrypted, host=host)


def _cookie_values(cookies: bytes, name: bytes) -> list[str]:
    start = name + b"="
    if b";" not in cookies:
        return [cookies[len(start) :].decode("latin-1").strip()] if cookies.startswith(start) else []
    pairs = map(bytes.strip, cookies.split(b";"))
    return [pair[len(start) :].decode("latin-1") for pair in pairs if pair.startswith(start)]


def _insecure_error() -> Forbidden:
    return Forbidden(
        "people sign in by https only, or on the machine of the server itself: the connection is not encrypted, so "
        "others could read the password; open the https address, or set tls_cert and tls_key",
        code="INSECURE_CONNECTION",
    )


def _foreign_error(reason: str) -> Forbidden:
    return Forbidden(f"{reason}; reload the page", code="CSRF")


def _host(scope: Any) -> str:
    return _header(scope, b"host") or ""


def _header(scope: Any, name: bytes) -> str | None:
    for given, value in scope["headers"]:
        if given == name:
            found: str = value.decode("latin-1")
            return found
    return None
