"""Errors of expressions: syntax, evaluation, limits."""

from looply.errors import LooplyError, Refused

_EXCERPT_CHARACTERS = 60
"""The number of characters of a source that are shown on each side of the position."""


def _excerpt(source: str, position: int) -> str:
    start, end = max(0, position - _EXCERPT_CHARACTERS), position + _EXCERPT_CHARACTERS
    head = "..." if start > 0 else ""
    tail = "..." if end < len(source) else ""
    return f"{head}{source[start:end]}{tail}"


def _describe(reason: str, source: str, position: int, pointer: str) -> str:
    field = f"{pointer}: " if pointer else ""
    return f"{field}{reason} (at position {position} of: {_excerpt(source, position)})"


class ExpressionSyntaxError(Refused):
    """An expression does not parse.

    `source` is the expression, or the text from its `${` on when it has no end; `position` counts its characters
    from 0; `pointer` is the JSON Pointer of the string within a template, empty for a bare expression.
    """

    code = "EXPRESSION_SYNTAX"

    def __init__(self, reason: str, *, source: str, position: int, pointer: str = "") -> None:
        super().__init__(_describe(reason, source, position, pointer))
        self.reason = reason
        self.source = source
        self.position = position
        self.pointer = pointer

    def within(self, pointer: str) -> "ExpressionSyntaxError":
        """Returns the same error, located in the string at the JSON Pointer."""
        return ExpressionSyntaxError(self.reason, source=self.source, position=self.position, pointer=pointer)


class ExpressionError(LooplyError):
    """An expression cannot be evaluated on this data.

    `source`, `position` and `pointer` are as in `ExpressionSyntaxError`. A function raises it with the reason
    alone; the position is added once, by the innermost call or operator, and the pointer by the template.
    """

    code = "EXPRESSION"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.source = ""
        self.position = 0
        self.pointer = ""
        self._is_located = False

    def locate(self, source: str, position: int) -> None:
        """Adds the position of the call or operator, unless an inner one has done so."""
        if not self._is_located:
            self._is_located = True
            self.source = source
            self.position = position
            self.message = _describe(self.reason, source, position, self.pointer)

    def within(self, pointer: str) -> None:
        """Adds the JSON Pointer of the string that contains the expression."""
        self.pointer = pointer
        self.message = _describe(self.reason, self.source, self.position, pointer)

    @property
    def message_without_values(self) -> str:
        """The message without the reason, which may quote a value of the data; the source is the author's own text."""
        return _describe("the expression cannot be evaluated", self.source, self.position, self.pointer)


class NotComparable(ExpressionError):
    """Two values have no order."""


class ExpressionLimit(ExpressionError):
    """An evaluation exceeded a limit; `limit` is its name in `looply.limits`."""

    code = "EXPRESSION_LIMIT"

    def __init__(self, limit: str, reason: str) -> None:
        super().__init__(f"{reason}; the limit is `{limit}`")
        self.limit = limit

    @property
    def message_without_values(self) -> str:
        """The whole message, which quotes no value."""
        return self.message
