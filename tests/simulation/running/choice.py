"""The source of all randomness of a simulation, so that a run can be seeded, shrunk and replayed.

The first option of every choice is the simplest one: a list of zeros is a run without faults.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

from hypothesis import strategies as st

Option = TypeVar("Option")


class Choice(Protocol):
    """Decides. `taken` are the decisions so far, which a `ReplayChoice` takes again."""

    taken: list[int]

    def pick(self, label: str, count: int) -> int:
        """Returns a number from 0 to `count` - 1."""
        ...


class SeededChoice:
    """Decides by a seed."""

    def __init__(self, seed: int | str) -> None:
        self.taken: list[int] = []
        self._next = Random(seed).random

    def pick(self, label: str, count: int) -> int:
        """Returns a number from 0 to `count` - 1."""
        picked = int(self._next() * count)
        self.taken.append(picked)
        return picked


class ReplayChoice:
    """Repeats the decisions of a list, then takes the simplest option."""

    def __init__(self, decisions: Sequence[int]) -> None:
        self.taken: list[int] = []
        self._decisions = iter(decisions)

    def pick(self, label: str, count: int) -> int:
        """Returns a number from 0 to `count` - 1."""
        picked = min(next(self._decisions, 0), count - 1)
        self.taken.append(picked)
        return picked


class HypothesisChoice:
    """Lets Hypothesis decide, which shrinks failing examples."""

    def __init__(self, data: st.DataObject) -> None:
        self.taken: list[int] = []
        self._draw = data.draw

    def pick(self, label: str, count: int) -> int:
        """Returns a number from 0 to `count` - 1."""
        picked: int = self._draw(st.integers(0, count - 1), label)
        self.taken.append(picked)
        return picked


def choose(choice: Choice, label: str, options: Sequence[Option]) -> Option:
    """Returns one of the options; the first is the simplest."""
    return options[choice.pick(label, len(options))]


def happens(choice: Choice, label: str, permille: int) -> bool:
    """Returns whether an event of this probability happens; false is the simplest."""
    return choice.pick(label, 1000) >= 1000 - permille


def shrink(decisions: Sequence[int], fails: Callable[[Sequence[int]], bool], most_runs: int = 2500) -> list[int]:
    """Returns a shorter list with simpler decisions that still fails.

    Halves are dropped, then quarters and so on (ddmin); then runs of decisions become zeros.
    """
    best = list(decisions)
    runs = 0

    def is_better(candidate: list[int]) -> bool:
        nonlocal runs
        runs += 1
        return runs <= most_runs and fails(candidate)

    for make in (_without, _with_zeros):
        size = max(len(best) // 2, 1)
        while size and runs < most_runs:
            place = 0
            while place < len(best):
                candidate = make(best, place, size)
                if candidate != best and is_better(candidate):
                    best = candidate
                    place += 0 if make is _without else size
                else:
                    place += size
            size //= 2
    while best and best[-1] == 0:
        best.pop()
    return best


def _without(decisions: list[int], place: int, size: int) -> list[int]:
    return decisions[:place] + decisions[place + size :]


def _with_zeros(decisions: list[int], place: int, size: int) -> list[int]:
    return decisions[:place] + [0] * len(decisions[place : place + size]) + decisions[place + size :]
