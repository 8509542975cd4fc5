"""Parses an XPath: the grammar of XPath 1.0 with the tokens of Microsoft's package."""

import re
from functools import lru_cache

from looply.expressions.queries.tokens import Token, TokenCursor, tokenize
from looply.expressions.queries.xpath.syntax import Call, Chain, Expr, Literal, Negation, Path, Step, Test, Variable
from looply.expressions.queries.xpath.tree import Kind

_CACHED = 256
_NAME = r"[^\W\d][\w.\u00b7-]*"
_TOKEN = re.compile(
    rf"""[ \t\r\n]*(?:
    (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
    |(?P<literal>"[^"]*"|'[^']*')
    |(?P<any>{_NAME}:\*)
    |(?P<axis>{_NAME})(?=::)
    |(?P<call>{_NAME}(?::{_NAME})?)(?=\()
    |(?P<name>{_NAME}(?::{_NAME})?)
    |(?P<symbol>//|\.\.|::|!=|<=|>=|[(){{}}\[\]@,|+\-=$./<>*])
    |(?P<end>\Z)
    )""",
    re.VERBOSE,
)
_WORDS = frozenset({"and", "or", "mod", "div"})
# After one of these, and at the start, a `*` and the words above are names.
_BEFORE_NAMES = frozenset(
    {"@", "::", "(", "[", "/", "//", "|", "+", "-", "=", "!=", "<", "<=", ">", ">=", "*", *_WORDS}
)
_RANKS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("=", "!="), 3),
    **dict.fromkeys(("<", "<=", ">", ">="), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "div", "mod"), 6),
}
_TIGHTEST = 6
_NAMED = frozenset({Kind.ELEMENT, Kind.ATTRIBUTE})
_TYPES = {
    "comment": frozenset({Kind.COMMENT}),
    "text": frozenset({Kind.TEXT, Kind.CDATA}),
    "processing-instruction": frozenset({Kind.INSTRUCTION}),
    "node": frozenset(Kind),
}
_ANY_NODE = Test(_TYPES["node"])
_EVERYWHERE = Step("descendant-or-self", _ANY_NODE)


@lru_cache(maxsize=_CACHED)
def parse(source: str) -> Expr:
    """Returns the tree of an XPath. Raises: ExpressionError."""
    return _Parser(source).parse()


def _tokens(source: str) -> list[Token]:
    """Returns the tokens; names and `*` that are operators are of the kind `operator`."""
    made: list[Token] = []
    for kind, text in tokenize("xPath", _TOKEN, source):
        is_operand = bool(made) and (made[-1].kind not in {"symbol", "operator"} or made[-1].text not in _BEFORE_NAMES)
        if text == "*" or text in _WORDS:
            made.append(Token("operator" if is_operand else "name" if text == "*" else kind, text))
        else:
            made.append(Token(kind, text))
    return made


class _Parser(TokenCursor):
    def __init__(self, source: str) -> None:
        super().__init__("xPath", _tokens(source))

    def parse(self) -> Expr:
        tree = self._binary(1)
        if self.token.kind != "end":
            raise self.token_error()
        return tree

    def _rank(self) -> int:
        return _RANKS.get(self.token.text, 0) if self.token.kind in {"symbol", "operator"} else 0

    def _binary(self, rank: int) -> Expr:
        """Parses operators of this precedence and of tighter ones."""
        if rank > _TIGHTEST:
            return self._unary()
        first = self._binary(rank + 1)
        links = []
        while self._rank() == rank:
            operator = self.consume().text
            links.append((operator, self._binary(rank + 1)))
        return Chain(first, tuple(links)) if links else first

    def _unary(self) -> Expr:
        times = 0
        while self.take_if("-"):
            times += 1
        first = self._path()
        links = []
        while self.take_if("|"):
            links.append(("|", self._path()))
        union = Chain(first, tuple(links)) if links else first
        return Negation(union, times) if times else union

    def _path(self) -> Expr:
        if self.at("/", "//"):
            return self._absolute()
        start = self._primary()
        if start is None:
            return Path(None, (), False, self._steps())
        predicates = self._predicates()
        if self.at("/", "//"):
            steps = (_EVERYWHERE,) if self.consume().text == "//" else ()
            return Path(start, predicates, False, steps + self._steps())
        return Path(start, predicates, False, ()) if predicates else start

    def _absolute(self) -> Expr:
        if self.consume().text == "//":
            return Path(None, (), True, (_EVERYWHERE, *self._steps()))
        return Path(None, (), True, self._steps() if self._begins_step() else ())

    def _begins_step(self) -> bool:
        if self.token.kind == "call":
            return self.token.text in _TYPES
        return self.token.kind in {"name", "any", "axis"} or self.at(".", "..", "@")

    def _primary(self) -> Expr | None:
        """Parses the primary expression that a path can start from; None when a step follows."""
        kind, text = self.token
        if kind == "number":
            return Literal(float(self.consume().text))
        if kind == "literal":
            return Literal(self.consume().text[1:-1])
        if kind == "call" and text not in _TYPES:
            return self._call()
        if self.take_if("$"):
            if self.token.kind != "name" or self.token.text == "*":
                raise self.token_error()
            return Variable(self.consume().text)
        if self.at("("):
            self.enter()
            inner = self._binary(1)
            self.leave(")")
            return inner
        return None

    def _call(self) -> Expr:
        name = self.consume().text
        self.enter()
        arguments = []
        if not self.at(")"):
            arguments.append(self._binary(1))
            while self.take_if(","):
                arguments.append(self._binary(1))
        self.leave(")")
        return Call(name, tuple(arguments))

    def _steps(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self.at("/", "//"):
            if self.consume().text == "//":
                steps.append(_EVERYWHERE)
            steps.append(self._step())
        return tuple(steps)

    def _step(self) -> Step:
        if self.take_if("."):
            return Step("self", _ANY_NODE)
        if self.take_if(".."):
            return Step("parent", _ANY_NODE)
        axis = "child"
        if self.take_if("@"):
            axis = "attribute"
        elif self.token.kind == "axis":
            axis = self.consume().text
            self._next += 1  # the `::` that makes it the name of an axis
        return Step(axis, self._test(), self._predicates())

    def _test(self) -> Test:
        kind, text = self.token
        if kind == "name":
            self._next += 1
            prefix, colon, local = text.rpartition(":")
            return Test(_NAMED, None if text == "*" else local.lower(), prefix if colon else None)
        if kind == "any":
            self._next += 1
            return Test(_NAMED, None, text[:-2])
        if kind == "call" and text in _TYPES:
            self._next += 1
            self.enter()
            target = None
            if text == "processing-instruction" and self.token.kind == "literal":
                target = self.consume().text[1:-1]
            self.leave(")")
            return Test(_TYPES[text], target)
        raise self.token_error()

    def _predicates(self) -> tuple[Expr, ...]:
        found = []
        while self.at("["):
            self.enter()
            found.append(self._binary(1))
            self.leave("]")
        return tuple(found)
