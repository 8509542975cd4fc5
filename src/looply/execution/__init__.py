"""An execution is a fold over its history; `decide` is pure; the shell feeds it and obeys it."""

from looply.execution.answering.answer import answer
from looply.execution.deciding.decide import Advance, advance, decide
from looply.execution.evolving.evolve import evolve, fold
from looply.execution.facts.commands import Answer
from looply.execution.facts.open_work import OpenWork, open_work
from looply.execution.facts.state import ExecutionState, Status

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
