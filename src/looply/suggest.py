"""What an author probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 100  # nobody mistypes a longer name, and comparing texts costs the square of their length


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns `did you mean 'x'?` for the known name that is most like `name`, or an empty text."""
    if len(name) > _LONGEST:
        return ""
    by_folded = {item.casefold(): item for item in known}
    close = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean '{by_folded[close[0]]}'?" if close else ""
