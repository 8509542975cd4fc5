"""Compares calls as definitions have them with the metadata of their service: which names it does not have.

Values are not compared. What an expression of the workflow gives is not known before it runs: its place is counted as
not checked.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from looply.connectors.sap.discovering.findings import Findings, below
from looply.connectors.sap.discovering.query_names import HOLE, read_fields, read_items, split_outside
from looply.connectors.sap.types.model import Metadata, TypeRef
from looply.connectors.sap.types.targets import Target, first_target, next_target, segments_of
from looply.definition.values.pointer import join_pointer
from looply.expressions import ExpressionSyntaxError, split_template
from looply.jsontext import Json

_CHECKED_OPTIONS: Final = ("$select", "$expand", "$filter", "$orderby")
_COMPUTED: Final = frozenset({"$apply", "$compute"})
_OF_SAP: Final = ("sap-", "saml2", "spnego")
"""Beginnings of parameters that every service of SAP knows."""
_MOST_CHARACTERS: Final = 64 * 1024
"""The length of an option that is compared; no system accepts a longer one."""
_LISTS: Final = ("results", "value")
"""What a list is within in a body: of a deep insert of version 2, of a property with many values."""
_TYPES: Final = ("@odata.type", "@type")
_MOST_LEVELS: Final = 20
"""Items of `$expand` within each other that are compared."""
_NAMED: Final = re.compile(rf"\s*([^\W\d{HOLE}][\w.]*|{HOLE})\s*=")
_UNTYPED: Final = TypeRef("")


class Comparison:
    """The comparison of calls with one service; what was found of the last one is in `findings`."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self.findings = Findings(metadata)

    def compare(self, call_input: Mapping[str, Json]) -> None:
        """Compares a call by its input, in which any text may have expressions."""
        self.findings.begin()
        batch, probe = call_input.get("batch"), call_input.get("probe")
        if call_input.get("next"):
            self.findings.skip("/next")
        elif isinstance(batch, str):
            self.findings.skip("/batch")
        elif isinstance(batch, list):
            parts: dict[str, Target | None] = {}
            for index, part in enumerate(batch):
                if isinstance(part, dict):
                    parts[f"${part.get('id')}"] = self._request(part, f"/batch/{index}", parts)
                elif isinstance(part, str):
                    self.findings.skip(f"/batch/{index}")
        else:
            self._request(call_input, "", {})
        if isinstance(probe, dict):
            self._request({"entity": probe.get("entity"), "params": probe.get("params")}, "/probe", {})
        elif isinstance(probe, str):
            self.findings.skip("/probe")

    def _request(self, request: Mapping[str, Json], at: str, parts: Mapping[str, Target | None]) -> Target | None:
        """Compares one request, and returns what its path leads to, None when that is not known.

        `parts` are what the earlier parts of a batch lead to, by their references, such as `$1`.
        """
        entity = request.get("entity")
        path = _marked(entity) if isinstance(entity, str) else ""
        target = self._path(path, f"{at}/entity", parts)
        self._params(target, request.get("params"), f"{at}/params")
        if request.get("body_type", "json") == "json" and not path.rpartition("/")[2].startswith("$"):
            self._body(target, request.get("body"), f"{at}/body")
        return target

    def _path(self, path: str, at: str, parts: Mapping[str, Target | None]) -> Target | None:
        found: Target | None = None
        segments = list(segments_of(path.strip(" ")))
        for index, segment in enumerate(segments):
            written, _, key = segment.partition("(")
            name = self.findings.full_name(unquote(written))
            if HOLE in name:
                self.findings.skip(at)
                return None
            if name.startswith("$") and name not in parts:
                # `$count` and the like have no fields of their own; what follows, as after `$each`, is not looked up.
                return found if index == len(segments) - 1 else None
            found = _created(parts[name]) if name in parts else self._next(found, name, at, is_first=index == 0)
            if found is None:
                return None
            if found.call is not None:
                names = self._names_in(key, at)
                self.findings.parameters(found.name, found.call, [(each, at) for each in names])
            elif key.strip(" )") and found.ref is not None and found.ref.is_list:
                self._key(found.ref.name, key, at, is_first=index == 0)
                found = Target(name, found.ref.item)
        return found

    def _next(self, before: Target | None, name: str, at: str, *, is_first: bool) -> Target | None:
        metadata = self._metadata
        if is_first:
            if name in metadata.resources or name in metadata.calls:
                return first_target(metadata, name)
            self.findings.first_name(name, at)
            return None
        if before is None or before.ref is None or before.ref.name not in metadata.structures:
            return None
        if metadata.member(before.ref.name, name) or name in metadata.structures or name in metadata.calls:
            return next_target(metadata, before, name)
        self.findings.field(before.ref.name, name, at)
        return None

    def _key(self, structure: str, key: str, at: str, *, is_first: bool) -> None:
        names = self._names_in(key, at)
        keys = next((each.keys for each in self._metadata.line(structure) if each.keys), [])
        known = {*keys, *self.findings.fields(structure)}
        unknown = next((name for name in names if name not in known), None)
        if unknown is not None:
            self.findings.key_field(structure, unknown, keys, at)
            return
        if not names and len(keys) > 1 and _first_group(key).strip() == HOLE:
            self.findings.skip(at)  # with `raw` it may be a whole key
        given = names or keys[:1]
        missing = [name for name in keys if name not in given]
        # Other fields may be a key too, and a part of the key may follow from the path before it.
        if is_first and missing and at not in self.findings.unchecked and all(name in keys for name in given):
            self.findings.missing_keys(structure, missing, keys, at)

    def _names_in(self, key: str, at: str) -> list[str]:
        """Returns the names of a key, or of parameters, as they follow a name: `Order='1',Item='2')`."""
        parts = split_outside(_first_group(key), ",")
        names = [found[1] for part in parts if (found := _NAMED.match(part)) is not None]
        if HOLE in names:
            self.findings.skip(at)
        return [name for name in names if name != HOLE]

    def _params(self, target: Target | None, params: Json, at: str) -> None:
        if isinstance(params, str):
            self.findings.skip(at)
        if not isinstance(params, dict):
            return
        structure = target.ref.name if target is not None and target.ref is not None else ""
        for name, value in params.items():
            if name not in _CHECKED_OPTIONS or not isinstance(value, str):
                continue
            place = join_pointer(at, name)
            if _COMPUTED & params.keys():
                self.findings.skip(place)  # a field may be a computed one
            else:
                self._option(structure, name, _marked(value), place)
        if self._metadata.version == 2 and target is not None and target.call is not None:
            own = [name for name in params if not name.casefold().startswith(("$", *_OF_SAP)) and "${" not in name]
            self.findings.parameters(target.name, target.call, below(at, own))

    def _option(self, structure: str, option: str, value: str, at: str, level: int = 0) -> None:
        if value == HOLE or level > _MOST_LEVELS or len(value) > _MOST_CHARACTERS:
            self.findings.skip(at)
        elif option in ("$select", "$expand"):
            for item in read_items(value):
                found = self._walk(structure, item.names, at)
                if _COMPUTED & item.options.keys():
                    self.findings.skip(at)
                    continue
                for name, nested in item.options.items():
                    if name in _CHECKED_OPTIONS:
                        self._option(found, name, nested, at, level + 1)
        else:
            variables: dict[str, str] = {}
            for path in read_fields(value):
                if path.is_unknown:
                    self.findings.skip(at)
                    continue
                begin = variables.get(path.variable, "") if path.variable else structure
                found = self._walk(begin, path.names, at)
                if path.binds:
                    variables[path.binds] = found

    def _walk(self, structure: str, names: tuple[str, ...], at: str) -> str:
        """Returns the type that a path of fields leads to; empty when it is not known."""
        for each in names:
            name = self.findings.full_name(each)
            if HOLE in name:
                self.findings.skip(at)
                return ""
            if name in self._metadata.structures:
                structure = name  # a cast to a derived type
                continue
            is_field = "." not in each and not name.startswith("$") and not name.endswith("*")
            if not is_field or structure not in self._metadata.structures:
                return ""
            found = self._metadata.member(structure, name)
            if found is None:
                self.findings.field(structure, name, at)
                return ""
            structure = found.name
        return structure

    def _body(self, target: Target | None, body: Json, at: str) -> None:
        if self._metadata.version == 2 and isinstance(body, dict) and body.keys() == {"d"}:
            body, at = body["d"], f"{at}/d"  # as an answer has it
        if isinstance(body, str) and "${" in body:
            self.findings.skip(at)
        elif target is not None and target.call is not None and isinstance(body, dict):
            call = target.call
            self.findings.parameters(target.name, call, below(at, [name for name in body if "@" not in name]))
            for name, value in body.items():
                self._members(call.parameters.get(name, _UNTYPED).name, value, join_pointer(at, name))
        elif target is not None and target.call is None and target.ref is not None:
            self._members(target.ref.name, body, at)

    def _members(self, structure: str, value: Json, at: str) -> None:
        if structure not in self._metadata.structures:
            return
        if isinstance(value, str) and "${" in value:
            self.findings.skip(at)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._members(structure, item, join_pointer(at, index))
        elif isinstance(value, dict) and (structure := self._type_of(value, structure, at)):
            for written, item in value.items():
                name, mark, _ = written.partition("@")
                if not name or name.startswith(("__", "odata.")) or "${" in name:
                    continue
                place = join_pointer(at, written)
                found = self._metadata.member(structure, name)
                if found is None and name in _LISTS and isinstance(item, list):
                    self._members(structure, item, place)
                elif found is None:
                    self.findings.field(structure, name, place)
                elif not mark:
                    self._members(found.name, item, place)

    def _type_of(self, value: Mapping[str, Json], declared: str, at: str) -> str:
        """Returns the type that a value names for itself, otherwise the declared one; empty when it is not known."""
        own = value.get("__metadata")
        if isinstance(own, dict):
            given, place = own.get("type"), f"{at}/__metadata/type"
        else:
            name = next((name for name in _TYPES if name in value), "")
            given, place = value.get(name), join_pointer(at, name)
        if not isinstance(given, str):
            return declared
        if "${" in given:
            self.findings.skip(place)
            return ""
        named = given.removeprefix("#")
        if "." not in named.rpartition(".")[0]:
            named = self.findings.full_name(named)  # an alias of a schema has no points
        return named if named in self._metadata.structures else ""


def _marked(text: str) -> str:
    """Returns a text with a hole in the place of each expression; a hole alone for one that cannot be read."""
    if "${" not in text:
        return text
    try:
        return "".join(piece if isinstance(piece, str) else HOLE for piece in split_template(text))
    except ExpressionSyntaxError:
        return HOLE


def _first_group(text: str) -> str:
    """Returns a text up to the parenthesis that closes it; a key may follow the parameters of a function."""
    depth, is_quoted = 0, False
    for position, character in enumerate(text):
        if character == "'":
            is_quoted = not is_quoted
        elif not is_quoted and character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                return text[:position]
    return text


def _created(target: Target | None) -> Target | None:
    """Returns what the reference to a part of a batch means: the entity that it has created."""
    return None if target is None or target.ref is None else Target(target.name, target.ref.item)
