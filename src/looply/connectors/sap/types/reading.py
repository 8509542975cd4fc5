"""Answers of OData services with typed values in place of OData's texts. The structure of an answer stays as it is."""

import re
from dataclasses import dataclass, field
from typing import Final

from looply.connectors.sap.types.model import Metadata, TypeRef
from looply.connectors.sap.types.targets import Target, find_target
from looply.connectors.sap.types.values import NUMBER, UnreadableValue, read_instant, read_value
from looply.definition.values.pointer import join_pointer
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits

IEEE754: Final = "ieee754compatible=true"
"""In a content type, in lower case: decimals and long integers of the body are texts."""

_ENDS: Final = rb"(?=\s*[,\]}])"
_NUMBERS: Final = re.compile(rb'[:\[,]\s*"' + NUMBER.encode() + rb'"' + _ENDS)
_TICKS: Final = re.compile(rb'"\\?/Date\(-?[0-9]{1,16}(?:[+-][0-9]{1,4})?\)\\?/"')
_TIMES: Final = re.compile(rb'"(?:PT[0-9]|datetime(?:offset)?\'|time\'|[0-9]{4}-[0-9]{2}-[0-9]{2}T)')
_COUNTS: Final = ("__count", "@odata.count", "@count")
_A_NUMBER: Final = re.compile(NUMBER)


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """What a text of an answer cannot say by itself."""

    numbers: bool
    """It has texts that are numbers by their form: an amount, or an order number."""
    times: bool
    """It has texts that are dates or times by their form."""


def find_ambiguity(content: bytes, content_type: str, data: Json) -> Ambiguity:
    """Returns what the metadata of the service must say of an answer. `data` is the JSON value of `content`."""
    if not isinstance(data, dict | list):
        return Ambiguity(numbers=False, times=False)
    has_texts = is_second_version(data) or IEEE754 in content_type.lower().replace(" ", "")
    return Ambiguity(
        numbers=has_texts and _NUMBERS.search(content) is not None,
        times=_TICKS.search(content) is not None or _TIMES.search(content) is not None,
    )


def is_second_version(data: Json) -> bool:
    """Returns whether the value is the body of an OData V2 answer, which is an object with `d` alone."""
    return isinstance(data, dict) and data.keys() == {"d"}


@dataclass(slots=True)
class Reading:
    """The reading of one answer. `unknown` are the pointers of numbers in texts whose type is not declared."""

    metadata: Metadata
    limits: Limits = DEFAULT_LIMITS
    unknown: list[str] = field(default_factory=list)

    def answer(self, data: Json, path: str) -> Json:
        """Returns the answer to a request of `path`, with exact numbers and ISO dates.

        Raises: UnreadableValue, with the pointer of the value.
        """
        target = find_target(self.metadata, path)
        if is_second_version(data):
            return {"d": self._second(data["d"], target)}
        if isinstance(data, dict) and "value" in data and (target.ref is None or _is_wrapped(target.ref)):
            ref = target.ref
            rest = self._object({name: item for name, item in data.items() if name != "value"}, "", "")
            value = self._value(data["value"], ref, "/value")
            return {name: value if name == "value" else rest[name] for name in data}
        return self._value(data, target.ref, "")

    def _second(self, value: Json, target: Target) -> Json:
        ref = target.ref
        # A property, and a call whose result is no entity, are in an object with their name.
        if isinstance(value, dict) and value.keys() == {target.name}:
            return {target.name: self._value(value[target.name], ref, f"/d/{target.name}")}
        return self._value(value, ref, "/d")

    def _value(self, value: Json, ref: TypeRef | None, pointer: str) -> Json:
        if isinstance(value, list):
            item = None if ref is None else ref.item
            return [self._value(one, item, join_pointer(pointer, index)) for index, one in enumerate(value)]
        if isinstance(value, dict):
            return self._object(value, "" if ref is None else ref.name, pointer)
        if ref is not None:
            try:
                return read_value(ref, value, self.limits)
            except UnreadableValue as error:
                raise UnreadableValue(f"{pointer or '/'} is {error}") from error
        if isinstance(value, str) and _A_NUMBER.fullmatch(value) is not None:
            self.unknown.append(pointer)
        return value

    def _object(self, value: dict[str, Json], name: str, pointer: str) -> dict[str, Json]:
        structure = _own_type(value) or name
        made: dict[str, Json] = {}
        for key, item in value.items():
            if key in _COUNTS:
                made[key] = int(item) if isinstance(item, str) and item.isascii() and item.isdigit() else item
            elif key.startswith("__") or "@" in key:
                made[key] = item
            else:
                ref = self._member(value, structure, name, key)
                made[key] = self._value(item, ref, join_pointer(pointer, key))
        return made

    def _member(self, value: dict[str, Json], structure: str, outer: str, key: str) -> TypeRef | None:
        declared = self.metadata.member(structure, key)
        if declared is not None:
            return declared
        if key == "results" and isinstance(value[key], list):
            return TypeRef(outer, is_list=True) if outer else None
        annotated = value.get(f"{key}@odata.type", value.get(f"{key}@type"))
        if isinstance(annotated, str):
            return _annotated(annotated)
        return None


def read_without_metadata(data: Json) -> Json:
    """Returns an answer of version 2 with the dates that show their type by their form: `/Date(ms)/`."""
    if isinstance(data, dict):
        return {name: item if name.startswith("__") else read_without_metadata(item) for name, item in data.items()}
    if isinstance(data, list):
        return [read_without_metadata(item) for item in data]
    if isinstance(data, str) and "/Date(" in data:
        return read_instant(data) or data
    return data


def _is_wrapped(ref: TypeRef) -> bool:
    return ref.is_list or ref.name.startswith("Edm.")


def _own_type(value: dict[str, Json]) -> str:
    """Returns the name of the type that an object states itself, empty when it states none."""
    described = value.get("__metadata")
    stated = described.get("type") if isinstance(described, dict) else value.get("@odata.type", value.get("@type"))
    return stated.removeprefix("#") if isinstance(stated, str) else ""


def _annotated(text: str) -> TypeRef:
    name = text.rpartition("#")[2]
    is_list = name.startswith("Collection(")
    name = name.removeprefix("Collection(").rstrip(")")
    return TypeRef(name if "." in name else f"Edm.{name}", is_list)
