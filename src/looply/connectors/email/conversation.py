"""One conversation with a mail server (RFC 5321): what it means for the mail at each point where it can end.

Until the mail itself leaves, nothing has happened, and every failure says so. From then until the server's answer
nobody knows whether it took the mail. Its refusals are answers: 4xx asks to come back later, 5xx is final.
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Final, Literal

import aiosmtplib
import msgspec
from aiosmtplib import SMTPResponseException

from looply.connectors.email.message import Mail
from looply.connectors.outbound.dialer import Dialer
from looply.errors import AuthFailed, OperationError, Rejected, Timeout, Unavailable

PORTS: Final = frozenset({25, 465, 587, 2525})
"""Ports of mail servers; the egress policy calls them unsafe for everything else."""

_GOODBYE_SECONDS: Final = 2.0
_SHOWN_CHARACTERS: Final = 300


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed in, and as whom; no user: without authentication."""

    host: str
    port: int
    tls: Literal["starttls", "tls", "none"]
    user: str = ""
    password: str = ""

    @property
    def place(self) -> str:
        """The server, for messages."""
        return f"{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"Server({self.place})"


class RefusedRecipient(msgspec.Struct, frozen=True):
    """A recipient whom the server did not take."""

    address: str
    status: str
    message: str


class Sent(msgspec.Struct, frozen=True):
    """The server took the mail for these recipients."""

    accepted: tuple[str, ...]
    refused: tuple[RefusedRecipient, ...]


async def send(server: Server, mail: Mail, dialer: Dialer, within: timedelta) -> Sent:
    """Hands the mail in, in this time.

    Raises: Timeout and Unavailable, whose `sent` is true only when the mail itself had begun to leave (a status of 4xx
    comes as Unavailable with that status); AuthFailed; Rejected (codes `MAIL_REFUSED`, `EGRESS_DENIED`,
    `TLS_CERTIFICATE`, `MAIL_UNSUPPORTED`).
    """
    conversation = _Conversation(server, dialer)
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await conversation.hand_in(mail)
    except TimeoutError as error:
        seconds = within.total_seconds()
        message = f"{server.place} did not take the mail within {seconds:g} s"
        raise Timeout(message, sent=conversation.is_sent) from error
    except SMTPResponseException as error:
        raise _refusal(server, error) from error
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPConnectError, OSError) as error:
        raise _broken(server, error, is_sent=conversation.is_sent) from error
    except (aiosmtplib.SMTPException, ValueError) as error:
        # The library's own refusals before anything is sent: an extension that the server does not have.
        raise Rejected(f"{server.place} cannot take the mail: {_shown(str(error))}", code="MAIL_UNSUPPORTED") from error
    finally:
        await conversation.end()


class _Conversation:
    """The state of one conversation. `is_sent`: the mail may have arrived."""

    def __init__(self, server: Server, dialer: Dialer) -> None:
        self._server = server
        self._dialer = dialer
        self._client: aiosmtplib.SMTP | None = None
        self._is_taken = False
        self.is_sent = False

    async def hand_in(self, mail: Mail) -> Sent:
        client = await self._greeted()
        await client.mail(mail.sender)
        accepted, refused = await self._named(client, mail.recipients)
        if not accepted:
            raise _nobody(self._server, refused)
        self.is_sent = True
        try:
            await client.data(mail.content)
        except SMTPResponseException:
            self.is_sent = False
            raise
        self._is_taken = True
        return Sent(tuple(accepted), tuple(refused))

    async def end(self) -> None:
        """Says goodbye after a mail that was taken, and closes the connection. What becomes of it changes nothing."""
        if self._client is None:
            return
        if self._is_taken:
            with suppress(aiosmtplib.SMTPException, OSError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await self._client.quit()
        self._client.close()

    async def _greeted(self) -> aiosmtplib.SMTP:
        server = self._server
        connection = await self._dialer.dial(server.host, server.port, PORTS)
        client = self._client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=connection,
            use_tls=server.tls == "tls",
            start_tls=False,
            tls_context=self._dialer.tls if server.tls != "none" else None,
            # What a name of this machine would tell is nobody's business; servers of senders do not look at it.
            local_hostname="localhost",
            timeout=None,
        )
        await client.connect()
        await client.ehlo()
        if server.tls == "starttls":
            await client.starttls()
        if server.user:
            await client.login(server.user, server.password)
        return client

    async def _named(
        self, client: aiosmtplib.SMTP, recipients: tuple[str, ...]
    ) -> tuple[list[str], list[RefusedRecipient]]:
        accepted, refused = [], []
        for address in recipients:
            try:
                await client.rcpt(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(RefusedRecipient(address, str(error.code), _shown(error.message)))
            else:
                accepted.append(address)
        return accepted, refused


def _nobody(server: Server, refused: list[RefusedRecipient]) -> OperationError:
    first = refused[0]
    message = f"{server.place} takes none of the recipients: {first.address}: {first.status} {first.message}"
    if any(each.status.startswith("4") for each in refused):
        return Unavailable(message, status=first.status)
    return Rejected(message, code="MAIL_REFUSED", status=first.status)


def _refusal(server: Server, error: SMTPResponseException) -> OperationError:
    said = f"{error.code} {_shown(error.message)}"
    if isinstance(error, aiosmtplib.SMTPAuthenticationError) and error.code >= 500:
        return AuthFailed(f"{server.place} refused the user or the password: {said}", status=str(error.code))
    if 400 <= error.code < 500:
        return Unavailable(f"{server.place} does not take the mail now: {said}", status=str(error.code))
    return Rejected(f"{server.place} refused the mail: {said}", code="MAIL_REFUSED", status=str(error.code))


def _broken(server: Server, error: BaseException, *, is_sent: bool) -> OperationError:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return Rejected(
            f"the TLS certificate of {server.place} is not valid for it; install a valid one, or add its authority to "
            "the trusted ones",
            code="TLS_CERTIFICATE",
        )
    when = "before it answered whether it took the mail" if is_sent else "before the mail was sent"
    return Unavailable(f"the connection to {server.place} broke {when}", sent=is_sent)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]}..."
