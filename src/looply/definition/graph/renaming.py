"""Renames a step of a definition: its edges, the settings that name it, and every expression and card that reads it."""

import re
from typing import Any, Final

import msgspec

from looply.definition.graph.model import START
from looply.definition.schemas.schema import RESERVED_IDS
from looply.definition.schemas.settings_schema import IDENTIFIER
from looply.definition.values.pointer import join_pointer
from looply.errors import Refused
from looply.expressions import ExpressionLimit, ExpressionSyntaxError
from looply.expressions.editing.renaming import Renaming
from looply.jsontext import Json
from looply.limits import Limits

_IDENTIFIER: Final = re.compile(IDENTIFIER)
_NAMING: Final = ("target", "of")
"""Settings whose value is the id of a step."""
_NO_TEMPLATES: Final = ("code", "schema", "schedule")
"""Settings without expressions."""
_CARD: Final = "card"


class RenamedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A definition after the renaming. `changed` are JSON Pointers to the values that changed.

    `unread` are those to texts that have the characters of the old id, and expressions that cannot be read: they did
    not change.
    """

    definition: dict[str, Json]
    changed: tuple[str, ...]
    unread: tuple[str, ...]


def rename_step(definition: dict[str, Json], old: str, new: str, limits: Limits) -> RenamedStep:
    """Returns the definition with another id for a step. The definition may have errors; the argument is not changed.

    Raises: Refused (code `BAD_STEP_ID`) for a new id that is not possible; (code `NO_STEP`) when there is no such step.
    """
    steps = definition.get("workflow_steps")
    ids = [step.get("id") for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    if old not in ids:
        raise Refused.at("/from", f"there is no step {old!r}", code="NO_STEP")
    if reason := _refusal(old, new, ids):
        raise Refused.at("/to", reason, code="BAD_STEP_ID")
    walk = _Walk(Renaming(old, new, limits), old, new)
    made = walk.document(definition)
    return RenamedStep(definition=made, changed=tuple(walk.changed), unread=tuple(walk.unread))


def _refusal(old: str, new: str, ids: list[Any]) -> str:
    if old == START:
        return f"the start is always {START!r}"
    if _IDENTIFIER.fullmatch(new) is None:
        return f"{new[:80]!r} is no id: a letter, then at most 63 letters, digits or _"
    if new.casefold() in RESERVED_IDS or new == START:
        return f"{new!r} is a name of the data document; choose another id"
    others = {id_.casefold() for id_ in ids if isinstance(id_, str) and id_ != old}
    if new.casefold() in others:
        return f"another step has the id {new!r}; expressions ignore the letter case of ids"
    return ""


class _Walk:
    """Copies what changes, and notes where."""

    def __init__(self, renaming: Renaming, old: str, new: str) -> None:
        self._renaming = renaming
        self._old = old
        self._new = new
        self.changed: list[str] = []
        self.unread: list[str] = []

    def document(self, definition: dict[str, Json]) -> dict[str, Json]:
        """Returns the definition after the renaming."""
        made = dict(definition)
        steps = [
            self._step(step, join_pointer("", "workflow_steps", index)) if isinstance(step, dict) else step
            for index, step in enumerate(definition["workflow_steps"])
        ]
        made["workflow_steps"] = steps
        edges = definition.get("workflow_connections")
        if isinstance(edges, list):
            made["workflow_connections"] = [
                self._edge(edge, join_pointer("", "workflow_connections", index)) if isinstance(edge, dict) else edge
                for index, edge in enumerate(edges)
            ]
        settings = definition.get("workflow_settings")
        if isinstance(settings, dict) and isinstance(settings.get("search_fields"), list):
            fields = [
                self._pointer(field, join_pointer("", "workflow_settings", "search_fields", index))
                for index, field in enumerate(settings["search_fields"])
            ]
            made["workflow_settings"] = {**settings, "search_fields": fields}
        return made

    def _step(self, step: dict[str, Json], path: str) -> dict[str, Json]:
        made = dict(step)
        if step.get("id") == self._old:
            made["id"] = self._note(self._new, join_pointer(path, "id"))
        settings = step.get("settings")
        if isinstance(settings, dict):
            made["settings"] = {
                name: self._setting(name, value, join_pointer(path, "settings", name))
                for name, value in settings.items()
            }
        return made

    def _setting(self, name: str, value: Json, path: str) -> Json:
        if name in _NAMING and value == self._old:
            return self._note(self._new, path)
        if name in _NO_TEMPLATES:
            return value
        return self._card(value, path, is_in_data=False) if name == _CARD else self._value(value, path)

    def _edge(self, edge: dict[str, Json], path: str) -> dict[str, Json]:
        ends = [end for end in ("from", "to") if edge.get(end) == self._old]
        return {**edge, **{end: self._note(self._new, join_pointer(path, end)) for end in ends}}

    def _pointer(self, field: Json, path: str) -> Json:
        head = f"/{self._old}"
        if isinstance(field, str) and (field == head or field.startswith(f"{head}/")):
            return self._note(f"/{self._new}{field.removeprefix(head)}", path)
        return field

    def _value(self, value: Json, path: str) -> Json:
        if isinstance(value, str):
            return self._text(value, path, is_in_data=False)
        if isinstance(value, dict):
            return {name: self._value(item, join_pointer(path, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, join_pointer(path, index)) for index, item in enumerate(value)]
        return value

    def _card(self, value: Json, path: str, *, is_in_data: bool) -> Json:
        """Returns a part of a card; within its `$data` bare names belong to the data that is chosen there."""
        if isinstance(value, str):
            return self._text(value, path, is_in_data=is_in_data)
        if isinstance(value, list):
            return [
                self._card(item, join_pointer(path, index), is_in_data=is_in_data) for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        is_inner = is_in_data or "$data" in value
        return {
            name: self._card(item, join_pointer(path, name), is_in_data=is_in_data if name == "$data" else is_inner)
            for name, item in value.items()
        }

    def _text(self, text: str, path: str, *, is_in_data: bool) -> str:
        try:
            made = self._renaming.text(text, is_in_data=is_in_data)
        except (ExpressionSyntaxError, ExpressionLimit):
            self.unread.append(path)
            return text
        return text if made == text else self._note(made, path)

    def _note(self, value: str, path: str) -> str:
        self.changed.append(path)
        return value
