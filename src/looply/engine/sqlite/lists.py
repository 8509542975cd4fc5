"""Lists of executions, newest first, at the same cost at any depth.

Theory of operation. A filter is served from one or several sources, each a span of an index in descending order of
ids, read from the cursor on. What the index does not decide is tested row by row, for at most 20,000 rows of a page;
the row where that budget ends is marked, so that a short page can tell where to go on. Several sources (two statuses,
three process ids) are merged; where one of them ran out of budget, nothing below that point is shown yet.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from looply.engine.pages import merged
from looply.engine.port import Filter, Head
from looply.engine.rows import STATUS_NUMBERS, TRIGGER_NUMBERS, cursor_bytes, find_id
from looply.engine.spans import AFTER_ALL, HIGHEST_ID, LOWEST_ID, first_id, id_span
from looply.engine.sqlite.names import find_number

BUDGET: Final = 20_000
"""Rows that one page looks at."""

PREFIX_MATCHES: Final = 1000
"""A prefix of process ids with more matches is not sorted: the list is read newest first instead."""

_ALL_STATUSES = 0b111111

# `n` numbers the rows of a source: the one numbered :budget is returned whether it fits or not.
_BY_ORGANIZATION = """
  SELECT id, version, status, trigger, process_id, workflow, row_number() OVER (ORDER BY id DESC) AS n
  FROM execution INDEXED BY execution_org
  WHERE org = :org AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_WORKFLOW = """
  SELECT id, version, status, trigger, process_id, workflow, row_number() OVER (ORDER BY id DESC) AS n
  FROM execution INDEXED BY execution_workflow
  WHERE workflow = :workflow AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_STATUS = """
  SELECT id, version, status, trigger, process_id, workflow, row_number() OVER (ORDER BY id DESC) AS n
  FROM execution INDEXED BY execution_status
  WHERE org = :org AND status = :status AND status <> 3 AND id < :below AND id >= :lowest
  ORDER BY id DESC LIMIT :budget
"""
_BY_PROCESS_ID = """
  SELECT id, version, status, trigger, process_id, workflow, row_number() OVER (ORDER BY id DESC) AS n
  FROM execution INDEXED BY execution_process
  WHERE org = :org AND process_id = :process_id AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
# A few rows in the order of their process ids: sorting them is cheap, and none is past the budget.
_BY_PREFIX = """
  SELECT id, version, status, trigger, process_id, workflow, 0 AS n
  FROM (SELECT * FROM execution INDEXED BY execution_process
        WHERE org = :org AND process_id >= :low AND process_id < :high LIMIT :matches)
  WHERE id < :below AND id >= :lowest ORDER BY id DESC
"""
# An execution without a process id answers to its own id.
_BY_ID = """
  SELECT id, version, status, trigger, process_id, workflow, 0 AS n
  FROM execution WHERE id = :id AND org = :org AND process_id IS NULL AND id < :below AND id >= :lowest
"""
_PROBE = (
    "SELECT 1 FROM execution INDEXED BY execution_process"
    " WHERE org = :org AND process_id >= :low AND process_id < :high LIMIT :matches"
)

_FITS = """
  ((:statuses >> e.status) & 1) AND :version IN (0, e.version) AND :trigger IN (0, e.trigger)
  AND :workflow IN (0, e.workflow)
  AND (:patterns IS NULL OR EXISTS (
    SELECT 1 FROM json_each(:patterns) p
    WHERE coalesce(e.process_id, lower(
      substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' ||
      substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21))) GLOB p.value))
"""


def _statement(source: str) -> str:
    """Returns the whole statement of a source: at import, from the constants above only."""
    parts = ("SELECT h.*, ", _FITS, ", e.n FROM (", source, ") e CROSS JOIN head h ON h.id = e.id")
    return "".join((*parts, " WHERE e.n = :budget OR (", _FITS, ") LIMIT :limit"))


