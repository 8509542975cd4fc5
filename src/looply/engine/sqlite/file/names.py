"""Small numbers for the ids that are part of every row."""

import apsw

_FIND = "SELECT n FROM name WHERE id = ?"
_ADD = "INSERT INTO name(id) VALUES (?) RETURNING n"

_KEPT = 100_000


class Names:
    """The numbers of ids, for the writer: an id that is met for the first time gets one.

    All numbers are forgotten when a transaction is rolled back: it may have assigned them.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def forget(self) -> None:
        """Forgets everything; to be called when a transaction was rolled back."""
        self._numbers.clear()

    def number(self, connection: apsw.Connection, name: str) -> int:
        """Returns the number of an id, giving it one if need be."""
        known = self._numbers.get(name)
        if known is not None:
            return known
        found: int | None = connection.execute(_FIND, (name,)).get
        if found is None:
            # Not remembered: the savepoint that makes it may be undone alone.
            added: int = connection.execute(_ADD, (name,)).get
            return added
        if len(self._numbers) < _KEPT:
            self._numbers[name] = found
        return found


def find_number(connection: apsw.Connection, name: str) -> int | None:
    """Returns the number of an id, None when nothing of it is stored."""
    found: int | None = connection.execute(_FIND, (name,)).get
    return found
