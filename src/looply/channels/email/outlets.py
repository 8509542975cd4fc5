"""Outlets: what a process needs to send mails through one connection, within the bounds of its secret."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from looply.channels.breaker import Used
from looply.channels.resources import ChannelResources
from looply.clock import Clock
from looply.connectors.bound import BoundDialer, Bounds, BoundSender
from looply.connectors.credentials.logons import Logons
from looply.connectors.credentials.tokens import TokenCache
from looply.connectors.email.accounts import GRAPH_MAIL, SMTP, Account, account_of
from looply.connectors.outbound.dialer import Dialer
from looply.connectors.port import ConnectionValues, HttpSender
from looply.limits import Limits

KINDS: Final = (SMTP, GRAPH_MAIL)
"""The kinds of connections that send mails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailResources(ChannelResources):
    """What all outlets of a process share."""

    dialer: Dialer
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class MailCalls:
    """What one mail is sent with; see `looply.connectors.email.submitting.MailCaller`."""

    http: HttpSender
    dialer: Dialer
    tokens: TokenCache
    logons: Logons
    clock: Clock
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One connection, ready for one mail."""

    used: Used
    account: Account
    calls: MailCalls


def open_outlet(
    resources: MailResources, organization_id: str, values: ConnectionValues, within: timedelta, what: str
) -> Outlet:
    """Returns the outlet of a connection; `what` it is for is named in errors.

    Raises: BadInput for a connection of another kind.
    """
    account, bounds = account_of(values, what), Bounds()
    bounds.add(values)
    calls = MailCalls(
        http=BoundSender(resources.sender(within, organization_id), bounds),
        dialer=BoundDialer(resources.dialer, bounds),
        tokens=resources.tokens,
        logons=resources.logons,
        clock=resources.clock,
        timeout=within,
    )
    return Outlet(used=Used(organization_id, values.name, values.revision), account=account, calls=calls)
