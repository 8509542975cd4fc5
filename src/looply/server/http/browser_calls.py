"""Calls from browsers: on which connections a session cookie may be used, and which pages may change something by it.

A browser sends the cookie with every request to this server, whichever page made it. So a change by a cookie needs
proof that a page of this server made it: a header with a text that only such a page can read, a JSON body, and the
origin that the browser names.
"""

import hmac
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from looply.app.context.links import Links
from looply.app.context.sign_in import SignInMeans
from looply.app.people.signing_in import Caller
from looply.errors import BadRequest, Forbidden
from looply.server.http.client_addresses import ClientAddresses, network_of

CSRF_HEADER: Final = b"x-looply-csrf"
SECURE_COOKIE: Final = b"__Host-looply"
PLAIN_COOKIE: Final = b"looply"
"""The name where the cookie is not `Secure`: on plain http on the machine itself, whose browsers may drop those."""

_LOOPBACK: Final = frozenset(("127.0.0.1", "localhost", "::1"))
_SAME_ORIGIN: Final = (b"same-origin", b"none")
_COOKIE_SECONDS: Final = 7 * 24 * 3600


class Browser(msgspec.Struct, frozen=True, kw_only=True):
    """The browser of a call, and whether its session cookie is `Secure`."""

    caller: Caller
    has_secure_cookie: bool

    def cookie(self, token: str) -> tuple[bytes, bytes]:
        """Returns the header that gives a browser the cookie of a session."""
        return self._header(token, _COOKIE_SECONDS)

    def without_cookie(self) -> tuple[bytes, bytes]:
        """Returns the header that makes a browser forget the cookie."""
        return self._header("", 0)

    def _header(self, token: str, seconds: int) -> tuple[bytes, bytes]:
        name = SECURE_COOKIE if self.has_secure_cookie else PLAIN_COOKIE
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

        Raises: Forbidden (code `INSECURE_CONNECTION`) where no cookie may be used.
        """
        name = self._cookie_name(scope)
        if name is None:
            raise Forbidden(
                "people sign in by https only, or on the machine of the server itself: the connection is not "
                "encrypted, so others could read the password; open the https address, or set tls_cert and tls_key",
                code="INSECURE_CONNECTION",
            )
        agent = _header(scope, b"user-agent") or b""
        address = network_of(self._addresses.address(scope))
        caller = Caller(address=address, user_agent=agent.decode("latin-1"))
        return Browser(caller=caller, has_secure_cookie=name == SECURE_COOKIE)

    def token(self, scope: Any, cookies: bytes) -> str | None:
        """Returns the value of the session cookie of a call, None without one or where none may be used.

        Raises: BadRequest (code `TWO_CREDENTIALS`) when it is given twice.
        """
        if b"looply=" not in cookies or (name := self._cookie_name(scope)) is None:
            return None
        pairs = [pair.strip().partition(b"=") for pair in cookies.split(b";")]
        found = [value for given, _, value in pairs if given == name]
        if len(found) > 1:
            raise BadRequest("the call has two session cookies; delete those of this site", code="TWO_CREDENTIALS")
        return found[0].decode("latin-1") if found else None

    def check_change(self, scope: Any, csrf: str) -> None:
        """Checks that a page of this server made a change by a cookie. Raises: Forbidden (code `CSRF`)."""
        given = _header(scope, CSRF_HEADER) or b""
        if not hmac.compare_digest(given, csrf.encode()):
            raise _foreign_error("the header x-looply-csrf is not that of the session")
        self.check_origin(scope)

    def check_origin(self, scope: Any) -> None:
        """Checks that the browser names a page of this server as the caller. Raises: Forbidden (code `CSRF`)."""
        site = _header(scope, b"sec-fetch-site")
        if site is not None and site not in _SAME_ORIGIN:
            raise _foreign_error("another site made the call")
        origin = _header(scope, b"origin")
        if origin is not None and origin.decode("latin-1") not in self._origins(scope):
            raise _foreign_error("another site made the call")
        media_type = (_header(scope, b"content-type") or b"").partition(b";")[0].strip().lower()
        if media_type != b"application/json":
            raise _foreign_error("the body must be application/json")

    def _origins(self, scope: Any) -> set[str]:
        host = (_header(scope, b"host") or b"").decode("latin-1")
        public = urlsplit(self._links.public_url)
        scheme = "https" if self._cookie_name(scope) == SECURE_COOKIE else "http"
        return {f"{scheme}://{host}", f"{public.scheme}://{public.netloc}"}

    def _cookie_name(self, scope: Any) -> bytes | None:
        """Returns the name of the session cookie on a connection, None where none may be used."""
        if scope.get("scheme") == "https" or self._addresses.is_forwarded_https(scope):
            return SECURE_COOKIE
        host = urlsplit(f"//{(_header(scope, b'host') or b'').decode('latin-1')}").hostname
        return PLAIN_COOKIE if host in _LOOPBACK else None


def _foreign_error(reason: str) -> Forbidden:
    return Forbidden(f"{reason}; reload the page", code="CSRF")


def _header(scope: Any, name: bytes) -> bytes | None:
    found: bytes | None = next((value for given, value in scope["headers"] if given == name), None)
    return found
