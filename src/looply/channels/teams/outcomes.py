"""What a call of Microsoft that did not succeed is for the engine: when the card is brought again, if ever."""

from datetime import timedelta
from typing import Final

from looply.connectors.teams.calls.answers import Failure, limit_attempts
from looply.engine.ports.card_channel import Blocked, Broken, TryAgain, Unknown
from looply.errors import OperationError, Unavailable

_SHORTEST: Final = timedelta(seconds=1)


def outcome_of(failure: Failure, tries: int) -> OperationError:
    """Returns the outcome of a copy that was not shown, after so many tries that failed before.

    `unusable` is not of one copy: `looply.channels.teams.breaker` counts it.
    """
    limited = limit_attempts(failure, tries + 1)
    text = f"Teams: {limited.code}"
    match limited.meaning:
        case "throttled":
            return TryAgain(max(limited.after, _SHORTEST), text)
        case "again":
            # Without a time of theirs the engine's own pauses grow.
            return TryAgain(limited.after, text) if limited.after else Unavailable(text)
        case "blocked" | "not_installed":
            return Blocked(text)
        case "unknown":
            return Unknown(text)
        case _:
            return Broken(text)
