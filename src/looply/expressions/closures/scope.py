"""Resolution of names: the document, the variables of a card, and the variables of loops."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from looply.expressions.closures.paths import Part, Reader, find, find_root, path_reader, walk_names
from looply.expressions.parsing.syntax import Access, Name
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.jsontext import Json

Path = tuple[Part, ...]


class Names(Enum):
    """The object that the bare names of an expression are looked up in."""

    DOCUMENT = auto()
    """The document; `$root` and `$data` are the document too."""
    CARD = auto()
    """The document; `$root` and `$data` are the document too, but are variables of their own, as is `$index`."""
    ITEM = auto()
    """The value of an enclosing `$data`; `$root` is the document."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for compiling an expression.

    With `leaves_unresolved`, as in cards, a path without a value gives its own text. With `allows_unknown`, a function
    that does not exist is an error only when it is called.
    """

    names: Names = Names.DOCUMENT
    leaves_unresolved: bool = False
    allows_unknown: bool = False


CARD_VARIABLES = {"$root": 0, "$data": 1, "$index": 2, "$host": 3, "$_actemplateversion": 4}
"""The slots of the variables that the expansion of a card sets. Other names that begin with `$` have no value there."""


class Scope:
    """The names that are visible at a node of an expression. `references` are the paths of the document it reads."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._variables = {} if names is Names.DOCUMENT else dict(CARD_VARIABLES)
        self._depth = len(self._variables)
        self.slots = self._depth
        self.references: dict[Path, None] = {}

    @contextmanager
    def with_variable(self, variable: str) -> Iterator[int]:
        """Makes a variable visible within the block, and yields its slot."""
        outer, slot = self._variables, self._depth
        self._variables, self._depth = {**outer, variable: slot}, slot + 1
        self.slots = max(self.slots, self._depth)
        try:
            yield slot
        finally:
            self._variables, self._depth = outer, slot

    @property
    def is_in_loop(self) -> bool:
        """Whether the variable of a loop is visible here."""
        return self._depth > (0 if self._names is Names.DOCUMENT else len(CARD_VARIABLES))

    def by_name(self) -> Callable[[Run, tuple[str, ...]], Json]:
        """Returns a function that finds the value of a path whose names are computed, or MISSING.

        A variable that does not have the rest of the path is ignored in favor of the document.
        """
        variables = dict(self._variables)
        self._refer(())

        def look(run: Run, names: tuple[str, ...]) -> Json:
            slot = variables.get(self._known(names[0]))
            found = MISSING if slot is None else walk_names(run, run.variables[slot], names[1:])
            if found is not MISSING or self._is_of_card(names[0]):
                return found
            return walk_names(run, find_root(run.data, names[0], run), names[1:])

        return look

    def path(self, node: Name | Access) -> tuple[Closure, Reader | None, Path | None] | None:
        """Returns closure and reader of a path with constant parts, and the path if it starts at the document."""
        target, steps = (node, ()) if isinstance(node, Name) else (node.target, node.steps)
        parts = tuple(step for step in steps if isinstance(step, str | int))
        if not isinstance(target, Name) or len(parts) != len(steps):
            return None
        name = self._known(target.name)
        if name in self._variables:
            return self._variable(name, parts)
        if self._is_of_card(name):
            return (lambda _: MISSING), None, None
        if self._names is Names.DOCUMENT and name in {"$root", "$data"}:
            if parts and isinstance(parts[0], str):
                return self._document(parts)
            self._refer(parts[:0])
            return (lambda run: _step_into(run, _plain(run, run.data), parts)), None, parts
        return self._document((name, *parts))

    def _known(self, name: str) -> str:
        """Returns the canonical name of a variable; those of a card are case-insensitive."""
        is_other = name in self._variables or not self._is_of_card(name)
        return name if is_other or name.lower() not in CARD_VARIABLES else name.lower()

    def _is_of_card(self, name: str) -> bool:
        return self._names is not Names.DOCUMENT and name.startswith("$")

    def _document(self, parts: Path) -> tuple[Closure, Reader | None, Path | None]:
        reader = path_reader(parts)
        if self._names is Names.ITEM:
            return (lambda run: reader(run.data, run)), None, None
        self._refer(parts)
        return (lambda run: reader(run.data, run)), reader, parts

    def _variable(self, name: str, parts: Path) -> tuple[Closure, Reader | None, Path | None]:
        slot = self._variables[name]
        if slot == CARD_VARIABLES.get(name) and self._is_document(name):
            self._refer(parts if parts and isinstance(parts[0], str) else ())
        if not parts:
            return (lambda run: _plain(run, run.variables[slot])), None, None
        return (lambda run: _step_into(run, run.variables[slot], parts)), None, None

    def _is_document(self, name: str) -> bool:
        return self._names is not Names.DOCUMENT and (
            name == "$root" or (name == "$data" and self._names is Names.CARD)
        )

    def _refer(self, path: Path) -> None:
        self.references[path] = None


def _plain(run: Run, value: Json) -> Json:
    if type(value) is dict or not isinstance(value, Mapping):
        return value
    made = dict(value)
    run.spend(len(made))
    return made


def _step_into(run: Run, value: Json, parts: Path) -> Json:
    for part in parts:
        if value is MISSING:
            return MISSING
        value = find(value, part, run)
    return value
