"""Compiles by which channels a card is sent: the first one, and others when it does not reach its recipient there."""

from collections.abc import Iterator
from typing import Final

from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import FallbackSettings
from looply.errors import Sentence, say

INBOX: Final = "inbox"
"""The channel that each installation has."""


def read_channel(reader: Reader) -> str:
    """Returns the channel by which cards are sent first."""
    channel = reader.value.get("channel", INBOX)
    assert isinstance(channel, str)  # the schema requires it
    return channel


def read_fallback(reader: Reader, *, is_awaited: bool = True) -> tuple[FallbackSettings, ...]:
    """Returns the other channels of a card, in the order of their times.

    `is_awaited`: the step waits for answers; without that nothing is open when the time has come.
    """
    if "fallback" not in reader:
        return ()
    if not is_awaited:
        hint = say("GIVE_WAIT", "give `wait`, so that the card is open when it is due")
        reader.error("fallback", say("FALLBACK_NEEDS_WAIT", "`fallback` needs a `wait`"), hint)
    return tuple(_fallbacks(reader))


def _fallbacks(reader: Reader) -> Iterator[FallbackSettings]:
    known = [read_channel(reader)]
    for child in reader.children("fallback"):
        after = child.duration_template("after")
        assert after is not None  # the schema requires it
        channel = child.value["channel"]
        if channel in known:
            child.error("channel", _named_before(channel, is_of_step=channel == known[0]))
        known.append(channel)
        yield FallbackSettings(
            after=after, channel=channel, app=child.value.get("app", ""), rule=child.value.get("when", "undelivered")
        )


def _named_before(channel: str, *, is_of_step: bool) -> Sentence:
    if is_of_step:
        return say(
            "CHANNEL_OF_STEP",
            "{channel!r} is the channel of the step; a card is sent by each channel once",
            channel=channel,
        )
    return say("CHANNEL_TWICE", "{channel!r} is named twice; a card is sent by each channel once", channel=channel)
