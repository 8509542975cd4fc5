"""Evaluates an XPath on a document. Every node that is visited is charged."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from looply.expressions.queries.xpath.functions import Context, call, check_call
from looply.expressions.queries.xpath.parsing import parse
from looply.expressions.queries.xpath.syntax import Call, Chain, Expr, Literal, Negation, Path, Step, Test
from looply.expressions.queries.xpath.tree import Kind, Node, read_document
from looply.expressions.queries.xpath.values import COMPARISONS, Conversion, Value
from looply.expressions.queries.xpath.writing import serialize
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.javascript import arithmetic
from looply.jsontext import Json

_BACKWARDS = frozenset({"ancestor", "ancestor-or-self", "parent", "preceding", "preceding-sibling"})
_SYMBOLS: Mapping[str, str] = {"div": "/", "mod": "%"}
_NAMED = frozenset({Kind.ELEMENT, Kind.ATTRIBUTE})


def select(run: Run, xml: str, path: str) -> Json:
    """Returns the result of a path: a truth value, a number (a float, maybe not finite), a text, or the texts of nodes.

    Raises: ExpressionError when the XML or the path is invalid, ExpressionLimit.
    """
    run.spend(len(path))
    tree = parse(path)
    nodes = read_document(run, xml)
    found = _Evaluator(run, nodes).value(tree, Context(nodes[0]))
    if not isinstance(found, list):
        return found
    texts: list[str] = []
    size = 0
    for node in _sort(run, found):
        texts.append(serialize(run, node, run.limits.expression_text_characters - size))
        size += len(texts[-1])
    return texts


class _Evaluator:
    def __init__(self, run: Run, nodes: list[Node]) -> None:
        self._run = run
        self._nodes = nodes
        self._convert = Conversion(run, nodes)

    def value(self, tree: Expr, context: Context) -> Value:
        self._run.spend(1)
        match tree:
            case Literal(value):
                return value
            case Path():
                return self._path(tree, context)
            case Call(name, arguments):
                check_call(name, len(arguments))
                return call(self._convert, context, name, [self.value(each, context) for each in arguments])
            case Chain():
                return self._chain(tree, context)
            case Negation(operand, times):
                number = self._convert.number(self.value(operand, context))
                return -number if times % 2 else number
            case _:
                raise ExpressionError(f"xPath() knows no variable ${tree.name} in the path")

    def _chain(self, tree: Chain, context: Context) -> Value:
        value = self.value(tree.first, context)
        for symbol, operand in tree.links:
            if symbol in {"and", "or"}:
                value = self._convert.holds(value)
                if value is not (symbol == "or"):
                    value = self._convert.holds(self.value(operand, context))
                continue
            other = self.value(operand, context)
            if symbol == "|":
                value = self._union(value, other)
            elif symbol in COMPARISONS:
                value = self._convert.compare(symbol, value, other)
            else:
                left, right = self._convert.number(value), self._convert.number(other)
                value = arithmetic(_SYMBOLS.get(symbol, symbol), left, right)
        return value

    def _union(self, left: Value, right: Value) -> list[Node]:
        if not isinstance(left, list) or not isinstance(right, list):
            raise ExpressionError("xPath() expects nodes on both sides of `|` in the path")
        return self._distinct([*left, *right])

    def _path(self, tree: Path, context: Context) -> Value:
        found = [context.node]
        if tree.start is not None:
            start = self.value(tree.start, context)
            if not isinstance(start, list):
                raise ExpressionError("xPath() expects nodes before `[` and `/` in the path")
            found = start
            if tree.predicates:
                found = self._filter(tree.predicates, _sort(self._run, found))
        if tree.is_absolute:
            found = self._nodes[:1]
        for step in tree.steps:
            found = self._distinct(self._take_step(step, found))
        return found

    def _take_step(self, step: Step, start: Sequence[Node]) -> list[Node]:
        axis = _AXES.get(step.axis)
        found: list[Node] = []
        if axis is None:
            return found
        for node in start:
            candidates = axis(self._nodes, node)
            self._run.spend(1 + (len(candidates) >> 2))
            matching = _matching(step.test, candidates)
            if step.predicates and matching:
                if step.axis in _BACKWARDS:
                    matching.reverse()
                matching = self._filter(step.predicates, matching)
            found.extend(matching)
            self._run.spend(len(matching) >> 2)
        return found

    def _filter(self, predicates: Iterable[Expr], nodes: list[Node]) -> list[Node]:
        for predicate in predicates:
            size = len(nodes)
            self._run.spend(size)
            nodes = [
                node
                for position, node in enumerate(nodes, 1)
                if self._is_chosen(self.value(predicate, Context(node, position, size)), position)
            ]
        return nodes

    def _is_chosen(self, value: Value, position: int) -> bool:
        return value == position if isinstance(value, float) else self._convert.holds(value)

    def _distinct(self, nodes: list[Node]) -> list[Node]:
        self._run.spend(len(nodes) >> 3)
        return list(dict.fromkeys(nodes))


def _sort(run: Run, nodes: list[Node]) -> list[Node]:
    run.spend(len(nodes))
    return sorted(nodes, key=lambda node: node.key)


def _matching(test: Test, candidates: Sequence[Node]) -> list[Node]:
    kinds, name = test.kinds, test.name
    if test.prefix is not None:
        if any(node.kind in kinds for node in candidates):
            raise ExpressionError(f"xPath() cannot know the prefix `{test.prefix}:` in the path; local-name() can help")
        return []
    if name is None:
        return [node for node in candidates if node.kind in kinds]
    if kinds != _NAMED:
        return [node for node in candidates if node.kind in kinds and node.name == name]
    return [node for node in candidates if node.kind in kinds and not node.uri and node.folded == name]


def _ancestors(node: Node) -> list[Node]:
    found = []
    at = node.parent
    while at is not None:
        found.append(at)
        at = at.parent
    return found[::-1]


def _following(nodes: list[Node], node: Node) -> list[Node]:
    """Returns Microsoft's axis: for a node with children, its descendants and the nodes that follow its parent."""
    if node.index or node.parent is None:
        return nodes[node.position + 1 :] if not node.index else []
    if not node.children:
        return nodes[node.end :]
    after = node.parent.end if node.parent.parent is not None else len(nodes)
    return nodes[node.position + 1 : node.end] + nodes[after:]


def _siblings(node: Node) -> list[Node]:
    return node.parent.children if node.parent is not None and not node.index else []


Axis = Callable[[list[Node], Node], list[Node]]
_AXES: Mapping[str, Axis] = {
    "ancestor": lambda _, node: _ancestors(node),
    "ancestor-or-self": lambda _, node: [*_ancestors(node), node],
    "attribute": lambda _, node: node.attributes,
    "child": lambda _, node: node.children,
    "descendant": lambda nodes, node: [] if node.index else nodes[node.position + 1 : node.end],
    "descendant-or-self": lambda nodes, node: [node] if node.index else nodes[node.position : node.end],
    "following": _following,
    "following-sibling": lambda _, node: [each for each in _siblings(node) if each.position > node.position],
    "parent": lambda _, node: [] if node.parent is None else [node.parent],
    "preceding": lambda nodes, node: [] if node.index else nodes[: node.position],
    "preceding-sibling": lambda _, node: [each for each in _siblings(node) if each.position < node.position],
    "self": lambda _, node: [node],
}
"""The nodes of each axis, in the order of the document. `following` and `preceding` are those of Microsoft's package.

An attribute (`index` is not 0) has neither children nor siblings.
"""
