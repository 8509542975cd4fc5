"""The session protocol of SAP Gateway, without I/O: CSRF token, session cookies, and what to do when they end.

Theory of operation. A modifying call must send a token that a read with `X-CSRF-Token: Fetch` returned, together with
the session cookies of that read, since the token is bound to the session. Both are kept and used again. When the
session has ended, the response is 403 with `X-CSRF-Token: Required`: the call was refused before it took effect, so
a new token is fetched and the call is sent once more. `call` is a generator that yields requests and receives
responses; its caller does the I/O.

Source: SAP Gateway Foundation, "Cross-Site Request Forgery Protection".
"""

from collections.abc import Generator
from dataclasses import dataclass, replace

import httpx2

from looply.connectors.http.redirects import READS
from looply.connectors.outbound.sessions import Session
from looply.connectors.port import HttpRequest, HttpResponse

CSRF_HEADER = "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to send. `is_effect` distinguishes the call itself from the reads that prepare it."""

    request: HttpRequest
    is_effect: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The response for the caller, and the session to keep.

    `is_fetch_failure`: the response is that of the token's read, and the call itself was never sent.
    """

    response: HttpResponse
    session: Session
    is_fetch_failure: bool = False


Conversation = Generator[Exchange, HttpResponse, Outcome]


def call(request: HttpRequest, fetch: HttpRequest, session: Session) -> Conversation:
    """Yields the exchanges of one call of a service and returns its outcome.

    `fetch` is the read of the service's root that fetches a token; `session` is the kept one, or empty.
    """
    if request.method in READS:
        response = yield Exchange(_within(request, session), is_effect=True)
        return Outcome(response, _session_after(session, response))
    if not session.token:
        failure, session = yield from _fetch_token(fetch, session)
        if failure is not None:
            return Outcome(failure, session, is_fetch_failure=True)
    response = yield Exchange(_within(request, session), is_effect=True)
    session = _session_after(session, response)
    if not _requires_token(response):
        return Outcome(response, session)
    failure, session = yield from _fetch_token(fetch, Session())
    if failure is not None:
        return Outcome(failure, session, is_fetch_failure=True)
    response = yield Exchange(_within(request, session), is_effect=True)
    session = _session_after(session, response)
    return Outcome(response, Session() if _requires_token(response) else session)


def service_root(url: httpx2.URL) -> HttpRequest:
    """Returns the read of a service's root that requests a token. `url` has the parameters that name the client."""
    return HttpRequest(method="GET", url=url, headers={CSRF_HEADER: "Fetch", "accept": "application/json"})


def _fetch_token(
    fetch: HttpRequest, session: Session
) -> Generator[Exchange, HttpResponse, tuple[HttpResponse | None, Session]]:
    """Returns the failed response, or None, and the session. A service that returns no token does not require one."""
    response = yield Exchange(_with_cookies(fetch, session), is_effect=False)
    session = _session_after(session, response)
    if not 200 <= response.status < 300:
        return response, replace(session, token="")
    return None, replace(session, token=response.header(CSRF_HEADER) or "")


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


def _requires_token(response: HttpResponse) -> bool:
    return response.status == 403 and (response.header(CSRF_HEADER) or "").strip().lower() == "required"
