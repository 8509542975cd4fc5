"""The functions of XPath 1.0."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from looply.expressions.queries.xpath.tree import XML, Kind, Node
from looply.expressions.queries.xpath.values import Conversion, Value, first_of, strict_number
from looply.expressions.values.errors import ExpressionError

_GAPS = re.compile("[ \t\r\n]+")
_HASHED = {Kind.DOCUMENT: "#document", Kind.TEXT: "#text", Kind.CDATA: "#cdata-section", Kind.COMMENT: "#comment"}


@dataclass(frozen=True, slots=True)
class Context:
    """The context of an evaluation: a node, its position from 1, and the number of nodes."""

    node: Node
    position: int = 1
    size: int = 1


Called = Callable[[Conversion, Context, Sequence[Value]], Value]


def call(conversion: Conversion, context: Context, name: str, arguments: Sequence[Value]) -> Value:
    """Returns the result of a function. Raises: ExpressionError."""
    return _FUNCTIONS[name][2](conversion, context, arguments)


def check_call(name: str, count: int) -> None:
    """Checks that a function exists and takes `count` arguments. Raises: ExpressionError."""
    if name not in _FUNCTIONS:
        raise ExpressionError(f"xPath() knows no function {name}() in the path")
    fewest, most, _ = _FUNCTIONS[name]
    if not fewest <= count <= most:
        raise ExpressionError(f"xPath() expects {fewest} to {most} arguments of {name}() in the path, found {count}")


def _nodes(name: str, value: Value) -> list[Node]:
    if not isinstance(value, list):
        raise ExpressionError(f"xPath() expects nodes as the argument of {name}() in the path")
    return value


def _count(_: Conversion, __: Context, arguments: Sequence[Value]) -> Value:
    return float(len(_nodes("count", arguments[0])))


def _sum(conversion: Conversion, _: Context, arguments: Sequence[Value]) -> Value:
    total = 0.0
    for node in _nodes("sum", arguments[0]):
        conversion.run.spend(1)
        total += strict_number(conversion.text_of(node))
    return total


def _id(conversion: Conversion, _: Context, arguments: Sequence[Value]) -> Value:
    value = arguments[0]
    texts = [conversion.text_of(node) for node in value] if isinstance(value, list) else [conversion.text(value)]
    ids = {name for text in texts for name in _GAPS.split(text)}
    conversion.run.spend(len(conversion.nodes) + len(ids))
    found: dict[str, Node] = {}
    for node in conversion.nodes:
        for attribute in node.attributes:
            if attribute.name == "id" and attribute.value in ids:
                found.setdefault(attribute.value, node)
    return list(found.values())


def _about(describe: Callable[[Node], str], name: str) -> Called:
    def called(conversion: Conversion, context: Context, arguments: Sequence[Value]) -> Value:
        node = first_of(conversion.run, _nodes(name, arguments[0])) if arguments else context.node
        return describe(node) if node is not None else ""

    return called


def _local_name(node: Node) -> str:
    return _HASHED.get(node.kind) or node.local


def _name(node: Node) -> str:
    return node.name


def _text_or_own(conversion: Conversion, context: Context, arguments: Sequence[Value]) -> str:
    return conversion.text(arguments[0]) if arguments else conversion.text_of(context.node)


def _number(conversion: Conversion, context: Context, arguments: Sequence[Value]) -> Value:
    return conversion.number(arguments[0]) if arguments else strict_number(conversion.text_of(context.node))


def _normalize_space(conversion: Conversion, context: Context, arguments: Sequence[Value]) -> Value:
    text = _text_or_own(conversion, context, arguments)
    conversion.run.spend(len(text) >> 4)
    return _GAPS.sub(" ", text.strip(" \t\r\n"))


def _on_texts(make: Callable[[Conversion, list[str]], Value]) -> Called:
    """Returns a function whose arguments are all converted to texts and charged."""

    def called(conversion: Conversion, _: Context, arguments: Sequence[Value]) -> Value:
        texts = [conversion.text(value) for value in arguments]
        conversion.run.spend(sum(map(len, texts)) >> 4)
        return make(conversion, texts)

    return called


def _concat(conversion: Conversion, texts: list[str]) -> Value:
    conversion.run.check_text(sum(map(len, texts)))
    return "".join(texts)


def _before(_: Conversion, texts: list[str]) -> Value:
    before, separator, _rest = texts[0].partition(texts[1]) if texts[1] else ("", "", "")
    return before if separator else ""


def _after(_: Conversion, texts: list[str]) -> Value:
    return texts[0].partition(texts[1])[2] if texts[1] else texts[0]


def _translate(_: Conversion, texts: list[str]) -> Value:
    text, old, new = texts
    table: dict[int, str] = {}
    for index, character in enumerate(old):
        table.setdefault(ord(character), new[index : index + 1])
    return text.translate(table)


def _substring(conversion: Conversion, _: Context, arguments: Sequence[Value]) -> Value:
    text = conversion.text(arguments[0])
    conversion.run.spend(len(text) >> 6)
    start = round_half_up(conversion.number(arguments[1])) - 1
    end = start + round_half_up(conversion.number(arguments[2])) if len(arguments) > 2 else math.inf
    first, last = sorted((_position(start, len(text)), _position(end, len(text))))
    return text[first:last]


def _position(value: float, length: int) -> int:
    return 0 if math.isnan(value) else int(max(0, min(value, length)))


def round_half_up(value: float) -> float:
    """Returns the nearest whole number, the greater of two equally near ones."""
    return float(math.floor(value + 0.5)) if math.isfinite(value) else value


def _whole(make: Callable[[float], float]) -> Called:
    def called(conversion: Conversion, _: Context, arguments: Sequence[Value]) -> Value:
        value = conversion.number(arguments[0])
        return float(make(value)) if math.isfinite(value) else value

    return called


def _language(conversion: Conversion, context: Context, arguments: Sequence[Value]) -> Value:
    ids = conversion.text(arguments[0])
    node: Node | None = context.node
    while node is not None:
        conversion.run.spend(1 + len(node.attributes))
        for attribute in node.attributes:
            if attribute.uri == XML and attribute.local == "lang":
                return attribute.value == ids or attribute.value.startswith(f"{ids}-")
        node = node.parent
    return False


_MANY = 1000
_FUNCTIONS: Mapping[str, tuple[int, int, Called]] = {
    "last": (0, 0, lambda _, context, __: float(context.size)),
    "position": (0, 0, lambda _, context, __: float(context.position)),
    "count": (1, 1, _count),
    "id": (1, 1, _id),
    "local-name": (0, 1, _about(_local_name, "local-name")),
    "namespace-uri": (0, 1, _about(lambda node: node.uri, "namespace-uri")),
    "name": (0, 1, _about(_name, "name")),
    "string": (0, 1, _text_or_own),
    "concat": (2, _MANY, _on_texts(_concat)),
    "starts-with": (2, 2, _on_texts(lambda _, texts: texts[0].startswith(texts[1]))),
    "contains": (2, 2, _on_texts(lambda _, texts: texts[1] in texts[0])),
    "substring-before": (2, 2, _on_texts(_before)),
    "substring-after": (2, 2, _on_texts(_after)),
    "substring": (2, 3, _substring),
    "string-length": (0, 1, lambda conversion, context, given: float(len(_text_or_own(conversion, context, given)))),
    "normalize-space": (0, 1, _normalize_space),
    "translate": (3, 3, _on_texts(_translate)),
    "boolean": (1, 1, lambda conversion, _, given: conversion.holds(given[0])),
    "not": (1, 1, lambda conversion, _, given: not conversion.holds(given[0])),
    "true": (0, 0, lambda _, __, ___: True),
    "false": (0, 0, lambda _, __, ___: False),
    "lang": (1, 1, _language),
    "number": (0, 1, _number),
    "sum": (1, 1, _sum),
    "floor": (1, 1, _whole(math.floor)),
    "ceiling": (1, 1, _whole(math.ceil)),
    "round": (1, 1, _whole(round_half_up)),
}
"""The smallest and the largest number of arguments of each function, and its implementation."""
