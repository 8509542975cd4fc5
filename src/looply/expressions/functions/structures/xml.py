"""Functions on XML."""

import re
from collections.abc import Iterable

from looply.expressions.functions.declaring.declaration import Argument, Function, Type
from looply.expressions.functions.structures.jpath import document_of
from looply.expressions.functions.texts.regex import check_pattern
from looply.expressions.queries.xml_pieces import XmlPieces
from looply.expressions.queries.xpath import select
from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import Run
from looply.expressions.values.javascript import SPACES, javascript_text
from looply.expressions.values.semantics import kind_of, number, text
from looply.jsontext import Json

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_ESCAPES = str.maketrans({"&": "&amp;", ">": "&gt;", "<": "&lt;", "'": "&apos;", '"': "&quot;"})
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_TEXT = "#text"
_CONTAINERS = frozenset({list, dict})


def _xml(run: Run, value: Json) -> str:
    writer = _Writer(run)
    writer.members(document_of(run, "xml", value), 0)
    return (_DECLARATION + "".join(writer.pieces)).rstrip(SPACES)


def _xml_text(run: Run, value: Json) -> str:
    made = text(run, value)
    if (found := _NOT_IN_XML.search(made)) is not None:
        raise ExpressionError(f"xmlText() expects characters of XML, found U+{ord(found[0]):04X}")
    escaped = made.translate(_ESCAPES)
    run.check_text(len(escaped))
    run.spend(len(escaped) >> 6)
    return escaped


class _Writer(XmlPieces):
    """Writes a value as elements: a member is an element, a list repeats it, `#text` is the text within."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._elements = 0

    def members(self, value: Json, level: int) -> None:
        if level > self._run.limits.json_levels:
            raise ExpressionLimit("json_levels", f"a value nested deeper than {self._run.limits.json_levels} levels")
        for key, item in _members(value):
            self._member(key, item, level)

    def _member(self, key: str, item: Json, level: int) -> None:
        if item is None:
            self._nothing(key, level)
        elif type(item) is list:
            for each in item:
                if each is None:
                    self._nothing(key, level)
            for each in item:
                if type(each) in _CONTAINERS:
                    self._container(key, each, level)
                elif each is not None:
                    self._scalar(key, each, level)
        elif type(item) is dict:
            self._container(key, item, level)
        elif key == _TEXT:
            self._write(javascript_text(item).translate(_ESCAPES))
        else:
            self._scalar(key, item, level)

    def _nothing(self, key: str, level: int) -> None:
        self._element(f"{'  ' * level}<{key}{'?' if key[:1] == '?' else '/'}>\n")

    def _scalar(self, key: str, item: Json, level: int) -> None:
        if key[:1] == "?":
            self._element(f"{'  ' * level}<{key}?>\n")
        else:
            self._element(f"{'  ' * level}<{key}>{self._inner(item)}</{key}>\n")

    def _inner(self, item: Json) -> str:
        if type(item) is list and item:
            raise ExpressionError("xml() expects a text as `#text`, found a list")
        return (text(self._run, item) if type(item) is dict else javascript_text(item)).translate(_ESCAPES)

    def _container(self, key: str, item: Json, level: int) -> None:
        if type(item) is dict and len(item) == 1 and _TEXT in item:
            self._scalar(key, item[_TEXT], level)
            return
        indent, is_instruction = "  " * level, key[:1] == "?"
        slot, size, elements = len(self.pieces), self._size, self._elements
        self.pieces.append("")
        self.members(item, level + 1)
        opened, closed = (f"{indent}<{key}?>", "") if is_instruction else (f"{indent}<{key}>", f"</{key}>\n")
        if self._size == size:
            self._element(opened + (closed or "\n"))
            return
        if self._elements != elements:
            opened, closed = opened + "\n", indent + closed
        self.pieces[slot] = opened
        self._size += len(opened)
        self._element(closed)

    def _element(self, piece: str) -> None:
        self._elements += 1
        self._write(piece)


def _members(value: Json) -> Iterable[tuple[str, Json]]:
    if type(value) is dict:
        return value.items()
    if type(value) in {list, str}:
        return ((str(index), item) for index, item in enumerate(value))
    return ()


def _xpath(run: Run, xml: Json, path: Json) -> Json:
    if type(xml) is not str or not xml:
        raise ExpressionError(f"xPath() expects an XML text as `xml`, found {kind_of(xml)}")
    if type(path) is not str:
        raise ExpressionError(f"xPath() expects a text as `xpath`, found {kind_of(path)}")
    check_pattern(run, path)
    found = select(run, xml, path)
    if type(found) is float:
        return number(run, found)
    if found == []:
        raise ExpressionError(f"xPath() found nothing at {path[:40]!r}")
    return found


XML_FUNCTIONS = (
    Function(
        "xml",
        "conversion",
        (Argument("json"),),
        Type.TEXT,
        "Converts a value, or a JSON text, to XML: a member is an element, a list repeats it.",
        (
            "xml(json('{\"item\": [1, 2]}'))",
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<item>1</item>\n<item>2</item>',
        ),
        _xml,
    ),
    Function(
        "xmlText",
        "conversion",
        (Argument("value"),),
        Type.TEXT,
        "Escapes a text for XML or HTML, between tags and in quoted attributes. Looply's own.",
        ("xmlText('a < b & c')", "a &lt; b &amp; c"),
        _xml_text,
    ),
    Function(
        "xPath",
        "conversion",
        (Argument("xml"), Argument("xpath", type=Type.TEXT)),
        Type.ANY,
        "Finds nodes of an XML text with XPath 1.0, as a list of texts; a path that computes gives its value.",
        ("xPath('<a><b>1</b><b>2</b></a>', 'sum(/a/b)')", 3),
        _xpath,
    ),
)
