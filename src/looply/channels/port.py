"""The port of channels: what a distribution other than Looply declares, and what its channel may use.

A distribution names one `DeclaredChannel` by an entry point of the group `looply.channels`. Its channel is a
`looply.engine.ports.card_channel.CardChannel`: that port says what it guarantees and raises. Connections of the kinds
that it sends cards by belong to a connector, which the same distribution may have. What the system of a channel sends
back is taken by a `DeclaredReceiver`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import msgspec

from looply.clock import Clock
from looply.connectors.port import ConnectionValues, HttpSender
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import CardChannel, Copy
from looply.jsontext import Json

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
class Inbound:
    """What was sent to the address of a connection. Nothing of it is believed before it is verified."""

    headers: Mapping[str, str]
    """Those that the receiver reads and that were sent, by their names in lower case: printable ASCII, each once."""
    content: bytes
    """The body as it came, at most 256 KiB."""


class NotGenuine(Exception):
    """What was sent is not of the system of the connection, or no longer valid. The log alone has the text, cut."""


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a person to a card, as the system of the channel says it."""

    token: str
    """The `token` of the copy that was brought."""
    data: dict[str, Json]
    """What the person has answered: the data of the action, and the values of the inputs."""
    mail: str
    """The address of the person, for whom the system vouches."""
    revision: int = 0
    """The revision of the card that the person saw; 0: not known."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an answer.

    `recorded`: it counts. `answered`: the card was answered before, by `answered_by`, and this changed nothing, as for
    an answer that is repeated. `refused`: it does not count, for the reason in `message`. `busy`: it is not known yet,
    and may be sent again.
    """

    state: Literal["recorded", "answered", "refused", "busy"]
    message: str = ""
    answered_by: str = ""


class ReceiverReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to what was sent, in the form of the system: at most 64 KiB of any media type."""

    status: int = 200
    content: bytes = b""
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredReceiver:
    """Takes what the system of a channel sends to `/v2/receive/{id of a connection}/{name of the channel}`.

    Its functions do no I/O, and are called in this order.
    """

    kind: str
    """The kind of the connections whose addresses take something."""
    headers: tuple[str, ...]
    """The names of the headers that `verify` and `read` use, in lower case."""
    verify: Callable[[Inbound, ConnectionValues, datetime], datetime]
    """Returns until when the same message would be taken: so long its repetition gets the answer of the first one.

    A repetition has the same bytes, and `read` returns the same of it. The outcome is `refused` where the answer of the
    first one is no longer kept. The instant that it is given is now. It must not parse the body. Raises: NotGenuine.
    """
    read: Callable[[Inbound], Pressed | None]
    """Returns the answer in what was verified; None for what is none. Raises: BadRequest for a body that is none.

    It is called for a repetition too. A header of which `verify` has no proof is not to be believed.
    """
    reply: Callable[[Outcome | None], ReceiverReply]
    """Returns what the system is answered; None is for what was no answer of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredChannel:
    """A channel of an installed distribution."""

    name: str
    """The name that `channel` of a step has: a lower-case letter, then at most 62 of these, digits, `_` or `-`."""
    open: Callable[[ChannelContext], CardChannel]
    """Makes the channel of a process, once. It must not call anything: that begins with the first card."""
    check_card: CheckCard | None = None
    """Says, when a definition is saved, what the channel does not show of a card; None: it shows every card."""
    receiver: DeclaredReceiver | None = None
    """Takes the answers that people give in the system itself; None: they answer on the linked page alone."""
    port_version: int = PORT_VERSION
    """The version of this port that the channel is written for."""
