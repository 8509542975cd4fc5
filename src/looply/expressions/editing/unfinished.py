"""Tokenizes an expression that is being written, up to the cursor: open brackets, and the operand before the cursor."""

import re
from dataclasses import dataclass, field
from typing import Final

from looply.expressions.functions.table import FUNCTIONS

_TOKEN: Final = re.compile(
    r"""(?P<space>[\s\ufeff]+)
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>(?:@@|[A-Za-z_$@\#])[A-Za-z0-9_]*)
    |(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<quote>['"])
    |(?P<symbol>=>|==|!=|<>|<=|>=|&&|\|\||\?\?|.)""",
    re.VERBOSE | re.DOTALL,
)
_LITERAL: Final = re.compile(r"(?:[^`$\\]|\\.|\$(?!\{))*", re.DOTALL)
_OPENING: Final = {")": "(", "]": "[", "}": "{"}
_OPERAND: Final = frozenset({"name", "number", "text"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, or a symbol that opens or closes a part; `kind` is name, number, text or symbol."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def ends_operand(self) -> bool:
        """Whether a value may end with it."""
        return self.kind in _OPERAND or self.text in _OPENING


@dataclass(frozen=True, slots=True)
class LoopStart:
    """A loop whose body is being written: the source of its collection, and its variable."""

    collection: str
    variable: str


@dataclass(slots=True)
class PartialExpression:
    """The pieces up to the cursor. `open` has the indexes of opening pieces that are not closed yet.

    `quote` is the start of a text that is not closed yet; `is_literal`: the cursor is within the literal text between
    backticks, where nothing is evaluated.
    """

    source: str
    pieces: list[Piece] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    partners: dict[int, int] = field(default_factory=dict)
    """Closing to opening piece, and opening to closing."""
    quote: int | None = None
    is_literal: bool = False

    def enclosing_symbol(self) -> str:
        """Returns the innermost opening symbol around the cursor: `(`, `[`, `{`, `${` or nothing."""
        return self.pieces[self.open[-1]].text if self.open else ""

    def operand_before(self, end: int) -> str:
        """Returns the source of the operand whose last piece has the index; empty when there is none."""
        if end < 0:
            return ""
        start: int | None = end
        while start is not None and start > 0 and (before := self._before(start)) is not None:
            start = before
        first = self._opening(start) if start is not None else None
        if first is None or not self.pieces[end].ends_operand:
            return ""
        return self.source[self.pieces[first].start : self.pieces[end].end]

    def loops(self) -> list[LoopStart]:
        """Returns the loops around the cursor, the outermost first."""
        found = (self._loop(index) for index in self.open)
        return [loop for loop in found if loop is not None]

    def arguments(self) -> tuple[str, int]:
        """Returns the name of the function whose arguments are being written, and their number before the cursor."""
        if not self.open or self.enclosing_symbol() != "(" or (name := self._function(self.open[-1])) is None:
            return "", 0
        return name, len(self._commas(self.open[-1]))

    def _before(self, index: int) -> int | None:
        """Returns the last piece of the target of a step, an index or arguments; None for the start of an operand."""
        opening = self._opening(index)
        if opening is None or opening == 0:
            return None
        if self.pieces[opening].text == "[" and self.pieces[opening - 1].ends_operand:
            return opening - 1
        if self.pieces[opening].text == "(" and self.pieces[opening - 1].kind == "name":
            return opening - 1
        is_step = self.pieces[opening].kind == "name" and self.pieces[opening - 1].text == "."
        return opening - 2 if is_step and opening > 1 else None

    def _opening(self, index: int) -> int | None:
        """Returns the piece itself, or the opening piece that it closes; None for one that closes nothing."""
        return self.partners.get(index) if self.pieces[index].text in _OPENING else index

    def _function(self, index: int) -> str | None:
        before = self.pieces[index - 1] if index else None
        return before.text if before is not None and before.kind == "name" else None

    def _commas(self, index: int) -> list[int]:
        """Returns the pieces that separate the arguments after an opening piece."""
        commas, at = [], index + 1
        while at < len(self.pieces):
            if self.pieces[at].text in {",", "=>"} and self.pieces[at].kind == "symbol":
                commas.append(at)
            at = self.partners.get(at, at) + 1 if self.partners.get(at, -1) > at else at + 1
            if at - 1 in self.open:
                break
        return commas

    def _loop(self, index: int) -> LoopStart | None:
        function = FUNCTIONS.get(self._function(index) or "")
        if function is None or function.build_loop is None or self.pieces[index].text != "(":
            return None
        commas = self._commas(index)
        if len(commas) < 2 or commas[1] != commas[0] + 2 or self.pieces[commas[0] + 1].kind != "name":
            return None
        collection = self.source[self.pieces[index].end : self.pieces[commas[0]].start]
        return LoopStart(collection, self.pieces[commas[0] + 1].text)


def read_partial(source: str) -> PartialExpression:
    """Returns the pieces of a source that ends at the cursor. Never raises, whatever the text."""
    made, at = PartialExpression(source), 0
    while at < len(source):
        if made.enclosing_symbol() == "`":
            at = _read_literal(made, at)
            continue
        match = _TOKEN.match(source, at)
        assert match is not None  # the last alternative takes any character
        kind, at = str(match.lastgroup), match.end()
        if kind == "quote":
            made.quote = match.start()
            return made
        if kind != "space":
            _add(made, Piece(kind, match.group(), match.start(), match.end()))
    made.is_literal = made.enclosing_symbol() == "`"
    return made


def _read_literal(partial: PartialExpression, at: int) -> int:
    """Reads the text between backticks up to its end, or to an expression in it; returns the next position."""
    match = _LITERAL.match(partial.source, at)
    end = match.end() if match is not None else at
    if partial.source.startswith("${", end):
        partial.open.append(len(partial.pieces))
        partial.pieces.append(Piece("symbol", "${", end, end + 2))
        return end + 2
    if partial.source.startswith("`", end):
        opening = partial.open.pop()
        partial.pieces[opening:] = [Piece("text", "`", partial.pieces[opening].start, end + 1)]
        return end + 1
    return len(partial.source)


def _add(partial: PartialExpression, piece: Piece) -> None:
    index = len(partial.pieces)
    partial.pieces.append(piece)
    if piece.kind != "symbol":
        return
    if piece.text in {"(", "[", "{", "`"}:
        partial.open.append(index)
    elif piece.text == "}" and partial.enclosing_symbol() == "${":
        partial.open.pop()
    elif piece.text in _OPENING and partial.enclosing_symbol() == _OPENING[piece.text]:
        opening = partial.open.pop()
        partial.partners[opening], partial.partners[index] = index, opening
