"""The channels of a process: where it sends cards beside the web inbox, and how their answers come back."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from looply.app.context.links import Links
from looply.app.context.services import Receiver
from looply.bootstrap.foundations import Foundations
from looply.channels.teams.bots import Resources
from looply.channels.teams.channel import TeamsChannel
from looply.channels.teams.receiver import TeamsReceiver
from looply.connectors.client import build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.cards.findings import find_unfit
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import CardChannel

_PROCESSES: Final = 2
"""Of the rate of a tenant each process takes its share: so many bring cards in an installation that is shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What brings cards, by the names that `channel` of a step has, and what takes answers, by those of addresses.

    `card_checks` say what a channel does not show of a card.
    """

    cards: Mapping[str, CardChannel] = field(default_factory=dict)
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    card_checks: Mapping[str, CheckCard] = field(default_factory=dict)


OpenChannels: TypeAlias = Callable[[Foundations, AsyncExitStack], Channels]
"""Opens the channels of a process; what they open is closed with the stack."""


def open_channels(base: Foundations, stack: AsyncExitStack) -> Channels:
    """Returns the channels of this release: Microsoft Teams. Nothing is called before a card is sent."""
    settings = base.settings
    client = build_client(EgressPolicy(settings.egress_allow), settings.limits)
    stack.push_async_callback(client.close)
    resources = Resources(
        catalog=base.catalog,
        registry=base.registry,
        sender=client.sender,
        logons=Logons(base.catalog.logons),
        tokens=TokenCache(base.clock),
        pacer=Pacer(1 if settings.engine == "embedded" else _PROCESSES),
        clock=base.clock,
    )
    receiver = TeamsReceiver(resources, base.store.copies)
    stack.push_async_callback(receiver.close)
    link = Links(settings.public_url).inbox if settings.public_url else _no_link
    return Channels(
        cards={"teams": TeamsChannel(resources, link)},
        receivers={"teams": receiver},
        card_checks={"teams": find_unfit},
    )


def _no_link(_token: str) -> str:
    return ""
