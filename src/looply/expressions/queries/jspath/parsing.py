"""Parses a JSPath."""

import re
from functools import lru_cache

from looply.expressions.queries.jspath.syntax import (
    Arithmetic,
    Child,
    Comparison,
    Descendant,
    Expr,
    Filter,
    Item,
    Literal,
    Logic,
    Part,
    Path,
    Slice,
    Start,
    Unary,
    Union,
)
from looply.expressions.queries.tokens import TokenCursor, tokenize

_CACHED = 256
_TOKEN = re.compile(
    r"""[ \r\n\t]*(?:
    (?P<symbol>
        \.\.|\.(?![0-9])
        |[=!^$*]==|==[\^$*]|[=!^$*><]=(?![=^$*])|=[\^$*]|\|\||&&
        |[:{}()\[\]^+\-*/%!><|]
    )
    |(?P<word>[$@_a-zA-Z][$@_a-zA-Z0-9]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?!\.))
    |(?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$(?:[$_a-zA-Z][$_a-zA-Z0-9]*)?")
_WORDS = {"true": True, "false": False, "null": None}
_EQUALITY = frozenset({"==", "!=", "===", "!==", *(f"{each}=" for each in "^$*"), *(f"={each}" for each in "^$*")}) | {
    *(f"{each}==" for each in "^$*"),
    *(f"=={each}" for each in "^$*"),
}
_ORDER = frozenset({"<", ">", "<=", ">="})


@lru_cache(maxsize=_CACHED)
def parse(source: str) -> Path | Union:
    """Returns the tree of a JSPath. Raises: ExpressionError."""
    return _Parser(source).parse()


class _Parser(TokenCursor):
    def __init__(self, source: str) -> None:
        super().__init__("jPath", tokenize("jPath", _TOKEN, source))

    def parse(self) -> Path | Union:
        tree = self._union()
        if self.token.kind != "end":
            raise self.token_error()
        return tree

    def _union(self) -> Path | Union:
        paths = [self._operand()]
        while self.take_if("|"):
            paths.append(self._operand())
        return Union(tuple(paths)) if len(paths) > 1 else paths[0]

    def _operand(self) -> Path | Union:
        return self._group() if self.at("(") else self._path()

    def _group(self) -> Path | Union:
        self.enter()
        inner = self._union()
        self.leave(")")
        parts = []
        while self.at("[", "{", "("):
            parts.append(self._predicate())
        if not parts:
            return inner
        if isinstance(inner, Path):
            return Path(inner.start, (*inner.parts, *parts))
        return Path(Start.HERE, (inner, *parts))

    def _predicate(self) -> Part:
        if self.at("("):
            return self._group()
        if self.at("["):
            return self._position()
        self.enter()
        condition = self._logic("||")
        self.leave("}")
        return Filter(condition)

    def _path(self) -> Path:
        start = Start.HERE
        if self.take_if("^"):
            start = Start.DOCUMENT
        elif self.token.kind == "word" and self.token.text[0] == "$":
            start = self._substitution()
        elif not self.at(".", ".."):
            raise self.token_error()
        parts: list[Part] = []
        while True:
            if self.at(".", ".."):
                parts.append(self._selector())
            elif self.at("[", "{", "("):
                parts.append(self._predicate())
            else:
                return Path(start, tuple(parts))

    def _substitution(self) -> Start:
        if not _SUBSTITUTION.fullmatch(self.token.text):
            raise self.token_error()
        return Start.NOTHING if len(self.consume().text) > 1 else Start.HERE

    def _selector(self) -> Part:
        make = Child if self.consume().text == "." else Descendant
        kind, text = self.token
        if kind == "text":
            return make(_unquote(self.consume().text))
        is_name = kind == "word" and text not in _WORDS
        return make(self.consume().text if is_name or self.at("*") else "")

    def _position(self) -> Part:
        self.enter()
        part: Part
        if self.take_if(":"):
            part = Slice(None, self._unary())
        else:
            position = self._unary()
            is_slice = self.take_if(":")
            part = Slice(position, None if self.at("]") else self._unary()) if is_slice else Item(position)
        self.leave("]")
        return part

    def _logic(self, operator: str) -> Expr:
        operands: list[Expr] = []
        while not operands or self.take_if(operator):
            operands.append(self._logic("&&") if operator == "||" else self._comparison(_EQUALITY))
        return Logic(operator, tuple(operands)) if len(operands) > 1 else operands[0]

    def _comparison(self, operators: frozenset[str]) -> Expr:
        """Parses a comparison. Comparisons of one precedence are right-associative, as in JSPath."""
        left = self._comparison(_ORDER) if operators is _EQUALITY else self._arithmetic(("+", "-"))
        if not self.at(*operators):
            return left
        operator = self.consume().text
        self.descend()
        right = self._comparison(operators)
        self.ascend()
        return Comparison(operator, left, right)

    def _arithmetic(self, operators: tuple[str, ...]) -> Expr:
        is_sum = "+" in operators
        first = self._arithmetic(("*", "/", "%")) if is_sum else self._unary()
        links = []
        while self.at(*operators):
            operator = self.consume().text
            links.append((operator, self._arithmetic(("*", "/", "%")) if is_sum else self._unary()))
        return Arithmetic(first, tuple(links)) if links else first

    def _unary(self) -> Expr:
        if self.at("!", "-"):
            operator = self.consume().text
            self.descend()
            operand = self._unary()
            self.ascend()
            return Unary(operator, operand)
        return self._primary()

    def _primary(self) -> Expr:
        kind, text = self.token
        if kind == "text":
            return Literal(_unquote(self.consume().text))
        if kind == "number":
            self._next += 1
            return Literal(float(text) if "." in text else _whole(text))
        if kind == "word" and text in _WORDS:
            self._next += 1
            return Literal(_WORDS[text])
        if self.at("("):
            self.enter()
            inner = self._logic("||")
            self.leave(")")
            return inner
        return self._path()


def _unquote(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1])


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 16 else float(digits)
