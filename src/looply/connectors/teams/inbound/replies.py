"""The answers to activities. Teams waits 10 to 15 seconds for that to an invoke, and then shows an error of its own.

Source: Microsoft's page on universal actions: `statusCode`, `type` and `value` within an answer 200. A text in place of
a card is never sent to one who clicked too late: the clients that draw cards would leave the open card as it was.
"""

from typing import Final, Literal

import msgspec

from looply.connectors.teams.calls.messages import CARD_TYPE
from looply.connectors.teams.inbound.activities import Other, Refreshed, Submitted, TeamsEvent
from looply.jsontext import Json

ERROR_TYPE: Final = "application/vnd.microsoft.error"
DEADLINE_SECONDS: Final = 8.0
"""Within which an invoke is answered, before Teams gives up."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: its HTTP status, and its body, None for an empty one.

    `is_settled`: what was sent is carried out, so that the same bytes once more get this answer.
    """

    status: int = 200
    body: Json = None
    is_settled: bool = True


DONE: Final = Reply()
"""The answer to everything that is no invoke."""
NOT_VERIFIED: Final = Reply(status=403, body={"message": "Forbidden"})
"""The answer to an activity that is not from Microsoft; it says no more."""


def needs_card(event: TeamsEvent) -> bool:
    """Returns whether the answer to an event is a card."""
    return isinstance(event, Refreshed) or (isinstance(event, Submitted) and event.wants_card)


def card_reply(card: dict[str, Json], *, is_settled: bool = True) -> Reply:
    """Returns the answer that replaces the card which was used."""
    return Reply(body={"statusCode": 200, "type": CARD_TYPE, "value": card}, is_settled=is_settled)


def error_reply(status: Literal[400, 500], code: str, message: str) -> Reply:
    """Returns the answer that leaves the card as it is: 400 for an answer that cannot count, 500 for one to repeat."""
    body: Json = {"statusCode": status, "type": ERROR_TYPE, "value": {"code": code, "message": message}}
    return Reply(body=body, is_settled=status != 500)


def reply_to_other(event: Other) -> Reply:
    """Returns the answer to an event that is of no use here."""
    return Reply(status=501 if event.is_invoke else 200)
