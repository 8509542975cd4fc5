"""The guarantees of branches, items, children, datastores, approvals and repairs, one checker for each."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from simulation.checking import checkers
from simulation.checking.absence_checkers import ABSENCE_CHECKERS
from simulation.checking.checkers import Checker, Event
from simulation.checking.pruning_checkers import PRUNING_CHECKERS
from simulation.checking.region_histories import (
    ENTERS,
    Place,
    document_of,
    is_within,
    kinds_of,
    place_of,
    qualified,
    under_current_names,
)
from simulation.checking.repair_checkers import (
    REPAIR_CHECKERS,
    a_moved_path_continues_at_its_target,
    a_visit_under_another_name_keeps_its_key,
)
from simulation.pools.regions import DATASTORE
from simulation.running.trace import Call, Commit, Line, Trace

_OUTCOMES = ("Computed", "StepSucceeded", "Resumed", "WaitTimedOut", "StepSkipped")
_WRITES = ("set", "merge")
_NOTIFIED_MS = 120
"""The longest time after a unit is stored until a process is notified."""


def problems_of(trace: Trace) -> list[str]:
    """Returns the violations in a run; of one whose end cannot be read, only that."""
    if trace.is_unreadable:
        return trace.stuck
    named = under_current_names(trace)
    return [
        f"{check.__name__}: {problem}"
        for check in REGION_CHECKERS
        for problem in check(trace if check in OF_OLD_NAMES else named)
    ]


def no_step_starts_in_a_cancelled_branch(trace: Trace) -> Iterable[str]:
    """Once enough branches have arrived, the others start no step and send no call."""
    for execution, history in trace.histories.items():
        over: dict[str, int] = {}
        begun: set[str] = set()
        for number, event in enumerate(history, 1):
            if fresh := _begins(event):
                begun.update(fresh)
                over = {scope: place for scope, place in over.items() if not any(is_within(scope, f) for f in fresh)}
            if event["type"] == "Cancelled":
                over.update(dict.fromkeys(event.get("scopes", ()), number))
            elif event["type"] == "ScopeClosed":
                over[event["scope"]] = number
            elif event["type"] == "Moved":
                outer = event.get("scope", "")
                over.update((scope, number) for scope in begun if scope != outer and is_within(scope, outer))
            elif event["type"] in ENTERS and (scope := _outer(over, event.get("scope", ""))):
                yield f"{execution} starts {event['type']} {event['step']} in {scope}, which is over"
        yield from _calls_of_cancelled_branches(trace, execution, history)


def _begins(event: Event) -> list[str]:
    """Returns the branches that begin with an event, or the iteration."""
    names = event.get("branches", ()) if event["type"] == "ScopeOpened" else ()
    if event["type"] == "ScopeEntered":
        names = (str(event["index"]),)
    return [f"{qualified(event, event['step'])}[{name}]" for name in names]


def _calls_of_cancelled_branches(trace: Trace, execution: str, history: Sequence[Event]) -> Iterable[str]:
    commits = [commit for commit in trace.commits if commit.execution == execution]
    lines = [line for line in trace.lines if line.execution == execution and not line.is_superseded]
    for number, event in enumerate(history, 1):
        if event["type"] != "Cancelled" or not event.get("scopes"):
            continue
        stored = next(commit for commit in commits if commit.first_seq <= number <= commit.last_seq)
        scopes = dict.fromkeys(event["scopes"], number)
        # A path that was moved back may begin them again.
        again = next((n for n, one in enumerate(history[number:], number + 1) if {*_begins(one)} & {*scopes}), None)
        until = next((one.order for one in commits if again is not None and one.last_seq >= again), trace.now + 1)
        for line in (one for one in lines if one.order < until):
            scope = line.key.removeprefix(f"{execution}:").rpartition("/")[0]
            if _outer(scopes, scope) and _is_known(trace, commits, stored, line):
                yield f"{line.key} is sent after its branch was cancelled"


def _is_known(trace: Trace, commits: Sequence[Commit], stored: Commit, line: Line) -> bool:
    """Returns whether the process knew of a unit when it sent a call: it stored a later one, or must be notified."""
    if any(stored.order < commit.order < line.order for commit in commits):
        return True
    is_notified = line.at_ms - stored.at_ms > _NOTIFIED_MS
    return is_notified and not any(stored.order < stop.order < line.order for stop in trace.stops)


def _outer(scopes: Mapping[str, int], scope: str) -> str:
    """Returns the one of the scopes that a scope equals or lies in, empty for none."""
    return next((one for one in scopes if scope == one or scope.startswith(f"{one}/")), "")


def no_step_starts_during_an_incident(trace: Trace) -> Iterable[str]:
    """A branch that fails freezes the others until an operator decides; a card may be passed on in the meantime."""
    for execution, history in trace.histories.items():
        incidents: set[str] = set()
        for before, event in pairwise(({"type": ""}, *history)):
            if event["type"] == "IncidentOpened":
                incidents.add(event["incident_id"])
            elif event["type"] == "IncidentClosed":
                incidents.discard(event["incident_id"])
            elif event["type"] == "CardWanted" and before.get("reason") in ("REASSIGNED", "ABSENT"):
                continue
            elif event["type"] in ENTERS and incidents:
                yield f"{execution} starts {event['type']} {event['step']} during an incident"


def items_are_collected_in_order(trace: Trace) -> Iterable[str]:
    """The output of a forEach has the output of each item's last step, each item once, in the order of the items."""
    for execution, history in trace.histories.items():
        kinds = kinds_of(trace, execution)
        for number, event in enumerate(history):
            if event["type"] == "StepSucceeded" and kinds.get(event["step"]) == "forEach":
                opened = max(n for n, one in enumerate(history[:number]) if _opens(one, place_of(event)))
                yield from _wrong_items(execution, history[opened : number + 1], place_of(event))


