"""The JSON Schemas of the settings that name a card, and by which channels it is sent."""

from typing import Final

from looply.definition.schemas.schema_parts import EXPRESSION, fields, items_of, one_of, with_description
from looply.jsontext import Json

_TEXT: Json = {"type": "string"}
_NAME: Json = {"type": "string", "minLength": 1}

CARD: Final[dict[str, Json]] = {
    "card": with_description({"type": "object"}, "Adaptive Card template."),
    "card_id": with_description(_NAME, "A card of the organization, in place of `card`."),
    "card_version": with_description(
        {"type": "integer", "minimum": 1}, "Its version; the newest ACTIVE one when left out."
    ),
}

_CHANNEL: Json = {"type": "string", "minLength": 1, "maxLength": 63}
"""A channel of the installation; which it has is checked when a definition is saved."""

CHANNELS: Final[dict[str, Json]] = {
    "channel": with_description(
        {**_CHANNEL, "default": "inbox"},
        "Where people answer: `inbox`, or another channel of the installation, such as `teams`, which needs a "
        "connection of its kind, or `email`, which needs one of kind smtp or graph_mail.",
    ),
    "app": with_description(_TEXT, "The app that sends it: the name of a connection of the channel."),
    "confirm": one_of(
        "link",
        "code",
        "sign_in",
        default="link",
        description="What an answer by a card's link needs beside the link: nothing, a code that the recipient gets by "
        "mail, or that the recipient signs in.",
    ),
    "fallback": items_of(
        fields(
            {
                "after": with_description({"$ref": "#/$defs/duration"}, "Elapsed time since the card was sent."),
                "channel": with_description(_CHANNEL, "Where the card is sent then, to the same person."),
                "app": with_description(_TEXT, "The app that sends it there."),
                "when": one_of(
                    "undelivered",
                    "unanswered",
                    default="undelivered",
                    description="Which cards are sent there: those that were not delivered, or all that are open.",
                ),
            },
            ("after", "channel"),
        ),
        maxItems=5,
        description="Other channels, for cards that do not reach their recipients.",
    ),
    "may_answer": with_description(
        {"anyOf": [EXPRESSION, _NAME, items_of(_NAME)]},
        "The only people who may answer in a conversation of several people; all of them when left out.",
    ),
}
