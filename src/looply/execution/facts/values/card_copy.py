"""A copy of a card as events record it, and the reasons why a copy takes no more answers."""

from typing import Literal, TypeAlias

import msgspec

CardEnd: TypeAlias = Literal[
    "ANSWERED", "TIMED_OUT", "TERMINATED", "DELETED", "ENDED", "CANCELLED", "REASSIGNED", "ESCALATED", "ABSENT"
]
"""Why a copy is closed. Passed on: `REASSIGNED` by a person, `ESCALATED` by the step, `ABSENT` to a substitute."""


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
