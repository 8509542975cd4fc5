"""Sends mail by Microsoft Graph, and what its answers mean for the mail.

The mail goes as the bytes that a mail server would get, so that its `Message-ID`, its thread and its attachments are
the same by each way. Nothing of an answer is quoted but its code.

Source: Microsoft's pages on `sendMail` with MIME content, on errors of Graph, and on its limits.
"""

import re
from base64 import b64encode
from datetime import timedelta
from typing import Final, Protocol

from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.email.accounts import GraphAccount
from looply.connectors.email.conversation import SendResult
from looply.connectors.email.message import Mail
from looply.connectors.oauth.client_credentials import client_token, drop_token
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.connectors.verdicts import retry_after_seconds
from looply.errors import AuthFailed, BadInput, BadRequest, OperationError, RateLimited, Rejected, Unavailable
from looply.jsontext import Json, parse_json

RIGHT: Final = "Mail.Send"
"""What the application needs: for all mailboxes in Entra, or for some of them in Exchange (RBAC for Applications)."""
MOST_BYTES: Final = 4_000_000
"""The largest request that Graph takes for a mail, which it gets in Base64."""

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_ERROR_BYTES: Final = 65_536
_LONGEST_SECONDS: Final = 3600.0
"""A longer pause that Microsoft asks for is cut to this one."""


class GraphCaller(Protocol):
    """What calls are made with: a `CallContext`, or that of a channel."""

    @property
    def http(self) -> HttpSender:
        """Sends requests, to the targets of the connection only."""
        ...

    @property
    def tokens(self) -> TokenCache:
        """Keeps tokens."""
        ...

    @property
    def logons(self) -> Logons:
        """Counts refusals of the secret."""
        ...

    @property
    def clock(self) -> Clock:
        """Says what a `Retry-After` counts from."""
        ...


async def send_by_graph(ctx: GraphCaller, account: GraphAccount, mail: Mail) -> SendResult:
    """Gives a mail to Graph, which accepts it for all of its recipients or for none.

    Raises: RateLimited with the delay that Graph asks for; Unavailable, whose `sent` is true when the mail may leave;
    AuthFailed without the right to send for the mailbox; Rejected (code `MAIL_REFUSED`); BadInput for a mail that is
    too large; as `client_token` and `HttpSender.send`.
    """
    content = b64encode(mail.content)
    if len(content) > MOST_BYTES:
        message = f"the mail has {len(content)} bytes in Base64; Graph takes at most {MOST_BYTES}"
        raise BadInput(message)
    headers = {"content-type": "text/plain", "accept": "application/json"}
    request = HttpRequest(method="POST", url=account.url, headers=headers, content=content, route=account.route)
    response = await _authorize(ctx, account, request)
    if response.status == 401:  # a token that was refused had no effect
        response = await _authorize(ctx, account, request)
    if response.status != 202:
        raise _failure(ctx, account, response)
    return SendResult(mail.recipients, ())


async def _authorize(ctx: GraphCaller, account: GraphAccount, request: HttpRequest) -> HttpResponse:
    token = await client_token(ctx, account.grant)
    response = await ctx.http.send(request.with_headers({"authorization": f"Bearer {token}"}))
    if response.status == 401:
        drop_token(ctx, account.grant, token)
    return response


def _failure(ctx: GraphCaller, account: GraphAccount, response: HttpResponse) -> OperationError:
    status, code = response.status, error_code(response)
    text = str(status)
    where = f"Graph answered {f'{text} {code}'.strip()} for the mailbox of connection {account.grant.connection}"
    if status == 429 or (status == 503 and response.header("retry-after")):
        headers: Json = {name: value for name in ("retry-after", "date") if (value := response.header(name))}
        seconds = min(retry_after_seconds(headers, ctx.clock.now()), _LONGEST_SECONDS)
        limited = RateLimited(f"{where}: later", retry_after=timedelta(seconds=seconds), status=text)
        limited.sent = False  # it was not carried out
        return limited
    if status in (401, 403):
        message = f"{where}: the application may not send for it; give it `{RIGHT}`"
        return AuthFailed(message, status=text)
    if status in (408, 503):
        return Unavailable(where, status=text)
    if status >= 500:
        return Unavailable(f"{where}, and the mail may have left", status=text, sent=True)
    refusal = Rejected(f"{where}: it does not take the mail", code="MAIL_REFUSED", status=text)
    refusal.is_of_connection = status == 404  # no such mailbox
    return refusal


def error_code(response: HttpResponse) -> str:
    """Returns the code of an error of Graph; empty without one."""
    if len(response.content) > _MOST_ERROR_BYTES:
        return ""
    try:
        document = parse_json(response.content)
    except BadRequest:
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
