"""The session protocol of SAP Gateway, without I/O: CSRF token, session cookies, and what to do when they end.

Theory of operation. A modifying call must send a token that a read with `X-CSRF-Token: Fetch` returned, together with
the session cookies of that read, since the token is bound to the session. Both are kept and used again. When the
session has ended, the response is 403 with `X-CSRF-Token: Required`: the call was refused before it took effect, so
a new token is fetched without any cookie, and the call is sent again; twice, because behind a dispatcher the new
session may lie on another node. A token is taken from any response that has one: some gateways offer it with a 403 or
404 of the service's root. `call` and `fetch_token` are generators that yield requests and receive responses; their
caller does the I/O, and fetches one token for all calls that need one at the same time.

Source: SAP Gateway Foundation, "Cross-Site Request Forgery Protection"; SAP Cloud SDK, `csrf-token-middleware`.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

import httpx2

from looply.connectors.credentials.sessions import Session
from looply.connectors.http.redirects import READS
from looply.connectors.port import HttpRequest, HttpResponse

CSRF_HEADER = "x-csrf-token"
MAX_RENEWALS: Final = 2
"""The most new tokens of one call."""

_FETCH: Final = {CSRF_HEADER: "Fetch", "accept": "application/json"}
_NO_TOKENS: Final = frozenset({"", "required", "fetch"})
_FINAL: Final = frozenset({401, 407, 429, 503})
"""Statuses after which no other place is tried, as after a redirect: each try would be one more refused logon, or one
more call too much."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to send: the call itself."""

    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Opening:
    """A session is needed that is newer than this one."""

    stale: Session


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with its token, or the failed response of the read that should have returned one."""

    session: Session
    failure: HttpResponse | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The response for the caller, and the session to keep.

    `is_fetch_failure`: the response is that of the token's read, and the call itself was never sent.
    """

    response: HttpResponse
    session: Session
    is_fetch_failure: bool = False


Conversation: TypeAlias = Generator[Exchange | Opening, HttpResponse | Opened, Outcome]


def call(request: HttpRequest, session: Session) -> Conversation:
    """Yields what one call of a service needs, and returns its outcome. `session` is the kept one, or empty."""
    if request.method in READS:
        response = yield Exchange(_within(request, session))
        assert isinstance(response, HttpResponse)
        return Outcome(response, _session_after(session, response))
    renewals = 0
    while True:
        if not session.is_open:
            opened = yield Opening(session)
            assert isinstance(opened, Opened)
            session = opened.session
            if opened.failure is not None:
                return Outcome(opened.failure, session, is_fetch_failure=True)
        response = yield Exchange(_within(request, session))
        assert isinstance(response, HttpResponse)
        session = _session_after(session, response)
        if not requires_token(response):
            return Outcome(response, session)
        session = session.without_token()
        if renewals == MAX_RENEWALS:
            return Outcome(response, session)
        renewals += 1


def fetch_token(places: tuple[HttpRequest, ...], session: Session) -> Generator[HttpRequest, HttpResponse, Opened]:
    """Yields the reads that ask for a token, one place after the other, and returns the session that they open.

    A service whose successful read returns no token needs none.
    """
    failure: HttpResponse | None = None
    for place in places:
        response = yield _with_cookies(place, session)
        session = _session_after(session, response)
        token = (response.header(CSRF_HEADER) or "").strip()
        if token.lower() not in _NO_TOKENS:
            return Opened(replace(session, token=token, is_open=True))
        is_read = place.method == "GET"
        if 200 <= response.status < 300 and is_read:
            return Opened(replace(session, token="", is_open=True))
        # The answer to a GET has a body that says more.
        if failure is None or (is_read and not failure.content):
            failure = response
        if response.status in _FINAL or 300 <= response.status < 400 or (is_read and response.status >= 500):
            break
    assert failure is not None
    return Opened(session.without_token(), failure)


@lru_cache(maxsize=256)
def token_places(root: httpx2.URL, query: str, entity_set: str = "") -> tuple[HttpRequest, ...]:
    """Returns the reads that may return a token, in the order in which they are tried.

    `root` is the root of the service with a slash at its end; `query` has the parameters that name the client.
    """

    def place(method: str, path: str, first: str = "") -> HttpRequest:
        parts = "&".join(part for part in (first, query) if part)
        url = root.copy_with(raw_path=(f"{path}?{parts}" if parts else path).encode("ascii"))
        return HttpRequest(method=method, url=url, headers=_FETCH)

    path = root.raw_path.decode("ascii").partition("?")[0]
    places = [place("HEAD", path), place("GET", path), place("GET", path.rstrip("/"))]
    if entity_set:
        places.append(place("GET", f"{path}{entity_set}", "$top=0"))
    return tuple(places)


def requires_token(response: HttpResponse) -> bool:
    """Returns whether a call was refused because its token or its session is not valid."""
    return response.status == 403 and (response.header(CSRF_HEADER) or "").strip().lower() == "required"


def _within(request: HttpRequest, session: Session) -> HttpRequest:
    request = _with_cookies(request, session)
    if session.token and request.method not in READS:
        return request.with_headers({CSRF_HEADER: session.token})
    return request


def _with_cookies(request: HttpRequest, session: Session) -> HttpRequest:
    cookies = session.cookie_header()
    return request.with_headers({"cookie": cookies}) if cookies else request


def _session_after(session: Session, response: HttpResponse) -> Session:
    return session.with_set_cookies(tuple(value for name, value in response.headers if name == "set-cookie"))