class _Source(NamedTuple):
    statement: str
    arguments: Mapping[str, Any]


LIST_BY_ORGANIZATION: Final = _statement(_BY_ORGANIZATION)
LIST_BY_WORKFLOW: Final = _statement(_BY_WORKFLOW)
LIST_BY_STATUS: Final = _statement(_BY_STATUS)
LIST_BY_PROCESS_ID: Final = _statement(_BY_PROCESS_ID)
LIST_BY_PREFIX: Final = _statement(_BY_PREFIX)
LIST_BY_ID: Final = _statement(_BY_ID)


def list_heads(
    connection: apsw.Connection, organization_id: str, wanted: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.store.Reads.list`. Raises: BadRequest."""
    org = find_number(connection, organization_id)
    workflow = find_number(connection, wanted.workflow_id) if wanted.workflow_id else 0
    below = cursor_bytes(after) if after else HIGHEST_ID
    if org is None or workflow is None:
        return [], ""
    shared = {
        "org": org,
        "workflow": workflow,
        "below": min(below, first_id(wanted.created_to)) if wanted.created_to is not None else below,
        "lowest": first_id(wanted.created_from) if wanted.created_from is not None else LOWEST_ID,
        "statuses": sum(1 << STATUS_NUMBERS[status] for status in set(wanted.statuses)) or _ALL_STATUSES,
        "version": wanted.workflow_version or 0,
        "trigger": TRIGGER_NUMBERS.get(wanted.trigger_type, -1) if wanted.trigger_type else 0,
        "patterns": None,
        "budget": BUDGET,
        "limit": limit + 1,
        "matches": PREFIX_MATCHES + 1,
    }
    sources = _sources(connection, shared, wanted)
    return merged((connection.execute(*source).fetchall() for source in sources), limit, BUDGET)


def _sources(connection: apsw.Connection, shared: dict[str, Any], wanted: Filter) -> list[_Source]:
    if wanted.process_ids:
        spans = [_span(connection, shared, text) for text in wanted.process_ids]
        if all(spans):
            return [source for span in spans for source in span]
        shared["patterns"] = msgspec.json.encode([_glob(text) for text in wanted.process_ids]).decode()
    if wanted.statuses and "COMPLETED" not in wanted.statuses:
        numbers = dict.fromkeys(STATUS_NUMBERS[status] for status in wanted.statuses)
        return [_Source(LIST_BY_STATUS, {**shared, "status": number}) for number in numbers]
    return [_Source(LIST_BY_WORKFLOW if shared["workflow"] else LIST_BY_ORGANIZATION, shared)]


def _span(connection: apsw.Connection, shared: dict[str, Any], text: str) -> list[_Source]:
    """Returns the sources that hold all matches of one process id or prefix; none when there is no such span."""
    if "*" not in text:
        sources = [_Source(LIST_BY_PROCESS_ID, {**shared, "process_id": text})]
        if (key := find_id(text)) is not None:
            sources.append(_Source(LIST_BY_ID, {**shared, "id": key}))
        return sources
    prefix = text.rstrip("*")
    if not prefix or "*" in prefix:
        return []
    arguments = {**shared, "low": prefix, "high": prefix + AFTER_ALL}
    if len(connection.execute(_PROBE, arguments).fetchall()) > PREFIX_MATCHES:
        return []
    low, high = id_span(prefix)
    if low == high:
        return [_Source(LIST_BY_PREFIX, arguments)]
    # The prefix may also be that of execution ids.
    ids = {**shared, "patterns": msgspec.json.encode([_glob(text)]).decode()}
    ids |= {"lowest": max(shared["lowest"], low), "below": min(shared["below"], high)}
    return [_Source(LIST_BY_PREFIX, arguments), _Source(LIST_BY_ORGANIZATION, ids)]


def _glob(text: str) -> str:
    """Returns the GLOB pattern of a text in which only `*` is special."""
    return "".join(f"[{char}]" if char in "?[" else char for char in text)
