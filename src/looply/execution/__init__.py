"""An execution is a fold over its history; `decide` is pure; the shell feeds it and obeys it."""

from looply.execution.answering.answer import answer
from looply.execution.deciding.decide import Advance, advance, decide
from looply.execution.evolving.evolve import evolve, fold
from looply.execution.facts.commands import Answer
from looply.execution.facts.state import ExecutionState, OpenWork, Status, open_work

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
