"""Data-flow analysis: which steps have an output before a step begins, on some path to it and on every path."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from looply.definition.graph.model import EACH, START, Region
from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.graph.regions import find_regions, has_type, joins_of

_MAX_SWEEPS = 50  # each nesting level of loops takes one; no real definition has that many


class PrecedingSteps(NamedTuple):
    """The ids of steps that have an output when a step begins: `maybe` on some path to it, `surely` on every path."""

    maybe: frozenset[str]
    surely: frozenset[str]


class Order(NamedTuple):
    """The same as `PrecedingSteps`, for one step: each question takes a short time, however many steps there are.

    Bit n represents the step of number n.
    """

    numbers: Mapping[str, int]
    maybe: int
    surely: int

    def may_have_run(self, step_id: str) -> bool:
        """Returns whether a step has an output on some path."""
        return bool(self.maybe >> self.numbers[step_id] & 1)

    def has_surely_run(self, step_id: str) -> bool:
        """Returns whether a step has an output on every path."""
        return bool(self.surely >> self.numbers[step_id] & 1)


class _Transition(NamedTuple):
    target: int
    may_give: int
    """The bit of the source when it may have an output after the exit, else 0."""
    gives: int
    """The bit of the source when it certainly has an output, else 0."""


class _JoinPoint(NamedTuple):
    """A join: the transitions to it by branch, the bits of the steps within, and whether it waits for all branches."""

    transitions: dict[str, list[_Transition]]
    sources: dict[str, list[int]]
    inner: int
    is_of_all: bool


class RunOrder:
    """The order in which the steps of a definition can run.

    Concurrent steps may have run before; after a join that waits for all, what is certain in any branch is certain.

    It is computed by sweeping over the steps in the order of the graph until a fixed point; when that takes too many
    sweeps, any step may have run before any other.
    """

    def __init__(self, outline: Outline) -> None:
        self._ids = list(outline.by_id)
        self._numbers = {id_: number for number, id_ in enumerate(self._ids)}
        # Sets of steps are bit sets in integers.
        count = len(self._ids)
        everything = (1 << count) - 1
        self._maybe, self._surely = [0] * count, [everything] * count
        self._reached: frozenset[int] = frozenset()
        self._join_points = _join_points(outline, self._numbers)
        if START in self._numbers:
            self._sweep(_transitions(outline, self._numbers), everything)
            for number, concurrent in _concurrent_steps(outline, self._numbers).items():
                self._maybe[number] |= concurrent

    def before(self, step_id: str) -> PrecedingSteps | None:
        """Returns the steps before a step; None when it does not exist or is not reachable."""
        order = self.order(step_id)
        return PrecedingSteps(self._ids_of(order.maybe), self._ids_of(order.surely)) if order is not None else None

    def order(self, step_id: str) -> Order | None:
        """Returns which steps run before a step; None when it does not exist or is not reachable."""
        number = self._numbers.get(step_id, -1)
        if number not in self._reached:
            return None
        return Order(self._numbers, self._maybe[number], self._surely[number])

    def _ids_of(self, bits: int) -> frozenset[str]:
        flags = reversed(f"{bits:b}")
        return frozenset(id_ for id_, flag in zip(self._ids, flags, strict=False) if flag == "1")

    def _sweep(self, transitions: list[list[_Transition]], everything: int) -> None:
        start = self._numbers[START]
        order = _reverse_postorder(start, transitions)
        self._reached = frozenset(order)
        self._surely[start] = 0
        maybe, surely = self._maybe, self._surely
        for _ in range(_MAX_SWEEPS):
            before = (maybe.copy(), surely.copy())
            for number in order:
                if (join_point := self._join_points.get(number)) is not None:
                    maybe[number] |= join_point.inner
                    surely[number] &= self._certain_at_join(join_point, everything)
                for transition in transitions[number]:
                    maybe[transition.target] |= maybe[number] | transition.may_give
                    if transition.target not in self._join_points:
                        surely[transition.target] &= surely[number] | transition.gives
            if before == (maybe, surely):
                return
        self._maybe, self._surely = [everything] * len(maybe), [0] * len(surely)

    def _certain_at_join(self, join_point: _JoinPoint, everything: int) -> int:
        """Returns the steps that have certainly run when a join is complete."""
        found = 0 if join_point.is_of_all else everything
        for branch, transitions in join_point.transitions.items():
            arrived = everything
            for source, transition in zip(join_point.sources[branch], transitions, strict=True):
                arrived &= self._surely[source] | transition.gives
            found = found | arrived if join_point.is_of_all else found & arrived
        return found


def _join_points(outline: Outline, numbers: Mapping[str, int]) -> dict[int, _JoinPoint]:
    """Returns the joins at which branches meet; a join without a transition to it is left out."""
    regions, joins = find_regions(outline).regions, joins_of(outline)
    join_points: dict[int, _JoinPoint] = {}
    for parallel, join in joins.items():
        if parallel not in regions or not has_type(outline.by_id.get(parallel), "parallel"):
            continue
        depth = len(regions[parallel])
        transitions: dict[str, list[_Transition]] = {}
        sources: dict[str, list[int]] = {}
        own = 1 << numbers[parallel]
        for source, target, exit_ in _edges(outline):
            if target != join or source not in regions:
                continue
            branch = exit_ if source == parallel else dict(regions[source][depth:]).get(parallel, "")
            transition = _transition_of(outline.by_id[source], exit_, numbers, numbers[join])
            transitions.setdefault(branch, []).append(
                transition._replace(may_give=transition.may_give | own, gives=transition.gives | own)
            )
            sources.setdefault(branch, []).append(numbers[source])
        inner = own
        for step, region in regions.items():
            if region[depth : depth + 1] and region[depth][0] == parallel and _is_shared(outline, region[depth + 1 :]):
                inner |= 1 << numbers[step]
        is_of_all = outline.by_id[join].settings.get("for", "all") == "all"
        if transitions:
            join_points[numbers[join]] = _JoinPoint(transitions, sources, inner, is_of_all)
    return join_points


def _is_shared(outline: Outline, region: Region) -> bool:
    """Returns whether the steps of a region write into the document around it, as no `forEach` encloses them."""
    return not any(has_type(outline.by_id[step], "forEach") for step, _ in region)


def _concurrent_steps(outline: Outline, numbers: Mapping[str, int]) -> dict[int, int]:
    """Returns for each step of a branch the steps of its sibling branches, which may have run before it."""
    regions = find_regions(outline).regions
    members: dict[tuple[Region, str], int] = {}
    for step, region in regions.items():
        for depth, (parallel, branch) in enumerate(region):
            if _is_shared(outline, region[depth:]):
                for key in ((region[:depth], parallel), (region[: depth + 1], branch)):
                    members[key] = members.get(key, 0) | 1 << numbers[step]
    concurrent: dict[int, int] = {}
    for step, region in regions.items():
        for depth, (parallel, branch) in enumerate(region):
            others = members.get((region[:depth], parallel), 0) & ~members.get((region[: depth + 1], branch), 0)
            concurrent[numbers[step]] = concurrent.get(numbers[step], 0) | others
    return concurrent


def _transitions(outline: Outline, numbers: Mapping[str, int]) -> list[list[_Transition]]:
    transitions: list[list[_Transition]] = [[] for _ in numbers]
    for source, target, exit_ in _edges(outline):
        if source in numbers and target in numbers:
            transition = _transition_of(outline.by_id[source], exit_, numbers, numbers[target])
            if _leads_inside(outline.by_id[source], exit_):
                transition = transition._replace(may_give=0, gives=0)
            transitions[numbers[source]].append(transition)
    return transitions


def _leads_inside(step: StepOutline, exit_: str) -> bool:
    """Returns whether an exit leads into a branch or a body: the step itself has no output yet."""
    return (has_type(step, "parallel") and exit_ != "error") or (has_type(step, "forEach") and exit_ == EACH)


def _transition_of(source: StepOutline, exit_: str, numbers: Mapping[str, int], target: int) -> _Transition:
    own = 0 if source.id == START else 1 << numbers[source.id]
    match exit_:
        case "timeout" if not has_type(source, "approval"):  # an approval outputs the decisions up to its timeout
            return _Transition(target, 0, 0)
        case "error":  # a response whose status `fail_on` names is an output, too
            return _Transition(target, own, 0)
        case _:
            return _Transition(target, own, own)


def _edges(outline: Outline) -> Iterator[tuple[str, str, str]]:
    for edge in outline.edges:
        yield edge.source, edge.target, edge.branch
    for step in outline.by_id.values():
        if (target := _redirect_target(step)) is not None:
            yield step.id, target, "next"


def _redirect_target(step: StepOutline) -> str | None:
    target = step.settings.get("target")
    is_redirect = step.type is not None and step.type.name == "redirect"
    return target if is_redirect and isinstance(target, str) else None


def _reverse_postorder(start: int, transitions: list[list[_Transition]]) -> list[int]:
    """Returns the reachable steps, each before its successors except in loops (reverse postorder)."""
    finished: list[int] = []
    seen, trail = {start}, [(start, iter(transitions[start]))]
    while trail:
        number, rest = trail[-1]
        transition = next(rest, None)
        if transition is None:
            finished.append(number)
            trail.pop()
        elif transition.target not in seen:
            seen.add(transition.target)
            trail.append((transition.target, iter(transitions[transition.target])))
    return finished[::-1]
