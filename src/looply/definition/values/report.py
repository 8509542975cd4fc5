"""The collector of the findings of the checks of a definition."""

from collections.abc import Iterable
from typing import NamedTuple

from looply.errors import Problem, Sentence, say, suggest_name
from looply.expressions import CardTemplate, Template

_SUGGESTIONS = 100  # comparing names costs more than any other check, and more hints would not be read


def write(example: str) -> Sentence:
    """Returns the hint that shows what to write instead."""
    return say("WRITE", "write {example}", example=example)


class Reference(NamedTuple):
    """A path that an expression reads, and the JSON Pointer of the text of the expression."""

    pointer: str
    path: tuple[str | int, ...]


class LocatedTemplate(NamedTuple):
    """A template or a card that an author wrote, and its JSON Pointer."""

    pointer: str
    template: Template | CardTemplate


class Operand(NamedTuple):
    """A template whose value a rule compares, and the operator of the rule."""

    template: Template
    operator: str


class Report:
    """Collects errors and warnings, and also the templates with expressions and their references."""

    def __init__(self, errors: Iterable[Problem] = ()) -> None:
        self.errors = list(errors)
        self.warnings: list[Problem] = []
        self.references: list[Reference] = []
        self.templates: list[LocatedTemplate] = []
        self.operands: list[Operand] = []
        self._suggestions = 0

    def error(self, path: str, message: Sentence, hint: Sentence | None = None) -> None:
        """Records an error, which must be fixed before the definition can be activated."""
        self.errors.append(Problem.of(path, message, hint))

    def suggest(self, name: str, known: Iterable[str]) -> Sentence | None:
        """Returns a hint with the closest known name; None when none is close, or after many calls."""
        self._suggestions += 1
        return suggest_name(name, known) if self._suggestions <= _SUGGESTIONS else None

    def warning(self, path: str, message: Sentence, hint: Sentence | None = None) -> None:
        """Records a warning: legal, but probably a mistake."""
        self.warnings.append(Problem.of(path, message, hint))
