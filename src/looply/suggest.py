"""Suggestions for mistyped names."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100  # comparing texts costs the square of their length, and longer names are hardly ever mistyped


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns `did you mean 'x'?` with the known name that is closest to `name`, or an empty text."""
    if len(name) > _LONGEST:
        return ""
    by_folded = {item.casefold(): item for item in known}
    close = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean '{by_folded[close[0]]}'?" if close else ""
