"""The port of channels: what a distribution other than Looply declares, and what its channel may use.

A distribution names one `DeclaredChannel` by an entry point of the group `looply.channels`. Its channel is a
`looply.engine.ports.card_channel.CardChannel`: that port says what it guarantees and raises. Connections of the kinds
that it sends cards by belong to a connector, which the same distribution may have.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from looply.clock import Clock
from looply.connectors.port import ConnectionValues, HttpSender
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import CardChannel, Copy

PORT_VERSION = 1
"""Increases when a channel written for the version before would no longer work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection, and how the systems that it leads to are called."""

    values: ConnectionValues
    """Address and credentials, as they are stored now."""
    http: HttpSender
    """Sends requests to the systems of the connection only, once it has secrets."""


class ChannelContext(Protocol):
    """What a channel uses of the process."""

    @property
    def clock(self) -> Clock:
        """The clock of the process; nothing else may be asked for the time."""
        ...

    def link(self, copy: Copy) -> str:
        """Returns the address of the page on which the recipient answers.

        Raises: TryAgain while the process knows no address of its own.
        """
        ...

    async def connect(self, copy: Copy, kinds: Sequence[str], within: timedelta) -> Connected:
        """Returns the connection that the step of a copy names, or the only one of these kinds where it names none.

        All requests by it together may take the time `within`. Raises: BadInput when there is none, or several.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredChannel:
    """A channel of an installed distribution."""

    name: str
    """The name that `channel` of a step has: a lower-case letter, then at most 62 of these, digits, `_` or `-`."""
    open: Callable[[ChannelContext], CardChannel]
    """Makes the channel of a process, once. It must not call anything: that begins with the first card."""
    check_card: CheckCard | None = None
    """Says, when a definition is saved, what the channel does not show of a card; None: it shows every card."""
    port_version: int = PORT_VERSION
    """The version of this port that the channel is written for."""