def _opens(event: Event, place: Place) -> bool:
    return event["type"] == "ScopeOpened" and place_of(event) == place


def _wrong_items(execution: str, history: Sequence[Event], place: Place) -> Iterable[str]:
    name = place[0]
    items = history[0]["items"]
    entered = [one["index"] for one in history if one["type"] == "ScopeEntered" and place_of(one) == place]
    if entered != list(range(len(items))):
        yield f"{execution} {name} begins the items {entered} of {len(items)}"
    scopes = [f"{name}[{index}]" for index in range(len(items))]
    ends = Counter(one["scope"] for one in history if one["type"] == "ScopeClosed")
    yield from (f"{execution} {scope} ends {ends[scope]} times" for scope in scopes if ends[scope] != 1)
    expected = [_last_output(history, scope) for scope in scopes]
    if history[-1]["output"]["items"] != expected:
        yield f"{execution} {name} collects {history[-1]['output']['items']}, its items gave {expected}"


def _last_output(history: Sequence[Event], scope: str) -> Any:
    """Returns the output of the last step of an iteration before its end."""
    last = None
    for event in history:
        if event["type"] == "ScopeClosed" and event["scope"] == scope:
            return last
        if event["type"] in _OUTCOMES and event.get("scope", "") == scope:
            last = event.get("output")
    return last


def a_join_is_met_once(trace: Trace) -> Iterable[str]:
    """A join is passed once per run of its branches, when enough of them have arrived and no earlier."""
    for execution, history in trace.histories.items():
        joins = {
            step["id"]: step["settings"]
            for step in document_of(trace, execution)["workflow_steps"]
            if step["type"] == "join"
        }
        met: Counter[Place] = Counter()
        arrived: dict[str, list[str]] = defaultdict(list)
        put_on: dict[str, str] = {}
        for event in history:
            if event["type"] == "ScopeOpened":
                arrived[qualified(event, event["step"])] = []
            if event["type"] == "Moved":
                put_on[event.get("scope", "")] = event["to"]
            if event["type"] == "ScopeClosed" and event.get("how") == "ARRIVED":
                arrived[event["scope"].rpartition("[")[0]].append(event["scope"].rpartition("[")[2][:-1])
            if event["type"] == "Computed" and event["step"] in joins:
                met[place_of(event)] += 1
                if put_on.pop(event.get("scope", ""), "") != event["step"]:
                    yield from _wrong_join(trace, execution, event, joins[event["step"]], arrived)
            elif event["type"] in ENTERS:
                put_on.pop(event.get("scope", ""), None)
        yield from (f"{execution} meets {place} {count} times" for place, count in met.items() if count > 1)


def _wrong_join(
    trace: Trace, execution: str, event: Event, settings: Mapping[str, Any], arrived: Mapping[str, Sequence[str]]
) -> Iterable[str]:
    name = qualified(event, settings["of"])
    branches = next(
        step["settings"]["branches"]
        for step in document_of(trace, execution)["workflow_steps"]
        if step["id"] == settings["of"]
    )
    needed = {"all": len(branches), "any": 1}.get(settings["for"], settings["for"])
    if len(arrived[name]) != needed or event["output"]["arrived"] != arrived[name]:
        yield f"{execution} {name}: {arrived[name]} have arrived, its output is {event['output']}, needed: {needed}"


