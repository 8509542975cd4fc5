"""Serialization of a node as in Microsoft's package: a document of its own, with the namespaces that it uses."""

import re

from looply.expressions.queries.xml_pieces import XmlPieces
from looply.expressions.queries.xpath.tree import XML, XMLNS, Kind, Node
from looply.expressions.values.evaluation import Run

_IN_TEXT = re.compile("[<>&]")
_IN_ATTRIBUTE = re.compile('[<>&"\t\n\r]')
_NAMES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;"}

Scope = dict[str, str]
"""The namespace of each prefix that is declared in the enclosing output."""


def serialize(run: Run, node: Node, most: int) -> str:
    """Returns a node as XML, in at most `most` characters. Raises: ExpressionLimit."""
    writer = _Writer(run, run.limits.expression_text_characters - most)
    writer.node(node, {})
    return "".join(writer.pieces)


class _Writer(XmlPieces):
    def node(self, node: Node, scope: Scope) -> None:
        match node.kind:
            case Kind.DOCUMENT:
                for child in node.children:
                    self.node(child, scope)
            case Kind.ELEMENT:
                self._element(node, scope)
            case Kind.ATTRIBUTE:
                self._attribute(node.name, node.value)
            case Kind.TEXT:
                self._write(_IN_TEXT.sub(_escape, node.value))
            case Kind.CDATA:
                self._write(f"<![CDATA[{node.value}]]>")
            case Kind.COMMENT:
                self._write(f"<!--{node.value}-->")
            case _:
                self._write(f"<?{node.name} {node.value}?>")

    def _element(self, node: Node, scope: Scope) -> None:
        self._write(f"<{node.name}")
        declared = {each.name[6:]: each.value for each in node.attributes if _declares(each)}
        inner = {**scope, **declared}
        self._run.spend(2 + (len(inner) >> 6))
        for attribute in node.attributes:
            self._declare(attribute, inner)
            self._attribute(attribute.name, attribute.value)
        self._declare(node, inner)
        if not node.children:
            self._write("/>")
            return
        self._write(">")
        for child in node.children:
            self.node(child, inner)
        self._write(f"</{node.name}>")

    def _declare(self, node: Node, scope: Scope) -> None:
        """Declares the namespace of a name unless the enclosing output does."""
        prefix = node.prefix
        if not node.uri or node.uri == XMLNS or (prefix == "xml" and node.uri == XML):
            return
        if scope.get(prefix) != node.uri:
            self._attribute(f"xmlns:{prefix}" if prefix else "xmlns", node.uri)
            scope[prefix] = node.uri

    def _attribute(self, name: str, value: str) -> None:
        self._write(f' {name}="{_IN_ATTRIBUTE.sub(_escape, value)}"')


def _declares(attribute: Node) -> bool:
    return attribute.name == "xmlns" or attribute.name.startswith("xmlns:")


def _escape(match: re.Match[str]) -> str:
    return _NAMES.get(match[0], f"&#{ord(match[0])};")
