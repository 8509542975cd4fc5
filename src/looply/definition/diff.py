"""The differences between two definitions, as plain data: for reviews, version lists and audits."""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final, Literal, TypeAlias

import msgspec

from looply.definition.values.pointer import join_pointer
from looply.jsontext import Json, canonical_json

ChangeKind: TypeAlias = Literal["added", "removed", "changed"]
Subject: TypeAlias = Literal["step", "edge", "workflow", "card", "datastore"]

ALIGNED: Final = 300
"""Longer lists are compared as a whole: aligning the items of two lists takes the product of their lengths."""

_ABSENT: Json = object()
_GRAPH = ("workflow_steps", "workflow_connections")


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. `before` and `after` are null where the value is absent."""

    kind: ChangeKind
    subject: Subject
    name: str
    """The step's id, the edge as `from/branch`, or the field of the definition; empty for other documents."""
    path: str = ""
    """JSON Pointer within the subject; empty for the whole of it."""
    before: Json = None
    after: Json = None


def diff_definitions(before: dict[str, Json], after: dict[str, Json]) -> tuple[Change, ...]:
    """Returns the changes that turn `before` into `after`: steps first, then edges, then all other fields.

    Steps are matched by id and edges by their exit, so moving them within the document is no change. Of a definition
    with errors, what has no readable id is matched by its place, and so are further ones with the same id.
    """
    changes = [
        *_diff("step", _steps(before), _steps(after)),
        *_diff("edge", _edges(before), _edges(after)),
        *_diff("workflow", _rest(before), _rest(after)),
    ]
    return tuple(changes)


def diff_documents(before: Json, after: Json, subject: Literal["card", "datastore"]) -> tuple[Change, ...]:
    """Returns the changes that turn one document into another.

    Items of lists are aligned, so that an item that is inserted is one change. A path points into `after`, that of
    something removed into `before`.
    """
    return tuple(_changes(subject, "", _differences(before, after, "", aligns=True)))


def _diff(subject: Subject, before: dict[str, Json], after: dict[str, Json]) -> Iterator[Change]:
    for name in dict.fromkeys((*before, *after)):
        yield from _changes(subject, name, _differences(before.get(name, _ABSENT), after.get(name, _ABSENT), ""))


def _changes(subject: Subject, name: str, differences: Iterable[tuple[str, Json, Json]]) -> Iterator[Change]:
    for path, old, new in differences:
        kind: ChangeKind = "added" if old is _ABSENT else "removed" if new is _ABSENT else "changed"
        yield Change(
            kind=kind,
            subject=subject,
            name=name,
            path=path,
            before=None if old is _ABSENT else old,
            after=None if new is _ABSENT else new,
        )


def _differences(before: Json, after: Json, path: str, *, aligns: bool = False) -> Iterator[tuple[str, Json, Json]]:
    """Returns the smallest members of objects that differ; a list is compared as a whole unless its items align."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
            yield from _differences(old, new, join_pointer(path, name), aligns=aligns)
    elif _ABSENT in (before, after) or canonical_json(before) != canonical_json(after):
        if aligns and isinstance(before, list) and isinstance(after, list) and max(len(before), len(after)) <= ALIGNED:
            yield from _aligned(before, after, path)
        else:
            yield path, before, after


def _aligned(before: list[Json], after: list[Json], path: str) -> Iterator[tuple[str, Json, Json]]:
    old, new = ([canonical_json(item) for item in items] for items in (before, after))
    for _, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        both = min(i_end - i, j_end - j)
        for k in range(both):
            yield from _differences(before[i + k], after[j + k], join_pointer(path, j + k), aligns=True)
        for k in range(i + both, i_end):
            yield join_pointer(path, k), before[k], _ABSENT
        for k in range(j + both, j_end):
            yield join_pointer(path, k), _ABSENT, after[k]


def _steps(document: dict[str, Json]) -> dict[str, Json]:
    return _named((_text(step, "id"), step) for step in _items(document, "workflow_steps"))


def _edges(document: dict[str, Json]) -> dict[str, Json]:
    return _named(
        (f"{_text(edge, 'from')}/{_text(edge, 'branch') or 'next'}", edge.get("to") if isinstance(edge, dict) else edge)
        for edge in _items(document, "workflow_connections")
    )


def _items(document: dict[str, Json], name: str) -> list[Json]:
    found = document.get(name)
    return found if isinstance(found, list) else []


def _text(item: Json, name: str) -> str:
    found = item.get(name) if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _named(pairs: Iterable[tuple[str, Json]]) -> dict[str, Json]:
    """Returns items by name; one without a name, or whose name another one has, by its name and its place."""
    found: dict[str, Json] = {}
    for place, (name, item) in enumerate(pairs):
        found[name if name and name not in found else f"{name}#{place}"] = item
    return found


def _rest(document: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in document.items() if name not in _GRAPH or not isinstance(value, list)}
