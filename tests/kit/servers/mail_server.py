"""An independent mail server (aiosmtpd) on a free port of 127.0.0.1, with the failures of such servers."""

import asyncio
import json
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

USER, PASSWORD = "looply", "s3cr3t-of-the-mail"


@dataclass
class Inbox:
    """The received mails, and the server's replies: `answers` by recipient, `data` for a mail."""

    answers: dict[str, str] = field(default_factory=dict)
    data: str = "250 OK"
    cuts: bool = False
    hangs: bool = False
    mails: list[Envelope] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    """The tokens that XOAUTH2 accepts for USER."""
    refused: list[str] = field(default_factory=list)
    """The tokens that it did not accept."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        self.encrypted.append(session.ssl is not None)
        self.arrived.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.cuts:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.data

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """As Google and Microsoft do it: a refusal is a challenge with the reason, then the answer."""
        parts = b64decode(args[1]).decode().split("\x01")
        user, token = parts[0].removeprefix("user="), parts[1].removeprefix("auth=Bearer ")
        if user == USER and token in self.tokens:
            self.users.append(user)
            return AuthResult(success=True)
        self.refused.append(token)
        await server.challenge_auth(json.dumps({"status": "401", "schemes": "Bearer"}))
        return AuthResult(success=False, handled=False)

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        self.users.append(data.login.decode())
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=is_right)


class MailServer:
    """Serves an inbox. `tls` is offered by STARTTLS, or used from the start with `at_once`."""

    def __init__(self, inbox: Inbox, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> None:
        self._inbox = inbox
        self._tls = tls
        self._at_once = at_once
        self._server: asyncio.Server | None = None
        self._sessions: list[SMTP] = []
        self.port = 0

    async def start(self) -> None:
        context = self._tls if self._at_once else None
        self._server = await asyncio.get_running_loop().create_server(self._session, "127.0.0.1", 0, ssl=context)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for session in self._sessions:
            if isinstance(session.transport, asyncio.Transport):
                session.transport.abort()
        tasks = [session._handler_coroutine for session in self._sessions if session._handler_coroutine is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _session(self) -> SMTP:
        session = SMTP(
            self._inbox,
            hostname="mail.test",
            tls_context=None if self._at_once else self._tls,
            authenticator=self._inbox.authenticate,
            auth_require_tls=not self._at_once,
            enable_SMTPUTF8=False,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.append(session)
        return session


@contextmanager
def mail_beside(inbox: Inbox) -> Iterator[MailServer]:
    """Serves an inbox within the block, in a loop of its own thread."""
    server, is_ready = MailServer(inbox), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        await server.start()
        is_ready.set()
        await stop.wait()
        await server.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert is_ready.wait(30), "the mail server does not listen within 30 s"
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
