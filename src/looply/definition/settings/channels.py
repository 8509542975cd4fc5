"""Compiles by which channels a card is sent: the first one, and others when it does not reach its recipient there."""

from collections.abc import Iterator
from typing import Final

from looply.definition.settings.reading import Reader
from looply.definition.settings.step_settings import FallbackSettings

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
        reader.error("fallback", "`fallback` needs a `wait`", "give `wait`, so that the card is open when it is due")
    return tuple(_fallbacks(reader))


def _fallbacks(reader: Reader) -> Iterator[FallbackSettings]:
    known = [read_channel(reader)]
    for child in reader.children("fallback"):
        after = child.duration_template("after")
        assert after is not None  # the schema requires it
        channel = child.value["channel"]
        if channel in known:
            where = "is the channel of the step" if channel == known[0] else "is named twice"
            child.error("channel", f"{channel!r} {where}; a card is sent by each channel once")
        known.append(channel)
        yield FallbackSettings(
            after=after, channel=channel, app=child.value.get("app", ""), rule=child.value.get("when", "undelivered")
        )
