"""People as the directory keeps them, and recipients as workflows name them. Functions without I/O."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec

from looply.errors import BadInput

CHANNEL_PREFIX: Final = "teams:channel/"
CHAT_PREFIX: Final = "teams:chat/"

REMOVED: Final = "AppRemoved"
"""Why a person cannot be reached who has removed the app."""

PersonState: TypeAlias = Literal["unknown", "reachable", "blocked"]


class Checked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The last check of a person. `is_installed`: whether Graph lists the app for them, None where it was not asked.

    `failure` is the code with which the check ended early, empty when it did not.
    """

    on: datetime
    is_installed: bool | None = None
    failure: str = ""


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a person in Teams; empty: not known.

    `id` is that of Entra, the only one that names a person everywhere; `mri` (`29:...`) names them to this bot alone.
    `mail` and `upn` are in lower case. `conversation` is the personal chat. `blocked`: the bot may not write, for
    `reason`, until an event of this person. `recovered_on`: when a person who was blocked became reachable. `lost` is
    the conversation that a check did not find any more.
    """

    id: str
    mail: str = ""
    upn: str = ""
    mri: str = ""
    name: str = ""
    locale: str = ""
    conversation: str = ""
    service_url: str = ""
    state: PersonState = "unknown"
    reason: str = ""
    seen_on: datetime | None = None
    recovered_on: datetime | None = None
    lost: str = ""
    checked: Checked | None = None


class ToPerson(msgspec.Struct, frozen=True):
    """A recipient by mail address, in lower case."""

    mail: str


class ToChannel(msgspec.Struct, frozen=True):
    """A channel of a team by its id: `19:...@thread.tacv2`."""

    id: str


class ToChat(msgspec.Struct, frozen=True):
    """A group chat by the id of its conversation: `19:...@thread.v2`."""

    id: str


Recipient: TypeAlias = ToPerson | ToChannel | ToChat


def read_recipient(text: str) -> Recipient:
    """Returns the recipient that a workflow names. Raises: BadInput for a text that is none of them."""
    for prefix, kind in ((CHANNEL_PREFIX, ToChannel), (CHAT_PREFIX, ToChat)):
        if text.startswith(prefix):
            found = text.removeprefix(prefix)
            if not found.startswith("19:") or not found.isprintable() or len(found) > _LONGEST_ID:
                raise BadInput(f"{text[:80]!r} names no conversation of Teams; their ids begin with 19:")
            return kind(found)
    if "@" not in text or text != text.strip():
        raise BadInput(f"{text[:80]!r} is no mail address, and does not begin with {CHANNEL_PREFIX} or {CHAT_PREFIX}")
    return ToPerson(text.casefold())


def merge(known: Person | None, news: Person) -> Person:
    """Returns what is known of a person after there is news of them.

    News replaces what was known, unless it is older; what it does not say stays. Merging the same again changes
    nothing.
    """
    if known is None:
        return news
    older, newer = (news, known) if _is_older(news, known) else (known, news)
    values = {name: getattr(newer, name) or getattr(older, name) for name in _PLAIN}
    state: PersonState = newer.state if newer.state != "unknown" else older.state
    reason = newer.reason if newer.state != "unknown" else older.reason
    recovers = older.state == "blocked" and newer.state == "reachable"
    recovered_on = newer.seen_on if recovers else newer.recovered_on or older.recovered_on
    return Person(
        **values,
        state=state,
        reason=reason,
        seen_on=newer.seen_on or older.seen_on,
        recovered_on=recovered_on if state == "reachable" else None,
        # Who names a conversation knows whether it is there.
        lost=newer.lost if newer.conversation else older.lost,
        checked=_outdated_by(newer, _last(older.checked, newer.checked)),
    )


def is_named(person: Person, recipient: str, others: Iterable[str] = ()) -> bool:
    """Returns whether a recipient's address is one of a person's: mail, user principal name, or one of `others`.

    `others` are further addresses, such as the aliases that Graph lists.
    """
    address = recipient.strip().casefold()
    known = (person.mail, person.upn, *(each.lower().removeprefix("smtp:") for each in others))
    return bool(address) and address in {each.casefold() for each in known if each}


def _outdated_by(newer: Person, checked: Checked | None) -> Checked | None:
    """Returns a check without its findings against a person of whom there was a sign of life after it."""
    if checked is None or newer.state != "reachable" or newer.seen_on is None or newer.seen_on <= checked.on:
        return checked
    return Checked(on=checked.on, is_installed=checked.is_installed or None)


def _last(one: Checked | None, other: Checked | None) -> Checked | None:
    if one is None or other is None:
        return one or other
    return one if one.on > other.on else other


def _is_older(one: Person, other: Person) -> bool:
    return one.seen_on is not None and other.seen_on is not None and one.seen_on < other.seen_on


_PLAIN: Final = ("id", "mail", "upn", "mri", "name", "locale", "conversation", "service_url")
_LONGEST_ID: Final = 512
