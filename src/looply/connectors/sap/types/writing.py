"""Bodies of requests with OData's texts in place of numbers, dates and times, by the types of the service."""

from dataclasses import dataclass
from typing import Final

from looply.connectors.sap.types.model import Metadata, TypeRef
from looply.connectors.sap.types.targets import find_target
from looply.connectors.sap.types.values import may_be_written_as_text, write_value
from looply.jsontext import Json

IEEE754_TYPE: Final = "application/json;IEEE754Compatible=true"
"""Decimals and long integers are texts, which no reader on the way can round (OData 4.01, JSON Format 3.2)."""


@dataclass(frozen=True, slots=True)
class Written:
    """A body as it is sent. `is_ieee754`: it has numbers as texts, which its content type must say."""

    body: Json
    is_ieee754: bool = False


def needs_types(body: Json) -> bool:
    """Returns whether a body has values whose form in a request depends on their type."""
    pending = [body]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif may_be_written_as_text(item):
            return True
    return False


def write_body(metadata: Metadata, path: str, body: Json) -> Written:
    """Returns the body of a request of `path`. What the service does not declare is sent as it is."""
    target = find_target(metadata, path)
    if target.call is not None and isinstance(body, dict):
        parameters = target.call.parameters
        made: Json = {name: _value(metadata, item, parameters.get(name)) for name, item in body.items()}
    else:
        made = _value(metadata, body, None if target.ref is None else target.ref)
    return Written(made, metadata.version == 4 and made != body)


def _value(metadata: Metadata, value: Json, ref: TypeRef | None) -> Json:
    if isinstance(value, list):
        return [_value(metadata, item, ref) for item in value]
    if isinstance(value, dict):
        return {name: _value(metadata, item, _member(metadata, ref, name, item)) for name, item in value.items()}
    return value if ref is None else write_value(ref, value, metadata.version)


def _member(metadata: Metadata, ref: TypeRef | None, name: str, value: Json) -> TypeRef | None:
    if ref is None:
        return None
    found = metadata.member(ref.name, name)
    # The items of a deep insert of version 2 may be in an object with `results`.
    return ref if found is None and name == "results" and isinstance(value, list) else found
