"""The condition of a list on its rows, in SQL, made for each filter.

A page may look at 20,000 rows, so a condition has the parts that its filter needs and no others, and each text is a
parameter of its own: a list of texts in one parameter would be taken apart again for each row.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from looply.engine.coding.rows import INCIDENT_NUMBERS, STATUS_NUMBERS, TRIGGER_NUMBERS
from looply.engine.coding.searching import id_patterns, process_id_patterns
from looply.engine.ports.lists import CauseFilter, Filter
from looply.engine.sql.lists import HAVING

Parameters = dict[str, str | int]

_ID: Final = (
    "lower(substr(hex(e.id), 1, 8) || '-' || substr(hex(e.id), 9, 4) || '-' || substr(hex(e.id), 13, 4) || '-' ||"
    " substr(hex(e.id), 17, 4) || '-' || substr(hex(e.id), 21))"
)


class Condition(NamedTuple):
    """The text of a condition on a row `e` of executions, and the values of its own parameters."""

    text: str
    parameters: Parameters


def condition(query: Filter, workflows: Sequence[int], term_workflows: Sequence[int]) -> Condition:
    """Returns what a row must fulfil; its text is made of constants and the names of its parameters only.

    `workflows` are the numbers of the filter's workflows, `term_workflows` those of the workflows that the terms name.
    """
    parameters: Parameters = {}
    columns: dict[str, Sequence[str | int]] = {
        "e.status": [STATUS_NUMBERS[status] for status in query.statuses],
        "e.workflow": workflows,
        "e.version": query.workflow_versions,
        "e.trigger": [TRIGGER_NUMBERS[kind] for kind in query.trigger_types],
        "e.profile": query.profiles,
        "e.parent": query.parents,
    }
    parts = [_is_one_of(column, values, parameters) for column, values in columns.items() if values]
    if query.has:
        parts.append(f"({' OR '.join(HAVING[each] for each in query.has)})")
    if query.cause is not None:
        parts.append(_has_incident(query.cause, parameters))
    if query.queues:
        fits = _is_one_of("f.queue", query.queues, parameters)
        parts.append(f"EXISTS (SELECT 1 FROM effect f WHERE f.execution_id = e.id AND f.state = 0 AND {fits})")  # noqa: S608 - constants and names of parameters
    if query.process_ids:
        parts.append(_answers(query.process_ids, parameters))
    if query.terms:
        parts.append(_is_found(query, term_workflows, parameters))
    for name, texts in query.fields:
        value = _like("s.value", _named(texts, parameters))
        parts.append(_has_value(f"s.name = :{_name(name, parameters)} AND {value}"))
    return Condition(" AND ".join(parts) or "true", parameters)


def _has_incident(cause: CauseFilter, parameters: Parameters) -> str:
    columns: dict[str, Sequence[str | int]] = {
        "i.code": cause.codes,
        "i.kind": [INCIDENT_NUMBERS[kind] for kind in cause.kinds],
        "i.step": cause.steps,
    }
    fits = [_is_one_of(column, values, parameters) for column, values in columns.items() if values]
    parts = " AND ".join(["i.execution_id = e.id", *fits])
    return f"EXISTS (SELECT 1 FROM incident i WHERE {parts})"  # noqa: S608 - constants and names of parameters


def _answers(texts: Sequence[str], parameters: Parameters) -> str:
    any_id, own = process_id_patterns(texts)
    found = [_like("e.process_id", _named([*own, *any_id], parameters))]
    # An execution without a process id answers to its own id.
    if ids := id_patterns(texts):
        found.append(f"(e.process_id IS NULL AND {_like(_ID, _named(ids, parameters))})")
    return f"({' OR '.join(found)})"


def _is_found(query: Filter, term_workflows: Sequence[int], parameters: Parameters) -> str:
    names = _named(query.terms, parameters)
    found = [
        _like("e.process_id", names),
        f"(e.status <> 3 AND {_like('e.state', names)})",
    ]
    if term_workflows:
        found.append(_is_one_of("e.workflow", term_workflows, parameters))
    # It may also be an execution's own id where that has a process id.
    if ids := id_patterns(query.terms):
        found.append(_like(_ID, _named(ids, parameters)))
    if not query.hides_values:
        found.append(_has_value(_like("s.value", names)))
    return f"({' OR '.join(found)})"


def _is_one_of(column: str, values: Sequence[str | int], parameters: Parameters) -> str:
    return f"{column} IN ({', '.join(f':{_name(value, parameters)}' for value in values)})"


def _has_value(fits: str) -> str:
    return f"EXISTS (SELECT 1 FROM search_field s WHERE s.execution_id = e.id AND {fits})"  # noqa: S608 - constants


def _like(column: str, names: Sequence[str]) -> str:
    return f"({' OR '.join(f'{column} GLOB :{name}' for name in names) or 'false'})"


def _named(texts: Sequence[str], parameters: Parameters) -> list[str]:
    return [_name(_glob(text), parameters) for text in texts]


def _name(value: str | int, parameters: Parameters) -> str:
    name = f"fact{len(parameters)}"
    parameters[name] = value
    return name


def _glob(text: str) -> str:
    """Returns the GLOB pattern of a text in which only `*` is special."""
    return "".join(f"[{char}]" if char in "?[" else char for char in text)
