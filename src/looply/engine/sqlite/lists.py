"""Lists of executions, newest first, at the same cost at any depth.

Theory of operation. A filter is served from one or several sources, each a span of an index in descending order of
ids, read from the cursor on. What the index does not decide is tested row by row, for at most 20,000 rows of a page;
the row where that budget ends is marked, so that a short page can tell where to go on. Several sources (two statuses,
three process ids) are merged; where one of them ran out of budget, nothing below that point is shown yet. Which
sources serve which filter says `looply.engine.searching`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw
import msgspec

from looply.engine.pages import merged
from looply.engine.port import Filter, Head
from looply.engine.searching import MATCHES, PROBED, Kind, Span, bounds_of, patterns, ways
from looply.engine.sqlite.names import find_number

# `n` numbers the rows of a source: the one numbered :budget is returned whether it fits or not.
_FACTS = "id, version, status, state, trigger, process_id, workflow, parent"
_COLUMNS = f"{_FACTS}, row_number() OVER (ORDER BY id DESC) AS n"
_BY_ORGANIZATION = """
  SELECT :columns: FROM execution INDEXED BY execution_org
  WHERE org = :org AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_WORKFLOW = """
  SELECT :columns: FROM execution INDEXED BY execution_workflow
  WHERE workflow = :span_workflow AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_STATUS = """
  SELECT :columns: FROM execution INDEXED BY execution_status
  WHERE org = :org AND status = :status AND status <> 3 AND id < :below AND id >= :lowest
  ORDER BY id DESC LIMIT :budget
"""
_BY_PROCESS_ID = """
  SELECT :columns: FROM execution INDEXED BY execution_process
  WHERE org = :org AND process_id = :text AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_STATE = """
  SELECT :columns: FROM execution INDEXED BY execution_state
  WHERE org = :org AND state = :text AND status <> 3 AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
_BY_PARENT = """
  SELECT :columns: FROM execution INDEXED BY execution_parent
  WHERE org = :org AND parent = :parent AND parent <> '' AND id < :below AND id >= :lowest
  ORDER BY id DESC LIMIT :budget
"""
_BY_VALUE = """
  SELECT e.id, e.version, e.status, e.state, e.trigger, e.process_id, e.workflow, e.parent, s.n
  FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM (
          SELECT DISTINCT execution_id AS id FROM search_field
          WHERE org = :org AND value = :text AND execution_id < :below AND execution_id >= :lowest
          ORDER BY execution_id DESC LIMIT :budget)) s
    CROSS JOIN execution e ON e.id = s.id
"""
# An execution without a process id answers to its own id.
_BY_ID = """
  SELECT :facts:, 0 AS n
  FROM execution WHERE id = :id AND org = :org AND id < :below AND id >= :lowest
"""
# A few rows in the order of the text: sorting them is cheap, and none is past the budget.
_MATCHES: Final[Mapping[Kind, str]] = {
    "PREFIX": "SELECT id FROM execution INDEXED BY execution_process"
    " WHERE org = :org AND process_id >= :low AND process_id < :high LIMIT :matches",
    "ENDING": "SELECT id FROM execution INDEXED BY execution_ending"
    " WHERE org = :org AND reversed >= :low AND reversed < :high LIMIT :matches",
    "VALUE_PREFIX": "SELECT execution_id AS id FROM search_field"
    " WHERE org = :org AND value >= :low AND value < :high LIMIT :matches",
    "STATE_PREFIX": "SELECT id FROM execution INDEXED BY execution_state"
    " WHERE org = :org AND state >= :low AND state < :high AND status <> 3 LIMIT :matches",
}


def _sorted(matches: str) -> str:
    """Returns the source of a few matches: at import, from the constants above only.

    Without its limit, which cuts nothing off, the order of a query within another one would not count.
    """
    return f"""
      SELECT e.id, e.version, e.status, e.state, e.trigger, e.process_id, e.workflow, e.parent, 0 AS n
      FROM (SELECT DISTINCT id FROM ({matches}) WHERE id < :below AND id >= :lowest) m
        CROSS JOIN execution e ON e.id = m.id ORDER BY e.id DESC LIMIT :matches
    """  # noqa: S608 - constants


_FITS = """
  ((:statuses >> e.status) & 1) AND :version IN (0, e.version) AND :trigger IN (0, e.trigger)
  AND :workflow IN (0, e.workflow) AND :parent IN ('', e.parent)
  AND (:patterns IS NULL
    OR EXISTS (SELECT 1 FROM json_each(:patterns) p WHERE coalesce(e.process_id, lower(
      substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' ||
      substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21))) GLOB p.value)
    OR (e.process_id IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(:endings) p WHERE e.process_id GLOB p.value)))
