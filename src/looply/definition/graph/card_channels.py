"""Checks the channels of cards against those that the installation has."""

from collections.abc import Collection, Iterator
from typing import Final

from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.schemas.settings_schema import CHANNEL_NAMES
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.jsontext import Json

_SENDERS: Final = ("adaptiveCard", "approval")


def check_channels(outline: Outline, channels: Collection[str], report: Report) -> None:
    """Reports each channel of a card that is not among `channels`; a name that is none is the schema's finding."""
    hint = f"use {' or '.join(repr(channel) for channel in sorted(channels))}"
    for step in outline.steps:
        if step.type is None or step.type.name not in _SENDERS:
            continue
        for path, channel in _channels_of(step):
            if channel in CHANNEL_NAMES and channel not in channels:
                report.error(path, f"the channel {channel!r} is not available in this installation", hint)


def _channels_of(step: StepOutline) -> Iterator[tuple[str, Json]]:
    """Yields the channels of a step, with their pointers; its settings may have any shape."""
    settings = join_pointer(step.path, "settings")
    yield join_pointer(settings, "channel"), step.settings.get("channel")
    others = step.settings.get("fallback")
    for index, other in enumerate(others if isinstance(others, list) else ()):
        if isinstance(other, dict):
            yield join_pointer(settings, "fallback", index, "channel"), other.get("channel")
