"""Which steps have given an output before a step begins: on some way to it, and on every way."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from looply.definition.graph.model import EACH, START, Region
from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.graph.regions import find_regions, is_of, joins_of

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


class _Meeting(NamedTuple):
    """A join: the branches' ways to it by branch, the bits of what runs in them, and whether all of them arrive."""

    ways: dict[str, list[_Way]]
    sources: dict[str, list[int]]
    inner: int
    is_of_all: bool


class RunOrder:
    """The order in which the steps of a definition can run.

    What runs side by side may have run before; behind a join that waits for all, what is sure in any branch is sure.

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
        self._meetings = _meetings(outline, self._numbers)
        if START in self._numbers:
            self._sweep(_ways(outline, self._numbers), everything)
            for number, beside in _beside(outline, self._numbers).items():
                self._maybe[number] |= beside

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
                if (meeting := self._meetings.get(number)) is not None:
                    maybe[number] |= meeting.inner
                    surely[number] &= self._met(meeting, everything)
                for way in ways[number]:
                    maybe[way.target] |= maybe[number] | way.may_give
                    if way.target not in self._meetings:
                        surely[way.target] &= surely[number] | way.gives
            if before == (maybe, surely):
                return
        self._maybe, self._surely = [everything] * len(maybe), [0] * len(surely)

    def _met(self, meeting: _Meeting, everything: int) -> int:
        """Returns what has run for sure when a join is met."""
        found = 0 if meeting.is_of_all else everything
        for branch, ways in meeting.ways.items():
            arrived = everything
            for source, way in zip(meeting.sources[branch], ways, strict=True):
                arrived &= self._surely[source] | way.gives
            found = found | arrived if meeting.is_of_all else found & arrived
        return found


def _meetings(outline: Outline, numbers: Mapping[str, int]) -> dict[int, _Meeting]:
    """Returns the joins at which branches meet; one to which nothing leads is none."""
    regions, joins = find_regions(outline).regions, joins_of(outline)
    meetings: dict[int, _Meeting] = {}
    for parallel, join in joins.items():
        if parallel not in regions or not is_of(outline.by_id.get(parallel), "parallel"):
            continue
        depth = len(regions[parallel])
        ways: dict[str, list[_Way]] = {}
        sources: dict[str, list[int]] = {}
        own = 1 << numbers[parallel]
        for source, target, exit_ in _edges(outline):
            if target != join or source not in regions:
                continue
            branch = exit_ if source == parallel else dict(regions[source][depth:]).get(parallel, "")
            way = _way_of(outline.by_id[source], exit_, numbers, numbers[join])
            ways.setdefault(branch, []).append(way._replace(may_give=way.may_give | own, gives=way.gives | own))
            sources.setdefault(branch, []).append(numbers[source])
        inner = own
        for step, region in regions.items():
            if region[depth : depth + 1] and region[depth][0] == parallel and _is_shared(outline, region[depth + 1 :]):
                inner |= 1 << numbers[step]
        is_of_all = outline.by_id[join].settings.get("for", "all") == "all"
        if ways:
            meetings[numbers[join]] = _Meeting(ways, sources, inner, is_of_all)
    return meetings


def _is_shared(outline: Outline, region: Region) -> bool:
    """Tells whether what lies so deep writes into the document around it: it is in no body."""
    return not any(is_of(outline.by_id[step], "forEach") for step, _ in region)


def _beside(outline: Outline, numbers: Mapping[str, int]) -> dict[int, int]:
    """Returns for each step of a branch the steps of the branches beside it, which may have run before it."""
    regions = find_regions(outline).regions
    members: dict[tuple[Region, str], int] = {}
    for step, region in regions.items():
        for depth, (parallel, branch) in enumerate(region):
            if _is_shared(outline, region[depth:]):
                for key in ((region[:depth], parallel), (region[: depth + 1], branch)):
                    members[key] = members.get(key, 0) | 1 << numbers[step]
    beside: dict[int, int] = {}
    for step, region in regions.items():
        for depth, (parallel, branch) in enumerate(region):
            others = members.get((region[:depth], parallel), 0) & ~members.get((region[: depth + 1], branch), 0)
            beside[numbers[step]] = beside.get(numbers[step], 0) | others
    return beside


def _ways(outline: Outline, numbers: Mapping[str, int]) -> list[list[_Way]]:
    ways: list[list[_Way]] = [[] for _ in numbers]
    for source, target, exit_ in _edges(outline):
        if source in numbers and target in numbers:
            way = _way_of(outline.by_id[source], exit_, numbers, numbers[target])
            if _leads_inside(outline.by_id[source], exit_):
                way = way._replace(may_give=0, gives=0)
            ways[numbers[source]].append(way)
    return ways


def _leads_inside(step: StepOutline, exit_: str) -> bool:
    """Tells whether an exit leads into a branch or a body: the step itself has no output yet."""
    return (is_of(step, "parallel") and exit_ != "error") or (is_of(step, "forEach") and exit_ == EACH)


def _way_of(source: StepOutline, exit_: str, numbers: Mapping[str, int], target: int) -> _Way:
    own = 0 if source.id == START else 1 << numbers[source.id]
    match exit_:
        case "timeout" if not is_of(source, "approval"):  # an approval tells who had decided by then
            return _Way(target, 0, 0)
        case "error":  # a status that `fail_on` names is an output all the same
            return _Way(target, own, 0)
        case _:
            return _Way(target, own, own)


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
