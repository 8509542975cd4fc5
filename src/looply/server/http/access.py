"""Authentication: the one check of every route, of a key or of a session. The route declares its permission."""

import hmac
from typing import Any, Final

from looply.app.context.services import Tabs
from looply.app.context.sign_in import SignedOut, SignInMeans
from looply.catalog import Catalog
from looply.catalog.tenants.principal import Principal
from looply.clock import Clock
from looply.errors import BadRequest, Forbidden, LooplyError
from looply.server.callers.browser_calls import CSRF_HEADER, BrowserCalls
from looply.server.http.call import SESSION_PATH, Route
from looply.settings import Secret

KEY_HEADER: Final = b"x-api-key"
TAB_HEADER: Final = b"x-looply-connection"
"""The header in which a tab of Teams names its connection; beside it, the call has the token of a person."""
_BEARER: Final = b"bearer "

ANONYMOUS: Final = Principal(organization_id="", workspace_id="", key_id="", name="", permissions=frozenset())
"""The principal of every call of a public route. The server ignores credentials that come with such a call."""


async def authenticate(
    scope: Any, route: Route, catalog: Catalog, clock: Clock, browsers: BrowserCalls, tabs: Tabs
) -> Principal:
    """Returns the principal of the call's key, of the session of its cookie, or of the tab of Teams that makes it.

    The principal has the route's permission.

    Raises: Forbidden, the same error for a key that is missing, given twice, unknown, revoked or expired; with the code
    `SCOPE` for a valid key or session whose permissions do not allow the call, with the code `CSRF` for a change that
    no page of this server made. SignInRequired instead of the first for calls that the web app makes. BadRequest (code
    `TWO_CREDENTIALS`) for a key and a session cookie at once. For a tab, to which only some routes answer, as
    `Tabs.authenticate`.
    """
    if route.access == "public" or route.access == "metrics":  # noqa: PLR1714 - narrows the type
        return ANONYMOUS
    text: str | None = None
    cookies = b""
    for name, value in scope["headers"]:
        if name == KEY_HEADER:
            if text is not None:
                raise Forbidden("Forbidden")
            text = value.decode("latin-1")
        elif name == b"cookie":
            cookies = b"; ".join((cookies, value)) if cookies else value
    token = browsers.token(scope, cookies) if cookies else None
    if route.takes_tabs and (tab := _header(scope, TAB_HEADER)):
        if text is not None or token is not None:
            raise BadRequest("the call comes from a tab of Teams; send no key and no cookie", code="TWO_CREDENTIALS")
        caller = await tabs.authenticate(tab, _header(scope, b"authorization"))
        caller.require(route.access)
        return caller
    if text is None:
        principal = await catalog.people.sessions.authenticate(token, clock.now()) if token is not None else None
    elif token is not None:
        raise BadRequest("the call has an API key and a session cookie; send one of them", code="TWO_CREDENTIALS")
    else:
        principal = await catalog.keys.authenticate(text, clock.now()) if text else None
    if principal is None:
        raise _refusal(scope, route, browsers.means, is_key=text is not None)
    if principal.session is not None and scope["method"] not in ("GET", "HEAD"):
        browsers.check_change(scope, principal.session.csrf)
    principal.require(route.access)
    return principal


def _header(scope: Any, name: bytes) -> str:
    """Returns the value of a header that is given once, else an empty text."""
    values: list[bytes] = [value for each, value in scope["headers"] if each == name]
    return values[0].decode("latin-1") if len(values) == 1 else ""


def _refusal(scope: Any, route: Route, means: SignInMeans, *, is_key: bool) -> LooplyError:
    """Returns the error for a call without valid credentials: the web app must distinguish it from a missing right."""
    is_of_app = route.path.startswith(SESSION_PATH) or any(name == CSRF_HEADER for name, _ in scope["headers"])
    if is_of_app and not is_key:
        return SignedOut(means)
    return Forbidden("Forbidden")


def check_token(scope: Any, token: Secret | None) -> None:
    """Checks the header `Authorization: Bearer TOKEN`. Raises: Forbidden; always when the process has no token.

    The token gives access to data about the process and all organizations, which no organization's key gives.
    """
    headers = [value for name, value in scope["headers"] if name == b"authorization"]
    if token is None or len(headers) != 1 or headers[0][: len(_BEARER)].lower() != _BEARER:
        raise Forbidden("Forbidden")
    if not hmac.compare_digest(headers[0][len(_BEARER) :].strip(), token.reveal().encode()):
        raise Forbidden("Forbidden")
