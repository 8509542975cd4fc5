"""Lists of executions, newest first, at the same cost at any depth.

Theory of operation. A filter is served from one or several sources, each a span of an index in descending order of
ids, read from the cursor on. What the index does not decide is tested row by row, up to a budget of rows; the row
where that ends is marked, so that a short page can tell where to go on. Several sources (two statuses, three process
ids) are merged; where one of them ran out of budget, nothing below that point is shown yet. Which sources serve which
filter, and how large the budget is, says `looply.engine.coding.searching`.

An index is named to PostgreSQL by comparing and ordering all its columns at once: no other one has that order. The
bare comparison of ids beside it only tells which months are out of the span.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from looply.engine.coding.rows import STATUS_NUMBERS, TRIGGER_NUMBERS
from looply.engine.coding.searching import (
    MATCHES,
    PROBED,
    Kind,
    Span,
    budget_of,
    id_patterns,
    merge_page,
    page_parameters,
    process_id_patterns,
    search_plans,
)
from looply.engine.ports.port import Filter, Head
from looply.engine.postgres.database.connections import Connection
from looply.engine.postgres.database.names import Names

_ALL = 0b111111
"""All statuses, or all kinds of triggers, as bits."""

_SPAN = "e.id < %(below)s AND e.id >= %(lowest)s"

# `place` numbers the rows of a source: the one numbered `budget` is returned whether it fits or not.
_BY_ORGANIZATION = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.id) < (%(org)s, %(below)s) AND (e.org, e.id) >= (%(org)s, %(lowest)s) AND {_SPAN}
  ORDER BY e.org DESC, e.id DESC LIMIT %(budget)s
"""
# Its index does not have the organization, and a caller may name the workflow of another one: what is read of that
# costs no more than the budget, and none of it leaves, not even the id where the budget ended.
_BY_WORKFLOW = f"""
  SELECT w.* FROM (
    SELECT e.*, row_number() OVER (ORDER BY e.workflow DESC, e.id DESC) AS place FROM execution e
    WHERE (e.workflow, e.id) < (%(span_workflow)s, %(below)s)
      AND (e.workflow, e.id) >= (%(span_workflow)s, %(lowest)s) AND {_SPAN}
    ORDER BY e.workflow DESC, e.id DESC LIMIT %(budget)s) w
  WHERE w.org = %(org)s
"""
_BY_STATUS = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.status DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.status, e.id) < (%(org)s, %(status)s::smallint, %(below)s)
    AND (e.org, e.status, e.id) >= (%(org)s, %(status)s::smallint, %(lowest)s) AND e.status <> 3 AND {_SPAN}
  ORDER BY e.org DESC, e.status DESC, e.id DESC LIMIT %(budget)s
"""
_BY_PROCESS_ID = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.process_id DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.process_id, e.id) < (%(org)s, %(text)s, %(below)s)
    AND (e.org, e.process_id, e.id) >= (%(org)s, %(text)s, %(lowest)s) AND e.process_id IS NOT NULL AND {_SPAN}
  ORDER BY e.org DESC, e.process_id DESC, e.id DESC LIMIT %(budget)s
"""
_STATE = 'e.state COLLATE "C"'
_BY_STATE = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, {_STATE} DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, {_STATE}, e.id) < (%(org)s, %(text)s, %(below)s)
    AND (e.org, {_STATE}, e.id) >= (%(org)s, %(text)s, %(lowest)s) AND e.status <> 3 AND {_SPAN}
  ORDER BY e.org DESC, {_STATE} DESC, e.id DESC LIMIT %(budget)s
"""
_PARENT = 'e.parent COLLATE "C"'
_BY_PARENT = f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, {_PARENT} DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, {_PARENT}, e.id) < (%(org)s, %(parent)s, %(below)s)
    AND (e.org, {_PARENT}, e.id) >= (%(org)s, %(parent)s, %(lowest)s) AND e.parent <> '' AND {_SPAN}
  ORDER BY e.org DESC, {_PARENT} DESC, e.id DESC LIMIT %(budget)s
"""
# One look-up for each row, in the month of its id: a join would read the partitions of all months.
_LOOKED_UP = "CROSS JOIN LATERAL (SELECT x.* FROM execution x WHERE x.id = m.id LIMIT 1) e"
_BY_VALUE = f"""
  SELECT e.*, m.place FROM (
    SELECT v.org, v.value, v.execution_id AS id,
      row_number() OVER (ORDER BY v.org DESC, v.value DESC, v.execution_id DESC) AS place
    FROM (SELECT DISTINCT s.org, s.value, s.execution_id FROM search_field s
          WHERE (s.org, s.value, s.execution_id) < (%(org)s, %(text)s, %(below)s)
            AND (s.org, s.value, s.execution_id) >= (%(org)s, %(text)s, %(lowest)s)
          ORDER BY s.org DESC, s.value DESC, s.execution_id DESC LIMIT %(budget)s) v) m {_LOOKED_UP}
  ORDER BY m.org DESC, m.value DESC, m.id DESC
"""
# An execution without a process id answers to its own id.
_BY_ID = f"""
  SELECT e.*, 0 AS place FROM execution e WHERE e.id = %(id)s AND e.org = %(org)s AND {_SPAN}
"""


