"""Reads the metadata document of an OData service (`$metadata`).

Sources: OData 2.0, "Conceptual Schema Definition File Format" (MC-CSDL); OData 4.01, CSDL XML Representation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from looply.connectors.sap.types.elements import UnreadableMetadata, local_name, parse_elements
from looply.connectors.sap.types.model import Call, Metadata, Structure, TypeRef, Version

_LIST: Final = "Collection("
_UNBOUND: Final = ("FunctionImport", "ActionImport")


def read_metadata(text: bytes) -> Metadata:
    """Returns the metadata that a document describes. Takes about 100 ms for a megabyte.

    Raises: UnreadableMetadata.
    """
    reader = _Reader()
    parse_elements(text, reader.begin, reader.end)
    return reader.metadata()


@dataclass(slots=True)
class _Navigation:
    """A navigation property of version 2, whose type is that of an end of an association."""

    structure: str
    name: str
    relationship: str
    role: str


@dataclass(slots=True)
class _Found:
    """What was read so far, with names as the document writes them: a namespace may have an alias."""

    structures: dict[str, Structure] = field(default_factory=dict)
    resources: dict[str, TypeRef] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, TypeRef] = field(default_factory=dict)
    ends: dict[tuple[str, str], TypeRef] = field(default_factory=dict)
    navigations: list[_Navigation] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)


class _Reader:
    """Receives the elements of the document."""

    def __init__(self) -> None:
        self._found = _Found()
        self._version: Version = 2
        self._is_metadata = False
        self._namespace = ""
        # The element around, as far as it gives a meaning to those within: its tag and its name.
        self._within: list[tuple[str, str]] = []

    def begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Reads the start of an element."""
        tag = local_name(tag)
        name = attributes.get("Name", "")
        match tag:
            case "Edmx":
                self._is_metadata = True
                self._version = 4 if attributes.get("Version", "").startswith("4") else 2
            case "Schema":
                self._namespace = attributes.get("Namespace", "")
                if "Alias" in attributes:
                    self._found.aliases[attributes["Alias"]] = self._namespace
            case "EntityType" | "ComplexType" | "Association" | "Function" | "Action":
                name = f"{self._namespace}.{name}"
                self._declare(tag, name, attributes)
            case "TypeDefinition":
                self._found.definitions[f"{self._namespace}.{name}"] = _type_of(attributes, "UnderlyingType")
            case "Property" | "NavigationProperty" | "Parameter" | "ReturnType" | "End" | "PropertyRef":
                self._add(tag, name, attributes)
            case "EntitySet":
                self._found.resources[name] = TypeRef(attributes.get("EntityType", ""), is_list=True)
            case "Singleton":
                self._found.resources[name] = _type_of(attributes)
            case "FunctionImport" | "ActionImport":
                self._import(tag, name, attributes)
        self._within.append((tag, name))

    def end(self, _: str) -> None:
        """Reads the end of an element."""
        self._within.pop()

    def _declare(self, tag: str, name: str, attributes: Mapping[str, str]) -> None:
        if tag in ("EntityType", "ComplexType"):
            is_open = attributes.get("OpenType") == "true"
            self._found.structures[name] = Structure(base=attributes.get("BaseType", ""), is_open=is_open)
        elif tag != "Association":
            # Overloads of a name have the same result.
            self._found.calls.setdefault(name, Call())

    def _add(self, tag: str, name: str, attributes: Mapping[str, str]) -> None:
        around, owner = self._within[-1] if self._within else ("", "")
        found = self._found
        if around == "Association" and tag == "End":
            many = attributes.get("Multiplicity") == "*"
            found.ends[owner, attributes.get("Role", "")] = TypeRef(attributes.get("Type", ""), is_list=many)
        elif around in ("EntityType", "ComplexType") and tag == "NavigationProperty" and "Relationship" in attributes:
            role = attributes.get("ToRole", "")
            found.navigations.append(_Navigation(owner, name, attributes["Relationship"], role))
        elif around == "Key" and tag == "PropertyRef":
            self._add_key(attributes.get("Alias", name))
        elif around in ("EntityType", "ComplexType") and tag in ("Property", "NavigationProperty"):
            found.structures[owner].members[name] = _type_of(attributes)
        elif around in ("Function", "Action", *_UNBOUND) and tag == "Parameter":
            found.calls[owner].parameters[name] = _type_of(attributes)
        elif around in ("Function", "Action") and tag == "ReturnType":
            found.calls[owner] = replace(found.calls[owner], result=_type_of(attributes))

    def _add_key(self, name: str) -> None:
        structure = self._found.structures.get(self._within[-2][1]) if len(self._within) > 1 else None
        if structure is not None:
            structure.keys.append(name)

    def _import(self, tag: str, name: str, attributes: Mapping[str, str]) -> None:
        declared = attributes.get(tag.removesuffix("Import"))
        if declared is not None:
            self._found.imports[name] = declared
        result = _type_of(attributes, "ReturnType") if "ReturnType" in attributes else None
        self._found.calls[name] = Call(result=result)

    def metadata(self) -> Metadata:
        """Returns what was read, with all names in full. Raises: UnreadableMetadata."""
        if not self._is_metadata:
            raise UnreadableMetadata("its first element is not `Edmx`")
        found = self._found
        for one in found.navigations:
            end = found.ends.get((self._full(one.relationship), one.role))
            if end is not None:
                found.structures[one.structure].members[one.name] = end
        structures = {
            name: replace(
                one, base=self._full(one.base), members={key: self._resolve(ref) for key, ref in one.members.items()}
            )
            for name, one in found.structures.items()
        }
        calls = {name: self._resolved_call(call) for name, call in found.calls.items()}
        calls |= {name: calls[full] for name, one in found.imports.items() if (full := self._full(one)) in calls}
        short = {name.rpartition(".")[2]: call for name, call in calls.items()}
        resources = {name: self._resolve(ref) for name, ref in found.resources.items()}
        return Metadata(self._version, structures, resources, {**short, **calls})

    def _resolved_call(self, call: Call) -> Call:
        result = None if call.result is None else self._resolve(call.result)
        return Call({name: self._resolve(ref) for name, ref in call.parameters.items()}, result)

    def _resolve(self, ref: TypeRef) -> TypeRef:
        if ref.name.startswith("Edm."):
            return ref
        name = self._full(ref.name)
        defined = self._found.definitions.get(name)
        if defined is None:
            return ref if name == ref.name else replace(ref, name=name)
        return replace(ref, name=defined.name, scale=defined.scale if ref.scale is None else ref.scale)

    def _full(self, name: str) -> str:
        """Returns a qualified name with the namespace in place of its alias."""
        prefix, _, last = name.rpartition(".")
        return f"{self._found.aliases[prefix]}.{last}" if prefix in self._found.aliases else name


def _type_of(attributes: Mapping[str, str], attribute: str = "Type") -> TypeRef:
    text = attributes.get(attribute, "")
    is_list = text.startswith(_LIST) and text.endswith(")")
    scale = attributes.get("Scale", "")
    return TypeRef(
        text[len(_LIST) : -1] if is_list else text,
        is_list,
        int(scale) if scale.isascii() and scale.isdigit() and len(scale) < 4 else None,
    )
