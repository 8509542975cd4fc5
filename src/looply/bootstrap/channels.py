"""The channels of a process: where it sends cards beside the web inbox, and how their answers come back."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from typing import Final, TypeAlias

from looply.app.context.services import NoTabs, Receiver, Tabs
from looply.app.messages.bots import Bots, NoBots
from looply.app.messages.mailing import Mailer, NoMailer
from looply.app.messages.notifying import NoNotifier, Notifier
from looply.bootstrap.foundations import Foundations
from looply.channels.email.budget import BUDGET as EMAIL_BUDGET
from looply.channels.email.outlets import MailResources
from looply.channels.installed import ProcessContext, card_checks_of, load_channels, open_declared
from looply.channels.late import LateChannel, LateMailer
from looply.channels.notifications.notifier import ChannelNotifier
from looply.channels.port import DeclaredChannel
from looply.channels.receiving import SignedReceiver
from looply.channels.teams.administration import TeamsBots
from looply.channels.teams.bots import Resources
from looply.channels.teams.channel import TeamsChannel
from looply.channels.teams.receiver import TeamsReceiver
from looply.channels.teams.tabs import TeamsTabs
from looply.connectors.client import build_client
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.outbound.dialer import GuardedDialer
from looply.connectors.outbound.egress import EgressPolicy
from looply.connectors.port import ConnectionValues, Secrets
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.cards.findings import find_unfit
from looply.definition.graph.card_channels import CheckCard
from looply.engine.coding.blobs import StoredBlobs
from looply.engine.coding.codec import Codec
from looply.engine.ports.card_channel import CardChannel
from looply.settings import Settings

OWN_CHANNELS: Final = ("inbox", "teams", "email")
"""The channels of this release; an installation has those of installed distributions beside them."""
_PROCESSES: Final = 2
"""Of the rate of a tenant each process takes its share: so many bring cards in an installation that is shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What brings cards, by the names that `channel` of a step has, and what takes answers, by those of addresses.

    `tabs` says who looks at a tab of Teams. `card_checks` say what a channel does not show of a card. `bots`
    administers those of connections, `mailer` sends the mails of this server, and `notifier` reports incidents.
    """

    cards: Mapping[str, CardChannel] = field(default_factory=dict)
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    tabs: Tabs = field(default_factory=NoTabs)
    card_checks: Mapping[str, CheckCard] = field(default_factory=dict)
    bots: Bots = field(default_factory=NoBots)
    mailer: Mailer = field(default_factory=NoMailer)
    notifier: Notifier = field(default_factory=NoNotifier)


OpenChannels: TypeAlias = Callable[[Foundations, AsyncExitStack], Channels]
"""Opens the channels of a process; what they open is closed with the stack."""


def open_channels(base: Foundations, stack: AsyncExitStack) -> Channels:
    """Returns the channels of this release, Microsoft Teams and mail, and of the distributions that are installed.

    Nothing is called before a card is sent. Raises: SettingsError for a distribution that cannot be used.
    """
    settings, policy = base.settings, EgressPolicy(base.settings.egress_allow)
    client = build_client(policy, settings.limits)
    stack.push_async_callback(client.close)
    logons, tokens = Logons(base.catalog.logons), TokenCache(base.clock)
    resources = Resources(
        catalog=base.catalog,
        registry=base.registry,
        sender=client.sender,
        logons=logons,
        tokens=tokens,
        pacer=Pacer(1 if settings.engine == "embedded" else _PROCESSES),
        clock=base.clock,
    )
    receiver = TeamsReceiver(resources, base.store.copies)
    stack.push_async_callback(receiver.close)
    tabs = TeamsTabs(resources, base.links, settings.teams_tabs)
    stack.push_async_callback(tabs.close)

    mail = MailResources(
        catalog=base.catalog,
        registry=base.registry,
        sender=client.sender,
        dialer=GuardedDialer(policy),
        logons=logons,
        tokens=tokens,
        limits=settings.limits,
        clock=base.clock,
    )

    def link(token: str) -> str:
        return base.links.inbox(token) if base.links.public_url else ""

    def open_email() -> CardChannel:
        from looply.channels.email.channel import EmailChannel  # noqa: PLC0415 - slow import: only the first card by mail needs what draws it

        blobs = StoredBlobs(base.store.journal, Codec(base.keys), settings.limits)
        return EmailChannel(mail, link, blobs)

    mailer = LateMailer(lambda: _open_mailer(mail, settings), has_server=settings.mail is not None)
    declared, context = load_channels(OWN_CHANNELS), ProcessContext(resources, link)
    return Channels(
        cards={
            "teams": TeamsChannel(resources, link),
            "email": LateChannel(EMAIL_BUDGET, open_email),
            **{channel.name: open_declared(entry, channel, context) for entry, channel in declared},
        },
        receivers={"teams": receiver, **_receivers_of(declared, resources)},
        tabs=tabs,
        card_checks={"teams": find_unfit, **card_checks_of(channel for _, channel in declared)},
        bots=TeamsBots(resources, base.store.copies),
        mailer=mailer,
        notifier=ChannelNotifier(resources, mailer),
    )


def _receivers_of(
    declared: Iterable[tuple[EntryPoint, DeclaredChannel]], resources: Resources
) -> dict[str, SignedReceiver]:
    return {
        channel.name: SignedReceiver(channel.name, channel.receiver, resources)
        for _, channel in declared
        if channel.receiver is not None
    }


def _open_mailer(resources: MailResources, settings: Settings) -> Mailer:
    """Returns the mailer; the server of the setting may be reached, also where it has no public address."""
    from looply.channels.email.mailer import ServerMailer  # noqa: PLC0415 - slow import: only the first mail needs what writes it

    server = settings.mail
    if server is None:
        return ServerMailer(resources, None, resources.dialer)
    values = ConnectionValues(
        name="mail",
        kind="smtp",
        settings={
            "host": server.host,
            "port": server.port,
            "tls": server.tls,
            "ca": server.ca,
            "user": server.user,
            "from": server.sender,
            "language": server.language,
        },
        secrets=Secrets({"password": server.password} if server.password else {}),
    )
    dialer = GuardedDialer(EgressPolicy((*settings.egress_allow, server.destination)))
    return ServerMailer(resources, values, dialer)