def _matches(text: str, condition: str) -> str:
    """Returns the statement of a few matches in the order of a text: at import, from constants only."""
    return f"""
      SELECT e.id FROM execution e
      WHERE (e.org, {text}) >= (%(org)s, %(low)s) AND (e.org, {text}) < (%(org)s, %(high)s) AND {condition}
      ORDER BY e.org, {text} LIMIT %(matches)s
    """


_MATCHES: Final[Mapping[Kind, str]] = {
    "PREFIX": _matches("e.process_id", "e.process_id IS NOT NULL"),
    "ENDING": _matches('(reverse(e.process_id)) COLLATE "C"', "e.process_id IS NOT NULL"),
    "STATE_PREFIX": _matches(_STATE, "e.status <> 3"),
    "VALUE_PREFIX": """
      SELECT s.execution_id AS id FROM search_field s
      WHERE (s.org, s.value) >= (%(org)s, %(low)s) AND (s.org, s.value) < (%(org)s, %(high)s)
      ORDER BY s.org, s.value LIMIT %(matches)s
    """,
}
_PROBES: Final = {kind: f"SELECT count(*) FROM ({statement}) e" for kind, statement in _MATCHES.items()}


def _sorted(matches: str) -> str:
    """Returns the source of a few matches: sorting them is cheap, and none is past the budget."""
    return f"""
      SELECT e.*, 0 AS place FROM (SELECT DISTINCT e.id FROM ({matches}) e WHERE {_SPAN}) m {_LOOKED_UP}
      ORDER BY e.id DESC
    """


_FITS = """
  ((%(statuses)s >> e.status) & 1 = 1 AND (%(triggers)s >> e.trigger) & 1 = 1
  AND (%(versions)s::bigint[] IS NULL OR e.version = ANY (%(versions)s::bigint[]))
  AND (%(workflows)s::integer[] IS NULL OR e.workflow = ANY (%(workflows)s::integer[]))
  AND (%(parents)s::text[] IS NULL OR e.parent = ANY (%(parents)s::text[]))
  AND (%(patterns)s::text[] IS NULL OR coalesce(e.process_id, e.id::text) LIKE ANY (%(patterns)s::text[])
    OR e.process_id LIKE ANY (%(endings)s::text[])))
"""
# A term may also be an execution's own id where that has a process id.
_FOUND = """
  (e.process_id LIKE ANY (%(terms)s::text[]) OR (e.status <> 3 AND e.state LIKE ANY (%(terms)s::text[]))
    OR (%(term_ids)s::text[] IS NOT NULL AND e.id::text LIKE ANY (%(term_ids)s::text[]))
    OR e.workflow = ANY (%(term_workflows)s::integer[])
    OR EXISTS (SELECT 1 FROM search_field s WHERE s.execution_id = e.id AND s.value LIKE ANY (%(terms)s::text[])))
"""
_HAS_VALUE = """
  EXISTS (SELECT 1 FROM search_field s WHERE s.execution_id = e.id AND s.name = %(field:n:)s
    AND s.value LIKE ANY (%(texts:n:)s::text[]))
"""


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


def statement(kind: Kind, *, has_terms: bool = False, fields: int = 0) -> str:
    """Returns the statement that reads one source for a filter that may have terms, and has so many search fields."""
    found = [_FOUND] if has_terms else []
    fits = " AND ".join([_FITS, *found, *(_HAS_VALUE.replace(":n:", str(number)) for number in range(fields))])
    names = ("(SELECT n.id FROM name n WHERE n.n = e.org)", "(SELECT n.id FROM name n WHERE n.n = e.workspace)")
    columns = (
        "e.id",
        *names,
        "(SELECT n.id FROM name n WHERE n.n = e.workflow)",
        "e.version, e.status, e.state, e.trigger, e.process_id, e.profile, e.parent, e.seq, e.modified_ms",
        "e.modified_by",
        f"coalesce({fits}, false)",
        "e.place",
    )
    parts = ("SELECT ", ", ".join(columns), " FROM (", _SOURCES[kind], ") e WHERE e.place = %(budget)s OR (", fits, ")")
    return "".join((*parts, " LIMIT %(limit)s"))


