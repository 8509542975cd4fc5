"""The view of a card copy, which channels show: open, for reading only, answered, or closed with the reason."""

from kit.execution.approvals import BOSS, A, B, answer, asked, card_of, reassign
from kit.execution.driver import Simulator
from kit.execution.workflows import call, card, workflow
from looply.execution.approvals.card_view import CardView, card_view_of
from looply.execution.approvals.cards import open_status
from looply.execution.approvals.reassign import find_source


def view(simulator: Simulator, card_id: str) -> CardView:
    found = card_view_of(simulator.workflow, simulator.state, card_id)
    assert found is not None
    return found


def test_an_open_card_takes_an_answer_and_then_says_who_gave_it() -> None:
    simulator = asked(recipients=[A, B])
    first, second = (card_of(simulator, one).card_id for one in (A, B))
    shown = view(simulator, first)
    assert (shown.status, shown.recipient, shown.reminder, shown.text) == ("OPEN", A, 0, "")
    answer(simulator, 0)
    assert (view(simulator, first).status, view(simulator, first).text) == ("ANSWERED", f"answered by {A} (approved)")
    assert view(simulator, first).number > shown.number
    assert view(simulator, second).status == "OPEN"


def test_a_card_that_was_passed_on_or_is_not_needed_any_more_says_why() -> None:
    simulator = asked(recipients=[A, B])
    first, second = (card_of(simulator, one).card_id for one in (A, B))
    reassign(simulator, first, BOSS)
    assert (view(simulator, first).status, BOSS in view(simulator, first).text) == ("CLOSED", True)
    simulator.terminate()
    assert (view(simulator, second).status, "terminated" in view(simulator, second).text) == ("CLOSED", True)


def test_a_card_without_a_wait_is_for_reading_only() -> None:
    simulator = Simulator(workflow(card("info", A), call("c"), edges="start>info info>c"))
    simulator.start()
    (card_id,) = simulator.state.cards
    assert view(simulator, card_id).status == "SHOWN"
    assert card_view_of(simulator.workflow, simulator.state, "another") is None


def test_a_card_that_was_passed_on_names_the_card_that_it_comes_from() -> None:
    simulator = asked(recipients=[A, B])
    first = card_of(simulator, A)
    reassign(simulator, first.card_id, BOSS)
    source = find_source(simulator.state, card_of(simulator, BOSS))
    assert source is not None
    assert (source.card_id, source.passed_to) == (first.card_id, BOSS)
    assert find_source(simulator.state, card_of(simulator, B)) is None


def test_cards_take_no_answers_while_an_incident_is_open() -> None:
    assert open_status(asked(recipients=[A]).state) == "OPEN"
    simulator = Simulator(workflow(call("c"), edges="start>c"))
    simulator.start()
    simulator.fail()
    assert open_status(simulator.state) == "FROZEN"
