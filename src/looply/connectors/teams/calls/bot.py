"""The client of the Bot Connector: conversations, messages, members.

Every method raises Undelivered; what it means is `Failure.meaning`. Nothing is repeated here but a call whose token was
refused.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from looply.connectors.outbound.urls import parse_url, with_params
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.teams.calls.answers import Failure, Undelivered, read_failure
from looply.connectors.teams.calls.messages import channel_thread, is_too_large, personal_conversation
from looply.connectors.teams.calls.sending import Caller, read_answer, send_authorized
from looply.connectors.teams.calls.settings import Account
from looply.errors import BadInput
from looply.jsontext import Json, encode_json

PAGE_MEMBERS: Final = 200
MOST_MEMBERS: Final = 10_000
"""The most members of one conversation that are read."""


class Member(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member of a conversation. `id` is the `29:` id, `aad_object_id` that of Entra."""

    id: str
    aad_object_id: str = ""
    email: str | None = None
    user_principal_name: str | None = None
    name: str | None = None
    tenant_id: str | None = None
    user_role: str | None = None


class Thread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A thread of a channel that a message has begun."""

    id: str
    activity_id: str = ""


class _Created(msgspec.Struct, frozen=True):
    id: str


class _Members(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    members: list[Member] = []
    continuation_token: str | None = None


class BotClient:
    """Calls the Bot Connector for one account."""

    def __init__(self, caller: Caller, account: Account) -> None:
        self._caller = caller
        self._account = account

    async def open_conversation(self, service_url: str, member_id: str) -> str:
        """Returns the id of the personal chat with a person, the same each time; it may be repeated."""
        body = personal_conversation(self._account, member_id)
        response = await self._call("POST", service_url, "v3/conversations", body)
        return read_answer(response, _Created).id

    async def begin_thread(self, service_url: str, channel_id: str, message: dict[str, Json]) -> Thread:
        """Sends a message as the beginning of a thread of a channel."""
        _check_size(message)
        body = channel_thread(self._account, channel_id, message)
        response = await self._call("POST", service_url, "v3/conversations", body, happens_once=True)
        return read_answer(response, Thread, happens_once=True)

    async def send(self, service_url: str, conversation: str, message: dict[str, Json]) -> str:
        """Sends a message and returns its id. A second call would send a second message."""
        _check_size(message)
        path = f"v3/conversations/{quote(conversation, safe='')}/activities"
        response = await self._call("POST", service_url, path, message, happens_once=True)
        return read_answer(response, _Created, happens_once=True).id

    async def update(self, service_url: str, conversation: str, activity: str, message: dict[str, Json]) -> None:
        """Replaces a message; the people in it get no notification. It may be repeated."""
        _check_size(message)
        await self._call("PUT", service_url, _activity_path(conversation, activity), {**message, "id": activity})

    async def delete(self, service_url: str, conversation: str, activity: str) -> None:
        """Deletes a message; one that is gone already is no failure."""
        try:
            await self._call("DELETE", service_url, _activity_path(conversation, activity), None)
        except Undelivered as error:
            if error.failure.meaning != "gone":
                raise

    async def members(self, service_url: str, conversation: str) -> Sequence[Member]:
        """Returns the members of a conversation or a team, at most `MOST_MEMBERS`."""
        found: list[Member] = []
        token, path = "", f"v3/conversations/{quote(conversation, safe='')}/pagedmembers"
        while len(found) < MOST_MEMBERS:
            query = {"pageSize": str(PAGE_MEMBERS), **({"continuationToken": token} if token else {})}
            response = await self._call("GET", service_url, path, None, query=query)
            page = read_answer(response, _Members)
            found += page.members
            # A page without members, or the same token again, would be read for ever.
            if not page.members or not page.continuation_token or page.continuation_token == token:
                break
            token = page.continuation_token
        return found[:MOST_MEMBERS]

    async def _call(
        self,
        method: str,
        service_url: str,
        path: str,
        body: Json,
        *,
        query: Mapping[str, str] | None = None,
        happens_once: bool = False,
    ) -> HttpResponse:
        request = self._request(method, service_url, path, body, query or {})
        response = await send_authorized(self._caller, self._account.bot_grant, request, happens_once=happens_once)
        failure = read_failure(response, self._caller.clock.now())
        if failure is not None:
            raise Undelivered(failure)
        return response

    def _request(self, method: str, service_url: str, path: str, body: Json, query: Mapping[str, str]) -> HttpRequest:
        """Returns a request to an address that may get the bot's token. Raises: Undelivered for any other."""
        if not self._account.takes_service(service_url):
            raise Undelivered(Failure(meaning="broken", code="ForeignServiceUrl"))
        try:
            url = with_params(parse_url(f"{service_url.rstrip('/')}/{path}"), query)
        except BadInput as error:
            raise Undelivered(Failure(meaning="broken", code=error.code)) from error
        content = b"" if body is None else encode_json(body)
        headers = {"accept": "application/json", **({"content-type": "application/json"} if content else {})}
        return HttpRequest(method=method, url=url, headers=headers, content=content, route=self._account.route)


def _activity_path(conversation: str, activity: str) -> str:
    return f"v3/conversations/{quote(conversation, safe='')}/activities/{quote(activity, safe='')}"


def _check_size(message: dict[str, Json]) -> None:
    """Raises: Undelivered before a message is sent that Teams would refuse for its size."""
    if is_too_large(message):
        raise Undelivered(Failure(meaning="too_large", code="MessageSizeTooBig"))
