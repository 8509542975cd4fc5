"""What a call of Microsoft that did not succeed is for a card: Teams has more meanings than the other channels."""

from collections.abc import Mapping
from typing import Final

from looply.channels.outcomes import Meaning, Missed
from looply.connectors.teams.calls.answers import Failure, limit_attempts
from looply.connectors.teams.calls.answers import Meaning as TeamsMeaning

_MEANINGS: Final[Mapping[TeamsMeaning, Meaning]] = {
    "again": "again",
    "throttled": "throttled",
    "blocked": "blocked",
    "not_installed": "blocked",
    "unusable": "unusable",
    "unknown": "unknown",
    "broken": "broken",
    # The delivery has an answer to these; one that is left after it has none.
    "gone": "broken",
    "no_conversation": "broken",
    "elsewhere": "broken",
    "too_large": "broken",
}


def classify_failure(failure: Failure, tries: int) -> Missed:
    """Returns what became of the message of a copy, after so many tries that failed before."""
    limited = limit_attempts(failure, tries + 1)
    return Missed(
        meaning=_MEANINGS[limited.meaning], code=limited.code, text=f"Teams: {limited.code}", after=limited.after
    )
