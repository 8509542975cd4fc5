"""The objects that a definition names: other workflows, cards, connections, datastores and calendars.

Only constant names are listed: the value of an expression is known when the step runs. A definition with errors has
the uses of its readable part.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from looply.definition.calls.external_names import constant_text
from looply.definition.graph.outline import StepOutline, read_outline
from looply.definition.settings.datastores import canonical_name, name_finding
from looply.definition.values.pointer import join_pointer
from looply.jsontext import Json

UseKind: TypeAlias = Literal["workflow", "card", "connection", "datastore", "calendar"]

LABEL_CHARACTERS: Final = 200
_NAME_CHARACTERS: Final = 200
"""Longer names are those of no object."""

_SHOWS_CARD: Final = ("adaptiveCard", "approval")


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """One place where a definition names an object. `name` is the id of a workflow or card, in lower case.

    `path` is the JSON Pointer of the name. `step` is empty for a setting of the workflow; `label` is the first line of
    the step's description.
    """

    kind: UseKind
    name: str
    path: str
    step: str = ""
    label: str = ""


def uses_of(document: dict[str, Json]) -> tuple[Use, ...]:
    """Returns the uses in document order. A calendar is listed as a datastore, too."""
    found = [
        Use(kind=kind, name=name, path=path, step=step.id, label=label_of(step.raw.get("description")))
        for step in read_outline(document).steps
        for kind, name, path in _of_step(step)
    ]
    settings = document.get("workflow_settings")
    on_failure = constant_text(settings.get("on_failure")) if isinstance(settings, dict) else None
    if on_failure:
        found.append(Use(kind="workflow", name=on_failure.lower(), path="/workflow_settings/on_failure"))
    return tuple(use for use in found if len(use.name) <= _NAME_CHARACTERS)


def _of_step(step: StepOutline) -> Iterator[tuple[UseKind, str, str]]:
    type_ = step.type.name if step.type is not None else ""
    if name := constant_text(step.settings.get("connection")):
        yield "connection", name, _at(step, "connection")
    card_id = constant_text(step.settings.get("card_id"))
    if type_ in _SHOWS_CARD and "card" not in step.settings and card_id:
        yield "card", card_id.lower(), _at(step, "card_id")
    if type_ == "approval":
        people = step.settings.get("recipients")
        if isinstance(people, dict):
            yield from _datastore(step, "datastore", people.get("datastore"), "recipients", "datastore")
        yield from _datastore(step, "datastore", step.settings.get("calendar"), "calendar")
        yield from _datastore(step, "calendar", step.settings.get("calendar"), "calendar")
    if type_ == "datastore":
        yield from _datastore(step, "datastore", step.settings.get("name"), "name")
    if type_ == "subworkflow" and (name := constant_text(step.settings.get("workflow_id"))):
        yield "workflow", name.lower(), _at(step, "workflow_id")


def _datastore(step: StepOutline, kind: UseKind, value: Json, *field: str) -> Iterator[tuple[UseKind, str, str]]:
    name = constant_text(value)
    if name is not None and not name_finding(name):
        yield kind, canonical_name(name), _at(step, *field)


def label_of(description: Json) -> str:
    """Returns the first line of a step's description."""
    lines = description.splitlines() if isinstance(description, str) else []
    return lines[0][:LABEL_CHARACTERS] if lines else ""


def _at(step: StepOutline, *names: str) -> str:
    return join_pointer(step.path, "settings", *names)
