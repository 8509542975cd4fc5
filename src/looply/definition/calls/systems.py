"""The name of a system that a step calls without naming a connection: its `system_id` and `client`, as one text.

The name is stored with each effect, so it is a function of the input alone, and the same in every process, whichever
connectors it has. Which connection has the system, its kind says (`ConnectionKind.criteria`).
"""

from collections.abc import Mapping
from typing import Final

from looply.jsontext import Json

_ID: Final = "system_id"
_CLIENT: Final = "client"


def system_name(values: Mapping[str, Json]) -> str:
    """Returns the name of the system that an input names: `S4H#100`; empty when it names none."""
    system = values.get(_ID)
    return f"{system}#{values.get(_CLIENT, '')}" if isinstance(system, str) and system else ""


def system_fields(name: str) -> Mapping[str, Json]:
    """Returns the fields of an input that has this name; none for a text that is no name of a system."""
    system, _, client = name.rpartition("#")
    return {_ID: system, _CLIENT: client} if system else {}
