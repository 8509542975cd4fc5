"""The quorum of an approval: pure counting of seats. Each recipient has one; a substitute may hold several."""

from collections.abc import Sequence
from typing import Protocol

from looply.execution.facts.state import CardAnswer
from looply.execution.facts.values.approval_terms import ApprovalTerms, Decision
from looply.instants import rfc3339
from looply.jsontext import Json


class Vote(Protocol):
    """One person's decision, and the number of seats for which it counts."""

    @property
    def decision(self) -> str:
        """`approved` or `rejected`."""
        ...

    @property
    def seats(self) -> int:
        """From 1."""
        ...


def verdict(terms: ApprovalTerms, votes: Sequence[Vote]) -> Decision | None:
    """Returns the decision of the approval, None while it is open.

    Approved as soon as `quorum` seats approve; rejected as soon as that is impossible, and with `veto` by any
    rejection.
    """
    approved = sum(vote.seats for vote in votes if vote.decision == "approved")
    rejected = sum(vote.seats for vote in votes if vote.decision == "rejected")
    if rejected and terms.veto:
        return "rejected"
    if approved >= terms.quorum:
        return "approved"
    return "rejected" if len(terms.recipients) - rejected < terms.quorum else None


def approval_output(outcome: str, answers: Sequence[CardAnswer]) -> dict[str, Json]:
    """Returns the output of an approval step; `outcome` is `approved`, `rejected` or `timeout`."""
    return {"outcome": outcome, "decisions": [decision_record(answer) for answer in answers]}


def decision_record(answer: CardAnswer) -> dict[str, Json]:
    """Returns one decision as readers see it. `card_revision` is null for a decision without a card.

    `substitute_for` is there only where the user decided for an absent person.
    """
    record: dict[str, Json] = {
        "user": answer.user,
        "action": answer.decision,
        "comment": answer.comment,
        "at": rfc3339(answer.on),
        "via": answer.via,
        "card_revision": answer.revision or None,
    }
    return {**record, "substitute_for": answer.substitute_for} if answer.substitute_for else record