def every_child_reports_to_its_parent_once(trace: Trace) -> Iterable[str]:
    """The end of a child is reported once to its parent, with its status; a cancelled child is terminated."""
    for execution, history in trace.histories.items():
        started = {event["child_id"]: event for event in history if event["type"] == "ChildStarted"}
        closed = Counter(event["child_id"] for event in history if event["type"] == "ChildClosed")
        # A child that is not awaited runs independently: its parent may end before it gets the report.
        own = (
            {key for key, event in started.items() if not event.get("is_awaited", True)} if _end_of(history) else set()
        )
        for key in started:
            if closed[key] != 1 and not (closed[key] == 0 and key in own):
                yield f"{execution} gets {closed[key]} reports of {key}"
        yield from (f"{execution} closes {key}, which it never started" for key in closed.keys() - started.keys())
        for event in history:
            if event["type"] == "ChildClosed":
                yield from _wrong_end(trace, execution, event)


def _wrong_end(trace: Trace, execution: str, event: Event) -> Iterable[str]:
    child = trace.histories.get(event["child_id"])
    outcome = event["outcome"]
    if child is None:
        if outcome not in ("REFUSED", "CANCELLED"):
            yield f"{execution} gets the report that {event['child_id']} is {outcome}, and there is none"
        return
    if child[0].get("parent") != execution:
        yield f"{event['child_id']} was called by {child[0].get('parent')}, not by {execution}"
    status = child[-1]["status"] if child[-1]["type"] == "ExecutionClosed" else _end_of(child)
    if outcome in ("COMPLETED", "FAILED", "TERMINATED") and status != outcome:
        yield f"{execution} gets the report that {event['child_id']} is {outcome}, it is {status}"
    if outcome == "CANCELLED" and not status:
        yield f"{event['child_id']} continues after {execution} has cancelled it"


def _end_of(history: Sequence[Event]) -> str:
    return next((event["status"] for event in history if event["type"] == "ExecutionClosed"), "")


def a_datastore_counts_every_write_once(trace: Trace) -> Iterable[str]:
    """The successful writes of an organization have the revisions from 1 on, each once; the last one is stored."""
    revisions: dict[str, list[int]] = defaultdict(list)
    for execution, history in trace.histories.items():
        writes = _writes(trace, execution)
        organization = trace.heads[execution]["organization_id"]
        for event in history:
            if event["type"] == "StepSucceeded" and event["step"] in writes:
                revisions[organization].append(event["output"]["revision"])
    for organization in sorted({place[0] for place in trace.datastores} | revisions.keys()):
        stored = trace.datastores.get((organization, DATASTORE), 0)
        if sorted(revisions[organization]) != list(range(1, stored + 1)):
            yield f"{organization} is at revision {stored} after the writes {sorted(revisions[organization])}"


def _writes(trace: Trace, execution: str) -> set[str]:
    steps = document_of(trace, execution)["workflow_steps"]
    return {one["id"] for one in steps if one["type"] == "datastore" and one["settings"]["operation"] in _WRITES}


def approvals_are_decided_as_a_count_of_all_ends_says(trace: Trace) -> Iterable[str]:
    """An approval is decided by the answer after which only one outcome is possible, with that outcome."""
    for execution, history in trace.histories.items():
        open_terms: dict[Place, Mapping[str, Any]] = {}
        votes: dict[Place, list[tuple[str, int]]] = defaultdict(list)
        for event in history:
            place = place_of(event)
            if event["type"] == "WaitOpened" and event.get("approval"):
                open_terms[place] = event["approval"]
            elif place not in open_terms:
                continue
            elif event["type"] == "AnswerRecorded":
                if _verdict(open_terms[place], votes[place]):
                    yield f"{execution} {place} takes an answer when it is decided"
                votes[place].append((event["decision"], event.get("seats", 1)))
            elif event["type"] == "Resumed":
                yield from _wrong_verdict(execution, event, open_terms.pop(place), votes[place])
            elif event["type"] == "WaitTimedOut" and _verdict(open_terms.pop(place), votes[place]):
                yield f"{execution} {place} times out when it is decided"
        for place, terms in open_terms.items():
            if _verdict(terms, votes[place]):
                yield f"{execution} {place} is decided and continues to wait"


def _wrong_verdict(
    execution: str, event: Event, terms: Mapping[str, Any], votes: Sequence[tuple[str, int]]
) -> Iterable[str]:
    outcome = event["output"]["outcome"]
    if event.get("branch", "next") != outcome:
        yield f"{execution} {event['step']} is {outcome} and leaves by {event.get('branch')}"
    expected = _verdict(terms, votes)
    if event.get("via") == "INBOX" and outcome != expected:
        yield f"{execution} {event['step']} is {outcome} after {votes}, it must be {expected or 'open'}"


