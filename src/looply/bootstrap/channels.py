"""The channels of a process: where it shows cards beside the web inbox, which renders them on request."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from looply.bootstrap.foundations import Foundations
from looply.engine.ports.card_channel import CardChannel

Channels: TypeAlias = Mapping[str, CardChannel]
"""Channels by the names that `channel` of a step has."""

OpenChannels: TypeAlias = Callable[[Foundations], Channels]
"""Opens the channels of a process; they are made of the same parts as its engine and its services."""

NO_CHANNELS: Final[Channels] = MappingProxyType({})


def open_channels(_base: Foundations) -> Channels:
    """Returns the channels of this release that keep copies of cards: none."""
    return NO_CHANNELS
