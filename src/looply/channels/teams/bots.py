"""Bots: what a process needs to call Microsoft for one connection, within the bounds of its secret."""

from dataclasses import dataclass
from datetime import timedelta

from looply.channels.breaker import Used
from looply.channels.resources import ChannelResources
from looply.channels.teams.directory import TeamsDirectory
from looply.clock import Clock
from looply.connectors.bound import Bounds, BoundSender
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.port import ConnectionValues, HttpSender
from looply.connectors.teams.calls.bot import BotClient
from looply.connectors.teams.calls.delivery import Delivery
from looply.connectors.teams.calls.graph import GraphClient
from looply.connectors.teams.calls.pacing import Pacer
from looply.connectors.teams.calls.settings import Account, account_of

KIND = "teams"
"""The kind of the connections of bots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources(ChannelResources):
    """What all bots of a process share."""

    pacer: Pacer


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What one call is made with; see `looply.connectors.teams.calls.sending.Caller`."""

    http: HttpSender
    tokens: TokenCache
    logons: Logons
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """The bot of one connection. Its clients share one limit of time, which begins with their first request."""

    organization_id: str
    used: Used
    account: Account
    client: BotClient
    graph: GraphClient
    directory: TeamsDirectory


def open_bot(resources: Resources, organization_id: str, values: ConnectionValues, within: timedelta) -> Bot:
    """Returns the bot of a connection. Raises: BadInput for a connection of another kind."""
    account = account_of(values)
    calls = Calls(
        http=open_sender(resources, organization_id, values, within),
        tokens=resources.tokens,
        logons=resources.logons,
        clock=resources.clock,
    )
    return Bot(
        organization_id=organization_id,
        used=Used(organization_id, values.name, values.revision),
        account=account,
        client=BotClient(calls, account),
        graph=GraphClient(calls, account),
        directory=TeamsDirectory(resources.catalog.directory, organization_id, account),
    )


def open_delivery(resources: Resources, bot: Bot, lane: str = "") -> Delivery:
    """Returns what brings messages through a bot, in the pace of its process, or in that of another lane."""
    return Delivery(
        account=bot.account,
        bot=bot.client,
        graph=bot.graph,
        directory=bot.directory,
        pacer=resources.pacer,
        clock=resources.clock,
        lane=lane,
    )


def open_sender(resources: Resources, organization_id: str, values: ConnectionValues, within: timedelta) -> HttpSender:
    """Returns a sender that reaches the systems of the connection only."""
    bounds = Bounds()
    bounds.add(values)
    return BoundSender(resources.sender(within, organization_id), bounds)
