"""The terms of an approval, which are fixed when it opens.

`WaitOpened` records them, because everything that they are made of (expressions, a datastore) may change later.
Durations are kept as they are written: in a sequence they count from the turn of each person.
"""

from typing import Literal, TypeAlias

import msgspec

from looply.definition.settings.mail import person_of
from looply.jsontext import Json

Decision: TypeAlias = Literal["approved", "rejected"]
Order: TypeAlias = Literal["parallel", "sequence"]
CommentRule: TypeAlias = Literal["", "reject", "always"]


class EscalationTerm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """After `after` (ISO 8601) the people of `to` take over every open decision."""

    after: str
    to: tuple[str, ...]


class ApprovalTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The people who are asked, and the rule by which their decisions count.

    Each of `recipients` has one seat, in this order; `quorum` seats must approve. `barred` is the requester where
    self-approval is forbidden. `calendar` is the document by which the durations count working time, None when they
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
    """Returns whether two addresses belong to one person; spelling variants are equal."""
    return person_of(one) == person_of(other)
