"""What is found while calls are compared with a service: names that it does not have, and places that are not known."""

from collections.abc import Iterable, Iterator
from typing import Final

from looply.connectors.sap.types.model import Call, Metadata
from looply.definition.values.pointer import join_pointer
from looply.errors import Problem, Sentence, say, suggest_name

MAX_PROBLEMS: Final = 100
"""The problems of one call that are listed."""
_MAX_SUGGESTIONS: Final = 100
"""Comparing names costs more than all else."""


class Findings:
    """The findings of calls of one service; `problems` and `unchecked` are those of the call that began last."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._by_short_name = {short_name(name): name for name in metadata.structures}
        self._suggestions = 0
        self._said: set[tuple[str, str]] = set()
        self.problems: list[Problem] = []
        self.unchecked: set[str] = set()
        """Pointers into the input of what an expression gives."""

    def begin(self) -> None:
        """Forgets the findings of the former call."""
        self.problems, self.unchecked, self._said = [], set(), set()

    def skip(self, at: str) -> None:
        """Notes a place that is not known before the workflow runs."""
        self.unchecked.add(at)

    def first_name(self, name: str, at: str) -> None:
        """Reports the beginning of a path that leads to nothing."""
        wording = "the service has no entity set, singleton, function or action {name!r}"
        known = (*self._metadata.resources, *self._metadata.calls)
        self._report(at, say("SAP_NAME_UNKNOWN", wording, name=name), name, known)

    def field(self, structure: str, name: str, at: str) -> None:
        """Reports a field that a type does not have, unless its values may have fields that are not declared here."""
        if self._is_full or self._is_open(structure):
            return
        wording = "{type} has no field and no navigation property {name!r}"
        message = say("SAP_FIELD_UNKNOWN", wording, type=short_name(structure), name=name)
        self._report(at, message, name, self.fields(structure))

    def key_field(self, structure: str, name: str, keys: list[str], at: str) -> None:
        """Reports a name in a key that is no field, unless there may be fields that are not declared here."""
        if self._is_full or self._is_open(structure):
            return
        wording = "{type} has no key field {name!r}; its key is {keys}"
        message = say("SAP_KEY_UNKNOWN", wording, type=short_name(structure), name=name, keys=", ".join(keys))
        self._report(at, message, name, keys)

    def missing_keys(self, structure: str, missing: list[str], keys: list[str], at: str) -> None:
        """Reports a key that does not identify an entity."""
        wording = "the key of {type} is {keys}; {missing} is missing"
        type_, listed = short_name(structure), ", ".join(missing)
        self._report(at, say("SAP_KEY_INCOMPLETE", wording, type=type_, keys=", ".join(keys), missing=listed))

    def parameters(self, operation: str, call: Call, places: Iterable[tuple[str, str]]) -> None:
        """Reports each name, given with its place, that is no parameter of a function or an action."""
        for name, at in places:
            if self._is_full:
                return
            if name not in call.parameters:
                wording = "{operation} has no parameter {name!r}"
                message = say("SAP_PARAMETER_UNKNOWN", wording, operation=short_name(operation), name=name)
                self._report(at, message, name, call.parameters)

    def fields(self, structure: str) -> Iterator[str]:
        """Yields the names of the fields of a type."""
        return (name for each in self._metadata.line(structure) for name in each.members)

    def full_name(self, name: str) -> str:
        """Returns the full name of a type, or the short one of an operation, for a name with an alias of the schema."""
        if "." not in name or name in self._metadata.structures or name in self._metadata.calls:
            return name
        short = short_name(name)
        return self._by_short_name.get(short, short if short in self._metadata.calls else name)

    @property
    def _is_full(self) -> bool:
        """Whether no more problems of the call are listed: nothing is looked up for them."""
        return len(self.problems) >= MAX_PROBLEMS

    def _is_open(self, structure: str) -> bool:
        """Returns whether a type may have other fields: those of a base in another document, or any."""
        structures = self._metadata.structures
        line = self._metadata.line(structure)
        return any(each.is_open or (each.base and each.base not in structures) for each in line)

    def _report(self, at: str, message: Sentence, name: str = "", known: Iterable[str] = ()) -> None:
        said = (at, message.text)
        if self._is_full or said in self._said:
            return
        self._said.add(said)
        hint = None
        if name and self._suggestions < _MAX_SUGGESTIONS:
            self._suggestions += 1
            hint = suggest_name(name, known)
        self.problems.append(Problem.of(at, message, hint))


def short_name(name: str) -> str:
    """Returns the name of a type or an operation without its namespace."""
    return name.rpartition(".")[2]


def below(at: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """Returns names with their places, each a member of the object at `at`."""
    return [(name, join_pointer(at, name)) for name in names]
