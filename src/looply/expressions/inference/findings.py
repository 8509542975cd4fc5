"""What the inference finds in an expression: where it stands, what is wrong, and how it may be mended."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Literal

from looply.expressions.closures.scope import Path
from looply.expressions.parsing.syntax import Access, Name, Node
from looply.expressions.shapes.shape import Shape
from looply.suggest import did_you_mean

_SHOWN_INDEX: Final = "[...]"
_NO_PATH: Final = "it"


class Doubt(Enum):
    """What kind of finding it is."""

    UNKNOWN = auto()
    """A name that an object does not have, as far as it is known."""
    MISSING = auto()
    """A value that may be missing where none may be missing."""
    WRONG = auto()
    """A value that may be of the right kind, and hardly ever does what is meant."""
    FAILING = auto()
    """What cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `position` and `length` are the part of the source that it is about.

    For an unknown name, `path` leads to it from a name of the document (empty when it starts elsewhere), `name` is
    that name, and `known` are the names that are there. An error is what fails whenever the expression is evaluated;
    anything else is a warning.
    """

    doubt: Doubt
    position: int
    length: int
    message: str
    mend: str = ""
    severity: Literal["error", "warning"] = "warning"
    path: tuple[str | int, ...] = ()
    name: str = ""
    known: tuple[str, ...] = ()

    @property
    def suggestion(self) -> str:
        """How it may be mended; empty when nobody can tell."""
        return self.mend or (did_you_mean(self.name, self.known) if self.known else "")

    def warned(self) -> "Finding":
        """Returns the finding as a warning."""
        return self if self.severity == "warning" else replace(self, severity="warning")


def place_of(node: Node, source: str, *, steps: int | None = None) -> tuple[int, int]:
    """Returns the position and the length of a node; of a path, of the name that its first `steps` steps end with.

    The length is 0 where the source has it written in another way than usual.
    """
    name = ""
    if isinstance(node, Access) and steps is not None:
        node = node.target if steps == 0 else node
    if isinstance(node, Access) and steps:
        last = node.steps[steps - 1]
        name = str(last) if isinstance(last, str) else ""
        node = Access(node.target, node.steps[:steps], node.position)
    text = written(node)
    if not source.startswith(text, node.position):
        return node.position, 0
    end = node.position + len(text)
    return (end - len(name), len(name)) if name and text.endswith(f".{name}") else (node.position, len(text))


def written(node: Node) -> str:
    """Returns a path as an author writes it; what is no path is `it`."""
    match node:
        case Name(name):
            return name
        case Access(target, steps):
            return written(target) + "".join(map(_step_written, steps))
        case _:
            return _NO_PATH


def _step_written(step: str | int | Node) -> str:
    if isinstance(step, str):
        return f".{step}" if step.isascii() and step.isidentifier() else f"[{step!r}]"
    return f"[{step}]" if isinstance(step, int) else _SHOWN_INDEX


class Notes:
    """The findings on the way. What fails is an error until something around it does without the value.

    `outcome` tells what becomes of a path that leads nowhere.
    """

    def __init__(self, source: str, outcome: str) -> None:
        self._source = source
        self._outcome = outcome
        self.found: list[Finding] = []

    def failing(self, node: Node, message: str, mend: str = "") -> None:
        """Records what cannot be evaluated."""
        position, length = place_of(node, self._source)
        self.found.append(Finding(Doubt.FAILING, position, length, message, mend, "error"))

    def nowhere(self, node: Node, message: str) -> None:
        """Records a step that leads nowhere."""
        self.wrong(node, f"{message}: {self._outcome}")

    def wrong(self, node: Node, message: str, mend: str = "") -> None:
        """Records what can be evaluated, and hardly does what is meant."""
        position, length = place_of(node, self._source)
        self.found.append(Finding(Doubt.WRONG, position, length, message, mend))

    def missing(self, node: Node, where: str) -> None:
        """Records that a value may be missing where none may be."""
        position, length = place_of(node, self._source)
        shown = written(node)
        mend = f"write coalesce({shown}, ...), or ask exists({shown}) first" if shown != _NO_PATH else ""
        message = f"{quoted(node)} may be missing, and then {where} fails"
        self.found.append(Finding(Doubt.MISSING, position, length, message, mend))

    def unknown(self, node: Name | Access, count: int, owner: Shape, name: str, path: Path | None) -> None:
        """Records that the name that the first `count` steps of a path lead to is none that its owner has.

        `path` leads to it from the document on; None when it starts elsewhere.
        """
        position, length = place_of(node, self._source, steps=count)
        before = node.target if isinstance(node, Access) and count == 1 else node
        if isinstance(before, Access):
            before = Access(before.target, before.steps[: count - 1], before.position)
        message = f"{quoted(before)} has no {name!r}" if count else f"there is no {name!r}"
        if owner.others is None:
            message += f": {self._outcome}"
        known = tuple(owner.fields or ())
        found = Finding(Doubt.UNKNOWN, position, length, message, path=path or (), name=name, known=known)
        self.found.append(found)

    def set_aside(self, count: int) -> None:
        """Makes warnings of the errors behind the first `count` findings: the evaluation may go on without them."""
        self.found[count:] = [finding.warned() for finding in self.found[count:]]

    def settled(self, shape: Shape) -> tuple[Finding, ...]:
        """Returns the findings of an expression whose value has the shape, in the order of the source.

        When it never has one, and nothing that fails stands by itself, all that fails together is the error.
        """
        found: Iterable[Finding] = dict.fromkeys(self.found)
        if not shape.kinds and not any(each.severity == "error" for each in self.found):
            found = [replace(each, severity="error") if each.doubt is Doubt.FAILING else each for each in found]
        return tuple(sorted(found, key=lambda finding: finding.position))


def quoted(node: Node) -> str:
    """Returns a path between backticks, or words for what is no path."""
    shown = written(node)
    return "the value" if shown == _NO_PATH else f"`{shown}`"
