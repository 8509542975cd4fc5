"""A copy of a card as events record it."""

import msgspec


class CardCopy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One recipient's copy of a card. `part` counts the copies of a step from 0.

    `takes` are the parts of the copies that it replaces: those copies were passed on to this recipient.
    """

    card_id: str
    recipient: str
    part: int = 0
    takes: tuple[int, ...] = ()
