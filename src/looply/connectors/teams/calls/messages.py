"""Messages to Teams: the bodies of calls of the Bot Connector, and the handle of a card that was shown.

Source: the reference of the Bot Connector's REST API (activity, conversation parameters).
"""

from typing import Final

import msgspec

from looply.connectors.teams.calls.settings import Account
from looply.errors import BadInput
from looply.jsontext import Json, encode_json

CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
MOST_BYTES: Final = 80_000
"""The largest message that is sent. Teams refuses about 100 KB, counted after changes of its own."""
_LONGEST_SUMMARY: Final = 200


class Handle(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "service_url": "s",
        "conversation": "c",
        "activities": "a",
        "reminders": "n",
    },
):
    """Where a card is shown: the messages that show it, in one conversation, and how many reminders they count.

    A message whose sending had an unknown outcome may be found later; then the card has several.
    """

    service_url: str = ""
    conversation: str = ""
    activities: tuple[str, ...] = ()
    reminders: int = 0

    @property
    def text(self) -> str:
        """The handle as it is stored; empty without a message."""
        return msgspec.json.encode(self).decode() if self.conversation else ""


def read_handle(text: str) -> Handle:
    """Returns the handle of a stored text. Raises: BadInput for a text that is none."""
    if not text:
        return Handle()
    try:
        return msgspec.json.decode(text, type=Handle)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadInput("the handle of the card is none of Teams") from error


def with_found(handle: Handle, *, service_url: str, conversation: str, activity: str) -> Handle:
    """Returns a handle with a message that was found because a person used it; its service address is the newest.

    A message of another conversation replaces none: the handle stays as it is.
    """
    if not activity or (handle.conversation and handle.conversation != conversation):
        return handle
    activities = handle.activities if activity in handle.activities else (*handle.activities, activity)
    return Handle(
        service_url=service_url or handle.service_url,
        conversation=conversation,
        activities=activities,
        reminders=handle.reminders,
    )


def card_message(card: Json, summary: str, *, alerts: bool) -> dict[str, Json]:
    """Returns the message that shows a card. `summary` is what notifications show; `alerts`: whether there is one."""
    return {
        "type": "message",
        "summary": summary[:_LONGEST_SUMMARY],
        "attachments": [{"contentType": CARD_TYPE, "content": card}],
        "channelData": {"notification": {"alert": alerts}},
    }


def is_too_large(message: dict[str, Json]) -> bool:
    """Returns whether Teams would refuse a message for its size."""
    return len(encode_json(message)) > MOST_BYTES


def personal_conversation(account: Account, member_id: str) -> dict[str, Json]:
    """Returns the body that opens the personal chat with a person, by their id of Entra or their `29:` id.

    Guarantees: the answer to the same body is the same conversation, so that it may be repeated.
    """
    tenant = {"id": account.tenant_id}
    return {
        "isGroup": False,
        "bot": {"id": account.bot_id},
        "members": [{"id": member_id}],
        "tenantId": account.tenant_id,
        "channelData": {"tenant": tenant},
    }


def channel_thread(account: Account, channel_id: str, message: dict[str, Json]) -> dict[str, Json]:
    """Returns the body that begins a thread of a channel with a message."""
    return {
        "isGroup": True,
        "bot": {"id": account.bot_id},
        "channelData": {"channel": {"id": channel_id}, "tenant": {"id": account.tenant_id}},
        "activity": message,
    }
