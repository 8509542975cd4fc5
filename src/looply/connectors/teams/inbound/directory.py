"""What events and members say of people, as records of the directory. Functions without I/O.

`29:` ids differ from bot to bot, service addresses change, and only the id of Entra names a person: the newest of each
is kept (`calls.people.merge`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from looply.connectors.teams.calls.bot import Member
from looply.connectors.teams.calls.people import REMOVED, Person, PersonState, is_named
from looply.connectors.teams.inbound.activities import (
    Installed,
    Joined,
    Left,
    Other,
    Place,
    Refreshed,
    Removed,
    Sender,
    Submitted,
    TeamsEvent,
    Wrote,
)


def people_of(event: TeamsEvent, now: datetime) -> Sequence[Person]:
    """Returns what an event says of people, to be merged into the directory; nothing of those without an id of Entra.

    A person who installs the app, writes, or uses a card in the personal chat is reachable there, also after having
    been blocked; one who removes it is not.
    """
    match event:
        case Installed(sender=sender, place=place) | Wrote(sender=sender, place=place):
            return _known(_of_sender(sender, place, now, "reachable"))
        case Submitted(sender=sender, place=place) | Refreshed(sender=sender, place=place):
            return _known(_of_sender(sender, place, now, "reachable"))
        case Removed(sender=sender, place=place):
            # Another one may remove it from a team, which says nothing of that person's own chat.
            return _known(_of_sender(sender, place, now, "blocked")) if place.is_personal else ()
        case Joined(place=place, members=members):
            return _known(*(_of_sender(each, place, now, "unknown") for each in members))
        case Left() | Other():
            return ()
        case _:
            assert_never(event)


def people_of_members(members: Iterable[Member], service_url: str, now: datetime) -> Sequence[Person]:
    """Returns what the list of a conversation's members says of people. It does not say that they can be reached."""
    return _known(
        *(
            Person(
                id=each.aad_object_id.lower(),
                mail=(each.email or "").casefold(),
                upn=(each.user_principal_name or "").casefold(),
                mri=each.id,
                name=each.name or "",
                service_url=service_url,
                seen_on=now,
            )
            for each in members
        )
    )


def lists_members(event: TeamsEvent) -> bool:
    """Returns whether an event is one after which the members of its conversation are to be read: mail addresses are
    in lists of members only."""
    return isinstance(event, Installed | Joined | Wrote)


def is_recipient(sender: Sender, person: Person | None, recipient: str) -> bool:
    """Returns whether the sender of an answer is the recipient of a personal card.

    `person` is what the directory knows of the sender's id of Entra. A sender without one is no recipient: `29:` ids
    and names are no proof of an address.
    """
    return bool(sender.id) and person is not None and person.id == sender.id and is_named(person, recipient)


def _of_sender(sender: Sender, place: Place, now: datetime, state: PersonState) -> Person:
    is_personal = place.is_personal
    return Person(
        id=sender.id,
        mri=sender.mri,
        name=sender.name,
        locale=sender.locale,
        conversation=place.conversation if is_personal else "",
        service_url=place.service_url,
        state=state if is_personal else "unknown",
        reason=REMOVED if is_personal and state == "blocked" else "",
        seen_on=now,
    )


def _known(*people: Person) -> Sequence[Person]:
    return tuple(each for each in people if each.id)
