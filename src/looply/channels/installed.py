"""The channels of other distributions: found by entry points, opened for a process, and guarded against their bugs."""

import asyncio
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial
from importlib.metadata import EntryPoint
from typing import Final

import msgspec

from looply.channels.port import PORT_VERSION, ChannelContext, Connected, DeclaredChannel, DeclaredReceiver
from looply.channels.resources import ChannelResources
from looply.clock import Clock
from looply.connectors.bound import Bounds, BoundSender
from looply.connectors.foreign import distribution_of, guard_foreign, load_group, unusable
from looply.definition.graph.card_channels import CheckCard
from looply.engine.ports.card_channel import Broken, Budget, CardChannel, Copy, Delivered, TryAgain
from looply.errors import LooplyError, OperationError, Problem, SettingsError
from looply.execution.approvals.card_view import CardView
from looply.jsontext import Json

GROUP: Final = "looply.channels"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_HEADER: Final = re.compile(r"[a-z0-9-]{1,60}")
_WITHOUT_LINK: Final = timedelta(minutes=1)
"""The pause of a card whose link has no address yet."""
_MAX_CALL_SECONDS: Final = 3600.0
"""The most seconds that `call_seconds` of a budget may be: a copy is leased for longer than its call."""


def load_channels(own_names: Collection[str], group: str = GROUP) -> tuple[tuple[EntryPoint, DeclaredChannel], ...]:
    """Returns the channels of other distributions with their entry points, in the order of the distributions' names.

    `own_names` are those of the channels of Looply. Raises: SettingsError (code `CONNECTOR`) with every entry point
    that cannot be loaded or is no `DeclaredChannel`, is written for another version of the port, has a receiver that is
    none, or a name that is none or that another channel has.
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
        elif not _has_receiver(channel):
            reason = "has a `receiver` that is no DeclaredReceiver with header names in lower case"
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
    return tuple(found)


def _has_receiver(channel: DeclaredChannel) -> bool:
    """Returns whether the receiver of a channel is one, or there is none."""
    receiver: object = channel.receiver
    if not isinstance(receiver, DeclaredReceiver):
        return receiver is None
    names: object = receiver.headers
    return isinstance(names, tuple) and all(isinstance(each, str) and _HEADER.fullmatch(each) for each in names)


def open_declared(entry: EntryPoint, channel: DeclaredChannel, context: ChannelContext) -> CardChannel:
    """Returns the channel of this process.

    Raises: SettingsError (code `CONNECTOR`) that names its distribution, when its code breaks or its budget is none.
    """
    try:
        with guard_foreign("channel_broke", channel=channel.name):
            opened = channel.open(context)
            return GuardedChannel(channel.name, opened, _budget_of(opened))
    except LooplyError as error:
        problem = unusable(entry, f"has the channel {channel.name}, which cannot be opened: {error.message}")
        message = f"channels cannot be used: {problem.message}"
        raise SettingsError(message, code="CONNECTOR", problems=(problem,)) from error


def card_checks_of(channels: Iterable[DeclaredChannel]) -> dict[str, CheckCard]:
    """Returns the checks of those channels that do not show every card. A check raises: ConnectorDefect."""
    return {each.name: partial(_check, each.name, each.check_card) for each in channels if each.check_card is not None}


def _check(name: str, check_card: CheckCard, card: Json) -> Iterable[Problem]:
    with guard_foreign("channel_broke", channel=name):
        found = tuple(check_card(card))
        for each in found:
            if not is_sound(each, Problem):
                raise TypeError(f"`check_card` yielded {each!r}; expected a Problem whose fields have their types")
        return found


def _budget_of(channel: CardChannel) -> Budget:
    """Returns the budget of a channel. Raises: OperationError when its calls could not be counted by it."""
    budget = channel.budget
    has_numbers = is_sound(budget, Budget)
    if has_numbers and budget.per_second > 0 and budget.at_once >= 1 and 0 < budget.call_seconds <= _MAX_CALL_SECONDS:
        return budget
    raise OperationError(
        f"its budget is {budget!r}; expected is a Budget of numbers with `per_second` above 0, `at_once` of at least 1 "
        f"and `call_seconds` above 0 and at most {_MAX_CALL_SECONDS:g}"
    )


def is_sound(value: object, kind: type[msgspec.Struct]) -> bool:
    """Returns whether a value is of a kind, its fields have their types, and its texts can be stored."""
    if not isinstance(value, kind):
        return False
    try:
        msgspec.json.decode(msgspec.json.encode(value), type=kind)
    except (msgspec.MsgspecError, AttributeError, TypeError, ValueError, RecursionError):
        return False
    return True


class GuardedChannel:
    """See `looply.engine.ports.card_channel.CardChannel`: a bug of a channel's code holds its copy only."""

    def __init__(self, name: str, channel: CardChannel, budget: Budget) -> None:
        self._name = name
        self._channel = channel
        self._budget = budget

    @property
    def budget(self) -> Budget:
        """What one process may ask of the channel."""
        return self._budget

    async def bring(self, copy: Copy, view: CardView) -> Delivered:
        """See `CardChannel.bring`. Raises also: ConnectorDefect.

        What is returned and is no handle is `Broken`: the message was sent, and a repeated call would send another one.
        """
        with guard_foreign("channel_broke", passes=(TimeoutError,), channel=self._name, card_id=copy.card_id):
            try:
                shown: object = await self._channel.bring(copy, view)
            except LooplyError as error:
                _check_outcome(error)
                raise
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                raise RuntimeError("the channel raised CancelledError, and its call was not cancelled") from error
            if isinstance(shown, Delivered) and is_sound(shown, Delivered):
                return shown
            found = "one without" if isinstance(shown, Delivered) else f"a {type(shown).__name__}"
            raise Broken(f"the channel must return a Delivered whose `handle` is a text, and returned {found}")


