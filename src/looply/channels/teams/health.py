"""Whether the bot can reach a person, by what is stored of them. Functions without I/O."""

from datetime import datetime, timedelta
from typing import Final

from looply.app.messages.bots import Reach, ReachStatus
from looply.connectors.teams.calls.delivery import NOT_FOUND
from looply.connectors.teams.calls.people import Person
from looply.connectors.teams.calls.person_check import WITHOUT_APP

RECENT: Final = timedelta(days=7)
"""So long a person who can be reached again is shown as recovered."""
_REFUSED_TO_US: Final = frozenset({"Authorization_RequestDenied", "AccessDenied", "Forbidden"})
"""Reasons that say nothing of the person: the application lacks a right."""


def reach_of(person: Person, now: datetime) -> Reach:
    """Returns a person as administrators see them."""
    return Reach(
        person_id=person.id,
        status=status_of(person, now),
        name=person.name,
        mail=person.mail,
        user_principal_name=person.upn,
        reason=person.reason,
        failure="" if person.checked is None else person.checked.failure,
        seen_on=person.seen_on,
        checked_on=None if person.checked is None else person.checked.on,
    )


def status_of(person: Person, now: datetime) -> ReachStatus:
    """Returns whether the bot can reach a person: by the last refusal, then the last check, then the chat."""
    if person.state == "blocked":
        return _blocked(person.reason)
    checked = person.checked
    if checked is not None and checked.failure == NOT_FOUND:
        return "FAILED"
    if checked is not None and checked.is_installed is False:
        return "NOT_INSTALLED"
    if not person.conversation:
        return _without_chat(person)
    if person.lost == person.conversation:
        return "STALE_CONTEXT"
    is_recent = person.recovered_on is not None and now - person.recovered_on < RECENT
    return "RECOVERED" if is_recent else "HEALTHY"


def _blocked(reason: str) -> ReachStatus:
    if reason in WITHOUT_APP:
        return "NOT_INSTALLED"
    return "FAILED" if reason in _REFUSED_TO_US else "BLOCKED"


def _without_chat(person: Person) -> ReachStatus:
    checked = person.checked
    if checked is not None and checked.is_installed:
        return "PROVISIONING"
    if checked is not None and checked.failure:
        return "FAILED"
    return "NO_CONTEXT" if checked is not None or person.mri else "NOT_CHECKED"
