"""The texts of small XML documents, such as error bodies of other systems."""

from typing import Final, TypeAlias
from xml.parsers import expat

_LARGEST: Final = 256 * 1024
_LEVELS: Final = 50

XmlText: TypeAlias = tuple[tuple[str, ...], str]
"""The local names from the root to an element, and the text in it."""


class _Unfit(Exception):
    """The document is not read: it has a document type, or too many levels."""


def xml_texts(text: str) -> list[XmlText]:
    """Returns the texts of the elements that have one, in the order in which they end.

    Nothing is returned for a text that is not well-formed XML, is larger than 256 KiB, has a document type, by which
    entities could be declared, or more than 50 levels.
    """
    if len(text) > _LARGEST or not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return []
    reader = _Reader()
    try:
        reader.parser.Parse(text.lstrip("\ufeff \t\r\n").encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError, _Unfit):
        return []
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: list[XmlText] = []
        self._names: list[str] = []
        self._texts: list[list[str]] = []
        # The text was decoded before, so a declared encoding does not count.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, _attributes: object) -> None:
        if len(self._names) >= _LEVELS:
            raise _Unfit
        self._names.append(name.rpartition(":")[2])
        self._texts.append([])

    def _end(self, _name: str) -> None:
        text = "".join(self._texts.pop()).strip()
        if text:
            self.found.append((tuple(self._names), text))
        self._names.pop()

    def _add(self, text: str) -> None:
        if self._texts:
            self._texts[-1].append(text)

    def _refuse(self, *_declaration: object) -> None:
        raise _Unfit
