"""The test of a connection over HTTP: its network, one read, and the clock of the other system."""

from looply.connectors.checking import Checks, check_clock, check_network
from looply.connectors.http.redirects import send_following
from looply.connectors.masking import Masker
from looply.connectors.outbound.urls import origin
from looply.connectors.port import CallContext, CheckState, HttpRequest
from looply.errors import OperationError


async def check_http(ctx: CallContext, checks: Checks, request: HttpRequest, masker: Masker) -> None:
    """Adds the checks of a connection; `request` is the read, with the credentials."""
    await check_network(ctx, checks, request.url, request.route)
    if checks.has_failed:
        return
    begun = checks.begin()
    try:
        response = await send_following(ctx.http, request, lambda url: origin(url) == origin(request.url))
    except OperationError as error:
        masker.mask(error)
        checks.fail("service", begun, error)
        return
    status = response.status
    if status in (401, 403):
        text = f"the system refused the credentials (status {status})"
        checks.add("logon", "failed", begun, text, "correct the secrets of the connection, or its `auth`")
        return
    checks.add("logon", "ok", begun, "the credentials were not refused")
    check_clock(checks, response, ctx.clock)
    if status < 400:
        checks.add("service", "ok", begun, f"{request.url.path} answers with status {status}")
    else:
        fix = "name a path that can be read, to see whether calls work"
        state: CheckState = "failed" if status >= 500 else "warning"
        checks.add("service", state, begun, f"{request.url.path} answers with status {status}", fix)
