"""Which steps have given an output before a step begins: on some way to it, and on every way."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from looply.definition.model import START
from looply.definition.outline import Outline, StepOutline

_MOST_SWEEPS = 50  # one for each loop within a loop; nobody writes that many


class Before(NamedTuple):
    """The ids of steps whose output is there when a step begins: `maybe` on some way to it, `surely` on every way."""

    maybe: frozenset[str]
    surely: frozenset[str]


class _Way(NamedTuple):
    target: int
    may_give: int
    """The bit of the source when its output may be there behind the exit, else 0."""
    gives: int
    """The bit of the source when its output is there for sure, else 0."""


class RunOrder:
    """The order in which the steps of a definition can run.

    It is found by sweeping over the steps in the order of the graph until nothing changes; where that takes too long,
    any step may have come before any other.
    """

    def __init__(self, outline: Outline) -> None:
        self._ids = list(outline.by_id)
        self._numbers = {id_: number for number, id_ in enumerate(self._ids)}
        # Sets of steps are bits of whole numbers.
        count = len(self._ids)
        everything = (1 << count) - 1
        self._maybe, self._surely = [0] * count, [everything] * count
        self._reached: frozenset[int] = frozenset()
        if START in self._numbers:
            self._sweep(_ways(outline, self._numbers), everything)

    def before(self, step_id: str) -> Before | None:
        """Returns what comes before a step; None when it is not there, or never reached."""
        number = self._numbers.get(step_id, -1)
        if number not in self._reached:
            return None
        return Before(self._named(self._maybe[number]), self._named(self._surely[number]))

    def _named(self, bits: int) -> frozenset[str]:
        flags = reversed(f"{bits:b}")
        return frozenset(id_ for id_, flag in zip(self._ids, flags, strict=False) if flag == "1")

    def _sweep(self, ways: list[list[_Way]], everything: int) -> None:
        start = self._numbers[START]
        order = _in_order(start, ways)
        self._reached = frozenset(order)
        self._surely[start] = 0
        maybe, surely = self._maybe, self._surely
        for _ in range(_MOST_SWEEPS):
            before = (maybe.copy(), surely.copy())
            for number in order:
                for way in ways[number]:
                    maybe[way.target] |= maybe[number] | way.may_give
                    surely[way.target] &= surely[number] | way.gives
            if before == (maybe, surely):
                return
        self._maybe, self._surely = [everything] * len(maybe), [0] * len(surely)


def _ways(outline: Outline, numbers: Mapping[str, int]) -> list[list[_Way]]:
    ways: list[list[_Way]] = [[] for _ in numbers]
    for source, target, branch in _edges(outline):
        if source in numbers and target in numbers:
            own = 0 if source == START else 1 << numbers[source]
            match branch:
                case "timeout":
                    way = _Way(numbers[target], 0, 0)
                case "error":  # a status that `fail_on` names is an output all the same
                    way = _Way(numbers[target], own, 0)
                case _:
                    way = _Way(numbers[target], own, own)
            ways[numbers[source]].append(way)
    return ways


def _edges(outline: Outline) -> Iterator[tuple[str, str, str]]:
    for edge in outline.edges:
        yield edge.source, edge.target, edge.branch
    for step in outline.by_id.values():
        if (target := _redirected_to(step)) is not None:
            yield step.id, target, "next"


def _redirected_to(step: StepOutline) -> str | None:
    target = step.settings.get("target")
    is_redirect = step.type is not None and step.type.name == "redirect"
    return target if is_redirect and isinstance(target, str) else None


def _in_order(start: int, ways: list[list[_Way]]) -> list[int]:
    """Returns the steps that are reached, each before those behind it but for loops (reverse postorder)."""
    finished: list[int] = []
    seen, trail = {start}, [(start, iter(ways[start]))]
    while trail:
        number, rest = trail[-1]
        way = next(rest, None)
        if way is None:
            finished.append(number)
            trail.pop()
        elif way.target not in seen:
            seen.add(way.target)
            trail.append((way.target, iter(ways[way.target])))
    return finished[::-1]
