"""Drives the session protocol over the network, as one principal and within the origin of its connection."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import httpx2

from looply.connectors.credentials.sessions import Session
from looply.connectors.http.redirects import send_following
from looply.connectors.masking import Masker, credentials_masker
from looply.connectors.oauth.client_credentials import drop_token, is_token_refusal
from looply.connectors.outbound.urls import origin
from looply.connectors.port import CallContext, HttpRequest, HttpResponse
from looply.connectors.sap.calls.principals import Principal
from looply.connectors.sap.calls.protocol import Exchange, Opened, Outcome, call, fetch_token
from looply.errors import OperationError, Timeout


class SapConversation:
    """The requests of one call of an operation. `places` are the reads that may return a CSRF token."""

    def __init__(
        self, ctx: CallContext, principal: Principal, places: tuple[HttpRequest, ...], *, is_test: bool = False
    ) -> None:
        self._ctx = ctx
        self._principal = principal
        self._places = places
        self._is_test = is_test
        self._seen: list[Session] = []
        self._tokens: list[str] = []

    async def send(self, request: HttpRequest, *, prepare: Callable[[], Awaitable[None]] | None = None) -> Outcome:
        """Sends a request with credentials, session and token, and returns its outcome; the session is kept.

        `prepare` is called once the session is there: when it raises, the request is not sent. A redirect of a read is
        followed within the origin; elsewhere it is the response.

        Raises: as `prepare`, `HttpSender.send` and `client_token`, masked; `sent` is False as long as only the token
        was requested. AuthFailed (code `LOGON_STOPPED`) when the last logons were refused.
        """
        try:
            return await self._converse(request, prepare)
        except OperationError as error:
            self.masker().mask(error)
            raise

    async def open_session(self) -> Opened:
        """Returns a session that is opened now, whatever is kept. Raises: as `send`."""
        return await self._open(self._ctx.cache.find(self._principal.session_key))

    def masker(self) -> Masker:
        """Returns a masker of the credentials, and of all tokens and session cookies that were seen."""
        # sap-usercontext contains the client and the language, which are not secret.
        cookies = [
            value
            for session in self._seen
            for name, value in session.cookies.items()
            if name.lower() != "sap-usercontext"
        ]
        tokens = [session.token for session in self._seen]
        return credentials_masker(
            (*self._principal.secrets, *self._tokens, *dict.fromkeys(tokens), *dict.fromkeys(cookies))
        )

    async def _converse(self, request: HttpRequest, prepare: Callable[[], Awaitable[None]] | None) -> Outcome:
        cache, key = self._ctx.cache, self._principal.session_key
        session = cache.find(key)
        self._seen.append(session)
        conversation = call(request, session)
        requested = next(conversation)
        while True:
            reply: HttpResponse | Opened
            if isinstance(requested, Exchange):
                if prepare is not None:
                    await prepare()
                reply = await self._exchange(requested.request)
            else:
                reply = await self._shared(requested.stale)
                self._seen.append(reply.session)
            try:
                requested = conversation.send(reply)
            except StopIteration as end:
                outcome: Outcome = end.value
                self._seen.append(outcome.session)
                cache.keep(key, outcome.session)
                return outcome

    async def _shared(self, stale: Session) -> Opened:
        """Returns a session newer than `stale`; calls that need one at the same time share one read of a token."""

        async def work() -> Opened:
            kept = self._ctx.cache.find(self._principal.session_key)
            if kept.is_open and kept.number > stale.number:
                return Opened(kept)
            return await self._open(stale)

        try:
            async with asyncio.timeout(self._ctx.timeout.total_seconds()):
                opened: Opened = await self._ctx.cache.opening.share(self._principal.session_key, work)
                return opened
        except TimeoutError as error:
            # Another call reads the token, within a time of its own.
            raise Timeout("no CSRF token was fetched within the time of the call") from error

    async def _open(self, stale: Session) -> Opened:
        reads = fetch_token(self._places, stale)
        read = next(reads)
        while True:
            try:
                response = await self._exchange(read)
            except OperationError as error:
                error.sent = False
                raise
            try:
                read = reads.send(response)
            except StopIteration as end:
                return self._kept(end.value)

    def _kept(self, opened: Opened) -> Opened:
        if opened.failure is not None:
            return opened
        session = replace(opened.session, number=self._ctx.cache.next_number())
        self._ctx.cache.keep(self._principal.session_key, session)
        return Opened(session)

    async def _exchange(self, request: HttpRequest) -> HttpResponse:
        """Sends one request with credentials. One more time when the token has ended early: that call had no effect."""
        response, token = await self._authorized(request)
        grant = self._principal.grant
        if grant is None or not is_token_refusal(response):
            return response
        drop_token(self._ctx, grant, token)
        return (await self._authorized(request))[0]

    async def _authorized(self, request: HttpRequest) -> tuple[HttpResponse, str]:
        ctx, principal = self._ctx, self._principal
        headers, token = await principal.authorization(ctx, is_test=self._is_test)
        if token:
            self._tokens.append(token)
        outgoing = replace(request, headers={**request.headers, **headers}, route=principal.route)
        if principal.grant is not None:
            return await self._follow(outgoing), token
        async with ctx.logons.attempt(principal.logon_key, principal.connection, is_test=self._is_test) as attempt:
            response = await self._follow(outgoing)
            attempt.is_accepted = response.status != 401
        return response, token

    async def _follow(self, request: HttpRequest) -> HttpResponse:
        def within_origin(url: httpx2.URL) -> bool:
            return origin(url) == origin(request.url)

        return await send_following(self._ctx.http, request, within_origin)
