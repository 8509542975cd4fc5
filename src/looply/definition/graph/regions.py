"""Which steps lie in which branch or body, and whether every edge stays within its own.

Theory of operation. A walk from the start carries along where it is: the exits of a `parallel` lead into its branches,
`each` of a `forEach` into its body, and the `join` of a parallel out of its branches again. A step that is reached
from two different places has an edge that crosses a border; what the walk found first counts. A step that is never
reached lies nowhere.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from looply.definition.graph.model import EACH, START, Region
from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.jsontext import Json
from looply.limits import Limits

_WARNED_ELSEWHERE: Final = ("no", "else", "timeout", "rejected", "error", EACH)
_BORDER_HINT: Final = "end the path there, or let all branches meet in the join of their parallel"
_BODY_HINT: Final = "leave the last exit of the body open; what follows stands behind the exit 'next'"


class Crossing(NamedTuple):
    """An edge or redirect that leads over a border: its pointer, its two ends, and where each of them lies."""

    path: str
    source: str
    target: str
    inside: Region
    outside: Region


class Regions(NamedTuple):
    """What the walk found: for each step that is reached where it lies, and what crosses a border."""

    regions: Mapping[str, Region]
    crossings: tuple[Crossing, ...]


class _Way(NamedTuple):
    source: str
    target: str
    exit: str
    path: str


def joins_of(outline: Outline) -> dict[str, str]:
    """Returns for each parallel step its join; of two joins the first."""
    found: dict[str, str] = {}
    for step in outline.by_id.values():
        of = step.settings.get("of")
        if is_of(step, "join") and isinstance(of, str):
            found.setdefault(of, step.id)
    return found


def is_of(step: StepOutline | None, *types: str) -> bool:
    """Tells whether a step is of one of the types."""
    return step is not None and step.type is not None and step.type.name in types


def find_regions(outline: Outline) -> Regions:
    """Returns where each step lies."""
    if START not in outline.by_id:
        return Regions({}, ())
    joins, ways = joins_of(outline), _ways(outline)
    regions: dict[str, Region] = {START: ()}
    crossings: list[Crossing] = []
    pending = deque([START])
    while pending:
        for way in ways[pending.popleft()]:
            region = _behind(way, regions[way.source], outline, joins)
            target = regions.get(way.target)
            if target is None:
                regions[way.target] = region
                pending.append(way.target)
            elif target != region:
                crossings.append(Crossing(way.path, way.source, way.target, region, target))
    return Regions(regions, tuple(crossings))


def check_regions(outline: Outline, report: Report, limits: Limits) -> None:
    """Checks joins, borders, open ends of branches and bodies, and the bounds of a region."""
    found = find_regions(outline)
    joins = joins_of(outline)
    for step in outline.by_id.values():
        if is_of(step, "parallel"):
            _check_branches(step, report, limits)
        elif is_of(step, "join"):
            _check_join(step, outline, joins, report)
        elif is_of(step, "forEach"):
            _check_bounds(step, report, limits)
    for crossing in found.crossings:
        is_body = bool(crossing.inside) and is_of(outline.by_id[crossing.inside[-1][0]], "forEach")
        hint = _BODY_HINT if is_body else _BORDER_HINT
        message = (
            f"leads from {_named(crossing.inside, outline)} into {_named(crossing.outside, outline)}: "
            f"{crossing.source!r} and {crossing.target!r} must lie in the same branch or body"
        )
        report.error(crossing.path, message, hint)
    _check_exits(outline, found, joins, report)
    _check_arrivals(outline, found, joins, report)
    _check_payload(outline, found, report)


def _ways(outline: Outline) -> dict[str, list[_Way]]:
    ways: dict[str, list[_Way]] = {id_: [] for id_ in outline.by_id}
    for edge in outline.edges:
        if edge.source in ways and edge.target in ways:
            ways[edge.source].append(_Way(edge.source, edge.target, edge.branch, edge.path))
    for step in outline.by_id.values():
        target = step.settings.get("target")
        if is_of(step, "redirect") and isinstance(target, str) and target in ways:
            path = join_pointer(step.path, "settings", "target")
            ways[step.id].append(_Way(step.id, target, "next", path))
    return ways


def _behind(way: _Way, region: Region, outline: Outline, joins: Mapping[str, str]) -> Region:
    """Returns where the way leads to, when it starts in a region."""
    source = outline.by_id[way.source]
    if (is_of(source, "parallel") and way.exit != "error") or (is_of(source, "forEach") and way.exit == EACH):
        region = (*region, (way.source, way.exit))
    if region and joins.get(region[-1][0]) == way.target and is_of(outline.by_id[region[-1][0]], "parallel"):
        return region[:-1]
    return region


def _named(region: Region, outline: Outline) -> str:
    if not region:
        return "the steps outside of any branch or body"
    step, exit_ = region[-1]
    is_body = is_of(outline.by_id[step], "forEach")
    return f"the body of {step!r}" if is_body else f"the branch {exit_!r} of {step!r}"


def _check_branches(step: StepOutline, report: Report, limits: Limits) -> None:
    branches = _branches(step)
    if len(branches) > limits.branches:
        message = f"has {len(branches)} branches; the limit branches is {limits.branches}"
        report.error(join_pointer(step.path, "settings", "branches"), message)


def _branches(step: StepOutline) -> list[str]:
    return [exit_ for exit_ in step.exits if exit_ != "error"]


def _check_join(step: StepOutline, outline: Outline, joins: Mapping[str, str], report: Report) -> None:
    of, count = step.settings.get("of"), step.settings.get("for", "all")
    if not isinstance(of, str):
        return
    path = join_pointer(step.path, "settings", "of")
    parallel = outline.by_id.get(of)
    if parallel is None:
        report.error(path, f"there is no step {of!r}", report.suggest(of, outline.by_id))
    elif not is_of(parallel, "parallel"):
        report.error(path, f"{of!r} is no parallel step", "name the parallel whose branches meet here")
    elif joins[of] != step.id:
        report.error(path, f"{of!r} has a join already: {joins[of]!r}", "a parallel has one join")
    elif isinstance(count, int | float) and not isinstance(count, bool) and count > len(_branches(parallel)):
        message = f"asks for {int(count)} branches, but {of!r} has {len(_branches(parallel))}"
        report.error(join_pointer(step.path, "settings", "for"), message)


def _check_bounds(step: StepOutline, report: Report, limits: Limits) -> None:
    items, concurrency = step.settings.get("items"), step.settings.get("concurrency", 1)
    if isinstance(items, list) and len(items) > limits.items:
        message = f"has {len(items)} items; the limit items is {limits.items}"
        report.error(join_pointer(step.path, "settings", "items"), message)
    if isinstance(concurrency, int) and concurrency > limits.iterations:
        message = f"lets {concurrency} iterations run at once; the limit iterations is {limits.iterations}"
        report.error(join_pointer(step.path, "settings", "concurrency"), message)


def _check_exits(outline: Outline, found: Regions, joins: Mapping[str, str], report: Report) -> None:
    """Warns of branches and bodies that hold nothing, and of paths that end in a branch before its join."""
    taken = {(edge.source, edge.branch) for edge in outline.edges}
    for id_, region in found.regions.items():
        step = outline.by_id[id_]
        for exit_ in step.exits:
            if (id_, exit_) in taken:
                continue
            if is_of(step, "parallel") and exit_ != "error":
                report.warning(step.path, f"the branch {exit_!r} of {id_!r} has no step, so it ends at once")
            elif is_of(step, "forEach") and exit_ == EACH:
                message = f"the body of {id_!r} has no step, so the items are counted and nothing else"
                report.warning(step.path, message, "connect the exit 'each' with the first step of the body")
            elif exit_ not in _WARNED_ELSEWHERE and region and (join := joins.get(region[-1][0])):
                message = f"the exit {exit_!r} of {id_!r} is open: the branch ends without arriving at {join!r}"
                report.warning(step.path, message, f"connect it with {join!r}")


def _check_arrivals(outline: Outline, found: Regions, joins: Mapping[str, str], report: Report) -> None:
    """Checks that only its branches lead to a join, and warns where fewer of them do than it waits for."""
    arriving: dict[str, set[str]] = {join: set() for join in joins.values()}
    parallels = {join: parallel for parallel, join in joins.items() if is_of(outline.by_id.get(parallel), "parallel")}
    for way in (way for ways in _ways(outline).values() for way in ways):
        region = found.regions.get(way.source)
        if region is None or way.target not in parallels:
            continue
        parallel = parallels[way.target]
        if way.source == parallel and way.exit != "error":
            arriving[way.target].add(way.exit)
        elif region and region[-1][0] == parallel:
            arriving[way.target].add(region[-1][1])
        elif region == found.regions.get(way.target):
            message = f"{way.target!r} is the join of {parallel!r}: only a branch of it can lead there"
            report.error(way.path, message, "lead to the step behind the join")
    for join, parallel in parallels.items():
        if parallel not in found.regions:
            continue
        needed = _needed(outline.by_id[join].settings.get("for", "all"), outline.by_id[parallel])
        if len(arriving[join]) < needed:
            message = (
                f"{join!r} waits for {needed} branches of {parallel!r}, but only {len(arriving[join])} lead to it: "
                "it can never be met"
            )
            report.warning(outline.by_id[join].path, message)


def _needed(count: Json, parallel: StepOutline) -> int:
    if isinstance(count, int | float):
        return int(count)
    return 1 if count == "any" else len(_branches(parallel))


def _check_payload(outline: Outline, found: Regions, report: Report) -> None:
    """Warns of two branches of one parallel that both change the payload: the last one wins."""
    writers: dict[tuple[Region, str], dict[str, str]] = {}
    for step in outline.by_id.values():
        if is_of(step, "overridePayload"):
            for parallel, branch, around in _branches_around(found.regions.get(step.id, ()), outline):
                writers.setdefault((around, parallel), {}).setdefault(branch, step.id)
    for (_, parallel), by_branch in writers.items():
        first, *others = by_branch.values()
        if others:
            more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
            message = f"{first!r} and {others[0]!r}{more} change the payload in branches of {parallel!r}: the last wins"
            report.warning(outline.by_id[others[0]].path, message, "let later steps read the steps' outputs instead")


def _branches_around(region: Region, outline: Outline) -> Iterator[tuple[str, str, Region]]:
    """Yields the branches that a step lies in and shares the payload with: inner ones up to the next body."""
    for depth in range(len(region) - 1, -1, -1):
        step, exit_ = region[depth]
        if is_of(outline.by_id[step], "forEach"):
            return
        yield step, exit_, region[:depth]
