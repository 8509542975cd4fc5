"""The channels of other distributions: found by entry points, opened for a process, and guarded against their bugs."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from looply.channels.port import PORT_VERSION, ChannelContext, Connected, DeclaredChannel
from looply.channels.resources import ChannelResources
from looply.clock import Clock
from looply.connectors.bound import Bounds, BoundSender
from looply.connectors.foreign import distribution_of, guard_foreign, load_group, unusable
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import Budget, CardChannel, Copy, Delivered, TryAgain
from looply.errors import Problem, SettingsError
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json

GROUP: Final = "looply.channels"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_WITHOUT_LINK: Final = timedelta(minutes=1)
"""The pause of a card whose link has no address yet."""


def load_channels(own_names: Collection[str], group: str = GROUP) -> tuple[DeclaredChannel, ...]:
    """Returns the channels of other distributions, in the order of the distributions' names.

    `own_names` are those of the channels of Looply. Raises: SettingsError (code `CONNECTOR`) with every entry point
    that cannot be loaded or is no `DeclaredChannel`, is written for another version of the port, or has a name that is
    none or that another channel has.
    """
    found, problems = load_group(group, DeclaredChannel)
    owners = dict.fromkeys(own_names, "looply")
    for entry, channel in found:
        if channel.port_version != PORT_VERSION:
            reason = f"is written for port version {channel.port_version}, this release has {PORT_VERSION}"
            problems.append(unusable(entry, reason))
        elif not _NAME.fullmatch(channel.name):
            reason = (
                f"has the name {channel.name!r}; expected a lower-case letter, then at most 62 more, digits, _ or -"
            )
            problems.append(unusable(entry, reason))
        elif channel.name in owners:
            problems.append(
                unusable(entry, f"has the name {channel.name}, which a channel of {owners[channel.name]} has")
            )
        else:
            owners[channel.name] = distribution_of(entry)
    if problems:
        summary = "; ".join(problem.message for problem in problems)
        raise SettingsError(f"channels cannot be used: {summary}", code="CONNECTOR", problems=tuple(problems))
    return tuple(channel for _, channel in found)


def open_declared(channel: DeclaredChannel, context: ChannelContext) -> CardChannel:
    """Returns the channel of this process. Raises: ConnectorDefect when its code breaks."""
    with guard_foreign("channel_broke", channel=channel.name):
        return GuardedChannel(channel.name, channel.open(context))


def card_checks_of(channels: Iterable[DeclaredChannel]) -> dict[str, CheckCard]:
    """Returns the checks of those channels that do not show every card. A check raises: ConnectorDefect."""
    return {each.name: partial(_check, each.name, each.check_card) for each in channels if each.check_card is not None}


def _check(name: str, check_card: CheckCard, card: Json) -> Iterable[Problem]:
    with guard_foreign("channel_broke", channel=name):
        return tuple(check_card(card))


class GuardedChannel:
    """See `looply.engine.ports.card_channel.CardChannel`: what the code of a channel raises holds its copy only."""

    def __init__(self, name: str, channel: CardChannel) -> None:
        self._name = name
        self._channel = channel
        self._budget = channel.budget

    @property
    def budget(self) -> Budget:
        """What one process may ask of the channel."""
        return self._budget

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """See `CardChannel.bring`. Raises also: ConnectorDefect."""
        with guard_foreign("channel_broke", passes=(TimeoutError,), channel=self._name, card_id=copy.card_id):
            return await self._channel.bring(copy, view)


class ProcessContext:
    """See `looply.channels.port.ChannelContext`. `link` returns "" while the process knows no address of its own."""

    def __init__(self, resources: ChannelResources, link: Callable[[str], str]) -> None:
        self._resources = resources
        self._link = link

    @property
    def clock(self) -> Clock:
        """The clock of the process."""
        return self._resources.clock

    def link(self, copy: Copy) -> str:
        """Returns the address of the card's page. Raises: TryAgain."""
        link = self._link(copy.token)
        if not link:
            raise TryAgain(_WITHOUT_LINK, "a card needs the address of this installation; set `public_url`")
        return link

    async def connect(self, copy: Copy, kinds: Sequence[str], within: timedelta) -> Connected:
        """Returns the connection of a copy, with a sender that is bound to it. Raises: BadInput."""
        values = await self._resources.connections.find_for_channel(copy.organization_id, copy.app, kinds)
        bounds = Bounds()
        bounds.add(values)
        return Connected(values=values, http=BoundSender(self._resources.sender(within, copy.organization_id), bounds))
