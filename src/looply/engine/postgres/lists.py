"""Lists of executions, newest first, at the same cost at any depth.

Theory of operation. A filter is served from one or several sources, each a span of an index in descending order of
ids, read from the cursor on. What the index does not decide is tested row by row, for at most 20,000 rows of a page;
the row where that budget ends is marked, so that a short page can tell where to go on. Several sources (two statuses,
three process ids) are merged; where one of them ran out of budget, nothing below that point is shown yet.

An index is named to PostgreSQL by comparing and ordering all its columns at once: no other one has that order. The
bare comparison of ids beside it only tells which months are out of the span.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from looply.engine.pages import merged
from looply.engine.port import Filter, Head
from looply.engine.postgres.connections import Connection
from looply.engine.postgres.names import Names
from looply.engine.rows import STATUS_NUMBERS, TRIGGER_NUMBERS, cursor_bytes, find_id
from looply.engine.spans import AFTER_ALL, HIGHEST_ID, LOWEST_ID, first_id, id_span

BUDGET: Final = 20_000
"""Rows that one page looks at."""

PREFIX_MATCHES: Final = 1000
"""A prefix of process ids with more matches is not sorted: the list is read newest first instead."""

_ALL_STATUSES = 0b111111

_SPAN = "e.id < %(below)s AND e.id >= %(lowest)s"

# `place` numbers the rows of a source: the one numbered `budget` is returned whether it fits or not.
_BY_ORGANIZATION = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.id) < (%(org)s, %(below)s) AND (e.org, e.id) >= (%(org)s, %(lowest)s) AND {_SPAN}
  ORDER BY e.org DESC, e.id DESC LIMIT %(budget)s
"""
_BY_WORKFLOW = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.workflow DESC, e.id DESC) AS place FROM execution e
  WHERE (e.workflow, e.id) < (%(workflow)s, %(below)s) AND (e.workflow, e.id) >= (%(workflow)s, %(lowest)s) AND {_SPAN}
  ORDER BY e.workflow DESC, e.id DESC LIMIT %(budget)s
"""
_BY_STATUS = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.status DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.status, e.id) < (%(org)s, %(status)s::smallint, %(below)s)
    AND (e.org, e.status, e.id) >= (%(org)s, %(status)s::smallint, %(lowest)s) AND e.status <> 3 AND {_SPAN}
  ORDER BY e.org DESC, e.status DESC, e.id DESC LIMIT %(budget)s
"""
_BY_PROCESS_ID = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.process_id DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.process_id, e.id) < (%(org)s, %(process_id)s, %(below)s)
    AND (e.org, e.process_id, e.id) >= (%(org)s, %(process_id)s, %(lowest)s) AND e.process_id IS NOT NULL AND {_SPAN}
  ORDER BY e.org DESC, e.process_id DESC, e.id DESC LIMIT %(budget)s
"""
# A few rows in the order of their process ids: sorting them is cheap, and none is past the budget.
_MATCHES = """
  FROM execution e
  WHERE (e.org, e.process_id) >= (%(org)s, %(low)s) AND (e.org, e.process_id) < (%(org)s, %(high)s)
    AND e.process_id IS NOT NULL
  ORDER BY e.org, e.process_id LIMIT %(matches)s
"""
_BY_PREFIX = f"""
  SELECT e.*, 0 AS place FROM (SELECT e.* {_MATCHES}) e WHERE {_SPAN} ORDER BY e.id DESC
"""
# An execution without a process id answers to its own id.
_BY_ID = f"""
  SELECT e.*, 0 AS place FROM execution e
  WHERE e.id = %(id)s AND e.org = %(org)s AND e.process_id IS NULL AND {_SPAN}
"""
_PROBE: Final = f"SELECT count(*) FROM (SELECT 1 {_MATCHES}) e"

_FITS = """
  ((%(statuses)s >> e.status) & 1 = 1 AND %(version)s IN (0, e.version) AND %(trigger)s IN (0, e.trigger)
  AND %(workflow)s IN (0, e.workflow)
  AND (%(patterns)s::text[] IS NULL OR coalesce(e.process_id, e.id::text) LIKE ANY (%(patterns)s::text[])))
