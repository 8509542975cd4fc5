"""The tree of an XML document, and its parser."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from xml.parsers import expat

from looply.expressions.values.errors import ExpressionError, ExpressionLimit
from looply.expressions.values.evaluation import Run

XML = "http://www.w3.org/XML/1998/namespace"
XMLNS = "http://www.w3.org/2000/xmlns/"
_LINE_ENDS = re.compile("\r[\n\x85]|[\r\x85\u2028]")
_DECLARATION = re.compile(r"<\?(\S*)\s*(.*?)\?>", re.DOTALL)


class Kind(Enum):
    """The kinds of nodes."""

    DOCUMENT = auto()
    ELEMENT = auto()
    ATTRIBUTE = auto()
    TEXT = auto()
    CDATA = auto()
    COMMENT = auto()
    INSTRUCTION = auto()


@dataclass(slots=True, eq=False)
class Node:
    """One node. `position` counts the nodes before it in the document; `end` is the position after its last descendant.

    Attributes have the position of their element; `index` counts them from 1, and is 0 for all other nodes. `folded` is
    the case-folded local name.
    """

    kind: Kind
    parent: "Node | None"
    position: int
    name: str = ""
    uri: str = ""
    value: str = ""
    index: int = 0
    end: int = 0
    folded: str = ""
    children: "list[Node]" = field(default_factory=list)
    attributes: "list[Node]" = field(default_factory=list)

    def __post_init__(self) -> None:
        """Folds the name."""
        if self.name:
            self.folded = self.local.lower()

    @property
    def prefix(self) -> str:
        """The part of the name before a colon, empty when there is none."""
        return self.name.partition(":")[0] if ":" in self.name else ""

    @property
    def local(self) -> str:
        """The part of the name after a colon, or all of it."""
        return self.name.partition(":")[2] or self.name

    @property
    def key(self) -> tuple[int, int]:
        """The sort key for document order."""
        return (self.position, self.index)


def read_document(run: Run, text: str) -> list[Node]:
    """Returns the nodes of a document without its attributes, in order; the first is the document itself.

    Raises: ExpressionError when it is not well-formed or has a document type, ExpressionLimit.
    """
    run.spend(len(text) >> 6)
    reader = _Reader(run)
    try:
        reader.read(_LINE_ENDS.sub("\n", text))
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise ExpressionError(f"xPath() expects well-formed XML: {error}") from error
    return reader.nodes


class _Reader:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._here = Node(Kind.DOCUMENT, None, 0)
        self.nodes = [self._here]
        self._texts: list[str] = []
        self._scopes: list[dict[str, str]] = [{"xml": XML, "xmlns": XMLNS}]

    def read(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._texts.append
        parser.StartCdataSectionHandler = self._flusher(Kind.TEXT)
        parser.EndCdataSectionHandler = self._flusher(Kind.CDATA)
        parser.CommentHandler = lambda content: self._leaf(Kind.COMMENT, value=content)
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartDoctypeDeclHandler = _refuse
        parser.DefaultHandler = self._outside
        parser.Parse(text, True)
        self._here.end = len(self.nodes)

    def _start(self, name: str, attributes: Sequence[str]) -> None:
        self._flush()
        self._run.spend(3 + 2 * len(attributes))
        scope = self._scopes[-1]
        pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
        declared = {key[6:]: value for key, value in pairs if key == "xmlns" or key.startswith("xmlns:")}
        self._scopes.append({**scope, **declared} if declared else scope)
        self._run.spend(len(self._scopes[-1]) if declared else 0)
        if len(self._scopes) > self._run.limits.json_levels:
            raise ExpressionLimit("json_levels", f"XML nested deeper than {self._run.limits.json_levels} levels")
        node = self._add(Kind.ELEMENT, name)
        node.uri = self._scopes[-1].get(node.prefix, "")
        for index, (key, value) in enumerate(pairs, 1):
            attribute = Node(Kind.ATTRIBUTE, node, node.position, key, value=value, index=index)
            if attribute.prefix:
                attribute.uri = self._scopes[-1].get(attribute.prefix, "")
            elif key == "xmlns":
                attribute.uri = XMLNS
            node.attributes.append(attribute)
        self._here = node

    def _finish(self, _: str) -> None:
        self._flush()
        self._scopes.pop()
        self._here.end = len(self.nodes)
        assert self._here.parent is not None
        self._here = self._here.parent

    def _flush(self, kind: Kind = Kind.TEXT) -> None:
        if self._texts:
            content = "".join(self._texts)
            self._texts.clear()
            self._add(kind, value=content)

    def _flusher(self, kind: Kind) -> Callable[[], None]:
        return lambda: self._flush(kind)

    def _leaf(self, kind: Kind, name: str = "", value: str = "") -> None:
        self._flush()
        self._add(kind, name, value)

    def _instruction(self, target: str, content: str) -> None:
        self._leaf(Kind.INSTRUCTION, target, content)

    def _outside(self, content: str) -> None:
        """Adds the content outside the root: white space, and the XML declaration as an instruction."""
        if (found := _DECLARATION.fullmatch(content)) is not None:
            self._leaf(Kind.INSTRUCTION, found[1], found[2])
        else:
            self._texts.append(content)

    def _add(self, kind: Kind, name: str = "", value: str = "") -> Node:
        self._run.spend(2)
        node = Node(kind, self._here, len(self.nodes), name, value=value, end=len(self.nodes) + 1)
        self._run.check_items(len(self.nodes))
        self.nodes.append(node)
        self._here.children.append(node)
        return node


def _refuse(*_: object) -> None:
    raise ExpressionError("xPath() expects XML without a document type (`<!DOCTYPE`)")
