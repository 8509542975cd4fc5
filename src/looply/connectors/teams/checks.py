"""The test of a connection of kind `teams`: the network, the secret, keys, rights, the app in the catalog, the clock.

It loads nothing that verifies activities, since every process loads it.
"""

from typing import Final

import msgspec

from looply.connectors.checking import Checks, check_clock, check_network
from looply.connectors.oauth.client_credentials import client_token
from looply.connectors.oauth.roles import roles_of
from looply.connectors.outbound.urls import parse_url
from looply.connectors.port import CallContext, Check, ConnectionValues, HttpRequest, HttpResponse
from looply.connectors.teams.calls.answers import Undelivered
from looply.connectors.teams.calls.graph import RIGHTS, GraphClient
from looply.connectors.teams.calls.settings import Account, account_of
from looply.errors import LooplyError, OperationError

TEAMS_CHECKS: Final = ("dns", "tcp", "tls", "logon", "keys", "rights", "catalog", "clock")
_CHANNEL: Final = "msteams"
_CONSENT: Final = "Let an administrator of Microsoft consent to the rights of the application."


class _Description(msgspec.Struct, frozen=True):
    jwks_uri: str


class _Key(msgspec.Struct, frozen=True):
    kid: str = ""
    endorsements: list[str] | None = None


class _Keys(msgspec.Struct, frozen=True):
    keys: list[_Key]


async def check_connection(ctx: CallContext, values: ConnectionValues, _path: str) -> tuple[Check, ...]:
    """Returns the checks of a connection. It sends no message and installs nothing."""
    checks = Checks(ctx.clock, TEAMS_CHECKS)
    begun = checks.begin()
    try:
        account = account_of(values)
    except OperationError as error:
        checks.fail("dns", begun, error, "Correct the settings of the connection.")
        return checks.results()
    await check_network(ctx, checks, account.bot_grant.url, account.route)
    if not checks.has_failed:
        await _check_logon(ctx, checks, account)
    if not checks.has_failed:
        await _check_keys(ctx, checks, account)
    if not checks.has_failed and account.has_graph:
        await _check_graph(ctx, checks, account)
    elif not account.has_graph:
        for name in ("rights", "catalog"):
            checks.skip(name, "People are found once they have installed the app, so Graph is not asked.")
    return checks.results()


async def _check_logon(ctx: CallContext, checks: Checks, account: Account) -> None:
    begun = checks.begin()
    try:
        await client_token(ctx, account.bot_grant, is_test=True)
    except OperationError as error:
        fix = "Correct the tenant, the application of the bot and its secret, which may have expired in Entra."
        checks.fail("logon", begun, error, fix)
        return
    checks.add("logon", "ok", begun, "Entra signs the bot in.")


async def _check_keys(ctx: CallContext, checks: Checks, account: Account) -> None:
    begun = checks.begin()
    fix = f"Let this machine reach {parse_url(account.places.openid).host}: its keys prove what Teams sends."
    try:
        described = await _get(ctx, account, account.places.openid)
        url = msgspec.json.decode(described.content, type=_Description).jwks_uri
        answer = await _get(ctx, account, url)
        keys = msgspec.json.decode(answer.content, type=_Keys).keys
    except (LooplyError, ValueError) as error:
        text = error.message if isinstance(error, LooplyError) else "The list of keys cannot be read."
        checks.add("keys", "failed", begun, text, fix)
        return
    usable = [each for each in keys if _CHANNEL in (each.endorsements or ())]
    if not usable:
        fix = "Choose the cloud of Microsoft in which the organization is."
        checks.add("keys", "failed", begun, f"None of {len(keys)} keys may sign for Teams.", fix)
        return
    text = "1 key signs for Teams." if len(usable) == 1 else f"{len(usable)} keys sign for Teams."
    checks.add("keys", "ok", begun, text)
    check_clock(checks, answer, ctx.clock)


async def _check_graph(ctx: CallContext, checks: Checks, account: Account) -> None:
    begun = checks.begin()
    try:
        token = await client_token(ctx, account.graph_grant)
    except OperationError as error:
        checks.fail("rights", begun, error, _CONSENT)
        return
    missing = [right for right in RIGHTS if right not in roles_of(token)]
    if missing:
        fix = "Add them to the application in Entra, and let an administrator of Microsoft consent."
        checks.add("rights", "failed", begun, f"The application lacks the rights {', '.join(missing)}.", fix)
        return
    checks.add("rights", "ok", begun, f"The application has the rights {', '.join(RIGHTS)}.")
    begun = checks.begin()
    try:
        found = account.catalog_app_id or await GraphClient(ctx, account).find_catalog_app(account.app_id)
    except Undelivered as error:
        checks.add("catalog", "failed", begun, f"Graph does not show the app catalog ({error.failure.code}).", _CONSENT)
        return
    if not found:
        fix = "Download the app package on the page Microsoft Teams, and upload it in the Teams admin center."
        checks.add("catalog", "warning", begun, "The app catalog of the organization does not have the app.", fix)
        return
    checks.add("catalog", "ok", begun, f"The app catalog has the app, by the id {found[:50]}.")


async def _get(ctx: CallContext, account: Account, url: str) -> HttpResponse:
    request = HttpRequest(method="GET", url=parse_url(url), headers={"accept": "application/json"}, route=account.route)
    return await ctx.http.send(request)
