"""Shared parts of the parsers of XPath and JSPath: tokens, the position in them, and the nesting level."""

import re
from typing import NamedTuple

from looply.expressions.values.errors import ExpressionError, ExpressionLimit

LEVELS = 40
"""The largest nesting of a path, far below the one that would exhaust Python's stack."""


class Token(NamedTuple):
    """One token: the name of its group in the pattern of tokens, and its text."""

    kind: str
    text: str


def tokenize(function: str, pattern: re.Pattern[str], source: str) -> list[Token]:
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
    """The position in the tokens of a path; `function` is its name in errors."""

    def __init__(self, function: str, tokens: list[Token]) -> None:
        self._function = function
        self._tokens = tokens
        self._next = 0
        self._level = 0

    @property
    def token(self) -> Token:
        """The current token."""
        return self._tokens[self._next]

    def consume(self) -> Token:
        """Returns the current token and advances."""
        self._next += 1
        return self._tokens[self._next - 1]

    def at(self, *symbols: str) -> bool:
        """Returns whether the current token is one of these symbols."""
        return self.token.kind == "symbol" and self.token.text in symbols

    def take_if(self, symbol: str) -> bool:
        """Advances if the current token is this symbol, and returns whether it was."""
        found = self.at(symbol)
        self._next += found
        return found

    def token_error(self) -> ExpressionError:
        """Returns an error at the current token."""
        what = repr(self.token.text) if self.token.text else "the end"
        return ExpressionError(f"{self._function}() does not expect {what} in the path")

    def enter(self) -> None:
        """Advances past an opening symbol, one level deeper."""
        self._next += 1
        self.descend()

    def descend(self) -> None:
        """Enters a nesting level. Raises: ExpressionLimit when that is too deep."""
        self._level += 1
        if self._level > LEVELS:
            reason = f"{self._function}() expects a path that is nested at most {LEVELS} levels deep"
            raise ExpressionLimit("expression_pattern_characters", reason)

    def leave(self, symbol: str) -> None:
        """Advances past a closing symbol, one level higher. Raises: ExpressionError."""
        if not self.take_if(symbol):
            raise self.token_error()
        self.ascend()

    def ascend(self) -> None:
        """Leaves a nesting level."""
        self._level -= 1
