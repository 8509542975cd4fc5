"""Error codes of cards on their way to people, and of their answers."""

from typing import Final, Literal

CARD_ERRORS: Final[dict[str, tuple[Literal["state", "inside"], str]]] = {
    "NOT_YOURS": ("state", "The card is for another person, or the person is not among those who may answer it."),
    "CARD_BROKEN": ("inside", "The channel cannot show this card. It is in the `delivery` of the open card."),
    "CHANNEL_PAUSE": ("inside", "The channel asks for a pause; the card is sent after it."),
    "RECIPIENT_BLOCKED": ("inside", "The channel cannot reach the recipient. It is in the `delivery` of the card."),
    "SEND_UNKNOWN": ("inside", "It is not known whether the channel sent the card; after a while it is sent again."),
}
"""Code -> its heading, its meaning and its remedy."""
