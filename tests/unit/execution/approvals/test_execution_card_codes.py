"""The code that an answer by a link needs where the card says so: compared at the instant of the answer."""

from typing import Any

import pytest

from kit.execution.approvals import A, B, answer, asked, card_of, code_of
from kit.execution.driver import Simulator
from looply.execution.facts.commands import AlreadyAnswered, Declined, Recorded, Reply, Unfit
from looply.execution.facts.values.actor import LINK, Actor

MINUTE = 60.0


def by_link(simulator: Simulator, challenge: str = "", code: str = "", **fields: Any) -> Reply:
    return answer(simulator, 0, actor=LINK, challenge=challenge, code=code, **fields)


def asked_for_code(**settings: Any) -> tuple[Simulator, str, str]:
    """Returns an execution that asks one person for an approval with a code, and the code for it with its challenge."""
    simulator = asked(recipients=[A], channel="email", confirm="code", **settings)
    challenge, code = code_of(simulator, card_of(simulator, A).card_id)
    return simulator, challenge, code


def refusal(reply: Reply) -> str:
    assert isinstance(reply, Declined)
    return reply.code


def test_the_code_of_the_challenge_counts_and_spaces_around_it_do_not_matter() -> None:
    simulator, challenge, code = asked_for_code()
    assert by_link(simulator, challenge, f" {code}\n") == Recorded()


def test_a_link_without_a_code_is_not_enough() -> None:
    simulator, challenge, _ = asked_for_code()
    assert refusal(by_link(simulator, challenge)) == "CODE_NEEDED"


@pytest.mark.parametrize("text", ["000000000", "é", "\ud800", " "], ids=["long", "letter", "surrogate", "blank"])
def test_another_code_is_wrong_whatever_its_text_is(text: str) -> None:
    simulator, challenge, _ = asked_for_code()
    assert refusal(by_link(simulator, challenge, text)) == "CODE_WRONG"


def test_each_digit_of_a_code_is_compared() -> None:
    simulator, challenge, code = asked_for_code()
    for place in range(6):
        wrong = f"{code[:place]}{(int(code[place]) + 1) % 10}{code[place + 1 :]}"
        assert refusal(by_link(simulator, challenge, wrong)) == "CODE_WRONG"


def test_a_code_holds_until_its_instant_and_not_at_it() -> None:
    simulator, challenge, code = asked_for_code()
    simulator.tick(10 * MINUTE - 0.001)
    wrong = refusal(by_link(simulator, challenge, "x"))
    simulator.tick(0.001)
    assert (wrong, refusal(by_link(simulator, challenge, code))) == ("CODE_WRONG", "CODE_EXPIRED")


@pytest.mark.parametrize("challenge", ["", "x", "A" * 16, "A" * 60, "é"])
def test_a_text_that_is_no_challenge_has_no_code(challenge: str) -> None:
    simulator, _, code = asked_for_code()
    assert refusal(by_link(simulator, challenge, code)) == "CODE_EXPIRED"


def test_the_challenge_of_another_card_has_no_code_for_this_one() -> None:
    simulator = asked(recipients=[A, B], channel="email", confirm="code")
    challenge, code = code_of(simulator, card_of(simulator, B).card_id)
    assert refusal(by_link(simulator, challenge, code)) == "CODE_EXPIRED"


def test_the_right_code_does_not_make_an_unfit_answer_fit() -> None:
    simulator, challenge, code = asked_for_code()
    assert isinstance(by_link(simulator, challenge, code, action="perhaps"), Unfit)


def test_a_code_is_not_compared_once_the_card_is_answered() -> None:
    simulator, challenge, code = asked_for_code()
    assert by_link(simulator, challenge, code) == Recorded()
    assert isinstance(by_link(simulator, challenge, "x"), AlreadyAnswered)


def test_no_code_replaces_a_session_and_a_session_needs_none() -> None:
    simulator = asked(recipients=[A], channel="email", confirm="sign_in")
    challenge, code = code_of(simulator, card_of(simulator, A).card_id)
    assert refusal(by_link(simulator, challenge, code)) == "SIGN_IN_NEEDED"
    assert answer(simulator, 0, actor=Actor(kind="session", user_id="one", email=A)) == Recorded()
