"""What the readers of XPath and JSPath share: tokens, the place in them, and the nesting that has been entered."""

import re
from typing import NamedTuple

from looply.expressions.errors import ExpressionError, ExpressionLimit

LEVELS = 40
"""How deep a path may be nested; deeper, reading it would end at the stack's end instead of in an error of ours."""


class Token(NamedTuple):
    """One token: the name of its group in the pattern of tokens, and its text."""

    kind: str
    text: str


def tokens_of(function: str, pattern: re.Pattern[str], source: str) -> list[Token]:
    """Returns the tokens of a path, the last of the kind `end`. Raises: ExpressionError."""
    made: list[Token] = []
    at = 0
    while not made or made[-1].kind != "end":
        found = pattern.match(source, at)
        if found is None or found.lastgroup is None:
            raise ExpressionError(f"{function}() does not understand {source[at : at + 20]!r} in the path")
        at = found.end()
        made.append(Token(found.lastgroup, found[found.lastgroup]))
    return made


class TokenCursor:
    """The place in the tokens of a path; `function` is what errors call it by."""

    def __init__(self, function: str, tokens: list[Token]) -> None:
        self._function = function
        self._tokens = tokens
        self._next = 0
        self._level = 0

    @property
    def token(self) -> Token:
        """The token at hand."""
        return self._tokens[self._next]

    def take(self) -> Token:
        """Returns the token at hand and goes on."""
        self._next += 1
        return self._tokens[self._next - 1]

    def at(self, *symbols: str) -> bool:
        """Tells whether one of these symbols is at hand."""
        return self.token.kind == "symbol" and self.token.text in symbols

    def taken(self, symbol: str) -> bool:
        """Goes on if this symbol is at hand, and tells whether it was."""
        found = self.at(symbol)
        self._next += found
        return found

    def unexpected(self) -> ExpressionError:
        """Returns an error at the token at hand."""
        what = repr(self.token.text) if self.token.text else "the end"
        return ExpressionError(f"{self._function}() does not expect {what} in the path")

    def enter(self) -> None:
        """Goes on behind an opening symbol, one level deeper."""
        self._next += 1
        self.descend()

    def descend(self) -> None:
        """Goes one level deeper. Raises: ExpressionLimit when that is too deep."""
        self._level += 1
        if self._level > LEVELS:
            reason = f"{self._function}() expects a path that is nested at most {LEVELS} levels deep"
            raise ExpressionLimit("expression_pattern", reason)

    def leave(self, symbol: str) -> None:
        """Goes on behind a closing symbol, one level higher. Raises: ExpressionError."""
        if not self.taken(symbol):
            raise self.unexpected()
        self.ascend()

    def ascend(self) -> None:
        """Goes one level higher."""
        self._level -= 1
