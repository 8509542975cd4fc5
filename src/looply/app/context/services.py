"""The services that every use case receives."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from looply.app.context.background import BackgroundThread
from looply.app.context.library import Library
from looply.app.context.links import Links
from looply.app.context.metrics import Metrics
from looply.app.context.sign_in import SignInMeans
from looply.app.messages.bots import Bots, NoBots
from looply.app.messages.later import Later
from looply.app.messages.mailing import Mailer, NoMailer
from looply.app.messages.notifying import NoNotifier, Notifier
from looply.app.openid.providers import Providers
from looply.catalog import Catalog
from looply.catalog.people.passwords import Passwords
from looply.catalog.tenants.principal import Principal
from looply.clock import Clock, Entropy, SystemClock, SystemEntropy
from looply.connectors.port import CallCheck, Check, ConnectionValues, DefinedCall
from looply.connectors.registry import Registry
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import INBOX
from looply.engine.ports.port import Engine
from looply.engine.ports.tried_calls import TriedCall
from looply.engine.processing.feed import Feed
from looply.errors import Forbidden, Refused
from looply.execution.facts.commands import EffectDone, EffectFailed
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.rates import Turns
from looply.settings import Secret


class Lifecycle:
    """The lifecycle of the process: it takes calls until it drains. Calls that wait end early once it drains."""

    def __init__(self) -> None:
        self._draining = asyncio.Event()

    @property
    def is_draining(self) -> bool:
        """Whether the process was asked to stop."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Begins the drain. A second call changes nothing."""
        self._draining.set()

    async def wait(self) -> None:
        """Returns when the process begins to stop."""
        await self._draining.wait()


def _ignore() -> None:
    """The default listener."""


class Signal:
    """Notifies a background loop of new work by calling its `listener`."""

    def __init__(self) -> None:
        self.listener: Callable[[], None] = _ignore

    def notify(self) -> None:
        """Calls the listener. The new work is stored already."""
        self.listener()


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to what another system has sent: its HTTP status, and its body, None for an empty one.

    `content`: the bytes of an answer of another form than JSON that this server describes, with their media type.
    """

    status: int = 200
    body: Json = None
    content: bytes = b""
    media_type: str = ""


class Receiver(Protocol):
    """Takes what one kind of system sends, at the addresses of its connections."""

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The names of the headers that it reads, in lower case."""
        ...

    async def check(self, connection_id: str) -> None:
        """Raises: NotFound when there is no such connection, or it is of another kind."""
        ...

    async def receive(
        self, services: "Services", connection_id: str, headers: Mapping[str, str], content: bytes
    ) -> Received:
        """Returns the answer to a call. Nothing of `content` is read before its sender is verified.

        `headers` are those of its names that were sent. What it changes is durable when it returns.
        Raises: NotFound as `check`; BadRequest for a body that is none; BodyTooLarge.
        """
        ...


class Tabs(Protocol):
    """Says who looks at a tab of Teams."""

    async def authenticate(self, connection_id: str, authorization: str) -> Principal:
        """Returns the member whom the token of a call names, with the permission `own` alone.

        Raises: Forbidden, with the code `TEAMS_TOKEN` or `NOT_A_MEMBER`.
        """
        ...


class NoTabs:
    """The tabs of a process that serves none."""

    async def authenticate(self, *_: object) -> Principal:
        """Raises: Forbidden (code `TEAMS_TOKEN`), always."""
        message = "this process serves no tab of Teams; ask a server that brings cards to Teams"
        raise Forbidden(message, code="TEAMS_TOKEN")


class Prober(Protocol):
    """Tests connections, asks systems what they offer and tries calls of steps, from a process that makes the calls."""

    async def test(self, organization_id: str, values: ConnectionValues, path: str) -> tuple[Check, ...]:
        """Returns the checks of a connection; a failed one when no such process answers. Raises: NotFound, Refused."""
        ...

    async def discover(self, organization_id: str, values: ConnectionValues, question: Mapping[str, str]) -> Json:
        """Returns what the system offers. Raises: NotFound, Refused, OperationError."""
        ...

    async def check_calls(
        self, organization_id: str, values: ConnectionValues, calls: Sequence[DefinedCall]
    ) -> tuple[CallCheck, ...]:
        """Returns a check for each call of a definition. Raises: NotFound, Refused, OperationError."""
        ...

    async def try_call(self, call: TriedCall) -> EffectDone | EffectFailed:
        """Makes the call of a step that is tried. Raises: Overloaded; Permanent when no such process takes it."""
        ...


class NoProber:
    """The prober of a process that makes no calls."""

    async def test(self, *_: object) -> tuple[Check, ...]:
        """Raises: Refused, always."""
        raise _no_calls()

    async def discover(self, *_: object) -> Json:
        """Raises: Refused, always."""
        raise _no_calls()

    async def check_calls(self, *_: object) -> tuple[CallCheck, ...]:
        """Raises: Refused, always."""
        raise _no_calls()

    async def try_call(self, *_: object) -> EffectDone | EffectFailed:
        """Raises: Refused, always."""
        raise _no_calls()


def _no_calls() -> Refused:
    return Refused.at("/name", "this process makes no calls; ask a server or a worker", code="NO_CALLS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The engine and its feed, the catalog and their surroundings."""

    engine: Engine
    catalog: Catalog
    clock: Clock
    registry: Registry
    library: Library
    links: Links
    feed: Feed
    limits: Limits = DEFAULT_LIMITS
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    background: BackgroundThread = field(default_factory=BackgroundThread)
    """Runs computations that would block the event loop."""
    metrics: Metrics = field(default_factory=Metrics)
    metrics_token: Secret | None = None
    """What a reader of the metrics must show; without it they cannot be read."""
    bulk_signal: Signal = field(default_factory=Signal)
    """Notifies the runner of bulks when this process has stored one."""
    installation_signal: Signal = field(default_factory=Signal)
    """Notifies the runner of installations when this process has stored one."""
    absence_signal: Signal = field(default_factory=Signal)
    """Notifies the runner of absences when this process has stored one."""
    passwords: Passwords = field(default_factory=lambda: Passwords(SystemEntropy()))
    """Hashes the passwords of people."""
    sign_in: SignInMeans = field(default_factory=SignInMeans)
    """The means by which people sign in."""
    providers: Providers = field(default_factory=Providers)
    """The OpenID Connect providers among them."""
    turns: Turns = field(default_factory=lambda: Turns(SystemClock()))
    """The turns of large JSON, by organization."""
    prober: Prober = field(default_factory=NoProber)
    """Tests connections, and tries calls of steps, from where calls are made."""
    entropy: Entropy = field(default_factory=SystemEntropy)
    """Gives each try of a step an id and a seed of its own."""
    channels: frozenset[str] = frozenset({INBOX})
    """The channels by which cards are sent."""
    card_checks: Mapping[str, CheckCard] = field(default_factory=dict)
    """What each channel does not show of a card, by its name."""
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    """Take what other systems send, by the names that their addresses have."""
    tabs: Tabs = field(default_factory=NoTabs)
    """Says who calls from a tab of Teams."""
    bots: Bots = field(default_factory=NoBots)
    """Administers the bots of connections."""
    mailer: Mailer = field(default_factory=NoMailer)
    """Sends the mails of this server."""
    notifier: Notifier = field(default_factory=NoNotifier)
    """Reports incidents."""
    later: Later = field(default_factory=Later)
    """Runs what calls do not wait for."""

    @property
    def schedule_lock(self) -> AbstractAsyncContextManager[None]:
        """The lock that serializes changes of live schedules, also across servers."""
        return self.catalog.database.exclusive()
