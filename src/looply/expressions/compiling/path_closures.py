"""Compiles paths: names, and steps into their values."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

from looply.expressions.closures.paths import Part, find
from looply.expressions.closures.scope import Rules, Scope
from looply.expressions.compiling.operators import with_location
from looply.expressions.compiling.unresolved import fall_back_to_text, path_text_closure
from looply.expressions.parsing.syntax import Access, Name, Node
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.semantics import is_whole, kind_of
from looply.jsontext import Json


class PathCompiler(ABC):
    """The part of the compiler that compiles paths, including the result of a path without a value.

    `scope` resolves names. With `leaves_unresolved`, as in cards, a path without a value gives its own text, except
    within conditions.
    """

    def __init__(self, source: str, rules: Rules) -> None:
        self._source = source
        self.scope = Scope(rules.names)
        self.leaves_unresolved = rules.leaves_unresolved

    @abstractmethod
    def closure(self, node: Node) -> Closure:
        """Returns the closure of a node; it never returns MISSING."""

    def name(self, node: Name) -> Closure:
        """Returns the closure of a name."""
        return _or_null(self._resolver(node))

    def access(self, node: Access) -> Closure:
        """Returns the closure of a path with steps."""
        if not ends_in_index(node):
            return _or_null(self._finder(node) if node.brackets else self._resolver(node))
        find_value = self.scope.path(node)
        references = dict(self.scope.references)
        strict = _or_null(self._strict(node))
        if find_value is None:
            return strict
        self.scope.references = references
        finder = find_value[0]

        def evaluate(run: Run) -> Json:
            value = finder(run)
            return strict(run) if value is MISSING else value

        return evaluate

    def bracket_finder(self, node: Access) -> Closure:
        """Returns the finder of a path that ends in brackets; it returns MISSING for an unknown name."""
        return self._strict(node) if ends_in_index(node) else self._finder(node)

    def condition(self, node: Node) -> Closure:
        """Returns the closure of a node within a condition, where a missing value is null in cards too."""
        outer, self.leaves_unresolved = self.leaves_unresolved, False
        try:
            return self.closure(node)
        finally:
            self.leaves_unresolved = outer

    def closures(self, nodes: Iterable[Node]) -> tuple[Closure, ...]:
        """Returns the closures of nodes."""
        return tuple(self.closure(node) for node in nodes)

    def conditions(self, nodes: Iterable[Node]) -> tuple[Closure, ...]:
        """Returns the closures of nodes within a condition."""
        return tuple(self.condition(node) for node in nodes)

    def with_location(self, closure: Closure, position: int) -> Closure:
        """Returns the closure with a position of the source added to its errors."""
        return with_location(closure, self._source, position)

    def _resolver(self, node: Name | Access) -> Closure:
        """Returns the closure of a path that does not end in brackets, with the result for a missing value."""
        found = self._finder(node)
        return fall_back_to_text(found, path_text_closure(node, self.closure)) if self.leaves_unresolved else found

    def _finder(self, node: Name | Access) -> Closure:
        """Returns the finder of a path; it returns MISSING when there is no value."""
        found = self.scope.path(node)
        return found[0] if found is not None else self._computed(node)

    def _strict(self, node: Access) -> Closure:
        """Compiles a path step by step from the steps in brackets on, where an index out of range is an error."""
        cut = len(node.steps) - node.brackets
        bracketed = tuple(index for index in node.bracketed if index < cut)
        inner = Access(node.target, node.steps[:cut], node.position, 0, bracketed) if cut else node.target
        value = self._resolver(inner) if isinstance(inner, Name | Access) else self.closure(inner)
        for step in node.steps[cut:]:
            value = _index_into(value, step if isinstance(step, str | int) else self.condition(step))
        return self.with_location(value, node.position)

    def _computed(self, node: Name | Access) -> Closure:
        """Compiles a path that has computed steps, or starts at a value instead of a name."""
        assert isinstance(node, Access)
        known: list[str | int] = []
        for step in node.steps:
            if not isinstance(step, str | int):
                break
            known.append(step)
        steps: tuple[str | int | Node, ...] = node.steps
        target: Closure
        if isinstance(node.target, Name):
            found = self.scope.path(Access(node.target, tuple(known), node.position) if known else node.target)
            assert found is not None
            target, steps = found[0], node.steps[len(known) :]
        else:
            target = self.closure(node.target)
        compiled = tuple(step if isinstance(step, str | int) else self.closure(step) for step in steps)

        def evaluate(run: Run) -> Json:
            value = target(run)
            for step in compiled:
                if value is MISSING or value is None:
                    return MISSING
                value = find(value, step if isinstance(step, str | int) else _part(step(run)), run)
            return value

        return self.with_location(evaluate, node.position)


def ends_in_index(node: Node) -> bool:
    """Returns whether a path ends in brackets with an index, or with an expression that may give one."""
    return isinstance(node, Access) and any(
        not isinstance(step, str) for step in node.steps[len(node.steps) - node.brackets :]
    )


def _or_null(finder: Closure) -> Closure:
    def evaluate(run: Run) -> Json:
        value = finder(run)
        return None if value is MISSING else value

    return evaluate


def _index_into(value: Closure, step: str | int | Closure) -> Closure:
    """Returns the closure of a step by Microsoft's rules: a name may be missing, an index may not."""

    def evaluate(run: Run) -> Json:
        container = value(run)
        part = step if isinstance(step, str | int) else _part(step(run))
        if container is MISSING or container is None:
            return MISSING
        found = find(container, part, run)
        if found is MISSING and isinstance(part, int):
            if type(container) is list:
                raise ExpressionError(f"the index {part} is outside the list, which has {len(container)} items")
            raise ExpressionError(f"expected a list before `[{part}]`, found {kind_of(container)}")
        return found

    return evaluate


def _part(key: Json) -> Part:
    if type(key) is str:
        return str(key)
    if is_whole(key):
        return int(key)
    raise ExpressionError(f"expected a text or a whole number between `[` and `]`, found {kind_of(key)}")
