"""Where the checks of a definition leave their findings."""

from collections.abc import Iterable
from typing import NamedTuple

from looply.errors import Problem
from looply.expressions import CardTemplate, Template
from looply.suggest import did_you_mean

_SUGGESTIONS = 100  # comparing names costs more than any other check, and nobody reads more hints than this


class Reference(NamedTuple):
    """A path that an expression reads, and the JSON Pointer of the text it stands in."""

    pointer: str
    path: tuple[str | int, ...]


class Written(NamedTuple):
    """A template or a card that an author wrote, and its JSON Pointer."""

    pointer: str
    template: Template | CardTemplate


class Operand(NamedTuple):
    """A template whose value a rule compares, and the operator that does."""

    template: Template
    operator: str


class Report:
    """Collects errors and warnings, and on the way what holds expressions, with their references."""

    def __init__(self, errors: Iterable[Problem] = ()) -> None:
        self.errors = list(errors)
        self.warnings: list[Problem] = []
        self.references: list[Reference] = []
        self.written: list[Written] = []
        self.operands: list[Operand] = []
        self._suggestions = 0

    def error(self, path: str, message: str, hint: str = "") -> None:
        """Records what must be mended before the definition can be stored."""
        self.errors.append(Problem(path=path, message=message, hint=hint))

    def suggest(self, name: str, known: Iterable[str]) -> str:
        """Returns which of the known names was probably meant; empty when none is like it, or after many calls."""
        self._suggestions += 1
        return did_you_mean(name, known) if self._suggestions <= _SUGGESTIONS else ""

    def warning(self, path: str, message: str, hint: str = "") -> None:
        """Records what is legal and probably not meant."""
        self.warnings.append(Problem(path=path, message=message, hint=hint))
