"""Redirects of reads. The client follows none by itself; each target is checked here like a URL of the author."""

from collections.abc import Callable
from dataclasses import replace

import httpx2

from looply.connectors.outbound.urls import origin, resolve_redirect
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.errors import BadInput, OperationError, Rejected

MAX_REDIRECTS = 5
READS = frozenset({"GET", "HEAD"})
_STATUSES = frozenset({301, 302, 303, 307, 308})
# Only these headers are sent to another origin; any other header of the author may contain a credential.
_HARMLESS = frozenset({"accept", "accept-language", "user-agent", "x-attempt", "x-looply-depth"})


def _anywhere(url: httpx2.URL) -> bool:  # noqa: ARG001
    return True


async def send_following(
    http: HttpSender, request: HttpRequest, may_follow: Callable[[httpx2.URL], bool] = _anywhere
) -> HttpResponse:
    """Sends a request and, when it is a GET or HEAD, follows at most `MAX_REDIRECTS` redirects.

    Returns: the last response; it is the redirect itself for other methods, and when `may_follow` declines its
    target. Only harmless headers are sent to another origin.

    Raises: Rejected (code `REDIRECT_REFUSED`) for a target that is no acceptable URL and for too many hops, and as
    `HttpSender.send`.
    """
    response = await http.send(request)
    for _ in range(MAX_REDIRECTS):
        location = response.header("location")
        if request.method not in READS or response.status not in _STATUSES or location is None:
            return response
        target = _target(request, location, response.status)
        if not may_follow(target):
            return response
        request = _next(request, target)
        try:
            response = await http.send(request)
        except OperationError as error:
            error.sent = True  # the earlier requests did reach another system
            raise
    if response.status not in _STATUSES or response.header("location") is None:
        return response
    raise _refusal(f"the call was redirected more than {MAX_REDIRECTS} times", response.status)


def _target(request: HttpRequest, location: str, status: int) -> httpx2.URL:
    try:
        return resolve_redirect(request.url, location)
    except BadInput as error:
        host = request.url.raw_host.decode("ascii")
        raise _refusal(f"{host} redirected to a URL that is not acceptable: {error.message}", status) from error


def _next(request: HttpRequest, target: httpx2.URL) -> HttpRequest:
    if origin(target) == origin(request.url):
        return replace(request, url=target)
    headers = {name: value for name, value in request.headers.items() if name in _HARMLESS}
    route = request.route.to_another_origin() if request.route is not None else None
    return replace(request, url=target, headers=headers, route=route)


def _refusal(message: str, status: int) -> Rejected:
    return Rejected(message, code="REDIRECT_REFUSED", sent=True, status=str(status))
