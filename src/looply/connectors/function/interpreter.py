"""The request of a worker process to the interpreter of its language, and the result."""

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
class RunResult:
    """The result of a request: `value` (JSON text) for the kind `value`, else an error code and its details.

    `line` counts from 1 in the author's code, 0: unknown.
    """

    kind: str
    text: str = ""
    line: int = 0
    printed: str = ""
    value: str = ""


class WorkerUnusable(Exception):
    """The request failed in a way that this process should not outlive; it reports `result` and ends."""

    def __init__(self, result: RunResult) -> None:
        super().__init__(result.kind)
        self.result = result


class Interpreter(Protocol):
    """Runs the code of one language."""

    @property
    def pid(self) -> int:
        """The id of the process that runs the code: this one, or one that it has started."""
        ...

    def run(self, request: Request) -> RunResult:
        """Returns the result of a request. Raises: WorkerUnusable."""
        ...
