"""The findings of the inference: position, message and suggested fix."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Literal

from looply.errors import did_you_mean
from looply.expressions.closures.scope import Path
from looply.expressions.parsing.syntax import Access, Name, Node
from looply.expressions.shapes.shape import Shape

_SHOWN_INDEX: Final = "[...]"
_NO_PATH: Final = "it"


class FindingKind(Enum):
    """The kinds of findings."""

    UNKNOWN = auto()
    """A name that an object does not have, as far as it is known."""
    MISSING = auto()
    """A value that may be missing where one is required."""
    WRONG = auto()
    """A value that may have the right kind, but is hardly ever intended."""
    FAILING = auto()
    """An expression that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `position` and `length` are the part of the source that it is about.

    For an unknown name, `path` leads to it from a name of the document (empty when it starts elsewhere), `name` is
    that name, and `known` are the existing names. A finding is an error when the expression always fails; any other
    is a warning.
    """

    kind: FindingKind
    position: int
    length: int
    message: str
    fix: str = ""
    severity: Literal["error", "warning"] = "warning"
    path: tuple[str | int, ...] = ()
    name: str = ""
    known: tuple[str, ...] = ()

    @property
    def suggestion(self) -> str:
        """The suggested fix; empty when there is none."""
        return self.fix or (did_you_mean(self.name, self.known) if self.known else "")

    def as_warning(self) -> "Finding":
        """Returns the finding as a warning."""
        return self if self.severity == "warning" else replace(self, severity="warning")


def place_of(node: Node, source: str, *, steps: int | None = None) -> tuple[int, int]:
    """Returns the position and the length of a node; for a path, of the last name of its first `steps` steps.

    The length is 0 where the source writes it in an unusual way.
    """
    name = ""
    if isinstance(node, Access) and steps is not None:
        node = node.target if steps == 0 else node
    if isinstance(node, Access) and steps:
        last = node.steps[steps - 1]
        name = str(last) if isinstance(last, str) else ""
        node = Access(node.target, node.steps[:steps], node.position)
    text = path_text(node)
    if not source.startswith(text, node.position):
        return node.position, 0
    end = node.position + len(text)
    return (end - len(name), len(name)) if name and text.endswith(f".{name}") else (node.position, len(text))


def path_text(node: Node) -> str:
    """Returns a path as an author writes it, and `it` for a node that is no path."""
    match node:
        case Name(name):
            return name
        case Access(target, steps):
            return path_text(target) + "".join(map(_step_text, steps))
        case _:
            return _NO_PATH


def _step_text(step: str | int | Node) -> str:
    if isinstance(step, str):
        return f".{step}" if step.isascii() and step.isidentifier() else f"[{step!r}]"
    return f"[{step}]" if isinstance(step, int) else _SHOWN_INDEX


class FindingCollector:
    """Collects findings. A failing node is an error until an enclosing node does not need its value.

    `outcome` is the text for the result of a path without a value.
    """

    def __init__(self, source: str, outcome: str) -> None:
        self._source = source
        self._outcome = outcome
        self.found: list[Finding] = []

    def add_failing(self, node: Node, message: str, fix: str = "") -> None:
        """Records a node that cannot be evaluated."""
        position, length = place_of(node, self._source)
        self.found.append(Finding(FindingKind.FAILING, position, length, message, fix, "error"))

    def add_dead_end(self, node: Node, message: str) -> None:
        """Records a step that never has a value."""
        self.add_wrong(node, f"{message}: {self._outcome}")

    def add_wrong(self, node: Node, message: str, fix: str = "") -> None:
        """Records a node that can be evaluated, but whose result is hardly intended."""
        position, length = place_of(node, self._source)
        self.found.append(Finding(FindingKind.WRONG, position, length, message, fix))

    def add_missing(self, node: Node, where: str) -> None:
        """Records that a value may be missing where one is required."""
        position, length = place_of(node, self._source)
        shown = path_text(node)
        fix = f"write coalesce({shown}, ...), or ask exists({shown}) first" if shown != _NO_PATH else ""
        message = f"{quote(node)} may be missing, and then {where} fails"
        self.found.append(Finding(FindingKind.MISSING, position, length, message, fix))

    def add_unknown(self, node: Name | Access, count: int, owner: Shape, name: str, path: Path | None) -> None:
        """Records that the owner does not have the name at the end of the first `count` steps of a path.

        `path` leads to it from the document; None when it starts elsewhere.
        """
        position, length = place_of(node, self._source, steps=count)
        before = node.target if isinstance(node, Access) and count == 1 else node
        if isinstance(before, Access):
            before = Access(before.target, before.steps[: count - 1], before.position)
        message = f"{quote(before)} has no {name!r}" if count else f"there is no {name!r}"
        if owner.others is None:
            message += f": {self._outcome}"
        known = tuple(owner.fields or ())
        found = Finding(FindingKind.UNKNOWN, position, length, message, path=path or (), name=name, known=known)
        self.found.append(found)

    def downgrade_errors(self, count: int) -> None:
        """Makes warnings of the errors after the first `count` findings: the evaluation may continue despite them."""
        self.found[count:] = [finding.as_warning() for finding in self.found[count:]]

    def result(self, shape: Shape) -> tuple[Finding, ...]:
        """Returns the findings of an expression whose value has the shape, in the order of the source.

        When it never has a value and no finding is an error by itself, all failing nodes become errors.
        """
        found: Iterable[Finding] = dict.fromkeys(self.found)
        if not shape.kinds and not any(each.severity == "error" for each in self.found):
            found = [replace(each, severity="error") if each.kind is FindingKind.FAILING else each for each in found]
        return tuple(sorted(found, key=lambda finding: finding.position))


def quote(node: Node) -> str:
    """Returns a path between backticks, or `the value` for a node that is no path."""
    shown = path_text(node)
    return "the value" if shown == _NO_PATH else f"`{shown}`"
