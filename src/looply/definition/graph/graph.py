"""Checks the graph: where edges lead, what is never reached, and loops that would run hot."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from looply.definition.graph.model import START
from looply.definition.graph.outline import Outline, StepOutline
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report

_SHOULD_LEAD_ON: Final = ("no", "else", "timeout", "rejected")
_SHOWN_STEPS = 8
_SHOWN_EXITS = 20
_LOOP_HINT = "put a wait, a delay or a call into it, or close it by a redirect that states `max_visits`"


class Way(NamedTuple):
    """One way from a step to another: an edge or a redirect, and the pointer that names it."""

    target: str
    path: str


def check_graph(outline: Outline, report: Report) -> None:
    """Checks edges, targets, open exits, reachability and loops."""
    taken = _check_edges(outline, report)
    for step in outline.steps:
        _check_target(step, outline, report)
        _check_exits(step, taken, report)
    ways = _ways(outline)
    if START in outline.by_id:
        _check_reachable(outline, ways, report)
    _check_loops(outline, ways, report)


def _check_edges(outline: Outline, report: Report) -> set[tuple[str, str]]:
    """Checks each edge and returns the exits that have one."""
    taken: dict[tuple[str, str], str] = {}
    for edge in outline.edges:
        for name, end in (("from", edge.source), ("to", edge.target)):
            if end not in outline.by_id:
                message = f"there is no step {end!r}"
                report.error(join_pointer(edge.path, name), message, report.suggest(end, outline.by_id))
        if edge.target == START:
            hint = "use a redirect to go back to an earlier step"
            report.error(join_pointer(edge.path, "to"), "nothing leads back to the start", hint)
        branch_path = join_pointer(edge.path, "branch") if edge.has_branch else edge.path
        source = outline.by_id.get(edge.source)
        if source is not None and source.type is not None and edge.branch not in source.exits:
            message = f"{source.id!r} ({source.type.name}) has no exit {edge.branch!r}"
            report.error(branch_path, message, _exits_hint(edge.branch, source.exits, report))
        exit_ = (edge.source, edge.branch)
        if exit_ in taken:
            message = f"the exit {edge.branch!r} of {edge.source!r} has an edge already, {taken[exit_]}"
            report.error(branch_path, message, "an exit has at most one edge")
        taken.setdefault(exit_, edge.path)
    return set(taken)


def _exits_hint(branch: str, exits: Iterable[str], report: Report) -> str:
    if not (known := list(exits)[:_SHOWN_EXITS]):
        return "the path ends there"
    return report.suggest(branch, known) or f"its exits are {', '.join(known)}"


def _check_target(step: StepOutline, outline: Outline, report: Report) -> None:
    """Checks the step that a redirect or a card step names."""
    target = step.settings.get("target")
    if step.type is None or step.type.name not in ("redirect", "adaptiveCard") or not isinstance(target, str):
        return
    path = join_pointer(step.path, "settings", "target")
    found = outline.by_id.get(target)
    if found is None:
        report.error(path, f"there is no step {target!r}", report.suggest(target, outline.by_id))
    elif step.type.name == "redirect" and target in (START, step.id):
        report.error(path, "a redirect leads to another step, and not to the start")
    elif step.type.name == "adaptiveCard" and not _sends_cards(found):
        report.error(
            path, f"{target!r} sends no cards", "name an approval, or an adaptiveCard step whose action is send"
        )


def _sends_cards(step: StepOutline) -> bool:
    if step.type is not None and step.type.name == "approval":
        return True
    is_card = step.type is not None and step.type.name == "adaptiveCard"
    return is_card and step.settings.get("action", "send") == "send"


def _check_exits(step: StepOutline, taken: set[tuple[str, str]], report: Report) -> None:
    for exit_ in step.exits:
        has_edge = (step.id, exit_) in taken
        if exit_ == "timeout" and not _has_timeout(step):
            if has_edge:
                message = f"{step.id!r} states no timeout, so its exit 'timeout' is never taken"
                report.warning(step.path, message, "state a `timeout` in the settings")
        elif not has_edge and step.id == START and exit_ == "next":
            report.error(step.path, "no edge leads from the start", "connect it with the first step")
        elif not has_edge and exit_ in _SHOULD_LEAD_ON:
            report.warning(step.path, f"the exit {exit_!r} of {step.id!r} is open: the path ends there")


def _has_timeout(step: StepOutline) -> bool:
    waits = step.settings.get("wait")
    return "timeout" in step.settings or (isinstance(waits, dict) and "timeout" in waits)


def _ways(outline: Outline) -> dict[str, list[Way]]:
    """Returns for each step where it leads to, by edges and by redirects, as far as the ends exist."""
    ways: dict[str, list[Way]] = {id_: [] for id_ in outline.by_id}
    for edge in outline.edges:
        if edge.source in ways and edge.target in ways:
            ways[edge.source].append(Way(edge.target, edge.path))
    for step in outline.by_id.values():
        target = step.settings.get("target")
        if step.type is not None and step.type.name == "redirect" and isinstance(target, str) and target in ways:
            ways[step.id].append(Way(target, join_pointer(step.path, "settings", "target")))
    return ways


def _check_reachable(outline: Outline, ways: Mapping[str, list[Way]], report: Report) -> None:
    reached, pending = {START}, [START]
    while pending:
        for way in ways[pending.pop()]:
            if way.target not in reached:
                reached.add(way.target)
                pending.append(way.target)
    for step in outline.steps:
        if step.id not in reached:
            report.warning(step.path, f"{step.id!r} is never reached: no path leads to it from the start")


def _check_loops(outline: Outline, ways: Mapping[str, list[Way]], report: Report) -> None:
    hot = {step.id for step in outline.by_id.values() if not _lets_time_pass(step)}
    for loop, path in _loops({id_: [way for way in ways[id_] if way.target in hot] for id_ in ways if id_ in hot}):
        shown = loop if len(loop) <= _SHOWN_STEPS else [*loop[:_SHOWN_STEPS], "..."]
        message = f"the loop {' -> '.join([*shown, loop[0]])} has neither a wait nor a call"
        report.error(path, message, _LOOP_HINT)


def _lets_time_pass(step: StepOutline) -> bool:
    """Tells whether a loop through the step is bounded, or waits for the world in each round."""
    if step.type is None:
        return True  # unknown, and reported as such
    is_bounded = step.type.name == "redirect" and "max_visits" in step.settings
    return is_bounded or step.type.is_call or step.type.is_pause


def _loops(ways: Mapping[str, list[Way]]) -> Iterator[tuple[list[str], str]]:
    """Returns for each way that closes a loop the steps of the loop, in order, and the pointer of that way.

    Depth first in document order, with a stack of its own: a chain of steps may be longer than Python's.
    """
    finished: set[str] = set()
    for root in ways:
        if root in finished:
            continue
        trail, open_ways = [root], [iter(ways[root])]
        position = {root: 0}
        while trail:
            way = next(open_ways[-1], None)
            if way is None:
                finished.add(trail[-1])
                del position[trail.pop()]
                open_ways.pop()
            elif way.target in position:
                yield trail[position[way.target] :], way.path
            elif way.target not in finished:
                position[way.target] = len(trail)
                trail.append(way.target)
                open_ways.append(iter(ways[way.target]))
