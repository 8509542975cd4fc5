"""Builds the syntax tree from the tokens.

Precedence, from the tightest: unary `! - +`, `^` (right-associative), `* / %`, `+ -`, `== != <>`, `&`, `< <= > >=`,
`&&`, `||`, `??`, `? :` (left-associative). Equality binds tighter than order, unlike in most languages, as Microsoft's.
"""

from decimal import Decimal

from looply.decimals import Number, count_digits, read_number
from looply.expressions.parsing.lexer import MAX_LEVELS, Token
from looply.expressions.parsing.syntax import (
    Access,
    Call,
    Chain,
    Conditional,
    Constant,
    Interpolation,
    Link,
    ListOf,
    Name,
    Node,
    ObjectOf,
    Unary,
)
from looply.expressions.values.errors import ExpressionSyntaxError
from looply.jsontext import Json
from looply.limits import Limits

_RANKS = {
    "?": 1,
    "??": 2,
    "||": 3,
    "&&": 4,
    **dict.fromkeys(("<", "<=", ">", ">="), 5),
    "&": 6,
    **dict.fromkeys(("==", "!=", "<>"), 7),
    **dict.fromkeys(("+", "-"), 8),
    **dict.fromkeys(("*", "/", "%"), 9),
    "^": 10,
}
_LOWEST = 1
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "undefined": None}


def parse(tokens: tuple[Token, ...], source: str, limits: Limits) -> Node:
    """Returns the tree of one expression. Raises: ExpressionSyntaxError."""
    return _Parser(tokens, source, limits, level=0).parse()


