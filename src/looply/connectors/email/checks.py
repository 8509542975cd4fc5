"""The tests of connections that mail is sent through. They send no mail."""

from datetime import timedelta
from typing import Final

from looply.connectors.checking import SMTP_CHECKS, STEP_SECONDS, Checks, check_connect, check_network
from looply.connectors.email.accounts import SmtpAccount, graph_account, smtp_account
from looply.connectors.email.conversation import PORTS, log_on
from looply.connectors.email.graph import RIGHT
from looply.connectors.email.submitting import with_token
from looply.connectors.oauth.client_credentials import client_token
from looply.connectors.oauth.roles import roles_of
from looply.connectors.port import CallContext, Check, ConnectionValues
from looply.errors import AuthFailed, OperationError

GRAPH_MAIL_CHECKS: Final = ("dns", "tcp", "tls", "logon", "rights")


async def check_smtp(ctx: CallContext, values: ConnectionValues, _path: str) -> tuple[Check, ...]:
    """Tests a connection of kind `smtp`: its network, and a logon without a mail."""
    checks = Checks(ctx.clock, SMTP_CHECKS)
    begun = checks.begin()
    try:
        account = smtp_account(values, "the test")
    except OperationError as error:
        checks.fail("dns", begun, error, "correct the settings of the connection")
        return checks.results()
    connection = await check_connect(ctx, checks, account.server.host, account.server.port, usual_ports=PORTS)
    if connection is None:
        return checks.results()
    connection.close()
    await _check_logon(ctx, checks, account)
    return checks.results()


async def check_graph_mail(ctx: CallContext, values: ConnectionValues, _path: str) -> tuple[Check, ...]:
    """Tests a connection of kind `graph_mail`: its network, its secret, and what its application may do."""
    checks = Checks(ctx.clock, GRAPH_MAIL_CHECKS)
    begun = checks.begin()
    try:
        account = graph_account(values, "the test")
    except OperationError as error:
        checks.fail("dns", begun, error, "correct the settings of the connection")
        return checks.results()
    await check_network(ctx, checks, account.grant.url, account.route)
    if checks.has_failed:
        return checks.results()
    begun = checks.begin()
    try:
        token = await client_token(ctx, account.grant, is_test=True)
    except OperationError as error:
        fix = "correct `tenant_id`, `client_id` and the secret `client_secret`, which may have expired in Entra"
        checks.fail("logon", begun, error, fix)
        return checks.results()
    checks.add("logon", "ok", begun, "Entra issues tokens of Graph")
    if RIGHT in roles_of(token):
        checks.add("rights", "ok", begun, f"the application has {RIGHT}")
    else:
        text = f"Entra gives the application no {RIGHT}; whether Exchange does for this mailbox is seen by a mail"
        fix = f"give it {RIGHT} in Entra, or for this mailbox in Exchange (RBAC for Applications)"
        checks.add("rights", "warning", begun, text, fix)
    return checks.results()


async def _check_logon(ctx: CallContext, checks: Checks, account: SmtpAccount) -> None:
    begun, server = checks.begin(), account.server
    within = timedelta(seconds=STEP_SECONDS)
    try:
        await with_token(ctx, account, lambda each, _: log_on(each, ctx.dialer, within), is_test=True)
    except AuthFailed as error:
        if not error.is_of_connection:  # of the token server, before the mail server was called
            _add_encryption(checks, server.tls, begun)
        names = "`client_id` and its secrets" if account.grant is not None else "`user` and the secret `password`"
        checks.fail("logon", begun, error, f"correct {names}")
    except OperationError as error:
        is_certificate = error.code == "TLS_CERTIFICATE" and not error.is_of_connection
        checks.fail("tls" if is_certificate else "logon", begun, error)
    else:
        _add_encryption(checks, server.tls, begun)
        text = "the server accepts the user" if server.user else "the server asks for no user"
        checks.add("logon", "ok", begun, text)


def _add_encryption(checks: Checks, tls: str, start: float) -> None:
    if tls == "none":
        checks.skip("tls", "`tls` is none, so nothing is encrypted")
    else:
        checks.add("tls", "ok", start, f"the certificate is accepted ({tls})")
