"""One conversation with a mail server (RFC 5321), and what a failure at each point means for the mail.

A failure before the mail itself is sent has no effect, and its `sent` is false. Between the sending and the server's
reply the outcome is unknown. Refusals of the server are replies: 4xx is temporary, 5xx is final.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Literal, TypeVar

import aiosmtplib
import msgspec
from aiosmtplib import SMTPResponseException

from looply.connectors.email.message import Mail
from looply.connectors.outbound.causes import cause_of
from looply.connectors.outbound.dialer import Dialer
from looply.connectors.outbound.routes import Route, tls_context
from looply.errors import AuthFailed, OperationError, Rejected, Timeout, Unavailable

PORTS: Final = frozenset({25, 465, 587, 2525})
"""Ports of mail servers; the egress policy calls them unsafe for everything else."""

Result = TypeVar("Result")

_GOODBYE_SECONDS: Final = 2.0
"""How long a mail server may take to say goodbye; the mail is accepted by then."""
_SHOWN_CHARACTERS: Final = 300


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The server that mail is submitted to, and the credentials; no user: without authentication.

    With a `token` the user is authenticated by XOAUTH2. `ca` are authorities in PEM that are trusted too.
    """

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    ca: str = ""
    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Server({self.address})"


class RefusedRecipient(msgspec.Struct, frozen=True):
    """A recipient that the server refused."""

    address: str
    status: str
    message: str


class SendResult(msgspec.Struct, frozen=True):
    """The server accepted the mail for the recipients in `accepted`."""

    accepted: tuple[str, ...]
    refused: tuple[RefusedRecipient, ...]


async def send(server: Server, mail: Mail, dialer: Dialer, within: timedelta) -> SendResult:
    """Submits the mail within the given time.

    Raises: Timeout and Unavailable, whose `sent` is true only when sending of the mail itself had begun (a status of
    4xx is Unavailable with that status); AuthFailed; Rejected (codes `MAIL_REFUSED`, `EGRESS_DENIED`,
    `TLS_CERTIFICATE`, `MAIL_UNSUPPORTED`).
    """
    return await _within(server, dialer, within, lambda conversation: conversation.submit(mail))


async def log_on(server: Server, dialer: Dialer, within: timedelta) -> None:
    """Logs on to the server and leaves it again, without a mail. Raises: as `send`; `sent` is always false."""
    await _within(server, dialer, within, lambda conversation: conversation.log_on())


async def _within(
    server: Server, dialer: Dialer, within: timedelta, act: "Callable[[_Conversation], Awaitable[Result]]"
) -> Result:
    conversation = _Conversation(server, dialer)
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await act(conversation)
    except TimeoutError as error:
        seconds = within.total_seconds()
        message = f"{server.address} did not take the mail within {seconds:g} s"
        raise Timeout(message, sent=conversation.is_sent) from error
    except SMTPResponseException as error:
        raise _refusal_error(server, error) from error
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, OSError) as error:
        raise _connection_error(server, error, is_sent=conversation.is_sent) from error
    except (aiosmtplib.SMTPException, ValueError) as error:
        # The library itself refuses, before anything is sent, a mail that needs an extension the server does not have.
        raise Rejected(
            f"{server.address} cannot take the mail: {_shorten(str(error))}", code="MAIL_UNSUPPORTED"
        ) from error
    finally:
        await conversation.end()


class _Conversation:
    """The state of one conversation. `is_sent`: the mail may have arrived."""

    def __init__(self, server: Server, dialer: Dialer) -> None:
        self._server = server
        self._dialer = dialer
        self._client: aiosmtplib.SMTP | None = None
        self._is_accepted = False
        self.is_sent = False

    async def submit(self, mail: Mail) -> SendResult:
        client = await self._log_in()
        await client.mail(mail.sender)
        accepted, refused = await self._name_recipients(client, mail.recipients)
        if not accepted:
            raise _no_recipient_error(self._server, refused)
        self.is_sent = True
        try:
            await client.data(mail.content)
        except SMTPResponseException:
            self.is_sent = False
            raise
        self._is_accepted = True
        return SendResult(tuple(accepted), tuple(refused))

    async def log_on(self) -> None:
        """Logs on; nothing follows."""
        await self._log_in()
        self._is_accepted = True

    async def end(self) -> None:
        """Sends QUIT after an accepted mail or a test, and closes the connection.

        A failure here does not change the outcome.
        """
        if self._client is None:
            return
        if self._is_accepted:
            with suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await self._client.quit()
        self._client.close()

    async def _log_in(self) -> aiosmtplib.SMTP:
        server = self._server
        tls = await self._tls()
        connection = await self._dialer.dial(server.host, server.port, PORTS)
        client = self._client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=connection,
            use_tls=server.tls == "tls",
            start_tls=False,
            tls_context=tls,
            # The name of this machine is not disclosed; submission servers do not check it.
            local_hostname="localhost",
            timeout=None,
        )
        await client.connect()
        await client.ehlo()
        if server.tls == "starttls":
            await client.starttls()
        if server.token:
            await self._log_in_by_token(client)
        elif server.user:
            await client.login(server.user, server.password)
        return client

    async def _log_in_by_token(self, client: aiosmtplib.SMTP) -> None:
        await client.ehlo()  # what a server offers differs once the connection is encrypted
        if "xoauth2" not in client.server_auth_methods:
            raise aiosmtplib.SMTPNotSupported("it does not offer XOAUTH2")
        await client.auth_xoauth2(self._server.user, self._server.token)

    async def _tls(self) -> ssl.SSLContext | None:
        """Returns what certificates are checked with; None without encryption. Raises: BadInput for a broken `ca`."""
        if self._server.tls == "none":
            return None
        if not self._server.ca:
            return self._dialer.tls
        return await asyncio.to_thread(tls_context, Route(ca=self._server.ca))

    async def _name_recipients(
        self, client: aiosmtplib.SMTP, recipients: tuple[str, ...]
    ) -> tuple[list[str], list[RefusedRecipient]]:
        accepted, refused = [], []
        for address in recipients:
            try:
                await client.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(RefusedRecipient(address, str(error.code), _shorten(error.message)))
            else:
                accepted.append(address)
        return accepted, refused


def _no_recipient_error(server: Server, refused: list[RefusedRecipient]) -> OperationError:
    first = refused[0]
    message = f"{server.address} takes none of the recipients: {first.address}: {first.status} {first.message}"
    if any(each.status.startswith("4") for each in refused):
        return Unavailable(message, status=first.status)
    return Rejected(message, code="MAIL_REFUSED", status=first.status)


def _refusal_error(server: Server, error: SMTPResponseException) -> OperationError:
    reply = f"{error.code} {_shorten(error.message)}"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        what = "token" if server.token else "password"
        return AuthFailed(f"{server.address} refused the user or the {what}: {reply}", status=str(error.code))
    if 400 <= error.code < 500:
        return Unavailable(f"{server.address} does not take the mail now: {reply}", status=str(error.code))
    return Rejected(f"{server.address} refused the mail: {reply}", code="MAIL_REFUSED", status=str(error.code))


def _connection_error(server: Server, error: BaseException, *, is_sent: bool) -> OperationError:
    if cause_of(error, ssl.SSLCertVerificationError) is not None:
        return Rejected(
            f"the TLS certificate of {server.address} is not valid for it; install a valid one, or add its authority "
            "to the trusted ones",
            code="TLS_CERTIFICATE",
        )
    when = "before it answered whether it took the mail" if is_sent else "before the mail was sent"
    return Unavailable(f"the connection to {server.address} broke {when}", sent=is_sent)


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}..."
