"""External references of a definition: connections, datastores, operations and other workflows. Cards are embedded.

Only constant names are listed: the value of an expression is known when the step runs. The caller looks up whether the
named objects exist.
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import msgspec

from looply.definition.calls.operation_steps import OPERATION_STEPS
from looply.definition.calls.operations import NO_OPERATIONS, Operations
from looply.definition.graph.outline import Outline, StepOutline, read_outline
from looply.definition.settings.datastores import canonical_name, name_finding
from looply.definition.values.pointer import join_pointer
from looply.jsontext import Json

NameKind: TypeAlias = Literal["operation", "connection", "system", "datastore", "workflow"]

_CREATES_DATASTORE: Final = ("set", "merge")
_UNKNOWN_NAME: Final = ""


class ExternalName(msgspec.Struct, frozen=True, kw_only=True):
    """An external object that a definition names. `path` is the JSON Pointer of the name in the definition."""

    kind: NameKind
    name: str
    path: str
    detail: Json = None
    """For a connection the kind that the step requires, None for any kind; for a system the fields that name it; for a
    workflow the version as it is written, None for the newest ACTIVE one."""
    other_kinds: tuple[str, ...] = ()
    """For a connection the kinds that fit beside `detail`."""
    connection_kind: str = ""
    """For a system the kind of its connection."""


def external_names(document: dict[str, Json], operations: Operations = NO_OPERATIONS) -> tuple[ExternalName, ...]:
    """Returns the names in document order. Fields of a wrong type are skipped: the schema check reports them.

    `operations` are the installed ones, which declare the kind of their connection.

    A datastore that a step of the same definition creates (`set`, `merge`) is not listed, because a `get` may follow
    it; when such a step computes the name, the datastores of `get` and `delete` steps are not listed either.
    """
    outline = read_outline(document)
    created = _created_datastores(outline)
    found = [name for step in outline.steps for name in _of_step(step, created, operations)]
    settings = document.get("workflow_settings")
    on_failure = constant_text(settings.get("on_failure")) if isinstance(settings, dict) else None
    if on_failure:
        found.append(ExternalName(kind="workflow", name=on_failure, path="/workflow_settings/on_failure"))
    return tuple(found)


def constant_text(value: Json) -> str | None:
    """Returns a constant text of the settings; None when it has an expression, or is no text."""
    return value if isinstance(value, str) and "${" not in value else None


def _of_step(step: StepOutline, created: frozenset[str], operations: Operations) -> Iterator[ExternalName]:
    type_ = step.type.name if step.type is not None else ""
    if type_ in OPERATION_STEPS:
        yield from _operations(step, type_, operations)
    if type_ == "approval":
        yield from _approval_datastores(step)
    if (
        type_ == "datastore"
        and step.settings.get("operation") not in _CREATES_DATASTORE
        and _UNKNOWN_NAME not in created
    ):
        yield from (each for each in _datastores(step, "name", step.settings.get("name")) if each.name not in created)
    if type_ == "subworkflow" and (name := constant_text(step.settings.get("workflow_id"))):
        version = step.settings.get("version")
        yield ExternalName(kind="workflow", name=name, path=_at(step, "workflow_id"), detail=version)


def _operations(step: StepOutline, type_: str, operations: Operations) -> Iterator[ExternalName]:
    kind, other_kinds = OPERATION_STEPS[type_].connection_kind or None, OPERATION_STEPS[type_].other_kinds
    if type_ == "operation" and (name := constant_text(step.settings.get("operation"))):
        yield ExternalName(kind="operation", name=name, path=_at(step, "operation"))
        kind = operations[name].connection_kind or None if name in operations else None
        other_kinds = operations[name].other_kinds if name in operations else ()
    yield from _connections(step, kind, other_kinds)
    if OPERATION_STEPS[type_].names_systems:
        yield from _systems(step, OPERATION_STEPS[type_].connection_kind)


def _connections(step: StepOutline, kind: str | None, other_kinds: tuple[str, ...]) -> Iterator[ExternalName]:
    if name := constant_text(step.settings.get("connection")):
        path = _at(step, "connection")
        yield ExternalName(kind="connection", name=name, path=path, detail=kind, other_kinds=other_kinds)


def _systems(step: StepOutline, kind: str) -> Iterator[ExternalName]:
    system, client = constant_text(step.settings.get("system_id")), step.settings.get("client")
    if system and isinstance(client, int | str) and "${" not in str(client):
        fields: dict[str, Json] = {"system_id": system, "client": client}
        yield ExternalName(kind="system", name=system, path=_at(step, "system_id"), detail=fields, connection_kind=kind)


def _approval_datastores(step: StepOutline) -> Iterator[ExternalName]:
    people = step.settings.get("recipients")
    if isinstance(people, dict):
        yield from _datastores(step, "recipients/datastore", people.get("datastore"))
    yield from _datastores(step, "calendar", step.settings.get("calendar"))


def _datastores(step: StepOutline, field: str, value: Json) -> Iterator[ExternalName]:
    name = constant_text(value)
    if name is not None and not name_finding(name):
        yield ExternalName(kind="datastore", name=canonical_name(name), path=_at(step, *field.split("/")))


def _created_datastores(outline: Outline) -> frozenset[str]:
    """Returns the datastores that steps of the definition create; the empty name for a computed one."""
    names = (
        constant_text(step.settings.get("name"))
        for step in outline.steps
        if step.type is not None
        and step.type.name == "datastore"
        and step.settings.get("operation") in _CREATES_DATASTORE
    )
    return frozenset(canonical_name(name) if name else _UNKNOWN_NAME for name in names)


def _at(step: StepOutline, *names: str) -> str:
    return join_pointer(step.path, "settings", *names)
