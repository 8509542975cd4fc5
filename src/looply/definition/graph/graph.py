"""Checks the graph: targets of edges, unreachable steps, and loops without a pause or a bound."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from looply.definition.graph.model import START
from looply.definition.graph.outline import Outline, StepOutline, no_step
from looply.definition.values.pointer import join_pointer
from looply.definition.values.report import Report
from looply.errors import Sentence, say

_SHOULD_BE_CONNECTED: Final = ("no", "else", "timeout", "rejected")
_SHOWN_STEPS = 8
_SHOWN_EXITS = 20
_LOOP_HINT = say(
    "SLOW_THE_LOOP", "put a wait, a delay or a call into it, or close it by a redirect that states `max_visits`"
)


class Transition(NamedTuple):
    """One transition to another step by an edge or a redirect, and the pointer of that edge or redirect."""

    target: str
    path: str


def check_graph(outline: Outline, report: Report) -> None:
    """Checks edges, targets, open exits, reachability and loops."""
    taken = _check_edges(outline, report)
    for step in outline.steps:
        _check_target(step, outline, report)
        _check_exits(step, taken, report)
    transitions = _transitions(outline)
    if START in outline.by_id:
        _check_reachable(outline, transitions, report)
    _check_loops(outline, transitions, report)


def _check_edges(outline: Outline, report: Report) -> set[tuple[str, str]]:
    """Checks each edge and returns the exits that have one."""
    taken: dict[tuple[str, str], str] = {}
    for edge in outline.edges:
        for name, end in (("from", edge.source), ("to", edge.target)):
            if end not in outline.by_id:
                report.error(join_pointer(edge.path, name), no_step(end), report.suggest(end, outline.by_id))
        if edge.target == START:
            hint = say("USE_REDIRECT", "use a redirect to go back to an earlier step")
            message = say("LEADS_TO_START", "no edge may lead back to the start")
            report.error(join_pointer(edge.path, "to"), message, hint)
        branch_path = join_pointer(edge.path, "branch") if edge.has_branch else edge.path
        source = outline.by_id.get(edge.source)
        if source is not None and source.type is not None and edge.branch not in source.exits:
            wording = "{step!r} ({type}) has no exit {exit!r}"
            message = say("NO_EXIT", wording, step=source.id, type=source.type.name, exit=edge.branch)
            report.error(branch_path, message, _exits_hint(edge.branch, source.exits, report))
        exit_ = (edge.source, edge.branch)
        if exit_ in taken:
            wording = "the exit {exit!r} of {step!r} has an edge already, {edge}"
            message = say("EXIT_TAKEN", wording, exit=edge.branch, step=edge.source, edge=taken[exit_])
            report.error(branch_path, message, say("ONE_EDGE", "an exit has at most one edge"))
        taken.setdefault(exit_, edge.path)
    return set(taken)


def _exits_hint(branch: str, exits: Iterable[str], report: Report) -> Sentence:
    if not (known := list(exits)[:_SHOWN_EXITS]):
        return say("PATH_ENDS", "the path ends there")
    return report.suggest(branch, known) or say("ITS_EXITS", "its exits are {exits}", exits=", ".join(known))


def _check_target(step: StepOutline, outline: Outline, report: Report) -> None:
    """Checks the step that a redirect or a card step names."""
    target = step.settings.get("target")
    if step.type is None or step.type.name not in ("redirect", "adaptiveCard") or not isinstance(target, str):
        return
    path = join_pointer(step.path, "settings", "target")
    found = outline.by_id.get(target)
    if found is None:
        report.error(path, no_step(target), report.suggest(target, outline.by_id))
    elif step.type.name == "redirect" and target in (START, step.id):
        report.error(path, say("REDIRECT_TO_ITSELF", "a redirect leads to another step, and not to the start"))
    elif step.type.name == "adaptiveCard" and not _sends_cards(found):
        hint = say("NAME_CARD_STEP", "name an approval, or an adaptiveCard step whose action is send")
        report.error(path, say("SENDS_NO_CARDS", "{step!r} sends no cards", step=target), hint)


def _sends_cards(step: StepOutline) -> bool:
    if step.type is not None and step.type.name == "approval":
        return True
    is_card = step.type is not None and step.type.name == "adaptiveCard"
    return is_card and step.settings.get("action", "send") == "send"


def _check_exits(step: StepOutline, used: set[tuple[str, str]], report: Report) -> None:
    for exit_ in step.exits:
        has_edge = (step.id, exit_) in used
        if exit_ == "timeout" and not _has_timeout(step):
            if has_edge:
                wording = "{step!r} has no timeout, so its exit 'timeout' is never taken"
                hint = say("SET_TIMEOUT", "set a `timeout` in the settings")
                report.warning(step.path, say("NO_TIMEOUT", wording, step=step.id), hint)
        elif not has_edge and step.id == START and exit_ == "next":
            hint = say("CONNECT_FIRST_STEP", "connect it with the first step")
            report.error(step.path, say("START_OPEN", "no edge leads from the start"), hint)
        elif not has_edge and exit_ in _SHOULD_BE_CONNECTED:
            wording = "the exit {exit!r} of {step!r} is open: the path ends there"
            report.warning(step.path, say("EXIT_OPEN", wording, exit=exit_, step=step.id))


def _has_timeout(step: StepOutline) -> bool:
    waits = step.settings.get("wait")
    return "timeout" in step.settings or (isinstance(waits, dict) and "timeout" in waits)


def _transitions(outline: Outline) -> dict[str, list[Transition]]:
    """Returns the transitions of each step, by edges and by redirects, whose ends both exist."""
    transitions: dict[str, list[Transition]] = {id_: [] for id_ in outline.by_id}
    for edge in outline.edges:
        if edge.source in transitions and edge.target in transitions:
            transitions[edge.source].append(Transition(edge.target, edge.path))
    for step in outline.by_id.values():
        target = step.settings.get("target")
        if step.type is not None and step.type.name == "redirect" and isinstance(target, str) and target in transitions:
            transitions[step.id].append(Transition(target, join_pointer(step.path, "settings", "target")))
    return transitions


def _check_reachable(outline: Outline, transitions: Mapping[str, list[Transition]], report: Report) -> None:
    reached, pending = {START}, [START]
    while pending:
        for transition in transitions[pending.pop()]:
            if transition.target not in reached:
                reached.add(transition.target)
                pending.append(transition.target)
    for step in outline.steps:
        if step.id not in reached:
            wording = "{step!r} is never reached: no path leads to it from the start"
            report.warning(step.path, say("NEVER_REACHED", wording, step=step.id))


def _check_loops(outline: Outline, transitions: Mapping[str, list[Transition]], report: Report) -> None:
    hot = {step.id for step in outline.by_id.values() if not _is_slow(step)}
    for loop, path in _loops(
        {
            id_: [transition for transition in transitions[id_] if transition.target in hot]
            for id_ in transitions
            if id_ in hot
        }
    ):
        shown = loop if len(loop) <= _SHOWN_STEPS else [*loop[:_SHOWN_STEPS], "..."]
        wording = "the loop {loop} has neither a wait nor a call"
        report.error(path, say("LOOP_TOO_FAST", wording, loop=" -> ".join([*shown, loop[0]])), _LOOP_HINT)


def _is_slow(step: StepOutline) -> bool:
    """Returns whether a loop through the step is bounded, or has a wait or a call in each round."""
    if step.type is None:
        return True  # unknown, and reported as such
    is_bounded = step.type.name == "redirect" and "max_visits" in step.settings
    return is_bounded or step.type.is_call or step.type.is_pause


def _loops(transitions: Mapping[str, list[Transition]]) -> Iterator[tuple[list[str], str]]:
    """Yields, for each transition that closes a loop, the steps of the loop in order and the transition's pointer.

    Depth first in document order, with an explicit stack: a chain of steps may be longer than Python's recursion limit.
    """
    finished: set[str] = set()
    for root in transitions:
        if root in finished:
            continue
        trail, open_transitions = [root], [iter(transitions[root])]
        position = {root: 0}
        while trail:
            transition = next(open_transitions[-1], None)
            if transition is None:
                finished.add(trail[-1])
                del position[trail.pop()]
                open_transitions.pop()
            elif transition.target in position:
                yield trail[position[transition.target] :], transition.path
            elif transition.target not in finished:
                position[transition.target] = len(trail)
                trail.append(transition.target)
                open_transitions.append(iter(transitions[transition.target]))