def _check_outcome(error: LooplyError) -> None:
    """Refuses an outcome that the engine could not record.

    Raises: TypeError, AttributeError or UnicodeError, which are bugs of the channel.
    """
    texts: list[object] = [error.code, error.message]
    if isinstance(error, TryAgain):
        texts.append(error.handle)
        _check_kind(error, "after", error.after, timedelta)
    if isinstance(error, OperationError):
        _check_kind(error, "sent", error.sent, bool)
    for text in texts:
        if not isinstance(text, str):
            raise TypeError(f"a {type(error).__name__} has {text!r} for a text; its code, message and handle are texts")
        text.encode()


def _check_kind(error: LooplyError, name: str, value: object, kind: type) -> None:
    """Raises: TypeError for a field of an outcome that is of another type."""
    if not isinstance(value, kind):
        raise TypeError(f"`{name}` of a {type(error).__name__} is {value!r}; expected a {kind.__name__}")


class ProcessContext:
    """See `looply.channels.port.ChannelContext`. `link_of` gives the link of a token, "" while there is none."""

    def __init__(self, resources: ChannelResources, link_of: Callable[[str], str]) -> None:
        self._resources = resources
        self._link_of = link_of

    @property
    def clock(self) -> Clock:
        """The clock of the process."""
        return self._resources.clock

    def link(self, copy: Copy) -> str:
        """Returns the address of the card's page. Raises: TryAgain."""
        link = self._link_of(copy.token)
        if not link:
            raise TryAgain(_WITHOUT_LINK, "a card needs the address of this installation; set `public_url`")
        return link

    async def connect(self, copy: Copy, kinds: Sequence[str], within: timedelta) -> Connected:
        """Returns the connection of a copy, with a sender that is bound to it. Raises: BadInput."""
        values = await self._resources.connections.find_for_channel(copy.organization_id, copy.app, kinds)
        bounds = Bounds()
        bounds.add(values)
        return Connected(values=values, http=BoundSender(self._resources.sender(within, copy.organization_id), bounds))
