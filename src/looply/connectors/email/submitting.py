"""Submits a mail through an account, by the way that the account has, with its token where it needs one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Protocol, TypeVar, assert_never

import msgspec

from looply.connectors.email.accounts import Account, GraphAccount, SmtpAccount
from looply.connectors.email.conversation import SendResult, Server, send
from looply.connectors.email.graph import GraphCaller, send_by_graph
from looply.connectors.email.message import Mail
from looply.connectors.oauth.client_credentials import client_token, drop_token
from looply.connectors.outbound.dialer import Dialer
from looply.errors import AuthFailed

Result = TypeVar("Result")


class MailCaller(GraphCaller, Protocol):
    """What mail is sent with: a `CallContext`, or that of a channel."""

    @property
    def dialer(self) -> Dialer:
        """Connects to mail servers, to those of the connection only."""
        ...

    @property
    def timeout(self) -> timedelta:
        """Bound of the whole call."""
        ...


async def submit(ctx: MailCaller, account: Account, mail: Mail) -> SendResult:
    """Submits a mail within the time of the call, and returns for whom it was accepted.

    Raises: as `conversation.send`, `graph.send_by_graph` and `client_token`.
    """
    match account:
        case SmtpAccount():
            return await with_token(ctx, account, lambda server, within: send(server, mail, ctx.dialer, within))
        case GraphAccount():
            return await send_by_graph(ctx, account, mail)
        case _:
            assert_never(account)


async def with_token(
    ctx: MailCaller,
    account: SmtpAccount,
    act: Callable[[Server, timedelta], Awaitable[Result]],
    *,
    is_test: bool = False,
) -> Result:
    """Returns the result of an act with a mail server, which gets the token that the account needs and the time left.

    A token that the server refuses is replaced, and the act repeated with the next one, once: a refused logon has no
    effect.

    Raises: as `act` and `client_token`.
    """
    begun, grant = ctx.clock.monotonic(), account.grant

    def within() -> timedelta:
        return max(ctx.timeout - timedelta(seconds=ctx.clock.monotonic() - begun), timedelta(seconds=1))

    if grant is None:
        return await act(account.server, within())
    token = await client_token(ctx, grant, is_test=is_test)
    try:
        return await act(msgspec.structs.replace(account.server, token=token), within())
    except AuthFailed:
        drop_token(ctx, grant, token)
    token = await client_token(ctx, grant, is_test=is_test)
    return await act(msgspec.structs.replace(account.server, token=token), within())
