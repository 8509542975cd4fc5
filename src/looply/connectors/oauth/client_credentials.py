"""The grant of client credentials (RFC 6749 §4.4): a token for a connection, whose secret is that of the client.

With a refresh token (§6) the client gets what a person has granted to it, in place of what is granted to itself.

The request and the reading of its answer are functions without I/O. Nothing that the token's server sends is quoted but
its error code (§5.2), which has no secret in it.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import quote, urlencode

import httpx2

from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import Issued, TokenCache
from looply.connectors.outbound.routes import Route
from looply.connectors.outbound.urls import origin, port_of
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.errors import AuthFailed, BadRequest, OperationError, Rejected, Unavailable
from looply.jsontext import Json, fingerprint, parse_json

MAX_TOKEN_CHARACTERS: Final = 32_768
"""A longer token does not fit into the header of a request to most systems; answers may have four times as much."""
MAX_SECONDS: Final = 366 * 24 * 3600.0
"""A token server that promises a longer life of its token is not believed."""

_ERROR: Final = re.compile(r"[a-z_]{1,64}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")  # RFC 6749 §A.12
_REFUSALS: Final = frozenset({"invalid_client", "unauthorized_client", "invalid_grant"})


class TokenCaller(Protocol):
    """What a token is fetched and kept with: a `CallContext`, or that of calls that no step makes."""

    @property
    def http(self) -> HttpSender:
        """Sends the request for a token."""
        ...

    @property
    def tokens(self) -> TokenCache:
        """Keeps tokens."""
        ...

    @property
    def logons(self) -> Logons:
        """Counts refusals."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientGrant:
    """Where a token comes from, and for whom. `connection` is the name of the connection, for messages.

    `is_elsewhere`: the token's server is another one than the system for which the token is.
    """

    url: httpx2.URL
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    route: Route | None = None
    connection: str = ""
    revision: int = 0
    is_elsewhere: bool = False

    @property
    def key(self) -> bytes:
        """Identifies the token: the same for equal credentials at the same server."""
        return fingerprint(
            str(self.url), self.client_id, self.client_secret, self.refresh_token, self.scope, repr(self.route)
        )


async def client_token(ctx: TokenCaller, grant: ClientGrant, *, is_test: bool = False) -> str:
    """Returns an access token, from the cache or fetched now; equal grants that are requested at once share one fetch.

    Raises: AuthFailed when the server refuses the client, or has refused it three times in a row; Rejected (code
    `BAD_TOKEN_ANSWER`) for an answer that is no token; as `HttpSender.send`. Nothing was sent to the system itself, so
    `sent` is False, and a failure of a server elsewhere is one of the connection.
    """

    async def fetch() -> Issued:
        logon = fingerprint(grant.key.hex(), grant.revision)
        async with ctx.logons.attempt(logon, grant.connection, is_test=is_test) as attempt:
            response = await ctx.http.send(token_request(grant))
            try:
                issued = read_token(response, grant)
            except AuthFailed:
                attempt.is_accepted = False
                raise
            attempt.is_accepted = True
            return issued

    try:
        return await ctx.tokens.get(grant.key, fetch)
    except OperationError as error:
        error.sent = False
        error.is_of_connection = error.is_of_connection or grant.is_elsewhere
        raise


def drop_token(ctx: TokenCaller, grant: ClientGrant, token: str) -> None:
    """Forgets a token that the system refused."""
    ctx.tokens.drop(grant.key, token)


def is_token_refusal(response: HttpResponse) -> bool:
    """Returns whether a system refused the token itself (RFC 6750 §3.1): then the call had no effect."""
    return response.status == 401 and "invalid_token" in (response.header("www-authenticate") or "")


def token_request(grant: ClientGrant) -> HttpRequest:
    """Returns the request for a token; the client identifies itself by Basic (RFC 6749 §2.3.1)."""
    # The client's names are form-encoded before they are base64-encoded.
    pair = f"{quote(grant.client_id, safe='')}:{quote(grant.client_secret, safe='')}"
    form = {"grant_type": "client_credentials"}
    if grant.refresh_token:
        form = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    if grant.scope:
        form["scope"] = grant.scope
    return HttpRequest(
        method="POST",
        url=grant.url,
        headers={
            "authorization": f"Basic {b64encode(pair.encode('ascii')).decode('ascii')}",
            "accept": "application/json",
            "content-type": "application/x-www-form-urlencoded",
        },
        content=urlencode(form).encode("ascii"),
        route=grant.route,
    )


def read_token(response: HttpResponse, grant: ClientGrant) -> Issued:
    """Returns the token of an answer (RFC 6749 §5.1).

    Raises: AuthFailed for a refused client; Unavailable for a server that is busy or broken; Rejected for the rest.
    """
    where = f"the token server {_host(grant)} of connection {grant.connection}"
    if response.status == 429 or response.status >= 500:
        raise Unavailable(f"{where} answered {response.status}", status=str(response.status))
    document = _document(response)
    if response.status != 200:
        raise _refusal(where, response.status, document)
    if document is None:
        found = "HTML" if "html" in (response.header("content-type") or "").lower() else "no JSON object"
        raise _bad_answer(f"{where} answered 200 with {found} instead of a token; check `token_url`")
    token, seconds = document.get("access_token"), document.get("expires_in")
    if str(document.get("token_type")).lower() != "bearer":
        raise _bad_answer(f"{where} issues tokens of a type that is not `bearer`")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or len(token) > MAX_TOKEN_CHARACTERS:
        raise _bad_answer(f"{where} answered without an `access_token` that fits into a header")
    return Issued(token, _life(seconds, where))


def _life(value: Json, where: str) -> float:
    # Some servers write the number as a text.
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise _bad_answer(f"{where} does not say in `expires_in` how many seconds its token lives, at most a year")
    return seconds


def _document(response: HttpResponse) -> Mapping[str, Json] | None:
    if len(response.content) > 4 * MAX_TOKEN_CHARACTERS:
        return None
    try:
        document = parse_json(response.content)
    except BadRequest:
        return None
    return document if isinstance(document, dict) else None


def _refusal(where: str, status: int, document: Mapping[str, Json] | None) -> OperationError:
    error = document.get("error") if document is not None else None
    code = error if isinstance(error, str) and _ERROR.fullmatch(error) else ""
    said = f"{status} {code}".strip()
    if status == 401 or code in _REFUSALS:
        message = f"{where} refused the client ({said}); correct `client_id` and the secret `client_secret`"
        return AuthFailed(message, status=str(status))
    return _bad_answer(f"{where} refused to issue a token ({said}); check `token_url` and `scope`", status)


def _bad_answer(message: str, status: int = 200) -> Rejected:
    return Rejected(message, code="BAD_TOKEN_ANSWER", status=str(status))


def _host(grant: ClientGrant) -> str:
    return f"{origin(grant.url)[1]}:{port_of(grant.url)}"
