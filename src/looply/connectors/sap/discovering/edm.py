"""Reads `$metadata` (CSDL XML of OData 2 and 4) as an outline: entity sets, their fields, and operations.

It has what people and tools look for; the reader of `types` keeps what the values of each call need.
"""

from collections.abc import Mapping
from typing import Any, Final

from looply.connectors.sap.types.elements import UnreadableMetadata, local_name, parse_elements
from looply.errors import Rejected
from looply.jsontext import Json

_HTTP_METHOD: Final = "HttpMethod"
_OPERATIONS: Final = {"Function": "function", "Action": "action", "FunctionImport": "function import"}


def read_edm(content: bytes, name: str) -> dict[str, Json]:
    """Returns the outline of a service: `entity_sets` and `operations`, each by name.

    `name` is that of the service, for messages. Raises: Rejected (code `BAD_METADATA`).
    """
    outline = _Outline()
    try:
        parse_elements(content, outline.start, outline.end)
    except UnreadableMetadata as error:
        raise _bad(name, str(error)) from error
    if not outline.has_schema:
        raise _bad(name, "it has no schema of OData")
    return outline.document()


def _bad(name: str, reason: str) -> Rejected:
    return Rejected(f"the $metadata of {name} cannot be read: {reason}", code="BAD_METADATA", sent=True)


class _Outline:
    """Collects what is shown while the document is read, element by element."""

    def __init__(self) -> None:
        self.has_schema = False
        self._path: list[str] = []
        self._namespace = ""
        self._types: dict[str, dict[str, Any]] = {}
        self._type: dict[str, Any] = {}
        self._operation: dict[str, Any] = {}
        self._operations: list[dict[str, Any]] = []
        self._sets: dict[str, str] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Takes the beginning of an element."""
        self._path.append(local_name(tag))
        # Attributes of SAP and of Microsoft have a prefix.
        named = {local_name(name): value for name, value in attributes.items() if not name.startswith("xmlns")}
        element, parent = self._path[-1], self._path[-2] if len(self._path) > 1 else ""
        if element == "Schema":
            self.has_schema, self._namespace = True, named.get("Namespace", "")
        elif element in ("EntityType", "ComplexType"):
            self._type = {"keys": [], "properties": [], "navigation": [], "base": named.get("BaseType", "")}
            self._types[f"{self._namespace}.{named.get('Name', '')}"] = self._type
        elif element == "EntitySet" and "Name" in named:
            self._sets[named["Name"]] = named.get("EntityType", "")
        elif element in _OPERATIONS and not (element == "FunctionImport" and "Function" in named):
            self._operation = _operation(element, named)
            self._operations.append(self._operation)
        else:
            self._add_part(element, parent, named)

    def end(self, _tag: str) -> None:
        """Takes the end of an element."""
        self._path.pop()

    def document(self) -> dict[str, Json]:
        """Returns the outline."""
        sets = [self._set(name, type_) for name, type_ in sorted(self._sets.items())]
        return {"entity_sets": sets, "operations": sorted(self._operations, key=lambda each: each["name"])}

    def _add_part(self, element: str, parent: str, named: dict[str, str]) -> None:
        if element == "PropertyRef" and parent == "Key":
            self._type["keys"].append(named.get("Name", ""))
        elif element == "Property" and parent in ("EntityType", "ComplexType"):
            self._type["properties"].append(_property(named))
        elif element == "NavigationProperty" and parent == "EntityType":
            self._type["navigation"].append(named.get("Name", ""))
        elif element == "Parameter" and parent in _OPERATIONS and self._operation:
            self._operation["parameters"].append({"name": named.get("Name", ""), "type": named.get("Type", "")})
        elif element == "ReturnType" and parent in _OPERATIONS and self._operation:
            self._operation["returns"] = named.get("Type", "")

    def _set(self, name: str, type_: str) -> dict[str, Json]:
        found: dict[str, list[Json]] = {"keys": [], "properties": [], "navigation": []}
        known: set[str] = set()
        while type_ in self._types and type_ not in known:
            known.add(type_)
            part = self._types[type_]
            found = {field: [*part[field], *found[field]] for field in found}
            type_ = part["base"]
        return {"name": name, **found}


def _operation(element: str, named: dict[str, str]) -> dict[str, Any]:
    kind = _OPERATIONS[element]
    usual = "POST" if element == "Action" else "GET"
    return {
        "name": named.get("Name", ""),
        "kind": kind,
        "method": named.get(_HTTP_METHOD, usual),
        "is_bound": named.get("IsBound", "false") == "true",
        "parameters": [],
        "returns": named.get("ReturnType", ""),
    }


def _property(named: dict[str, str]) -> dict[str, Json]:
    found: dict[str, Json] = {"name": named.get("Name", ""), "type": named.get("Type", "")}
    for name, shown in (("MaxLength", "max_length"), ("Precision", "precision"), ("Scale", "scale")):
        if named.get(name, "").isdecimal():
            found[shown] = int(named[name])
    found["nullable"] = named.get("Nullable", "true") == "true"
    return found | ({"label": named["label"]} if "label" in named else {})
