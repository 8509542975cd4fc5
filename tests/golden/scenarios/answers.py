"""Scenarios of waits and cards: early, repeated, refused and late answers."""

from collections.abc import Callable
from typing import Final, Literal

from golden.scenarios.tools import CARD, OK, PEOPLE, Simulator, call, card, started, step, token
from looply.execution.facts.commands import SettleLetter
from looply.jsontext import Json

APPROVE: Final = {"action": "approve"}


def card_answered_by_all() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"for": "all"}), call("c"), edges="start>ask ask>c")
    for part in (2, 0, 2, 1, 1):
        simulator.answer_card(token("ask", part=part), {**APPROVE, "part": part})
    return simulator


def card_answered_by_two_of_three() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"for": 2}), call("c"), edges="start>ask ask>c")
    for part in (1, 2, 0):
        simulator.answer_card(token("ask", part=part), APPROVE)
    return simulator


def card_answered_before_it_was_sent() -> Simulator:
    simulator = started(call("c"), card("ask", *PEOPLE, wait={"for": "all", "timeout": "P1D"}), edges="start>c c>ask")
    simulator.resume(APPROVE, source="TEAMS", by="erp")
    simulator.succeed(OK)
    return simulator


def card_timed_out_after_an_answer() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"for": "all", "timeout": "PT1H"}), edges="start>ask")
    simulator.answer_card(token("ask", part=0), APPROVE)
    simulator.tick(3600)
    simulator.answer_card(token("ask", part=1), APPROVE)
    return simulator


def card_with_a_secret_answer() -> Simulator:
    ask = {**card("ask", *PEOPLE, wait={"for": 2}), "secret": ["/output/responses"]}
    simulator = started(ask, call("c"), edges="start>ask ask>c")
    for part in (0, 1):
        simulator.answer_card(token("ask", part=part), {"pin": f"123{part}"})
    return simulator


def card_shown_until_the_end() -> Simulator:
    simulator = started(card("note", *PEOPLE), step("w", "wait"), edges="start>note note>w")
    simulator.answer_card(token("note", part=0), APPROVE)
    simulator.resume()
    return simulator


def card_changed_while_others_answer() -> Simulator:
    change = {"action": "update", "target": "ask", "card": {**CARD, "fallbackText": "2"}}
    simulator = started(
        card("ask", *PEOPLE),
        step("change", "adaptiveCard", change),
        step("again", "redirect", {"target": "change", "max_visits": 2}),
        call("c"),
        edges="start>ask ask>change change>again again:error>c",
    )
    simulator.terminate("not needed")
    return simulator


def wait_resumed_after_refusals() -> Simulator:
    settings = {"sources": ["TEAMS"], "schema": {"type": "object", "required": ["po"]}}
    simulator = started(step("w", "wait", settings), call("c"), edges="start>w w>c")
    simulator.resume({"po": "1"}, source="SAP")
    simulator.resume({"n": 1}, source="TEAMS")
    simulator.resume({"po": "1"}, source="TEAMS", token="forged")
    simulator.resume({"po": "1"}, source="TEAMS", token=token("w"))
    return simulator


def wait_resumed_too_late() -> Simulator:
    wait = step("w", "wait", {"timeout": "PT1H"})
    simulator = started(wait, call("c"), call("d"), edges="start>w w:timeout>c c>d")
    simulator.tick(3600)
    simulator.resume({"n": 1})
    simulator.succeed(OK)
    return simulator


def wait_resumed_again_and_again() -> Simulator:
    simulator = started(step("w", "wait"), step("v", "wait"), edges="start>w w>v")
    simulator.resume({"n": 1}, by="first")
    simulator.tick(30)
    simulator.resume({"n": 1}, by="again")
    simulator.tick(31)
    simulator.resume({"n": 1}, by="last")
    return simulator


def resumes_kept_for_two_waits() -> Simulator:
    simulator = started(call("c"), step("w", "wait"), step("v", "wait"), edges="start>c c>w w>v")
    simulator.resume({"n": 2}, token=token("w"), by="named")
    simulator.resume({"n": 1}, by="unnamed")
    simulator.succeed(OK)
    return simulator


def resume_kept_and_never_used() -> Simulator:
    simulator = started(call("c", fail_on=["4xx"]), step("w", "wait"), call("d"), edges="start>c c>w c:error>d")
    simulator.resume({"n": 1}, by="early")
    simulator.succeed({**OK, "status": "404"})
    simulator.succeed(OK)
    return simulator


def resume_kept_in_secret() -> Simulator:
    wait = step("w", "wait", {"timeout": "PT1H"}, secret=["/output/pin"])
    simulator = started(call("c"), wait, call("d"), edges="start>c c>w w>d")
    simulator.resume({"pin": "1234"})
    simulator.succeed(OK)
    return simulator


def _letter(simulator: Simulator, action: Literal["apply", "discard"], payload: dict[str, Json]) -> None:
    (letter,) = (letter for letter in simulator.state.letters.values() if not letter.action)
    command = SettleLetter(
        at=simulator.now, by="operator", via="API", letter=letter.seq, action=action, reason="by phone", payload=payload
    )
    simulator.submit(command)


def letter_applied_to_the_next_wait() -> Simulator:
    simulator = started(
        call("c"), step("w", "wait", {"sources": ["TEAMS"]}), step("v", "wait"), edges="start>c c>w w>v"
    )
    simulator.resume({"n": 1}, by="early")
    simulator.succeed(OK)
    simulator.resume({}, source="TEAMS")
    _letter(simulator, "apply", {"source": "SAP", "n": 1})
    return simulator


def letter_discarded_after_the_end() -> Simulator:
    simulator = started(call("c", fail_on=["4xx"]), step("w", "wait"), edges="start>c c>w")
    simulator.resume({"n": 1}, by="early")
    simulator.terminate()
    _letter(simulator, "discard", {})
    return simulator


ANSWERS: Final[tuple[Callable[[], Simulator], ...]] = (
    card_answered_by_all,
    card_answered_by_two_of_three,
    card_answered_before_it_was_sent,
    card_timed_out_after_an_answer,
    card_with_a_secret_answer,
    card_shown_until_the_end,
    card_changed_while_others_answer,
    wait_resumed_after_refusals,
    wait_resumed_too_late,
    wait_resumed_again_and_again,
    resumes_kept_for_two_waits,
    resume_kept_and_never_used,
    resume_kept_in_secret,
    letter_applied_to_the_next_wait,
    letter_discarded_after_the_end,
)
