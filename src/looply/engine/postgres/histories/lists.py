"""How PostgreSQL reads the sources of lists.

An index is named to PostgreSQL by comparing and ordering all its columns at once: no other one has that order. The
bare comparison of ids beside it only excludes the months that are out of the span.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from looply.engine.coding.rows import INCIDENT_NUMBERS, STATUS_NUMBERS, TRIGGER_NUMBERS
from looply.engine.coding.searching import Kind, id_patterns, in_order, process_id_patterns
from looply.engine.ports.lists import Filter, Having
from looply.engine.sql.lists import HAVING, ListDialect, ListPlan

_ALL = 0b111111
"""All statuses, or all kinds of triggers, as bits."""

_SPAN = "e.id < %(below)s AND e.id >= %(lowest)s"

_STATE = 'e.state COLLATE "C"'
_PARENT = 'e.parent COLLATE "C"'
# One look-up for each row, in the month of its id: a join would read the partitions of all months.
_LOOKED_UP = "CROSS JOIN LATERAL (SELECT x.* FROM execution x WHERE x.id = m.id LIMIT 1) e"


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
  AND (%(profiles)s::text[] IS NULL OR e.profile = ANY (%(profiles)s::text[]))
  AND (%(parents)s::text[] IS NULL OR e.parent = ANY (%(parents)s::text[]))
  AND (%(patterns)s::text[] IS NULL OR coalesce(e.process_id, e.id::text) LIKE ANY (%(patterns)s::text[])
    OR e.process_id LIKE ANY (%(endings)s::text[])))
"""
# A term may also be an execution's own id where that has a process id.
_FOUND = """
  (e.process_id LIKE ANY (%(terms)s::text[]) OR (e.status <> 3 AND e.state LIKE ANY (%(terms)s::text[]))
    OR (%(term_ids)s::text[] IS NOT NULL AND e.id::text LIKE ANY (%(term_ids)s::text[]))
    OR e.workflow = ANY (%(term_workflows)s::integer[])
    OR (NOT %(hides_values)s
      AND EXISTS (SELECT 1 FROM search_field s WHERE s.execution_id = e.id AND s.value LIKE ANY (%(terms)s::text[]))))
"""
_HAS_VALUE = """
  EXISTS (SELECT 1 FROM search_field s WHERE s.execution_id = e.id AND s.name = %(field:n:)s
    AND s.value LIKE ANY (%(texts:n:)s::text[]))
"""
_HAS_INCIDENT = """
  EXISTS (SELECT 1 FROM incident i WHERE i.execution_id = e.id
    AND (%(codes)s::text[] IS NULL OR i.code = ANY (%(codes)s::text[]))
    AND (%(kinds)s::smallint[] IS NULL OR i.kind = ANY (%(kinds)s::smallint[]))
    AND (%(steps)s::text[] IS NULL OR i.step = ANY (%(steps)s::text[])))
"""
_IS_QUEUED: Final = """
  EXISTS (SELECT 1 FROM effect f WHERE f.execution_id = e.id AND f.state = 0 AND f.queue = ANY (%(queues)s::text[]))
"""

_SPANS: Final[Mapping[Kind, str]] = {
    # `place` numbers the rows of a source: the one numbered `budget` is returned whether it fits or not.
    "ORGANIZATION": f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.id) < (%(org)s, %(below)s) AND (e.org, e.id) >= (%(org)s, %(lowest)s) AND {_SPAN}
  ORDER BY e.org DESC, e.id DESC LIMIT %(budget)s
""",
    # Its index does not have the organization, and a caller may name the workflow of another one: what is read of that
    # costs no more than the budget, and none of it leaves, not even the id where the budget ended.
    "WORKFLOW": f"""
  SELECT w.* FROM (
    SELECT e.*, row_number() OVER (ORDER BY e.workflow DESC, e.id DESC) AS place FROM execution e
    WHERE (e.workflow, e.id) < (%(span_workflow)s, %(below)s)
      AND (e.workflow, e.id) >= (%(span_workflow)s, %(lowest)s) AND {_SPAN}
    ORDER BY e.workflow DESC, e.id DESC LIMIT %(budget)s) w
  WHERE w.org = %(org)s
""",
    "STATUS": f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.status DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.status, e.id) < (%(org)s, %(status)s::smallint, %(below)s)
    AND (e.org, e.status, e.id) >= (%(org)s, %(status)s::smallint, %(lowest)s) AND e.status <> 3 AND {_SPAN}
  ORDER BY e.org DESC, e.status DESC, e.id DESC LIMIT %(budget)s
""",
    "PROCESS_ID": f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, e.process_id DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, e.process_id, e.id) < (%(org)s, %(text)s, %(below)s)
    AND (e.org, e.process_id, e.id) >= (%(org)s, %(text)s, %(lowest)s) AND e.process_id IS NOT NULL AND {_SPAN}
  ORDER BY e.org DESC, e.process_id DESC, e.id DESC LIMIT %(budget)s
