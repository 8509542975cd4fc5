"""Lists of executions, newest first, at the same cost at any depth.

Theory of operation. A filter is served from one or several sources, each a span of an index in descending order of
ids, read from the cursor on. What the index does not decide is tested row by row (`fitting.py`), up to a budget of
rows; the row where that ends is marked, so that a short page can tell where to go on. Several sources (two statuses,
three process ids) are merged; where one of them ran out of budget, nothing below that point is shown yet. Which
sources serve which filter, and how large the budget is, says `looply.engine.coding.searching`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import apsw

from looply.engine.coding.searching import (
    MATCHES,
    PROBED,
    Kind,
    Span,
    budget_of,
    merge_page,
    page_parameters,
    search_plans,
)
from looply.engine.ports.port import Filter, Head
from looply.engine.sqlite.file.names import find_number
from looply.engine.sqlite.histories.fitting import condition

# `n` numbers the rows of a source: the one numbered :budget is returned whether it fits or not.
_FACTS = "id, version, status, state, trigger, process_id, workflow, parent"
_COLUMNS = f"{_FACTS}, row_number() OVER (ORDER BY id DESC) AS n"
_BY_ORGANIZATION = """
  SELECT :columns: FROM execution INDEXED BY execution_org
  WHERE org = :org AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
"""
# Its index does not have the organization, and a caller may name the workflow of another one: what is read of that
# costs no more than the budget, and none of it leaves, not even the id where the budget ended.
_BY_WORKFLOW = """
  SELECT * FROM (
    SELECT :columns:, org FROM execution INDEXED BY execution_workflow
    WHERE workflow = :span_workflow AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget)
  WHERE org = :org
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


def statement(kind: Kind, fits: str) -> str:
    """Returns the statement that reads one source; `fits` is the text of a condition."""
    read = _SOURCES[kind].replace(":columns:", _COLUMNS).replace(":facts:", _FACTS)
    parts = ("SELECT h.*, ", fits, ", e.n FROM (", read, ") e CROSS JOIN head h ON h.id = e.id")
    return "".join((*parts, " WHERE e.n = :budget OR (", fits, ") LIMIT :limit"))


def list_heads(
    connection: apsw.Connection, organization_id: str, wanted: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.ports.store.Reads.list`. Raises: BadRequest."""
    org = find_number(connection, organization_id)
    workflows = _numbers(connection, wanted.workflow_ids)
    bounds = page_parameters(wanted, after, limit)
    if org is None or (wanted.workflow_ids and not workflows):
        return [], ""
    fits, facts = condition(wanted, workflows, _numbers(connection, wanted.term_workflows))
    shared: dict[str, Any] = {**bounds, **facts, "org": org}
    spans = next(spans for spans in search_plans(wanted) if _is_served(connection, shared, spans))
    shared["budget"] = budget = budget_of(wanted, len(spans))
    sources = [(statement(span.kind, fits), _arguments(connection, shared, span)) for span in spans]
    return merge_page((connection.execute(*source).fetchall() for source in sources), limit, budget)


def _numbers(connection: apsw.Connection, names: Sequence[str]) -> list[int]:
    """Returns the numbers of those of the names of which something is stored."""
    found = (find_number(connection, name) for name in names)
    return [number for number in found if number is not None]


def _is_served(connection: apsw.Connection, shared: Mapping[str, Any], spans: Sequence[Span]) -> bool:
    """Whether no span has more matches than can be sorted."""
    probed = (span for span in spans if span.kind in PROBED)
    return all(
        len(connection.execute(_MATCHES[span.kind], {**shared, **span.parameters}).fetchall()) <= MATCHES
        for span in probed
    )


def _arguments(connection: apsw.Connection, shared: Mapping[str, Any], span: Span) -> dict[str, Any]:
    arguments = {**shared, **span.parameters}
    if (name := span.parameters.get("span_workflow")) is not None:
        # Of a workflow that nothing is stored of there is no execution.
        arguments["span_workflow"] = find_number(connection, name) or 0
    if span.ids is not None:
        low, high = span.ids
        arguments |= {"lowest": max(shared["lowest"], low), "below": min(shared["below"], high)}
    return arguments
