"""The differences between two definitions, as plain data: for reviews, version lists and audits."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from looply.definition.values.pointer import join_pointer
from looply.jsontext import Json, canonical_json

ChangeKind: TypeAlias = Literal["added", "removed", "changed"]
_ABSENT: Json = object()
_GRAPH = ("workflow_steps", "workflow_connections")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. `before` and `after` are null where the value is absent."""

    kind: ChangeKind
    subject: Literal["step", "edge", "workflow"]
    name: str
    """The step's id, the edge as `from/branch`, or the field of the definition."""
    path: str = ""
    """JSON Pointer within the subject; empty for the whole of it."""
    before: Json = None
    after: Json = None


def diff_definitions(before: dict[str, Json], after: dict[str, Json]) -> tuple[Change, ...]:
    """Returns the changes that turn `before` into `after`: steps first, then edges, then all other fields.

    Steps are matched by id and edges by their exit, so moving them within the document is no change. Both
    definitions must be valid.
    """
    changes = [
        *_diff("step", _steps(before), _steps(after)),
        *_diff("edge", _edges(before), _edges(after)),
        *_diff("workflow", _rest(before), _rest(after)),
    ]
    return tuple(changes)


def _diff(
    subject: Literal["step", "edge", "workflow"], before: dict[str, Json], after: dict[str, Json]
) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        for path, old, new in _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), ""):
            kind: ChangeKind = "added" if old is _ABSENT else "removed" if new is _ABSENT else "changed"
            yield Change(
                kind=kind,
                subject=subject,
                name=name,
                path=path,
                before=None if old is _ABSENT else old,
                after=None if new is _ABSENT else new,
            )


def _differences(before: Json, after: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    """Returns the smallest members of objects that differ; a list is compared as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), join_pointer(path, name))
    elif _ABSENT in (before, after) or canonical_json(before) != canonical_json(after):
        yield path, before, after


def _steps(document: dict[str, Json]) -> dict[str, Json]:
    return {step["id"]: step for step in document["workflow_steps"]}


def _edges(document: dict[str, Json]) -> dict[str, Json]:
    return {f"{edge['from']}/{edge.get('branch', 'next')}": edge["to"] for edge in document["workflow_connections"]}


def _rest(document: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in document.items() if name not in _GRAPH}
