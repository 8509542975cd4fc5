"""Calls by which people sign in at a provider of OpenID Connect. Browsers navigate to them; no page calls them."""

from typing import Final
from urllib.parse import urlencode

import structlog

from looply.app.context.links import CALLBACK, SIGN_IN
from looply.app.openid.flow import SignInFailed, begin_flow, read_flow
from looply.app.people.provider_sign_in import finish_sign_in
from looply.server.http.call import REDIRECT, Call, Headers, Parameter, Response, Route, public_route
from looply.server.people.session import TAG, browser_of

_log = structlog.get_logger(__name__)

_FAILURE: Final = (
    "A failure leads to the page of sign-in with its code as `error`: `SIGN_IN_EXPIRED`, `UNKNOWN_PROVIDER`, "
    "`PROVIDER_UNREACHABLE`, `PROVIDER_REFUSED`, `PROVIDER_ANSWER_INVALID`, `FOREIGN_TENANT`, `EMAIL_NOT_VERIFIED`, "
    "`EMAIL_MISSING`, `INVITATION_NOT_FOUND`, `INVITATION_OF_ANOTHER`, `NOT_A_MEMBER`, `TOO_MANY_TRIES`."
)


async def start(call: Call) -> Response:
    """Sends the browser to the provider."""
    browser, services = browser_of(call), call.services
    try:
        provider = services.providers.get(call.query.get("provider"))
        flow = begin_flow(
            secret=services.providers.new_secret(),
            provider_id=provider.settings.id,
            to=call.query.get("to"),
            invitation=call.query.get("invitation"),
            now=services.clock.now(),
        )
        address = await provider.begin(flow, browser.base_url + CALLBACK)
    except SignInFailed as error:
        return _failure(call, error)
    return _redirect(address, browser.flow_cookie(flow.encode()))


async def finish(call: Call) -> Response:
    """Takes the answer of the provider, and begins a session."""
    browser, services = browser_of(call), call.services
    try:
        flow = read_flow(browser.flow, call.query.get("state"), services.clock.now())
    except SignInFailed as error:
        # A page of another site cannot end a sign-in that has begun.
        return _failure(call, error)
    try:
        if "error" in call.query:
            raise SignInFailed("PROVIDER_REFUSED", f"the provider answered {call.query.get('error')[:100]!r}")
        provider = services.providers.get(flow.provider_id)
        code, redirect_uri = call.query.get("code"), browser.base_url + CALLBACK
        token = await finish_sign_in(services, provider, flow, code, redirect_uri, browser.caller)
    except SignInFailed as error:
        return _failure(call, error, browser.without_flow())
    return _redirect(flow.to, browser.without_flow(), browser.cookie(token))


def _failure(call: Call, error: SignInFailed, *cookies: tuple[bytes, bytes]) -> Response:
    caller = browser_of(call).caller
    _log.warning(
        "provider_sign_in_failed",
        code=error.code,
        error=error.reason,
        address=caller.address,
        request_id=caller.request_id,
    )
    return _redirect(f"{SIGN_IN}?{urlencode({'error': error.code})}", *cookies)


def _redirect(address: str, *cookies: tuple[bytes, bytes]) -> Response:
    headers: Headers = ((b"location", address.encode()), (b"referrer-policy", b"no-referrer"), *cookies)
    return Response(b"", 302, headers, media_type=b"")


ROUTES: Final[tuple[Route, ...]] = (
    public_route(
        method="GET",
        path="/v2/session/start",
        operation="startSignIn",
        changes_session=True,
        has_strict_query=False,
        handle=start,
        summary="Sign in at a provider: leads the browser there",
        description=f"The answer is 302. {_FAILURE}",
        tag=TAG,
        parameters=(
            Parameter("provider", "Id of the provider."),
            Parameter("to", "Path of this server to which the sign-in leads; another address leads to the app."),
            Parameter("invitation", "Token of an invitation that the person accepts by signing in."),
        ),
        answer_type=REDIRECT,
        refusals=(403,),
    ),
    public_route(
        method="GET",
        path=CALLBACK,
        operation="finishSignIn",
        changes_session=True,
        has_strict_query=False,
        handle=finish,
        summary="Sign in at a provider: takes the provider's answer and begins a session",
        description=f"The answer is 302; it sets the cookie of the session. {_FAILURE}",
        tag=TAG,
        parameters=(
            Parameter("state", "State of the sign-in, as the provider received it."),
            Parameter("code", "Code of the provider."),
            Parameter("error", "Error of the provider, when it refuses."),
        ),
        answer_type=REDIRECT,
        refusals=(403,),
    ),
)
