"""What a worker process asks of the interpreter of its language, and what it is told."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Code to run: its `text`. `input` is JSON. The others are its limits, `memory` and `output` in bytes."""

    text: str
    input: str
    seconds: float
    memory: int
    output: int
    levels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of a request: `value` (JSON text) for the kind `value`, else an error code and what is known of it.

    `line` counts from 1 in the author's code, 0: unknown.
    """

    kind: str
    text: str = ""
    line: int = 0
    printed: str = ""
    value: str = ""


class Broken(Exception):
    """The request failed in a way that this process should not outlive; `said` is told first."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.kind)
        self.said = said


class Interpreter(Protocol):
    """What runs the code of one language."""

    def run(self, request: Request) -> Said:
        """Returns what came of a request. Raises: Broken."""
        ...
