"""Numbers of ids in the SQLite store."""

import apsw

from looply.engine.coding.names import KnownNumbers

_FIND = "SELECT n FROM name WHERE id = ?"
_ADD = "INSERT INTO name(id) VALUES (?) RETURNING n"


class Names(KnownNumbers):
    """The numbers of ids, for the writer: an id that is met for the first time gets one.

    All numbers are forgotten when a transaction is rolled back: it may have assigned them.
    """

    def number(self, connection: apsw.Connection, name: str) -> int:
        """Returns the number of an id, giving it one if need be."""
        known = self._numbers.get(name)
        if known is not None:
            return known
        found = find_number(connection, name)
        if found is None:
            # Not remembered: the savepoint that makes it may be undone alone.
            added: int = connection.execute(_ADD, (name,)).get
            return added
        self.keep({name: found})
        return found


def find_number(connection: apsw.Connection, name: str) -> int | None:
    """Returns the number of an id, None when nothing of it is stored."""
    found: int | None = connection.execute(_FIND, (name,)).get
    return found
