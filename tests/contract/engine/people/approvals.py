"""Approvals: who decides, what many answers at once come to, and what the clock does while people think."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.engine.steps.datastores import keep
from kit.definitions import approval, chain, note, stop
from kit.driver import ORGANIZATION, Driver
from looply.definition import Workflow
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import AlreadyAnswered, Declined, Reassigned, Recorded, Released, Reply, Unfit
from looply.execution.facts.events import AnswerRecorded, CardClosed, CardWanted, Resumed, TimerFired, WaitOpened
from looply.execution.facts.state import Card, cards_of

ANN, BOB, CY = PEOPLE = ["ann@example.com", "bob@example.com", "cy@example.com"]
BOSS = "boss@example.com"
DAY = timedelta(days=1)
OFFICE = {
    "timezone": "Europe/Berlin",
    "hours": {day: ["08:00-12:00", "13:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2030-03-29"],
}


def deciding(recipients: Any = None, **settings: Any) -> Workflow:
    """Returns a workflow that asks for an approval; its exits lead to steps of other names."""
    return chain(
        approval(recipients=PEOPLE if recipients is None else recipients, **settings),
        note("approved"),
        note("rejected"),
        stop("late"),
        edges=(
            ("approval_1", "approved", "approved"),
            ("approval_1", "rejected", "rejected"),
            ("approval_1", "timeout", "late"),
        ),
    )


async def asked(engine: Driver, body: Any = None, **settings: Any) -> str:
    """Starts an execution that asks three people, and returns its id."""
    execution_id = await engine.trigger(deciding(**settings), body)
    await engine.settle()
    return execution_id


async def token(engine: Driver, execution_id: str, part: int) -> str:
    """Returns the token of a card copy."""
    seed = (await engine.state(execution_id)).started.seed
    return card_token(execution_id, seed, parse_address("approval_1:1"), part)


async def decide(engine: Driver, execution_id: str, part: int, action: str = "approve", comment: str = "") -> Reply:
    """Answers a card copy."""
    return await engine.answer(execution_id, await token(engine, execution_id, part), action, comment)


async def decided(engine: Driver, execution_id: str) -> tuple[str, list[tuple[str, str]]]:
    """Returns how the approval was decided, and by whom."""
    output = (await engine.state(execution_id)).outputs["approval_1"]
    return output["outcome"], [(one["user"], one["action"]) for one in output["decisions"]]


async def listed(engine: Driver) -> list[str]:
    """Returns the recipients of all cards that take answers."""
    return sorted(card.recipient for card in await engine.shell.executions.open_cards(ORGANIZATION))


async def card_for(engine: Driver, execution_id: str, recipient: str) -> Card:
    """Returns the newest copy of a recipient."""
    cards = cards_of(await engine.state(execution_id), "approval_1:1")
    return next(card for card in reversed(cards) if card.recipient == recipient)


class ApprovalStories:
    """How decisions count."""

    @pytest.mark.parametrize(
        ("settings", "answers", "outcome"),
        [
            ({"quorum": "all"}, "yyy", "approved"),
            ({"quorum": "all"}, "yn", "rejected"),
            ({"quorum": "any"}, "ny", "approved"),
            ({"quorum": "any"}, "nnn", "rejected"),
            ({"quorum": 2}, "yny", "approved"),
            ({"quorum": 2}, "nn", "rejected"),
            ({"quorum": "any", "veto": True}, "n", "rejected"),
        ],
    )
    async def test_it_is_decided_with_the_first_answer_after_which_nothing_can_change_it(
        self, engine: Driver, settings: dict[str, Any], answers: str, outcome: str
    ) -> None:
        execution_id = await asked(engine, **settings)
        for part, answer in enumerate(answers):
            assert await engine.status(execution_id) == "WAITING"
            assert await decide(engine, execution_id, part, "approve" if answer == "y" else "reject") == Recorded()
        state = await engine.state(execution_id)
        assert (await decided(engine, execution_id))[0] == outcome
        assert (state.status, state.payload[outcome]) == ("COMPLETED", "seen")
        assert await listed(engine) == []

    async def test_a_sequence_asks_one_after_the_other_and_continues_after_a_crash(self, engine: Driver) -> None:
        execution_id = await asked(engine, order="sequence")
        for part, person in enumerate(PEOPLE):
            assert await listed(engine) == [person]
            await engine.crash()
            assert await decide(engine, execution_id, part) == Recorded()
        assert await decided(engine, execution_id) == ("approved", [(person, "approved") for person in PEOPLE])

    async def test_the_requester_is_not_asked(self, engine: Driver) -> None:
        settings = {"requester": "${payload.output.by}", "self_approval": False}
        execution_id = await asked(engine, {"by": BOB.upper()}, **settings)
        assert await listed(engine) == [ANN, CY]
        card = await card_for(engine, execution_id, ANN)
        refused = await engine.reassign(execution_id, card.card_id, BOB)
        assert isinstance(refused, Unfit)
        assert await listed(engine) == [ANN, CY]

    async def test_a_person_who_is_named_twice_is_asked_once(self, engine: Driver) -> None:
        execution_id = await asked(engine, recipients=[ANN, ANN.upper(), f"Ann <{ANN}>", BOB], quorum=2)
        assert await listed(engine) == [ANN, BOB]
        assert await decide(engine, execution_id, 0) == Recorded()
        assert await engine.status(execution_id) == "WAITING"
        assert await decide(engine, execution_id, 1) == Recorded()
        assert await decided(engine, execution_id) == ("approved", [(ANN, "approved"), (BOB, "approved")])

    async def test_a_missing_comment_is_refused_in_words_and_nothing_is_done(self, engine: Driver) -> None:
        execution_id = await asked(engine, comment_required="reject", quorum="any", veto=True)
        refused = await decide(engine, execution_id, 0, "reject")
        assert isinstance(refused, Unfit)
        assert refused.problems[0].path == "/data/comment"
        assert await engine.events(execution_id, AnswerRecorded) == []
        assert await decide(engine, execution_id, 0, "reject", "too dear") == Recorded()
        output = (await engine.state(execution_id)).outputs["approval_1"]
        assert output["decisions"][0]["comment"] == "too dear"

    async def test_a_resume_decides_nothing_unless_the_settings_say_so(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        refused = await engine.resume(execution_id, {"outcome": "approved"})
        assert isinstance(refused, Declined)
        assert refused.code == "SOURCE_NOT_ACCEPTED"

    async def test_with_api_a_resume_decides_for_everybody_and_needs_an_outcome(self, engine: Driver) -> None:
        execution_id = await asked(engine, api=True)
        await decide(engine, execution_id, 0)
        assert isinstance(await engine.resume(execution_id, {}), Unfit)
        assert await engine.resume(execution_id, {"outcome": "rejected"}) == Released()
        assert await decided(engine, execution_id) == ("rejected", [(ANN, "approved"), ("caller", "rejected")])
        reply = await decide(engine, execution_id, 1)
        assert isinstance(reply, AlreadyAnswered)
        assert (reply.answered_by, reply.decision) == ("caller", "rejected")

    async def test_terminate_closes_the_cards_and_says_so(self, engine: Driver) -> None:
        execution_id = await asked(engine, timeout="P3D", reminders=["P1D"])
        await engine.terminate(execution_id)
        reply = await decide(engine, execution_id, 0)
        assert isinstance(reply, Declined)
        assert "terminated" in reply.message
        assert await engine.store.work.next_due() is None
        assert await listed(engine) == []


class DecisionRaceStories:
    """Many answers at once: each gets the true reply."""

    async def test_of_32_answers_at_once_each_person_counts_once(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        tokens = [await token(engine, execution_id, part) for part in range(3)]
        answers = await engine.together(*(engine.answer(execution_id, tokens[n % 3]) for n in range(32)))
        assert Counter(type(answer) for answer in answers) == {Recorded: 3, AlreadyAnswered: 29}
        assert (await decided(engine, execution_id))[0] == "approved"
        assert len(await engine.events(execution_id, Resumed)) == 1

    async def test_of_32_opposite_answers_at_once_the_first_decides_and_the_others_get_its_decision(
        self, engine: Driver
    ) -> None:
        execution_id = await asked(engine, quorum="any", veto=True)
        tokens = [await token(engine, execution_id, part) for part in range(3)]
        actions = ("approve", "reject")
        answers = await engine.together(
            *(engine.answer(execution_id, tokens[n % 3], actions[n % 2]) for n in range(32))
        )
        outcome, ((winner, action),) = await decided(engine, execution_id)
        assert outcome == action
        losers = [answer for answer in answers if isinstance(answer, AlreadyAnswered)]
        assert {(answer.answered_by, answer.decision) for answer in losers} == {(winner, action)}
        assert len(losers) == 31

    async def test_an_answer_and_the_timeout_in_one_tick_have_one_winner(self, engine: Driver) -> None:
        for answers_first in (True, False):
            execution_id = await asked(engine, quorum="any", timeout="PT1H")
            engine.clock.advance(timedelta(hours=1))
            own = await token(engine, execution_id, 0)
            if answers_first:
                reply, _ = await engine.together(engine.answer(execution_id, own), engine.pump.tick())
            else:
                _, reply = await engine.together(engine.pump.tick(), engine.answer(execution_id, own))
            await engine.settle()
            fired = await engine.events(execution_id, TimerFired)
            assert (reply == Recorded()) == (not fired)
            assert (await decided(engine, execution_id))[0] == ("timeout" if fired else "approved")

    async def test_a_card_that_is_passed_on_while_it_is_answered_counts_once(self, engine: Driver) -> None:
        for answers_first in (True, False):
            execution_id = await asked(engine, recipients=[ANN])
            card = await card_for(engine, execution_id, ANN)
            own = await token(engine, execution_id, 0)
            answering, passing = engine.answer(execution_id, own), engine.reassign(execution_id, card.card_id, BOSS)
            if answers_first:
                answer, passed = await engine.together(answering, passing)
            else:
                passed, answer = await engine.together(passing, answering)
            if answer == Recorded():
                assert isinstance(passed, Declined)
                assert await decided(engine, execution_id) == ("approved", [(ANN, "approved")])
                continue
            assert isinstance(passed, Reassigned)
            assert answer == Declined(code="CLOSED", message=f"the request was passed on to {BOSS}: on leave")
            assert await decide(engine, execution_id, passed.part, "reject") == Recorded()
            assert await decided(engine, execution_id) == ("rejected", [(BOSS, "rejected")])


class DecisionTimeStories:
    """Reminders, substitutes and working time."""

    async def test_those_who_have_not_decided_are_reminded_once_each_time(self, engine: Driver) -> None:
        execution_id = await asked(engine, reminders=["P1D", "P2D"])
        await decide(engine, execution_id, 0)
        await engine.advance(DAY)
        await engine.crash()
        await engine.advance(DAY)
        await engine.tick()
        reminders = [event for event in await engine.events(execution_id, CardWanted) if event.reminder]
        assert [(event.reminder, [copy.recipient for copy in event.copies]) for event in reminders] == [
            (1, [BOB, CY]),
            (2, [BOB, CY]),
        ]
        assert await decide(engine, execution_id, 1) == Recorded()

    async def test_a_substitute_takes_over_and_decides_instead_of_all_others(self, engine: Driver) -> None:
        execution_id = await asked(engine, escalation=[{"after": "P2D", "to": BOSS}], timeout="P3D")
        await decide(engine, execution_id, 0)
        await engine.advance(2 * DAY)
        assert await listed(engine) == [BOSS]
        reply = await decide(engine, execution_id, 1)
        assert isinstance(reply, Declined)
        assert BOSS in reply.message
        card = await card_for(engine, execution_id, BOSS)
        assert await decide(engine, execution_id, card.part) == Recorded()
        assert await decided(engine, execution_id) == ("approved", [(ANN, "approved"), (BOSS, "approved")])
        closings = [(event.reason, event.to) for event in await engine.events(execution_id, CardClosed)]
        assert closings == [("ESCALATED", BOSS), ("ANSWERED", "")]

    async def test_an_answer_and_the_escalation_in_one_tick_are_both_true(self, engine: Driver) -> None:
        execution_id = await asked(engine, recipients=[ANN, BOB], escalation=[{"after": "P1D", "to": BOSS}])
        engine.clock.advance(DAY)
        own = await token(engine, execution_id, 0)
        reply, _ = await engine.together(engine.answer(execution_id, own), engine.pump.tick())
        await engine.settle()
        assert await listed(engine) == [BOSS]
        card = await card_for(engine, execution_id, BOSS)
        assert (card.seats, reply == Recorded()) in ((1, True), (2, False))
        await decide(engine, execution_id, card.part)
        assert (await decided(engine, execution_id))[0] == "approved"

    async def test_after_the_timeout_the_record_has_those_who_had_decided(self, engine: Driver) -> None:
        execution_id = await asked(engine, timeout="P3D")
        await decide(engine, execution_id, 1)
        await engine.advance(3 * DAY)
        assert await decided(engine, execution_id) == ("timeout", [(BOB, "approved")])
        assert await engine.status(execution_id) == "FAILED"

    async def test_the_recipients_are_in_a_datastore(self, engine: Driver) -> None:
        await keep(engine, {"plants": {"1000": [ANN, CY]}}, "approvers")
        place = {"datastore": "approvers", "path": "/plants/${payload.output.plant}"}
        execution_id = await asked(engine, {"plant": "1000"}, recipients=place)
        assert await listed(engine) == [ANN, CY]
        await keep(engine, {"plants": {}}, "approvers")
        for part in (0, 1):
            await decide(engine, execution_id, part)
        assert (await decided(engine, execution_id))[0] == "approved"

    async def test_a_datastore_that_is_not_there_fails_the_step_in_words(self, engine: Driver) -> None:
        execution_id = await asked(engine, calendar="nowhere")
        state = await engine.state(execution_id)
        assert state.status == "FAILED"
        (incident,) = state.incidents.values()
        assert (incident.code, "no datastore 'nowhere'" in incident.message) == ("NOT_FOUND", True)

    async def test_over_a_weekend_and_a_change_of_the_clocks_working_time_pauses(self, engine: Driver) -> None:
        await keep(engine, OFFICE, "office")
        # Thursday, 28 March 2030, 15:00 in Berlin; Friday is a holiday, on Sunday the clocks go forward.
        engine.clock.advance(datetime(2030, 3, 28, 14, tzinfo=UTC) - engine.clock.now())
        settings = {"reminders": ["PT4H"], "escalation": [{"after": "P1D", "to": BOSS}], "timeout": "P2D"}
        execution_id = await asked(engine, calendar="office", quorum="any", **settings)
        (opened,) = await engine.events(execution_id, WaitOpened)
        assert opened.timeout_on == datetime(2030, 4, 2, 13, tzinfo=UTC)
        await engine.advance(4 * DAY - timedelta(hours=5))  # Monday 11:00 in Berlin, two hours after 8:00 are 10:00
        reminders = [event for event in await engine.events(execution_id, CardWanted) if event.reminder]
        assert [event.at for event in reminders] == [engine.clock.now()]
        assert await listed(engine) == PEOPLE
        await engine.advance(datetime(2030, 4, 1, 13, tzinfo=UTC) - engine.clock.now())
        assert await listed(engine) == [BOSS]
        await engine.advance(DAY - timedelta(milliseconds=1))
        assert await engine.status(execution_id) == "WAITING"
        await engine.advance(timedelta(milliseconds=1))
        assert (await decided(engine, execution_id))[0] == "timeout"