def _verdict(terms: Mapping[str, Any], votes: Sequence[tuple[str, int]]) -> str:
    """Returns the outcome of an approval, empty while it is open: all possible further answers are tried."""
    seats = [decision for decision, count in votes for _ in range(count)]
    if seats.count("approved") >= terms["quorum"] and not (terms.get("veto") and "rejected" in seats):
        return "approved"
    rest = len(terms["recipients"]) - len(seats)
    ends = [(*seats, *more) for more in product(("approved", "rejected"), repeat=rest)]
    may_pass = any(
        end.count("approved") >= terms["quorum"] and not (terms.get("veto") and "rejected" in seats) for end in ends
    )
    return "" if may_pass else "rejected"


def a_wait_is_passed_once(trace: Trace) -> Iterable[str]:
    """A wait of a branch or an iteration is released once, and each answer `restarted` releases one wait."""
    for execution, history in trace.histories.items():
        passed = Counter(place_of(one) for one in history if one["type"] in ("Resumed", "WaitTimedOut"))
        yield from (f"{execution} passes {place} {count} times" for place, count in passed.items() if count > 1)
        direct = Counter(one.get("request") for one in history if one["type"] == "Resumed" and not one.get("via"))
        won = Counter(call.asked["request"] for call in trace.calls_of("resume", execution) if _has_passed(call))
        open_ended = Counter(
            call.asked["request"] for call in trace.calls_of("resume", execution) if call.outcome == "unknown"
        )
        for request in won.keys() | direct.keys():
            if not won[request] <= direct[request] <= won[request] + open_ended[request]:
                yield f"{execution}: a resume passes {direct[request]} waits, {won[request]} answers say so"


def a_letter_is_settled_once(trace: Trace) -> Iterable[str]:
    """Exactly one call settles a letter; an applied letter releases a wait in the same unit."""
    for execution, history in trace.histories.items():
        ends = Counter(one["letter"] for one in history if one["type"] == "LetterSettled")
        yield from (f"{execution}: letter {letter} is settled {n} times" for letter, n in ends.items() if n > 1)
        settled = Counter(
            call.asked["letter"] for call in trace.calls_of("settle", execution) if call.reply == "Settled"
        )
        for letter, count in settled.items():
            if count > 1 or not ends[letter]:
                yield f"{execution}: {count} calls settled letter {letter}, which was settled {ends[letter]} times"
        for number, event in enumerate(history):
            if event["type"] == "LetterSettled" and event["action"] == "APPLIED":
                following = history[number + 1] if number + 1 < len(history) else {}
                if (following.get("type"), following.get("via")) != ("Resumed", "LETTER"):
                    yield f"{execution}: letter {event['letter']} is applied and {following.get('type')} follows"


def a_passed_on_card_takes_no_answer_of_its_former_recipient(trace: Trace) -> Iterable[str]:
    """A card that was passed on takes no answer of its former recipient."""
    for execution, history in trace.histories.items():
        parts: dict[str, tuple[Place, int]] = {}
        passed_on: set[tuple[Place, int]] = set()
        for event in history:
            if event["type"] == "CardWanted":
                parts.update({one["card_id"]: (place_of(event), one.get("part", 0)) for one in event.get("copies", ())})
            elif event["type"] == "CardClosed" and event["reason"] in ("REASSIGNED", "ESCALATED", "ABSENT"):
                passed_on.update(parts[card_id] for card_id in event["cards"])
            elif event["type"] == "AnswerRecorded" and (place_of(event), event["part"]) in passed_on:
                yield f"{execution} takes the answer of {event['user']}, whose card was passed on"


def _has_passed(call: Call) -> bool:
    return call.reply == "Released" and not call.answer["buffered"]


def _general() -> Iterator[Checker]:
    """Yields the checkers of all executions, without those that assume one path without branches."""
    left_out = (checkers.one_winner_per_wait, checkers.the_model_allows_each_history)
    return (check for check in checkers.CHECKERS if check not in left_out)


REGION_CHECKERS: Sequence[Checker] = (
    *_general(),
    no_step_starts_in_a_cancelled_branch,
    no_step_starts_during_an_incident,
    items_are_collected_in_order,
    a_join_is_met_once,
    every_child_reports_to_its_parent_once,
    a_datastore_counts_every_write_once,
    approvals_are_decided_as_a_count_of_all_ends_says,
    a_wait_is_passed_once,
    a_letter_is_settled_once,
    a_passed_on_card_takes_no_answer_of_its_former_recipient,
    *ABSENCE_CHECKERS,
    *REPAIR_CHECKERS,
    *PRUNING_CHECKERS,
)

OF_OLD_NAMES: Sequence[Checker] = (a_moved_path_continues_at_its_target, a_visit_under_another_name_keeps_its_key)
"""Checkers that get each visit under the name that its step had then."""
