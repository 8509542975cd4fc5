"""Checks the channels of cards against those that the installation has, and the cards against their channels."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from msgspec.structs import replace

from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.errors import Problem, say
from looply.jsontext import Json

CheckCard: TypeAlias = Callable[[Json], Iterable[Problem]]
"""Returns what a channel does not show of a card as its author wrote it, by JSON Pointer into the card."""

_SENDERS: Final = ("adaptiveCard", "approval")


def check_channels(outline: Outline, channels: Collection[str] | None, report: Report) -> None:
    """Reports each channel of a card that is not among `channels`; what is no name is the schema's finding.

    None: it is not known which the installation has, so that each may be there.
    """
    if channels is None:
        return
    hint = say("USE_CHANNELS", "use {channels}", channels=" or ".join(repr(each) for each in sorted(channels)))
    for step in outline.steps:
        if step.type is None or step.type.name not in _SENDERS:
            continue
        for path, channel in _channels_of(step):
            if isinstance(channel, str) and channel not in ("", *channels):
                wording = "the channel {channel!r} is not available in this installation"
                report.error(path, say("CHANNEL_UNKNOWN", wording, channel=channel), hint)


def check_cards(outline: Outline, checks: Mapping[str, CheckCard], report: Report) -> None:
    """Warns of what the channels of a card, also those of its fallbacks, do not show."""
    for step in outline.steps:
        if step.type is None or step.type.name not in _SENDERS or not isinstance(step.settings.get("card"), dict):
            continue
        channels = {channel for _, channel in _channels_of(step) if isinstance(channel, str)}
        for name in sorted(channels & checks.keys()):
            for problem in checks[name](step.settings["card"]):
                path = f"{join_pointer(step.path, 'settings', 'card')}{problem.path}"
                report.warnings.append(replace(problem, path=path))


def _channels_of(step: StepOutline) -> Iterator[tuple[str, Json]]:
    """Yields the channels of a step, with their pointers; its settings may have any shape."""
    settings = join_pointer(step.path, "settings")
    yield join_pointer(settings, "channel"), step.settings.get("channel")
    others = step.settings.get("fallback")
    for index, other in enumerate(others if isinstance(others, list) else ()):
        if isinstance(other, dict):
            yield join_pointer(settings, "fallback", index, "channel"), other.get("channel")
