"""Operations on datastores: pure functions from a stored document to an output and a change.

A datastore is a named JSON document of an organization with a revision. A step reads and changes it through the
operations of this module, which the engine itself carries out: `datastore.get`, `.set`, `.merge`, `.delete` on one
datastore, and `datastore.read`, which any kind of step may schedule to read several of them at once. The shell loads
the documents before, and stores the change after.

A path (JSON Pointer, RFC 6901) names a value in the document. A set creates missing parents as objects, a read of a
missing value gives null. A value that is neither object nor array has no members, which is an error for a change and
null for a read.
"""

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from looply.definition.values.pointer import split_pointer
from looply.errors import BadInput, Rejected
from looply.jsontext import Json, encode_json, size_problem
from looply.limits import Limits

PREFIX: Final = "datastore."
READ: Final = "datastore.read"
"""Input {"names": [...]}, output {"<name>": its value, or null where there is no such datastore}."""


class StoredDatastore(msgspec.Struct, frozen=True, kw_only=True):
    """A datastore as it was read: its revision (0: there is none), its value, and the revision after the next change.

    The next revision is above every one that the name ever had, even if the datastore was deleted in between.
    """

    revision: int = 0
    value: Json = None
    next_revision: int = 1
    created_on: datetime | None = None


class DatastoreWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one datastore that counts only while `expected` is its revision (0: there is none).

    `value` is the whole document after it, unset when the datastore is deleted. `created_on` is None for a new one.
    """

    name: str
    expected: int
    revision: int
    value: Json | UnsetType = UNSET
    created_on: datetime | None = None


class OperationResult(msgspec.Struct, frozen=True, kw_only=True):
    """The output of an operation, and the change that must be stored together with it."""

    output: dict[str, Json]
    write: DatastoreWrite | None = None


def is_datastore_operation(operation: str) -> bool:
    """Returns whether the engine itself carries the operation out."""
    return operation.startswith(PREFIX)


def apply(operation: str, input_: dict[str, Json], known: StoredDatastore, limits: Limits) -> OperationResult:
    """Returns output and change of an operation (`get`, `set`, `merge`, `delete`) on a datastore as it was read.

    Raises: Rejected (code `CONFLICT`) when `if_revision` is not the revision; BadInput when the path names no value
    that can be changed; Rejected (code `LIMIT`) when the document would be too large or too deep.
    """
    name, path = input_["name"], split_pointer(input_.get("path", ""))
    expected = input_.get("if_revision")
    if expected is not None and expected != known.revision:
        is_there = f"is at revision {known.revision}" if known.revision else "does not exist, which is revision 0"
        message = f"the datastore {name!r} {is_there}; if_revision asks for {expected}"
        raise Rejected(message, code="CONFLICT")
    match operation:
        case "datastore.get":
            return OperationResult(output=_output(value_at(known.value, path), known.revision))
        case "datastore.delete":
            return _delete(name, path, known)
        case "datastore.set":
            value = input_["value"]
        case _:
            value = merge_patch(value_at(known.value, path), input_["value"])
    document = with_value(known.value, path, value)
    if reason := over_limits(document, limits):
        raise Rejected(f"the datastore {name!r} {reason}", code="LIMIT")
    write = _write(name, known, document)
    return OperationResult(output=_output(value, write.revision), write=write)


def over_limits(document: Json, limits: Limits) -> str:
    """Returns why a document is no datastore, empty when it may be one."""
    reason = size_problem(document, limits.datastore_bytes, limits)
    if not reason and len(encode_json(document)) > limits.datastore_bytes:
        reason = f"has more than {limits.datastore_bytes} bytes"
    return f"{reason}, which is the limit datastore_bytes" if "bytes" in reason else reason


def value_at(document: Json, path: tuple[str, ...]) -> Json:
    """Returns the value at a path, null when there is none."""
    for name in path:
        if isinstance(document, dict):
            document = document.get(name)
        elif isinstance(document, list) and (index := _index(name, len(document))) is not None:
            document = document[index]
        else:
            return None
    return document


def with_value(document: Json, path: tuple[str, ...], value: Json) -> Json:
    """Returns the document with a value at a path; only the containers on the path are copied.

    A missing or null parent becomes an object. `-`, or the length, appends to an array.
    Raises: BadInput.
    """
    if not path:
        return value
    name, rest = path[0], path[1:]
    if document is None:
        document = {}
    if isinstance(document, dict):
        return {**document, name: with_value(document.get(name), rest, value)}
    if not isinstance(document, list):
        raise BadInput(f"the path leads to {name!r} of a value that is neither an object nor an array")
    if name in ("-", str(len(document))):
        return [*document, with_value(None, rest, value)]
    index = _index(name, len(document))
    if index is None:
        raise BadInput(f"the path leads to {name!r} of an array of {len(document)} items")
    return [*document[:index], with_value(document[index], rest, value), *document[index + 1 :]]


def merge_patch(target: Json, patch: Json) -> Json:
    """Returns the target with a patch merge_patch into it: null removes, objects merge, all else replaces.

    Source: RFC 7396, JSON Merge Patch. The patch is a checked value, which bounds the depth of the recursion.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def without_value(document: Json, path: tuple[str, ...]) -> Json:
    """Returns the document without the value at a path, or the same document when it has none there."""
    name, rest = path[0], path[1:]
    if isinstance(document, dict) and name in document:
        if rest:
            inner = without_value(document[name], rest)
            return document if inner is document[name] else {**document, name: inner}
        return {key: value for key, value in document.items() if key != name}
    if isinstance(document, list) and (index := _index(name, len(document))) is not None:
        if rest:
            inner = without_value(document[index], rest)
            return document if inner is document[index] else [*document[:index], inner, *document[index + 1 :]]
        return [*document[:index], *document[index + 1 :]]
    return document


def _delete(name: str, path: tuple[str, ...], known: StoredDatastore) -> OperationResult:
    """Deletes a datastore or a value of it; when it does not exist, the operation succeeds and changes nothing."""
    if not known.revision:
        return OperationResult(output=_output(None, 0))
    if not path:
        write = DatastoreWrite(name=name, expected=known.revision, revision=known.next_revision)
        return OperationResult(output=_output(known.value, 0), write=write)
    document = without_value(known.value, path)
    if document is known.value:
        return OperationResult(output=_output(None, known.revision))
    write = _write(name, known, document)
    return OperationResult(output=_output(value_at(known.value, path), write.revision), write=write)


def _write(name: str, known: StoredDatastore, document: Json) -> DatastoreWrite:
    return DatastoreWrite(
        name=name,
        expected=known.revision,
        revision=known.next_revision,
        value=document,
        created_on=known.created_on,
    )


def _output(value: Json, revision: int) -> dict[str, Any]:
    return {"value": value, "revision": revision}


def _index(name: str, length: int) -> int | None:
    """Returns the index that a name of a pointer is in an array, None when it is none (RFC 6901 §4)."""
    is_number = name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and len(name) < 10
    return int(name) if is_number and int(name) < length else None