"""


def _statement(source: str) -> str:
    """Returns the whole statement of a source: at import, from the constants above only."""
    names = ("(SELECT n.id FROM name n WHERE n.n = e.org)", "(SELECT n.id FROM name n WHERE n.n = e.workspace)")
    columns = (
        "e.id",
        *names,
        "(SELECT n.id FROM name n WHERE n.n = e.workflow)",
        "e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.parent, e.seq, e.modified_ms",
        "e.modified_by",
        _FITS,
        "e.place",
    )
    parts = ("SELECT ", ", ".join(columns), " FROM (", source, ") e WHERE e.place = %(budget)s OR ", _FITS)
    return "".join((*parts, " LIMIT %(limit)s"))


class _Source(NamedTuple):
    statement: str
    arguments: Mapping[str, Any]


LIST_BY_ORGANIZATION: Final = _statement(_BY_ORGANIZATION)
LIST_BY_WORKFLOW: Final = _statement(_BY_WORKFLOW)
LIST_BY_STATUS: Final = _statement(_BY_STATUS)
LIST_BY_PROCESS_ID: Final = _statement(_BY_PROCESS_ID)
LIST_BY_PREFIX: Final = _statement(_BY_PREFIX)
LIST_BY_ID: Final = _statement(_BY_ID)


async def list_heads(
    connection: Connection, names: Names, organization_id: str, wanted: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.store.Reads.list`. Raises: BadRequest."""
    below = cursor_bytes(after) if after else HIGHEST_ID
    org, *rest = await names.find(connection, organization_id, *([wanted.workflow_id] if wanted.workflow_id else []))
    workflow = rest[0] if rest else 0
    if org is None or workflow is None:
        return [], ""
    lowest = first_id(wanted.created_from) if wanted.created_from is not None else LOWEST_ID
    below = min(below, first_id(wanted.created_to)) if wanted.created_to is not None else below
    shared = {
        "org": org,
        "workflow": workflow,
        "below": UUID(bytes=below),
        "lowest": UUID(bytes=lowest),
        "statuses": sum(1 << STATUS_NUMBERS[status] for status in set(wanted.statuses)) or _ALL_STATUSES,
        "version": wanted.workflow_version or 0,
        "trigger": TRIGGER_NUMBERS.get(wanted.trigger_type, -1) if wanted.trigger_type else 0,
        "patterns": None,
        "budget": BUDGET,
        "limit": limit + 1,
        "matches": PREFIX_MATCHES + 1,
    }
    # All sources are read in one state of the store: what moves between two of them must not be missed.
    async with connection.transaction():
        sources = await _sources(connection, shared, wanted)
        found = [await (await connection.execute(*source, binary=True)).fetchall() for source in sources]
    return merged(found, limit, BUDGET)


async def _sources(connection: Connection, shared: dict[str, Any], wanted: Filter) -> list[_Source]:
    if wanted.process_ids:
        spans = [await _span(connection, shared, text) for text in wanted.process_ids]
        if all(spans):
            return [source for span in spans for source in span]
        shared["patterns"] = [_like(text) for text in wanted.process_ids]
    if wanted.statuses and "COMPLETED" not in wanted.statuses:
        numbers = dict.fromkeys(STATUS_NUMBERS[status] for status in wanted.statuses)
        return [_Source(LIST_BY_STATUS, {**shared, "status": number}) for number in numbers]
    return [_Source(LIST_BY_WORKFLOW if shared["workflow"] else LIST_BY_ORGANIZATION, shared)]


async def _span(connection: Connection, shared: dict[str, Any], text: str) -> list[_Source]:
    """Returns the sources that hold all matches of one process id or prefix; none when there is no such span."""
    if "*" not in text:
        sources = [_Source(LIST_BY_PROCESS_ID, {**shared, "process_id": text})]
        if (key := find_id(text)) is not None:
            sources.append(_Source(LIST_BY_ID, {**shared, "id": UUID(bytes=key)}))
        return sources
    prefix = text.rstrip("*")
    if not prefix or "*" in prefix:
        return []
    arguments = {**shared, "low": prefix, "high": prefix + AFTER_ALL}
    probe = await (await connection.execute(_PROBE, arguments)).fetchone()
    if probe is None or probe[0] > PREFIX_MATCHES:
        return []
    low, high = id_span(prefix)
    if low == high:
        return [_Source(LIST_BY_PREFIX, arguments)]
    # The prefix may also be that of execution ids.
    ids = {**shared, "patterns": [_like(text)]}
    ids |= {"lowest": max(shared["lowest"], UUID(bytes=low)), "below": min(shared["below"], UUID(bytes=high))}
    return [_Source(LIST_BY_PREFIX, arguments), _Source(LIST_BY_ORGANIZATION, ids)]


def _like(text: str) -> str:
    """Returns the LIKE pattern of a text in which only `*` is special."""
    escaped = "".join(f"\\{char}" if char in "\\%_" else char for char in text)
    return escaped.replace("*", "%")
