"""Small numbers for the ids that are part of every row."""

from collections.abc import Mapping
from typing import Final

_KEPT: Final = 100_000


class KnownNumbers:
    """The numbers of ids that a process has met, a bounded number of them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def find(self, name: str) -> int | None:
        """Returns the number of an id, None for one that is not known."""
        return self._numbers.get(name)

    def keep(self, numbers: Mapping[str, int]) -> None:
        """Keeps numbers that stay stored whatever follows."""
        if len(self._numbers) < _KEPT:
            self._numbers.update(numbers)

    def forget(self) -> None:
        """Forgets all numbers."""
        self._numbers.clear()
