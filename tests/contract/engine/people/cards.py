"""Cards: the first answer, the number of answers required, and the reply to a second click."""

from collections import Counter
from datetime import timedelta
from typing import Any

from kit.definitions import card, chain, note, stop
from kit.driver import ORGANIZATION, Driver
from looply.engine.ports.lists import CardFilter
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import AlreadyAnswered, Declined, Recorded, Released, UnknownToken
from looply.execution.facts.events import AnswerRecorded, CardClosed, Resumed

PEOPLE = ["ann@example.com", "bob@example.com", "cy@example.com"]


async def sent(engine: Driver, **waits: Any) -> tuple[str, list[str]]:
    """Sends a card to three people and returns the execution and the token of each."""
    execution_id = await engine.trigger(
        chain(card(recipients=PEOPLE, **waits), note(), stop(), edges=(("card_1", "timeout", "stop_1"),))
    )
    seed = (await engine.state(execution_id)).started.seed
    address = parse_address("card_1:1")
    return execution_id, [card_token(execution_id, seed, address, part) for part in range(len(PEOPLE))]


class CardStories:
    """What recipients of a card can rely on."""

    async def test_the_first_answer_releases_the_card_and_closes_the_others(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine)
        assert await engine.answer(execution_id, tokens[1]) == Recorded()
        state = await engine.state(execution_id)
        assert state.status == "COMPLETED"
        assert state.outputs["card_1"]["response"] == {"user": PEOPLE[1], "data": {"action": "approve"}}
        (closed,) = await engine.events(execution_id, CardClosed)
        assert (len(closed.cards), closed.reason) == (3, "ANSWERED")
        assert await engine.shell.executions.open_cards(ORGANIZATION) == []

    async def test_a_recipient_with_a_control_character_fails_the_step(self, engine: Driver) -> None:
        workflow = chain(
            card(recipients="${payload.output.people}"), note(), stop(), edges=(("card_1", "timeout", "stop_1"),)
        )
        for people in ("ann\0@example.com", ["ann@example.com", "bob@example.com\nBcc: eve@example.com"]):
            execution_id = await engine.trigger(workflow, {"people": people})
            await engine.settle()
            (incident,) = (await engine.state(execution_id)).incidents.values()
            assert (incident.code, "control character" in incident.message) == ("BAD_INPUT", True)
        assert await engine.shell.executions.open_cards(ORGANIZATION) == []

    async def test_a_second_click_and_a_second_person_get_who_answered(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine)
        on = engine.clock.now()
        await engine.answer(execution_id, tokens[1])
        engine.clock.advance(timedelta(hours=1))
        reply = AlreadyAnswered(answered_by=PEOPLE[1], answered_on=on, decision="approve")
        assert await engine.answer(execution_id, tokens[1], "reject") == reply
        assert await engine.answer(execution_id, tokens[0], "reject") == reply

    async def test_of_many_clicks_at_once_one_counts(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine)
        clicks = (engine.answer(execution_id, tokens[n % 3], f"choice-{n}") for n in range(30))
        answers = await engine.together(*clicks)
        assert Counter(type(answer) for answer in answers) == {Recorded: 1, AlreadyAnswered: 29}
        winner = answers.index(Recorded())
        (resumed,) = await engine.events(execution_id, Resumed)
        assert resumed.output["response"]["data"] == {"action": f"choice-{winner}"}

    async def test_a_card_for_all_waits_for_each_of_them_and_counts_no_person_twice(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine, for_="all")
        for token in (tokens[2], tokens[2], tokens[0], tokens[2]):
            await engine.answer(execution_id, token)
            assert await engine.status(execution_id) == "WAITING"
        await engine.crash()
        assert await engine.answer(execution_id, tokens[1]) == Recorded()
        state = await engine.state(execution_id)
        assert [answer["user"] for answer in state.outputs["card_1"]["responses"]] == [PEOPLE[2], PEOPLE[0], PEOPLE[1]]
        assert state.status == "COMPLETED"

    async def test_a_card_for_two_of_three_is_released_by_the_second_answer(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine, for_=2)
        answers = await engine.together(*(engine.answer(execution_id, token) for token in tokens * 2))
        assert Counter(type(answer) for answer in answers) == {Recorded: 2, AlreadyAnswered: 4}
        assert len(await engine.events(execution_id, AnswerRecorded)) == 2

    async def test_a_card_without_an_answer_is_closed_by_its_timeout(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine, for_="all", timeout="P3D")
        await engine.answer(execution_id, tokens[0])
        await engine.advance(timedelta(days=3))
        assert await engine.status(execution_id) == "FAILED"
        assert isinstance(await engine.answer(execution_id, tokens[0]), AlreadyAnswered)
        reply = await engine.answer(execution_id, tokens[1])
        assert isinstance(reply, Declined)
        assert reply.code == "CLOSED"
        assert await engine.shell.executions.open_cards(ORGANIZATION) == []

    async def test_terminate_closes_the_cards(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine)
        await engine.terminate(execution_id)
        reply = await engine.answer(execution_id, tokens[0])
        assert isinstance(reply, Declined)
        assert [event.reason for event in await engine.events(execution_id, CardClosed)] == ["TERMINATED"]

    async def test_a_resume_releases_the_card_for_everybody(self, engine: Driver) -> None:
        execution_id, tokens = await sent(engine, for_="all")
        assert await engine.resume(execution_id, {"action": "approve"}, by="sap", source="SAP") == Released()
        state = await engine.state(execution_id)
        assert state.outputs["card_1"]["response"] == {"user": "sap", "data": {"action": "approve"}}
        assert isinstance(await engine.answer(execution_id, tokens[0]), AlreadyAnswered)

    async def test_a_token_that_this_execution_never_made_is_unknown(self, engine: Driver) -> None:
        execution_id, _ = await sent(engine)
        _, foreign = await sent(engine)
        assert await engine.answer(execution_id, foreign[0]) == UnknownToken()
        assert await engine.answer(execution_id, "forged") == UnknownToken()

    async def test_open_cards_are_listed_by_recipient_until_they_are_answered(self, engine: Driver) -> None:
        first, tokens = await sent(engine)
        second, _ = await sent(engine)
        cards = await engine.shell.executions.open_cards(ORGANIZATION, CardFilter(recipient=PEOPLE[0]))
        assert {item.execution_id for item in cards} == {first, second}
        assert len(await engine.shell.executions.open_cards(ORGANIZATION)) == 6
        await engine.answer(first, tokens[2])
        (left,) = await engine.shell.executions.open_cards(ORGANIZATION, CardFilter(recipient=PEOPLE[0]))
        assert (left.execution_id, left.recipient, left.step) == (second, PEOPLE[0], "card_1")