async def list_heads(
    connection: Connection, names: Names, organization_id: str, wanted: Filter, after: str, limit: int
) -> tuple[list[Head], str]:
    """Returns one page and where its budget ended; see `looply.engine.ports.store.Reads.list`. Raises: BadRequest."""
    bounds = page_parameters(wanted, after, limit)
    org, *found_workflows = await names.find(connection, organization_id, *wanted.workflow_ids)
    workflows = [number for number in found_workflows if number is not None]
    if org is None or (wanted.workflow_ids and not workflows):
        return [], ""
    shared: dict[str, Any] = {
        **bounds,
        "org": org,
        "statuses": sum(1 << STATUS_NUMBERS[status] for status in set(wanted.statuses)) or _ALL,
        "triggers": sum(1 << TRIGGER_NUMBERS[kind] for kind in set(wanted.trigger_types)) or _ALL,
        "versions": list(wanted.workflow_versions) or None,
        "workflows": workflows or None,
        "parents": list(wanted.parents) or None,
        "below": UUID(bytes=bounds["below"]),
        "lowest": UUID(bytes=bounds["lowest"]),
        "patterns": None,
        "endings": None,
    }
    if wanted.process_ids:
        any_id, own = process_id_patterns(wanted.process_ids)
        shared |= {"patterns": _likes(any_id), "endings": _likes(own)}
    shared |= await _sought(connection, names, wanted)
    parts: dict[str, Any] = {"has_terms": bool(wanted.terms), "fields": len(wanted.fields)}
    # All sources are read in one state of the store: what moves between two of them must not be missed.
    async with connection.transaction():
        spans = await _first_way(connection, shared, wanted)
        shared["budget"] = budget_of(wanted, len(spans))
        found = []
        for span in spans:
            arguments = await _arguments(connection, names, shared, span)
            cursor = await connection.execute(statement(span.kind, **parts), arguments, binary=True)
            found.append(await cursor.fetchall())
    return merge_page(found, limit, shared["budget"])


async def _sought(connection: Connection, names: Names, wanted: Filter) -> dict[str, Any]:
    """Returns what terms and search fields are compared with."""
    facts: dict[str, Any] = {}
    for number, (name, texts) in enumerate(wanted.fields):
        facts |= {f"field{number}": name, f"texts{number}": _likes(texts)}
    if wanted.terms:
        found = await names.find(connection, *wanted.term_workflows) if wanted.term_workflows else []
        facts |= {
            "terms": _likes(wanted.terms),
            "term_ids": _likes(id_patterns(wanted.terms)) or None,
            "term_workflows": [number for number in found if number is not None],
        }
    return facts


async def _first_way(connection: Connection, shared: Mapping[str, Any], wanted: Filter) -> Sequence[Span]:
    spans: Sequence[Span] = ()
    for spans in search_plans(wanted):
        if await _is_served(connection, shared, spans):
            break
    return spans


async def _is_served(connection: Connection, shared: Mapping[str, Any], spans: Sequence[Span]) -> bool:
    """Whether no span has more matches than can be sorted."""
    for span in spans:
        if span.kind in PROBED:
            probe = await (await connection.execute(_PROBES[span.kind], {**shared, **span.parameters})).fetchone()
            if probe is None or probe[0] > MATCHES:
                return False
    return True


async def _arguments(connection: Connection, names: Names, shared: Mapping[str, Any], span: Span) -> dict[str, Any]:
    arguments = {**shared, **span.parameters}
    if "id" in span.parameters:
        arguments["id"] = UUID(bytes=span.parameters["id"])
    if (name := span.parameters.get("span_workflow")) is not None:
        # Of a workflow that nothing is stored of there is no execution.
        arguments["span_workflow"] = (await names.find(connection, name))[0] or 0
    if span.ids is not None:
        low, high = span.ids
        arguments |= {
            "lowest": max(shared["lowest"], UUID(bytes=low)),
            "below": min(shared["below"], UUID(bytes=high)),
        }
    return arguments


def _likes(texts: Sequence[str]) -> list[str]:
    return [_like(text) for text in texts]


def _like(text: str) -> str:
    """Returns the LIKE pattern of a text in which only `*` is special."""
    escaped = "".join(f"\\{char}" if char in "\\%_" else char for char in text)
    return escaped.replace("*", "%")
