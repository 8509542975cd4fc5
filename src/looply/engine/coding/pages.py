"""Pages of executions, merged from the sources of a list. The same for every store with tables."""

from collections.abc import Iterable, Sequence

from looply.engine.coding.rows import Row, head_from, id_text
from looply.engine.ports.port import Head


def merged(sources: Iterable[Sequence[Row]], limit: int, budget: int) -> tuple[list[Head], str]:
    """Returns a page of at most `limit` heads, and the id where a source used up its budget, "" when none did.

    The last two columns of a row are whether it matches the filter, and its number within its source.
    """
    found: dict[bytes, Head] = {}
    floor = b""
    for rows in sources:
        for row in rows:
            if row[-2]:
                found[row[0]] = head_from(row)
            if row[-1] == budget:
                floor = max(floor, row[0])
        if len(rows) > limit:
            floor = max(floor, rows[-1][0])
    shown = [found[key] for key in sorted(found, reverse=True) if key >= floor]
    if len(shown) >= limit or not floor:
        return shown[:limit], ""
    return shown, id_text(floor)