class _Cursor:
    """The position in the tokens, the nesting level, and errors at that position."""

    def __init__(self, tokens: tuple[Token, ...], source: str, level: int) -> None:
        self._tokens = tokens
        self._source = source
        self._next = 0
        self.level = level

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def consume(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def at(self, symbol: str) -> bool:
        return self._tokens[self._next][:2] == ("symbol", symbol)

    def at_arrow(self) -> bool:
        return self.token.kind == "name" and self._tokens[self._next + 1][:2] == ("symbol", "=>")

    def rank(self) -> int:
        kind, value, _ = self._tokens[self._next]
        return _RANKS.get(str(value), 0) if kind == "symbol" else 0

    def expect(self, symbol: str) -> Token:
        if not self.at(symbol):
            raise self.unexpected(f"`{symbol}`")
        return self.consume()

    def enter(self, position: int) -> None:
        self.level += 1
        if self.level > MAX_LEVELS:
            raise self.error(f"nested deeper than {MAX_LEVELS} levels", position)

    def leave(self) -> None:
        self.level -= 1

    def unexpected(self, expected: str) -> ExpressionSyntaxError:
        kind, value, position = self.token
        found = "the end" if kind == "end" else f"`{value}`" if kind in {"symbol", "name", "number"} else "a text"
        return self.error(f"expected {expected}, found {found}", position)

    def error(self, reason: str, position: int) -> ExpressionSyntaxError:
        return ExpressionSyntaxError(reason, source=self._source, position=position)


class _Parser:
    def __init__(self, tokens: tuple[Token, ...], source: str, limits: Limits, *, level: int) -> None:
        self._cursor = _Cursor(tokens, source, level)
        self._source = source
        self._limits = limits

    def parse(self) -> Node:
        node = self._expression(_LOWEST)
        if self._cursor.token.kind != "end":
            raise self._cursor.unexpected("an operator or the end")
        return node

    def _expression(self, lowest: int) -> Node:
        node = self._operand()
        while (rank := self._cursor.rank()) >= lowest:
            position = self._cursor.token.position
            if rank == _LOWEST:
                node = Conditional(node, self._choices(), position)
                continue
            links: list[Link] = []
            while self._cursor.rank() == rank:
                operator = self._cursor.consume()
                if operator.value == "^":
                    self._cursor.enter(position)
                    links.append(Link("^", self._expression(rank), operator.position))
                    self._cursor.leave()
                else:
                    links.append(Link(str(operator.value), self._expression(rank + 1), operator.position))
            node = Chain(node, tuple(links), position)
        return node

    def _choices(self) -> tuple[tuple[Node, Node], ...]:
        choices: list[tuple[Node, Node]] = []
        while self._cursor.at("?"):
            position = self._cursor.consume().position
            self._cursor.enter(position)
            yes = self._expression(_LOWEST)
            self._cursor.expect(":")
            choices.append((yes, self._expression(_LOWEST + 1)))
            self._cursor.leave()
        return tuple(choices)

    def _operand(self) -> Node:
        kind, value, position = self._cursor.token
        if kind == "symbol" and value in {"!", "-", "+"}:
            self._cursor.consume()
            self._cursor.enter(position)
            node: Node = Unary(str(value), self._operand(), position)
            self._cursor.leave()
            return node
        return self._with_steps(self._primary(), position)

    def _with_steps(self, node: Node, position: int) -> Node:
        """Returns the node with the steps that follow it; those after a path in parentheses extend it."""
        path = node if isinstance(node, Access) else Access(node, (), position)
        steps, bracketed, brackets = list(path.steps), list(path.bracketed), path.brackets
        while True:
            if self._cursor.at("."):
                brackets = 0
                self._cursor.consume()
                if self._cursor.token.kind != "name":
                    raise self._cursor.unexpected("a name after `.`")
                steps.append(str(self._cursor.consume().value))
            elif self._cursor.at("["):
                brackets += 1
                bracketed.append(len(steps))
                steps.append(self._index())
            else:
                return Access(path.target, tuple(steps), position, brackets, tuple(bracketed)) if steps else node

    def _index(self) -> str | int | Node:
        (node,) = self._between("[", "]", is_single=True)
        if isinstance(node, Constant):
            value = node.value
            if type(value) is str or type(value) is int:
                return value
            if type(value) is float and value.is_integer():
                return int(value)
        return node

    def _primary(self) -> Node:
        kind, value, position = self._cursor.token
        match kind:
            case "number":
                self._cursor.consume()
                return Constant(self._number(str(value), position), position)
            case "text":
                self._cursor.consume()
                return Constant(value, position)
            case "name":
                return self._name_or_call()
            case "interpolation":
                self._cursor.consume()
                return self._interpolation(value, position)
        if self._cursor.at("("):
            return self._between("(", ")", is_single=True)[0]
        if self._cursor.at("["):
            return ListOf(self._between("[", "]"), position)
        if self._cursor.at("{"):
            return ObjectOf(self._members(), position)
        raise self._cursor.unexpected("an operand")

    def _number(self, digits: str, position: int) -> Number:
        if "." in digits:
            value = read_number(digits)
            if value == float("inf"):
                raise self._cursor.error("the number is too large", position)
            if type(value) is Decimal and count_digits(value) > self._limits.decimal_digits:
                raise self._cursor.error(f"a number of more than {self._limits.decimal_digits} digits", position)
            return value
        digits = digits.lstrip("0")
        if len(digits) > self._limits.integer_digits:
            raise self._cursor.error(f"an integer of more than {self._limits.integer_digits} digits", position)
        return int(digits or "0")

    def _name_or_call(self) -> Node:
        _, name, position = self._cursor.consume()
        if self._cursor.at("("):
            return Call(str(name), self._between("(", ")", has_arrows=True), position)
        if name in _WORDS:
            return Constant(_WORDS[str(name)], position)
        return Name(str(name), position)

    def _between(
        self, opening: str, closing: str, *, is_single: bool = False, has_arrows: bool = False
    ) -> tuple[Node, ...]:
        self._cursor.enter(self._cursor.expect(opening).position)
        nodes: list[Node] = []
        while is_single or nodes or not self._cursor.at(closing):
            if has_arrows and self._cursor.at_arrow():
                name, _ = self._cursor.consume(), self._cursor.consume()
                nodes.append(Name(str(name.value), name.position))
            nodes.append(self._expression(_LOWEST))
            if is_single or not self._cursor.at(","):
                break
            self._cursor.consume()
        self._cursor.expect(closing)
        self._cursor.leave()
        return tuple(nodes)

    def _members(self) -> tuple[tuple[str, Node], ...]:
        self._cursor.enter(self._cursor.expect("{").position)
        members: list[tuple[str, Node]] = []
        while members or not self._cursor.at("}"):
            if self._cursor.token.kind not in {"name", "text"}:
                raise self._cursor.unexpected("a name or a text as key")
            key = str(self._cursor.consume().value)
            self._cursor.expect(":")
            members.append((key, self._expression(_LOWEST)))
            if not self._cursor.at(","):
                break
            self._cursor.consume()
        self._cursor.expect("}")
        self._cursor.leave()
        return tuple(members)

    def _interpolation(self, pieces: Json, position: int) -> Node:
        self._cursor.enter(position)
        parsed = tuple(
            piece
            if isinstance(piece, str)
            else _Parser(piece, self._source, self._limits, level=self._cursor.level).parse()
            for piece in pieces
        )
        self._cursor.leave()
        return Interpolation(parsed, position)
