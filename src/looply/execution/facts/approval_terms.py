"""What an approval asks: the terms that are fixed when it begins, and what each person decided under them.

The terms stand in `WaitOpened`, because everything that they are made of (expressions, a datastore) may be something
else later. Durations stay as they are written: in a sequence they count from the turn of each person.
"""

from typing import Literal, TypeAlias

import msgspec

from looply.definition.settings.mail import person_of
from looply.jsontext import Json

Decision: TypeAlias = Literal["approved", "rejected"]
Order: TypeAlias = Literal["parallel", "sequence"]
CommentRule: TypeAlias = Literal["", "reject", "always"]


class EscalationTerm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After `after` (ISO 8601) the people of `to` take over what nobody has decided."""

    after: str
    to: tuple[str, ...]


class ApprovalTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose approval is asked, and what it takes.

    Each of `recipients` has one seat, in this order; `quorum` seats must approve. `barred` is the requester when they
    may not approve themselves. `calendar` is the document by which the durations count working time, None when they
    count elapsed time in `zone`.
    """

    recipients: tuple[str, ...]
    quorum: int
    order: Order = "parallel"
    veto: bool = False
    comment_required: CommentRule = ""
    requester: str = ""
    barred: str = ""
    reminders: tuple[str, ...] = ()
    escalation: tuple[EscalationTerm, ...] = ()
    calendar: Json = None
    zone: str = "UTC"


def is_same_person(one: str, other: str) -> bool:
    """Tells whether two addresses are one person's, however each is written."""
    return person_of(one) == person_of(other)