""",
    "STATE": f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, {_STATE} DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, {_STATE}, e.id) < (%(org)s, %(text)s, %(below)s)
    AND (e.org, {_STATE}, e.id) >= (%(org)s, %(text)s, %(lowest)s) AND e.status <> 3 AND {_SPAN}
  ORDER BY e.org DESC, {_STATE} DESC, e.id DESC LIMIT %(budget)s
""",
    "PARENT": f"""
  SELECT e.*, row_number() OVER (ORDER BY e.org DESC, {_PARENT} DESC, e.id DESC) AS place FROM execution e
  WHERE (e.org, {_PARENT}, e.id) < (%(org)s, %(parent)s, %(below)s)
    AND (e.org, {_PARENT}, e.id) >= (%(org)s, %(parent)s, %(lowest)s) AND e.parent <> '' AND {_SPAN}
  ORDER BY e.org DESC, {_PARENT} DESC, e.id DESC LIMIT %(budget)s
""",
    "VALUE": f"""
  SELECT e.*, m.place FROM (
    SELECT v.org, v.value, v.execution_id AS id,
      row_number() OVER (ORDER BY v.org DESC, v.value DESC, v.execution_id DESC) AS place
    FROM (SELECT DISTINCT s.org, s.value, s.execution_id FROM search_field s
          WHERE (s.org, s.value, s.execution_id) < (%(org)s, %(text)s, %(below)s)
            AND (s.org, s.value, s.execution_id) >= (%(org)s, %(text)s, %(lowest)s)
          ORDER BY s.org DESC, s.value DESC, s.execution_id DESC LIMIT %(budget)s) v) m {_LOOKED_UP}
  ORDER BY m.org DESC, m.value DESC, m.id DESC
""",
    # An execution without a process id answers to its own id.
    "ID": f"""
  SELECT e.*, 0 AS place FROM execution e WHERE e.id = %(id)s AND e.org = %(org)s AND {_SPAN}
""",
}

Narrowed: TypeAlias = Literal["terms", "cause", "queues"]
"""What a filter may have beside search fields: terms, what the incident is, the queues that calls are in."""

_NARROWED: Final[Mapping[Narrowed, str]] = {"terms": _FOUND, "cause": _HAS_INCIDENT, "queues": _IS_QUEUED}


def statement(
    kind: Kind,
    *,
    narrowed: Collection[Narrowed] = (),
    fields: int = 0,
    has: Sequence[Having] = (),
    is_oldest_first: bool = False,
) -> str:
    """Returns the statement that reads one source for a filter that has `fields` search fields.

    `narrowed` is what else of the filter narrows the list; `has` is what the executions must have open.
    """
    found = [text for name, text in _NARROWED.items() if name in narrowed]
    if has:
        found.append(f"({' OR '.join(HAVING[each] for each in has)})")
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
    source = in_order(_SPANS.get(kind) or _sorted(_MATCHES[kind]), is_oldest_first=is_oldest_first)
    parts = ("SELECT ", ", ".join(columns), " FROM (", source, ") e WHERE e.place = %(budget)s OR (", fits, ")")
    return "".join((*parts, " LIMIT %(limit)s"))


def _plan_of(query: Filter, workflows: Sequence[int], term_workflows: Sequence[int]) -> ListPlan:
    parameters: dict[str, Any] = {
        "statuses": sum(1 << STATUS_NUMBERS[status] for status in set(query.statuses)) or _ALL,
        "triggers": sum(1 << TRIGGER_NUMBERS[kind] for kind in set(query.trigger_types)) or _ALL,
        "versions": list(query.workflow_versions) or None,
        "workflows": workflows or None,
        "profiles": list(query.profiles) or None,
        "parents": list(query.parents) or None,
        "patterns": None,
        "endings": None,
    }
    if query.process_ids:
        any_id, own = process_id_patterns(query.process_ids)
        parameters |= {"patterns": _likes(any_id), "endings": _likes(own)}
    for number, (name, texts) in enumerate(query.fields):
        parameters |= {f"field{number}": name, f"texts{number}": _likes(texts)}
    if query.terms:
        parameters |= {
            "terms": _likes(query.terms),
            "term_ids": _likes(id_patterns(query.terms)) or None,
            "term_workflows": term_workflows,
            "hides_values": query.hides_values,
        }
    if query.cause is not None:
        parameters |= {
            "codes": list(query.cause.codes) or None,
            "kinds": [INCIDENT_NUMBERS[kind] for kind in query.cause.kinds] or None,
            "steps": list(query.cause.steps) or None,
        }
    if query.queues:
        parameters["queues"] = list(query.queues)
    is_given: dict[Narrowed, bool] = {
        "terms": bool(query.terms),
        "cause": query.cause is not None,
        "queues": bool(query.queues),
    }
    read = partial(
        statement,
        narrowed=[name for name, is_so in is_given.items() if is_so],
        fields=len(query.fields),
        has=query.has,
        is_oldest_first=query.is_oldest_first,
    )
    return read, parameters


LISTS: Final = ListDialect(_plan_of, _MATCHES, lambda data: UUID(bytes=data))
"""How PostgreSQL reads lists."""


def _likes(texts: Sequence[str]) -> list[str]:
    return [_like(text) for text in texts]


def _like(text: str) -> str:
    """Returns the LIKE pattern of a text in which only `*` is special."""
    escaped = "".join(f"\\{char}" if char in "\\%_" else char for char in text)
    return escaped.replace("*", "%")
