"""An execution is a fold over its history; `decide` is pure; the shell feeds it and obeys it."""

from looply.execution.answer import answer
from looply.execution.commands import Answer
from looply.execution.decide import Advance, advance, decide
from looply.execution.evolve import evolve, fold
from looply.execution.state import ExecutionState, OpenWork, Status, open_work

__all__ = [
    "Advance",
    "Answer",
    "ExecutionState",
    "OpenWork",
    "Status",
    "advance",
    "answer",
    "decide",
    "evolve",
    "fold",
    "open_work",
]
