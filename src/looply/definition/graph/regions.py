"""Regions: which steps belong to which branch or body, and whether every edge stays within its region.

Theory of operation. A walk from the start tracks the current region: the exits of a `parallel` lead into its branches,
`each` of a `forEach` into its body, and the `join` of a parallel out of its branches again. When a step is reached
from two different regions, the walk keeps the first one and reports the other edge as a crossing. A step that is not
reachable has no region.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from looply.definition.graph.model import EACH, START, Region
from looply.definition.graph.outline import Outline, StepOutline, no_step
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.errors import Sentence, say
from looply.jsontext import Json
from looply.limits import Limits

_WARNED_ELSEWHERE: Final = ("no", "else", "timeout", "rejected", "error", EACH)
_BORDER_HINT: Final = say("MEET_IN_JOIN", "end the path there, or let all branches meet in the join of their parallel")
_BODY_HINT: Final = say(
    "LEAVE_BODY_OPEN", "leave the last exit of the body open; connect the following steps to the exit 'next'"
)


class Crossing(NamedTuple):
    """An edge or redirect between two regions: its pointer, its two ends, and the region of each."""

    path: str
    source: str
    target: str
    inside: Region
    outside: Region


class Regions(NamedTuple):
    """The result of the walk: the region of each reachable step, and the edges that cross between regions."""

    regions: Mapping[str, Region]
    crossings: tuple[Crossing, ...]


class _Transition(NamedTuple):
    source: str
    target: str
    exit: str
    path: str


def joins_of(outline: Outline) -> dict[str, str]:
    """Returns the join of each parallel step; of two joins the first."""
    found: dict[str, str] = {}
    for step in outline.by_id.values():
        of = step.settings.get("of")
        if has_type(step, "join") and isinstance(of, str):
            found.setdefault(of, step.id)
    return found


def has_type(step: StepOutline | None, *types: str) -> bool:
    """Returns whether a step is of one of the types."""
    return step is not None and step.type is not None and step.type.name in types


def find_regions(outline: Outline) -> Regions:
    """Returns the region of each step."""
    if START not in outline.by_id:
        return Regions({}, ())
    joins, transitions = joins_of(outline), _transitions(outline)
    regions: dict[str, Region] = {START: ()}
    crossings: list[Crossing] = []
    pending = deque([START])
    while pending:
        for transition in transitions[pending.popleft()]:
            region = _region_after(transition, regions[transition.source], outline, joins)
            target = regions.get(transition.target)
            if target is None:
                regions[transition.target] = region
                pending.append(transition.target)
            elif target != region:
                crossings.append(Crossing(transition.path, transition.source, transition.target, region, target))
    return Regions(regions, tuple(crossings))


def check_regions(outline: Outline, report: Report, limits: Limits) -> None:
    """Checks joins, crossings, open ends of branches and bodies, and the limits of a region."""
    found = find_regions(outline)
    joins = joins_of(outline)
    for step in outline.by_id.values():
        if has_type(step, "parallel"):
            _check_branches(step, report, limits)
        elif has_type(step, "join"):
            _check_join(step, outline, joins, report)
        elif has_type(step, "forEach"):
            _check_bounds(step, report, limits)
    for crossing in found.crossings:
        is_body = bool(crossing.inside) and has_type(outline.by_id[crossing.inside[-1][0]], "forEach")
        hint = _BODY_HINT if is_body else _BORDER_HINT
        message = say(
            "CROSSES_BORDER",
            "leads from {inside} into {outside}: {source!r} and {target!r} must be in the same branch or body",
            inside=_describe(crossing.inside, outline),
            outside=_describe(crossing.outside, outline),
            source=crossing.source,
            target=crossing.target,
        )
        report.error(crossing.path, message, hint)
    _check_exits(outline, found, joins, report)
    _check_arrivals(outline, found, joins, report)
    _check_payload(outline, found, report)


def _transitions(outline: Outline) -> dict[str, list[_Transition]]:
    transitions: dict[str, list[_Transition]] = {id_: [] for id_ in outline.by_id}
    for edge in outline.edges:
        if edge.source in transitions and edge.target in transitions:
            transitions[edge.source].append(_Transition(edge.source, edge.target, edge.branch, edge.path))
    for step in outline.by_id.values():
        target = step.settings.get("target")
        if has_type(step, "redirect") and isinstance(target, str) and target in transitions:
            path = join_pointer(step.path, "settings", "target")
            transitions[step.id].append(_Transition(step.id, target, "next", path))
    return transitions


def _region_after(transition: _Transition, region: Region, outline: Outline, joins: Mapping[str, str]) -> Region:
    """Returns the region into which a transition leads, when it starts in `region`."""
    source = outline.by_id[transition.source]
    if (has_type(source, "parallel") and transition.exit != "error") or (
        has_type(source, "forEach") and transition.exit == EACH
    ):
        region = (*region, (transition.source, transition.exit))
    if region and joins.get(region[-1][0]) == transition.target and has_type(outline.by_id[region[-1][0]], "parallel"):
        return region[:-1]
    return region


def _describe(region: Region, outline: Outline) -> str:
    if not region:
        return "the steps outside of any branch or body"
    step, exit_ = region[-1]
    is_body = has_type(outline.by_id[step], "forEach")
    return f"the body of {step!r}" if is_body else f"the branch {exit_!r} of {step!r}"


def _check_branches(step: StepOutline, report: Report, limits: Limits) -> None:
    branches = _branches(step)
    if len(branches) > limits.branches:
        message = say(
            "TOO_MANY_BRANCHES",
            "has {count} branches; the limit branches is {limit}",
            count=len(branches),
            limit=limits.branches,
        )
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
        report.error(path, no_step(of), report.suggest(of, outline.by_id))
    elif not has_type(parallel, "parallel"):
        hint = say("NAME_THE_PARALLEL", "name the parallel whose branches meet here")
        report.error(path, say("NO_PARALLEL", "{step!r} is no parallel step", step=of), hint)
    elif joins[of] != step.id:
        message = say("JOINED_ALREADY", "{step!r} has a join already: {join!r}", step=of, join=joins[of])
        report.error(path, message, say("ONE_JOIN", "a parallel has one join"))
    elif isinstance(count, int | float) and not isinstance(count, bool) and count > len(_branches(parallel)):
        branches = len(_branches(parallel))
        wording = "asks for {count} branches, but {step!r} has {most}"
        message = say("JOIN_OF_TOO_MANY", wording, count=int(count), step=of, most=branches)
        report.error(join_pointer(step.path, "settings", "for"), message)


def _check_bounds(step: StepOutline, report: Report, limits: Limits) -> None:
    items, concurrency = step.settings.get("items"), step.settings.get("concurrency", 1)
    if isinstance(items, list) and len(items) > limits.items:
        wording = "has {count} items; the limit items is {limit}"
        message = say("TOO_MANY_ITEMS", wording, count=len(items), limit=limits.items)
        report.error(join_pointer(step.path, "settings", "items"), message)
    if isinstance(concurrency, int) and concurrency > limits.iterations:
        wording = "lets {count} iterations run at once; the limit iterations is {limit}"
        message = say("TOO_MANY_ITERATIONS", wording, count=concurrency, limit=limits.iterations)
        report.error(join_pointer(step.path, "settings", "concurrency"), message)


def _check_exits(outline: Outline, regions: Regions, joins: Mapping[str, str], report: Report) -> None:
    """Warns of empty branches and bodies, and of paths that end in a branch before its join."""
    taken = {(edge.source, edge.branch) for edge in outline.edges}
    for id_, region in regions.regions.items():
        step = outline.by_id[id_]
        for exit_ in step.exits:
            if (id_, exit_) in taken:
                continue
            if has_type(step, "parallel") and exit_ != "error":
                wording = "the branch {exit!r} of {step!r} has no step, so it ends at once"
                report.warning(step.path, say("BRANCH_EMPTY", wording, exit=exit_, step=id_))
            elif has_type(step, "forEach") and exit_ == EACH:
                hint = say("CONNECT_EACH", "connect the exit 'each' with the first step of the body")
                wording = "the body of {step!r} has no step, so the items are only counted"
                report.warning(step.path, say("BODY_EMPTY", wording, step=id_), hint)
            elif exit_ not in _WARNED_ELSEWHERE and region and (join := joins.get(region[-1][0])):
                wording = "the exit {exit!r} of {step!r} is open: the branch ends without arriving at {join!r}"
                message = say("EXIT_OPEN_BEFORE_JOIN", wording, exit=exit_, step=id_, join=join)
                report.warning(step.path, message, say("CONNECT_WITH_JOIN", "connect it with {join!r}", join=join))


def _check_arrivals(outline: Outline, regions: Regions, joins: Mapping[str, str], report: Report) -> None:
    """Checks that only its branches lead to a join, and warns when fewer branches lead to it than it waits for."""
    arriving: dict[str, set[str]] = {join: set() for join in joins.values()}
    parallels = {
        join: parallel for parallel, join in joins.items() if has_type(outline.by_id.get(parallel), "parallel")
    }
    for transition in (transition for transitions in _transitions(outline).values() for transition in transitions):
        region = regions.regions.get(transition.source)
        if region is None or transition.target not in parallels:
            continue
        parallel = parallels[transition.target]
        if transition.source == parallel and transition.exit != "error":
            arriving[transition.target].add(transition.exit)
        elif region and region[-1][0] == parallel:
            arriving[transition.target].add(region[-1][1])
        elif region == regions.regions.get(transition.target):
            wording = "{join!r} is the join of {step!r}: only a branch of it can lead there"
            message = say("LEADS_TO_FOREIGN_JOIN", wording, join=transition.target, step=parallel)
            report.error(transition.path, message, say("LEAD_BEHIND_JOIN", "lead to the step after the join"))
    for join, parallel in parallels.items():
        if parallel not in regions.regions:
            continue
        needed = _needed(outline.by_id[join].settings.get("for", "all"), outline.by_id[parallel])
        if len(arriving[join]) < needed:
            message = say(
                "JOIN_NEVER_COMPLETE",
                "{join!r} waits for {needed} branches of {step!r}, but only {count} lead to it: it can never complete",
                join=join,
                needed=needed,
                step=parallel,
                count=len(arriving[join]),
            )
            report.warning(outline.by_id[join].path, message)


def _needed(count: Json, parallel: StepOutline) -> int:
    if isinstance(count, int | float):
        return int(count)
    return 1 if count == "any" else len(_branches(parallel))


def _check_payload(outline: Outline, regions: Regions, report: Report) -> None:
    """Warns when two branches of one parallel both change the payload: the last one wins."""
    writers: dict[tuple[Region, str], dict[str, str]] = {}
    for step in outline.by_id.values():
        if has_type(step, "overridePayload"):
            for parallel, branch, around in _branches_around(regions.regions.get(step.id, ()), outline):
                writers.setdefault((around, parallel), {}).setdefault(branch, step.id)
    for (_, parallel), by_branch in writers.items():
        first, *others = by_branch.values()
        if others:
            hint = say("READ_OUTPUTS", "let later steps read the steps' outputs instead")
            report.warning(outline.by_id[others[0]].path, _change_twice(first, others, parallel), hint)


def _change_twice(first: str, others: list[str], parallel: str) -> Sentence:
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    return say(
        "PAYLOAD_CHANGED_TWICE",
        "{first!r} and {other!r}{more} change the payload in branches of {step!r}: the last wins",
        first=first,
        other=others[0],
        more=more,
        step=parallel,
    )


def _branches_around(region: Region, outline: Outline) -> Iterator[tuple[str, str, Region]]:
    """Yields the enclosing branches with which a step shares the payload: from the inside up to the next body."""
    for depth in range(len(region) - 1, -1, -1):
        step, exit_ = region[depth]
        if has_type(outline.by_id[step], "forEach"):
            return
        yield step, exit_, region[:depth]
