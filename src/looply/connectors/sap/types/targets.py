"""What a path of a request leads to: the type of the answer, and of the body."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from looply.connectors.sap.types.model import Call, Metadata, TypeRef

_SYSTEM: Final = ("$count", "$value", "$links", "$ref", "$metadata", "$batch")


@dataclass(frozen=True, slots=True)
class Target:
    """The end of a path. `name` is its last segment without a key; `ref` is None when its type is not declared."""

    name: str = ""
    ref: TypeRef | None = None
    call: Call | None = None
    """The function or action that the path calls, None when it addresses data."""


def find_target(metadata: Metadata, path: str) -> Target:
    """Returns what a path below the service leads to, such as `A_PurchaseOrder('1')/to_Item`."""
    found = Target()
    for index, segment in enumerate(segments_of(path)):
        name, key, _ = segment.partition("(")
        found = first_target(metadata, name) if index == 0 else next_target(metadata, found, name)
        if found.ref is None or found.ref.name.startswith("Edm."):
            continue
        if key and found.ref.is_list and found.call is None:
            found = Target(name, found.ref.item)
    return found


def segments_of(path: str) -> Iterator[str]:
    """Yields the segments of a path; a slash within quotes separates nothing."""
    if "'" not in path:
        yield from filter(None, path.split("/"))
        return
    begin, is_quoted = 0, False
    for position, character in enumerate(path):
        if character == "'":
            is_quoted = not is_quoted
        elif character == "/" and not is_quoted:
            if position > begin:
                yield path[begin:position]
            begin = position + 1
    if len(path) > begin:
        yield path[begin:]


def first_target(metadata: Metadata, name: str) -> Target:
    """Returns what the first segment of a path leads to, without its key."""
    if name in metadata.resources:
        return Target(name, metadata.resources[name])
    return _of_call(name, metadata.calls.get(name))


def next_target(metadata: Metadata, before: Target, name: str) -> Target:
    """Returns what a segment leads to that follows another one, without its key."""
    if name in _SYSTEM:
        return Target(name)
    if name == "$query":  # the query options are in the body
        return before
    member = None if before.ref is None else metadata.member(before.ref.name, name)
    if member is not None:
        return Target(name, member)
    if name in metadata.structures and before.ref is not None:
        return Target(name, TypeRef(name, before.ref.is_list))  # a cast to a derived type
    return _of_call(name, metadata.calls.get(name))


def _of_call(name: str, call: Call | None) -> Target:
    return Target(name) if call is None else Target(name, call.result, call)
