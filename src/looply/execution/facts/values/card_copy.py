"""A copy of a card as events record it: why it takes no more answers, whether its channel could deliver it, and where
else it is sent then."""

import re
from typing import Final, Literal, TypeAlias

import msgspec

CardEnd: TypeAlias = Literal[
    "ANSWERED",
    "TIMED_OUT",
    "TERMINATED",
    "DELETED",
    "ENDED",
    "CANCELLED",
    "REASSIGNED",
    "ESCALATED",
    "ABSENT",
    "FALLBACK",
]
"""Why a copy is closed. Passed on: `REASSIGNED` by a person, `ESCALATED` by the step, `ABSENT` to a substitute;
`FALLBACK` to the same recipient by another channel."""

CopyState: TypeAlias = Literal["PENDING", "SHOWN", "BLOCKED", "FAILED"]
"""Whether a channel has delivered a copy. `PENDING`: not yet; `BLOCKED`: the recipient cannot be reached there until
something changes on their side; `FAILED`: the channel cannot show this card."""
Undelivered: TypeAlias = Literal["BLOCKED", "FAILED"]
Confirm: TypeAlias = Literal["link", "code", "sign_in"]
"""What an answer by the link of a card needs beside the link: nothing, a code that the recipient gets by mail, or that
the recipient signs in."""
FallbackRule: TypeAlias = Literal["undelivered", "unanswered"]

_GROUP: Final = re.compile(r"[a-z]+:(?:channel|chat)/.")


def is_group(recipient: str) -> bool:
    """Returns whether a recipient is a conversation of several people, such as `teams:channel/19:...@thread.tacv2`."""
    return _GROUP.match(recipient) is not None


class FallbackTerm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After `after` (ISO 8601) a copy is sent by `channel` instead, from `app` there.

    `undelivered`: if its channel has not delivered it until then; `unanswered`: if it is not answered.
    """

    after: str
    channel: str
    app: str = ""
    rule: FallbackRule = "undelivered"


class CardCopy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recipient's copy of a card. `part` counts the copies of a step from 0.

    `takes` are the parts of the copies that it replaces: those copies were passed on to this recipient.
    `substitute_for` is the absent person whose substitute the recipient is.
    """

    card_id: str
    recipient: str
    part: int = 0
    takes: tuple[int, ...] = ()
    substitute_for: str = ""
