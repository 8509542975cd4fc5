"""The guarantees of absences: who gets the cards of absent people, and that no person gets a second vote by it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from simulation.checking.checkers import Event
from simulation.checking.region_histories import Place, place_of
from simulation.running.options import CLOCK_FAULTS
from simulation.running.trace import Leave, Trace


def a_card_is_passed_on_to_a_substitute_of_that_time(trace: Trace) -> Iterable[str]:
    """A card that was passed on for an absence goes where the absences of that time lead from its recipient."""
    is_clock_right = not any(trace.hits[fault] for fault in CLOCK_FAULTS)
    for execution, history in trace.histories.items():
        organization = trace.heads[execution]["organization_id"]
        recipients: dict[str, str] = {}
        for event in history:
            recipients.update({copy["card_id"]: copy["recipient"] for copy in event.get("copies", ())})
            if event["type"] != "CardClosed" or event["reason"] != "ABSENT":
                continue
            leaves = [
                leave
                for leave in trace.leaves
                # A clock that was set back decides on an instant that lies before the last event.
                if leave.organization == organization
                and leave.begin <= event["at"]
                and (event["at"] < leave.end or not is_clock_right)
            ]
            for card_id in event["cards"]:
                if event["to"] not in _reachable(leaves, recipients[card_id]):
                    yield f"{execution}: {event['to']} gets the card of {recipients[card_id]}, who named no such person"


def _reachable(leaves: Iterable[Leave], person: str) -> set[str]:
    """Returns everybody to whom substitutes may lead from a person. Puts are repeated, so all of them count."""
    names: dict[str, set[str]] = defaultdict(set)
    for leave in leaves:
        names[leave.person].add(leave.substitute)
    found: set[str] = set()
    pending = [person]
    while pending:
        fresh = names[pending.pop()] - found
        found |= fresh
        pending += fresh
    return found - {person}


def no_person_has_two_open_cards_of_a_step(trace: Trace) -> Iterable[str]:
    """At no time has a person two open cards of one visit, or an open card of one that they have answered."""
    for execution, history in trace.histories.items():
        yield from (f"{execution}: {problem}" for problem in _double_votes(history))


def _double_votes(history: Iterable[Event]) -> Iterator[str]:
    holders: dict[Place, dict[str, str]] = defaultdict(dict)
    places: dict[str, Place] = {}
    answered: dict[Place, set[str]] = defaultdict(set)
    for event in history:
        place = place_of(event)
        match event["type"]:
            case "CardWanted" if not event.get("reminder"):
                for copy in event["copies"]:
                    target = places.setdefault(copy["card_id"], place)
                    holders[target].setdefault(copy["card_id"], copy["recipient"])
                    if problem := _doubled(holders[target], answered[target], copy["recipient"]):
                        yield problem
            case "CardClosed":
                for card_id in event["cards"]:
                    holders[places[card_id]].pop(card_id, None)
            case "AnswerRecorded":
                answered[place].add(event["user"])
                answering = [key for key, user in holders[place].items() if user == event["user"]]
                for card_id in answering:
                    del holders[place][card_id]


def _doubled(holders: Mapping[str, str], answered: set[str], person: str) -> str:
    if list(holders.values()).count(person) > 1:
        return f"{person} has two open cards of a step"
    return f"{person} gets a card of a step that they have answered" if person in answered else ""


ABSENCE_CHECKERS = (a_card_is_passed_on_to_a_substitute_of_that_time, no_person_has_two_open_cards_of_a_step)