"""
# A term may also be an execution's own id where that has a process id.
_FOUND = """
  AND (:terms IS NULL
    OR EXISTS (SELECT 1 FROM json_each(:terms) p
      WHERE e.process_id GLOB p.value OR (e.status <> 3 AND e.state GLOB p.value))
    OR EXISTS (SELECT 1 FROM json_each(:term_ids) p WHERE lower(
      substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' ||
      substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21)) GLOB p.value)
    OR EXISTS (SELECT 1 FROM json_each(:term_workflows) w WHERE e.workflow = w.value)
    OR EXISTS (SELECT 1 FROM search_field s, json_each(:terms) p WHERE s.execution_id = e.id AND s.value GLOB p.value))
  AND (:fields IS NULL OR NOT EXISTS (
    SELECT 1 FROM json_each(:fields) f WHERE NOT EXISTS (
      SELECT 1 FROM search_field s, json_each(f.value, '$[1]') p
      WHERE s.execution_id = e.id AND s.name = json_extract(f.value, '$[0]') AND s.value GLOB p.value)))
"""


def _statement(source: str, fits: str) -> str:
    """Returns the whole statement of a source: at import, from the constants above only."""
    read = source.replace(":columns:", _COLUMNS).replace(":facts:", _FACTS)
    parts = ("SELECT h.*, ", fits, ", e.n FROM (", read, ") e CROSS JOIN head h ON h.id = e.id")
    return "".join((*parts, " WHERE e.n = :budget OR (", fits, ") LIMIT :limit"))


_SOURCES: Final[Mapping[Kind, str]] = {
    "ORGANIZATION": _BY_ORGANIZATION,
    "WORKFLOW": _BY_WORKFLOW,
    "STATUS": _BY_STATUS,
    "PROCESS_ID": _BY_PROCESS_ID,
    "ID": _BY_ID,
    "VALUE": _BY_VALUE,
    "STATE": _BY_STATE,
    "PARENT": _BY_PARENT,
    **{kind: _sorted(matches) for kind, matches in _MATCHES.items()},
}
LISTS: Final[Mapping[Kind, str]] = {kind: _statement(source, _FITS) for kind, source in _SOURCES.items()}
"""The statements of filters that need the columns of executions only."""
SEARCHES: Final[Mapping[Kind, str]] = {kind: _statement(source, _FITS + _FOUND) for kind, source in _SOURCES.items()}
"""The statements of filters with terms or search fields."""


def list_heads(
    connection: apsw.Connection, organization_id: str, wanted: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.store.Reads.list`. Raises: BadRequest."""
    org = find_number(connection, organization_id)
    workflow = find_number(connection, wanted.workflow_id) if wanted.workflow_id else 0
    bounds = bounds_of(wanted, after, limit)
    if org is None or workflow is None:
        return [], ""
    shared: dict[str, Any] = {**bounds, "org": org, "workflow": workflow, "patterns": None, "endings": "[]"}
    if wanted.process_ids:
        any_id, own = patterns(wanted.process_ids)
        shared |= {"patterns": _globs(any_id), "endings": _globs(own)}
    is_search = bool(wanted.terms or wanted.fields)
    if is_search:
        shared |= _sought(connection, wanted)
    statements = SEARCHES if is_search else LISTS
    spans = next(spans for spans in ways(wanted) if _is_served(connection, shared, spans))
    sources = [(statements[span.kind], _arguments(connection, shared, span)) for span in spans]
    return merged((connection.execute(*source).fetchall() for source in sources), limit, shared["budget"])


def _sought(connection: apsw.Connection, wanted: Filter) -> dict[str, Any]:
    ids, _ = patterns(wanted.terms)
    found = [find_number(connection, each) for each in wanted.term_workflows]
    fields = [[name, [_glob(text) for text in texts]] for name, texts in wanted.fields]
    return {
        "terms": _globs(wanted.terms) if wanted.terms else None,
        "term_ids": _globs(ids),
        "term_workflows": msgspec.json.encode([number for number in found if number is not None]).decode(),
        "fields": msgspec.json.encode(fields).decode() if fields else None,
    }


def _is_served(connection: apsw.Connection, shared: Mapping[str, Any], spans: Sequence[Span]) -> bool:
    """Whether no span has more matches than can be sorted."""
    probed = (span for span in spans if span.kind in PROBED)
    return all(
        len(connection.execute(_MATCHES[span.kind], {**shared, **span.facts}).fetchall()) <= MATCHES for span in probed
    )


def _arguments(connection: apsw.Connection, shared: Mapping[str, Any], span: Span) -> dict[str, Any]:
    arguments = {**shared, **span.facts}
    if (name := span.facts.get("span_workflow")) is not None:
        # Of a workflow that nothing is stored of there is no execution.
        arguments["span_workflow"] = find_number(connection, name) or 0
    if span.ids is not None:
        low, high = span.ids
        arguments |= {"lowest": max(shared["lowest"], low), "below": min(shared["below"], high)}
    return arguments


def _globs(texts: Sequence[str]) -> str:
    return msgspec.json.encode([_glob(text) for text in texts]).decode()


def _glob(text: str) -> str:
    """Returns the GLOB pattern of a text in which only `*` is special."""
    return "".join(f"[{char}]" if char in "?[" else char for char in text)
