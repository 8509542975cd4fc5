"""How SQLite reads the sources of lists; what a row must fulfil is in `fitting.py`."""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.engine.coding.searching import Kind, in_order
from looply.engine.ports.lists import Filter
from looply.engine.sql.lists import ListDialect, ListPlan
from looply.engine.sqlite.histories.fitting import condition

# `n` numbers the rows of a source: the one numbered :budget is returned whether it fits or not.
_FACTS = "id, version, status, state, trigger, process_id, profile, workflow, parent"
_COLUMNS = f"{_FACTS}, row_number() OVER (ORDER BY id DESC) AS n"
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
    """Returns the source of a few matches: of constants only.

    Without its limit, which cuts nothing off, the order of a query within another one would not count.
    """
    return f"""
      SELECT e.id, e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.workflow, e.parent, 0 AS n
      FROM (SELECT DISTINCT id FROM ({matches}) WHERE id < :below AND id >= :lowest) m
        CROSS JOIN execution e ON e.id = m.id ORDER BY e.id DESC LIMIT :matches
    """  # noqa: S608 - constants


_SPANS: Final[Mapping[Kind, str]] = {
    "ORGANIZATION": """
  SELECT :columns: FROM execution INDEXED BY execution_org
  WHERE org = :org AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
""",
    # Its index does not have the organization, and a caller may name the workflow of another one: what is read of that
    # costs no more than the budget, and none of it leaves, not even the id where the budget ended.
    "WORKFLOW": """
  SELECT * FROM (
    SELECT :columns:, org FROM execution INDEXED BY execution_workflow
    WHERE workflow = :span_workflow AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget)
  WHERE org = :org
""",
    "STATUS": """
  SELECT :columns: FROM execution INDEXED BY execution_status
  WHERE org = :org AND status = :status AND status <> 3 AND id < :below AND id >= :lowest
  ORDER BY id DESC LIMIT :budget
""",
    "PROCESS_ID": """
  SELECT :columns: FROM execution INDEXED BY execution_process
  WHERE org = :org AND process_id = :text AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
""",
    "STATE": """
  SELECT :columns: FROM execution INDEXED BY execution_state
  WHERE org = :org AND state = :text AND status <> 3 AND id < :below AND id >= :lowest ORDER BY id DESC LIMIT :budget
""",
    "PARENT": """
  SELECT :columns: FROM execution INDEXED BY execution_parent
  WHERE org = :org AND parent = :parent AND parent <> '' AND id < :below AND id >= :lowest
  ORDER BY id DESC LIMIT :budget
""",
    "VALUE": """
  SELECT e.id, e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.workflow, e.parent, s.n
  FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM (
          SELECT DISTINCT execution_id AS id FROM search_field
          WHERE org = :org AND value = :text AND execution_id < :below AND execution_id >= :lowest
          ORDER BY execution_id DESC LIMIT :budget)) s
    CROSS JOIN execution e ON e.id = s.id
""",
    # An execution without a process id answers to its own id.
    "ID": """
  SELECT :facts:, 0 AS n
  FROM execution WHERE id = :id AND org = :org AND id < :below AND id >= :lowest
""",
}


def statement(kind: Kind, fits: str, *, is_oldest_first: bool = False) -> str:
    """Returns the statement that reads one source; `fits` is the text of a condition."""
    read = (_SPANS.get(kind) or _sorted(_MATCHES[kind])).replace(":columns:", _COLUMNS).replace(":facts:", _FACTS)
    read = in_order(read, is_oldest_first=is_oldest_first)
    parts = ("SELECT h.*, ", fits, ", e.n FROM (", read, ") e CROSS JOIN head h ON h.id = e.id")
    return "".join((*parts, " WHERE e.n = :budget OR (", fits, ") LIMIT :limit"))


def _plan_of(query: Filter, workflows: Sequence[int], term_workflows: Sequence[int]) -> ListPlan:
    fits, parameters = condition(query, workflows, term_workflows)
    return lambda kind: statement(kind, fits, is_oldest_first=query.is_oldest_first), parameters


LISTS: Final = ListDialect(_plan_of, _MATCHES, bytes)
"""How SQLite reads lists."""
