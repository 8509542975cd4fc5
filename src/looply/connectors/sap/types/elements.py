"""Parses `$metadata`, a document of another system: bounded, and without anything that could do harm.

A document type is refused, so that no entity can be declared and nothing outside is ever read.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias
from xml.parsers import expat

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_ELEMENTS: Final = 500_000
"""The largest of SAP's own services have a tenth of it."""
MAX_DEPTH: Final = 100

Begin: TypeAlias = Callable[[str, Mapping[str, str]], None]
"""Takes the name of an element with its attributes; names are as written, with their prefixes."""
End: TypeAlias = Callable[[str], None]


class UnreadableMetadata(Exception):
    """The text is no metadata document; the message says why."""


def parse_elements(content: bytes, begin: Begin, end: End) -> None:
    """Calls `begin` and `end` for each element of a document. Takes about 100 ms for a megabyte.

    Raises: UnreadableMetadata.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableMetadata(f"it has {len(content)} bytes; the most are {MAX_BYTES}")
    bounds = _Bounds(begin, end)
    parser = expat.ParserCreate()
    parser.StartElementHandler = bounds.begin
    parser.EndElementHandler = bounds.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnreadableMetadata(f"it is not well-formed XML: {error}") from error
    except (LookupError, ValueError) as error:  # an encoding that does not exist, or that the parser does not read
        raise UnreadableMetadata("its encoding is not known") from error


def local_name(name: str) -> str:
    """Returns a name without its prefix."""
    return name.rpartition(":")[2]


class _Bounds:
    def __init__(self, begin: Begin, end: End) -> None:
        self._begin = begin
        self._end = end
        self._elements = 0
        self._depth = 0

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS:
            raise UnreadableMetadata(f"it has more than {MAX_ELEMENTS} elements")
        if self._depth > MAX_DEPTH:
            raise UnreadableMetadata(f"its elements are nested more than {MAX_DEPTH} deep")
        self._begin(name, attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._end(name)


def _refuse(*_: object) -> None:
    raise UnreadableMetadata("it has a document type, which could declare entities")
