"""The test of a connection of kind `sap`: network, logon, a service, its CSRF token, and the clock."""

from collections.abc import Mapping
from typing import Final

from looply.connectors.checking import SAP_CHECKS, Checks, check_clock, check_network, is_logon_page
from looply.connectors.masking import Masker
from looply.connectors.port import CallContext, Check, ConnectionValues, HttpRequest, HttpResponse
from looply.connectors.sap.calls.conversation import SapConversation
from looply.connectors.sap.calls.inputs import SapInput
from looply.connectors.sap.calls.principals import Principal, principal_of
from looply.connectors.sap.calls.protocol import CSRF_HEADER
from looply.connectors.sap.calls.requests import Service, service_of
from looply.connectors.sap.calls.settings import SapAuth, SapConnectionSettings
from looply.errors import OperationError

CATALOG: Final = "/sap/opu/odata/IWFND/CATALOGSERVICE;v=2"
"""The service that lists the others; it is active on nearly every gateway."""
_FIXES: Final[Mapping[SapAuth, str]] = {
    "basic": "correct `user` and the secret `password`; a locked user is unlocked in SU01",
    "oauth_client": "correct `client_id`, `scope` and the secret `client_secret`; SOAUTH2 must have the client",
    "certificate": "map the certificate to a user in CERTRULE, and let ICM ask for certificates",
    "api_key": "correct the secret `api_key` and `header`",
}


async def check_connection(ctx: CallContext, values: ConnectionValues, path: str) -> tuple[Check, ...]:
    """Returns the checks of a connection; `path` is the service that is called, the catalog of services when empty.

    One logon is tried, whatever failed before; when it is accepted, calls that were stopped continue.
    """
    checks = Checks(ctx.clock, SAP_CHECKS)
    begun = checks.begin()
    try:
        settings = values.read("sap", SapConnectionSettings, "the test")
        given = SapInput(service_path=path or CATALOG, entity="", client=None)
        service = service_of(given, settings)
        principal = principal_of(values, settings, service.client)
    except OperationError as error:
        checks.fail("dns", begun, error, "correct the settings of the connection")
        return checks.results()
    await check_network(ctx, checks, service.base, principal.route)
    if not checks.has_failed:
        await _check_calls(ctx, checks, settings, service, principal, is_own_service=bool(path))
    return checks.results()


async def _check_calls(
    ctx: CallContext,
    checks: Checks,
    settings: SapConnectionSettings,
    service: Service,
    principal: Principal,
    *,
    is_own_service: bool,
) -> None:
    conversation = SapConversation(ctx, principal, service.places(""), is_test=True)
    begun = checks.begin()
    request = HttpRequest(
        method="GET",
        url=service.url("", {}),
        headers={CSRF_HEADER: "Fetch", "accept": "application/json"},
        route=principal.route,
    )
    try:
        response = (await conversation.send(request)).response
    except OperationError as error:
        checks.fail("logon", begun, error, _FIXES[settings.auth])
        return
    masker = conversation.masker()
    _check_logon(checks, begun, response, settings, masker)
    if checks.has_failed:
        return
    _check_service(checks, begun, response, service, is_own_service=is_own_service)
    check_clock(checks, response, ctx.clock)
    await _check_token(checks, conversation, response)


def _check_logon(
    checks: Checks, start: float, response: HttpResponse, settings: SapConnectionSettings, masker: Masker
) -> None:
    if response.status == 401:
        said = masker.text((response.header("www-authenticate") or "")[:200])
        checks.add(
            "logon", "failed", start, f"the system refused the logon (401 {said})".rstrip(), _FIXES[settings.auth]
        )
    elif is_logon_page(response):
        text = f"the system asks for a logon in a browser (status {response.status})"
        fix = f"let the service take `auth: {settings.auth}` without SAML: SICF, logon procedure, or `saml2=disabled`"
        checks.add("logon", "failed", start, text, fix)
    else:
        checks.add("logon", "ok", start, f"the system accepts the credentials of `auth: {settings.auth}`")


def _check_service(
    checks: Checks, start: float, response: HttpResponse, service: Service, *, is_own_service: bool
) -> None:
    if 200 <= response.status < 300:
        checks.add("service", "ok", start, f"{service.path} answers")
        return
    text = f"{service.path} answers with status {response.status}"
    fix = "activate the service (/IWFND/MAINT_SERVICE), and give the user its authorization (S_SERVICE)"
    # The catalog itself is not needed by calls.
    checks.add("service", "failed" if is_own_service else "warning", start, text, fix)


async def _check_token(checks: Checks, conversation: SapConversation, response: HttpResponse) -> None:
    begun = checks.begin()
    if (response.header(CSRF_HEADER) or "").strip().lower() not in ("", "required", "fetch"):
        checks.add("csrf", "ok", begun, "a token was given")
        return
    try:
        opened = await conversation.open_session()
    except OperationError as error:
        checks.fail("csrf", begun, error)
        return
    fix = "name a service that gives tokens in `csrf.at`"
    if opened.failure is not None:
        text = f"no token was given; the last answer had the status {opened.failure.status}"
        checks.add("csrf", "warning", begun, text, fix)
    elif not opened.session.token:
        checks.add("csrf", "warning", begun, "the service gives no token; its changes are sent without one", fix)
    else:
        checks.add("csrf", "ok", begun, "a token was given")
