"""One authorized call of Microsoft: its token, its one repetition with a new one, and what became of it."""

from typing import Final, Protocol, TypeVar

import msgspec

from looply.clock import Clock
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.oauth.client_credentials import ClientGrant, client_token, drop_token
from looply.connectors.port import HttpRequest, HttpResponse, HttpSender
from looply.connectors.teams.calls.answers import Failure, Undelivered
from looply.errors import OperationError

Answer = TypeVar("Answer", bound=msgspec.Struct)

_UNREADABLE: Final = "UnreadableAnswer"


class Caller(Protocol):
    """What calls are made with: a `CallContext`, or that of a channel. Its sender bounds all requests together."""

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


async def send_authorized(
    caller: Caller, grant: ClientGrant, request: HttpRequest, *, happens_once: bool = False
) -> HttpResponse:
    """Returns the answer to a call with the token of a grant, whatever its status.

    A refused token is replaced, and the call repeated with the next one, once: it was not carried out.
    `happens_once`: a second call would have a second effect, so that one which may have been carried out is `unknown`.

    Raises: Undelivered.
    """
    response = await _send(caller, grant, request, happens_once=happens_once)
    return response if response.status != 401 else await _send(caller, grant, request, happens_once=happens_once)


def loss_of(error: OperationError, *, happens_once: bool) -> Failure:
    """Returns what a call without an answer is: it may have been carried out, or it may be repeated, or it cannot be.

    A call that would be repeated for nothing, because this side cannot make it, is `unusable`.
    """
    if error.sent:
        return Failure(meaning="unknown" if happens_once else "again", code=error.code)
    return Failure(meaning="again" if error.is_transient else "unusable", code=error.code)


def read_answer(response: HttpResponse, shape: type[Answer], *, happens_once: bool = False) -> Answer:
    """Returns the body of a success. Raises: Undelivered for one that is not as it should be."""
    try:
        return msgspec.json.decode(response.content, type=shape)
    except (msgspec.DecodeError, UnicodeError) as error:
        # The call was carried out, and what it made has no name.
        meaning = Failure(meaning="unknown" if happens_once else "broken", code=_UNREADABLE, status=response.status)
        raise Undelivered(meaning) from error


async def _send(caller: Caller, grant: ClientGrant, request: HttpRequest, *, happens_once: bool) -> HttpResponse:
    token = await _token(caller, grant)
    try:
        response = await caller.http.send(request.with_headers({"authorization": f"Bearer {token}"}))
    except OperationError as error:
        raise Undelivered(loss_of(error, happens_once=happens_once)) from error
    if response.status == 401:
        drop_token(caller, grant, token)
    return response


async def _token(caller: Caller, grant: ClientGrant) -> str:
    try:
        return await client_token(caller, grant)
    except OperationError as error:
        meaning = Failure(meaning="again" if error.is_transient else "unusable", code=error.code)
        raise Undelivered(meaning) from error
