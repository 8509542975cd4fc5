"""Absences: the substitute gets what is sent and what is open, once, and decides for the absent person."""

from datetime import timedelta
from typing import Any

from contract.engine.people.approvals import ANN, BOB, BOSS, CY, asked, card_for, decide, decided, listed
from kit.definitions import asking, card, chain
from kit.driver import ORGANIZATION, Driver
from looply.execution.approvals.decisions import decisions_of
from looply.execution.facts.absences import Absence
from looply.execution.facts.commands import Done, PassOnAbsent, Recorded, Unfit
from looply.execution.facts.events import AnswerRecorded, CardClosed, CardWanted
from looply.execution.facts.state import cards_of

DAY = timedelta(days=1)
DEPUTY = "deputy@example.com"


async def leave(engine: Driver, person: str, substitute: str, **fields: Any) -> Absence:
    """Stores an absence of a week that has begun."""
    now = engine.clock.now()
    facts: dict[str, Any] = {"begins_on": now, "ends_on": now + 7 * DAY, **fields}
    absence = Absence(person=person, substitute=substitute, **facts)
    await engine.shell.absences.put(ORGANIZATION, absence)
    return absence


async def pass_on(engine: Driver, execution_id: str, *absences: Absence) -> bool:
    """Passes the open cards of absent people on; returns whether that changed the execution."""
    command = PassOnAbsent(at=engine.clock.now(), via="ABSENCE", absences=absences)
    reply = await engine.shell.submit(execution_id, command)
    assert isinstance(reply, Done)
    return not reply.is_late


async def closings(engine: Driver, execution_id: str) -> list[tuple[str, str]]:
    return [(event.reason, event.to) for event in await engine.events(execution_id, CardClosed)]


class AbsenceStories:
    """Cards of absent people."""

    async def test_a_card_that_is_sent_during_an_absence_is_passed_on_in_the_same_unit(self, engine: Driver) -> None:
        await leave(engine, "Ann <ANN@example.com>", DEPUTY)
        execution_id = await asked(engine, quorum="all")
        assert await listed(engine) == sorted([BOB, CY, DEPUTY])
        assert await closings(engine, execution_id) == [("ABSENT", DEPUTY)]
        instants = {event.at for event in await engine.events(execution_id, CardWanted)}
        assert len(instants) == 1
        (unit,) = [unit for unit in engine.faults.units if unit.execution_id == execution_id]
        assert unit.expected_seq == 0

    async def test_a_decision_by_a_substitute_says_for_whom(self, engine: Driver) -> None:
        await leave(engine, ANN, DEPUTY)
        execution_id = await asked(engine, recipients=[ANN])
        part = (await card_for(engine, execution_id, DEPUTY)).part
        assert await decide(engine, execution_id, part) == Recorded()
        await engine.crash()
        (recorded,) = await engine.events(execution_id, AnswerRecorded)
        assert (recorded.user, recorded.substitute_for) == (DEPUTY, ANN)
        (row,) = await engine.shell.decisions.of_execution(execution_id)
        assert (row.decision.user, row.decision.substitute_for) == (DEPUTY, ANN)
        execution = await engine.shell.executions.get(execution_id)
        assert decisions_of(execution.workflow, execution.state) == [row.decision]
        output = execution.state.outputs["approval_1"]
        assert output["decisions"][0]["substitute_for"] == ANN

    async def test_open_cards_are_passed_on_once_however_often_the_command_comes(self, engine: Driver) -> None:
        execution_id = await asked(engine, quorum="all")
        absence = await leave(engine, ANN, DEPUTY)
        replies = await engine.together(*(pass_on(engine, execution_id, absence) for _ in range(3)))
        assert sorted(replies) == [False, False, True]
        await engine.crash()
        assert await pass_on(engine, execution_id, absence) is False
        assert await closings(engine, execution_id) == [("ABSENT", DEPUTY)]
        assert await listed(engine) == sorted([BOB, CY, DEPUTY])

    async def test_the_next_card_of_a_sequence_goes_to_the_substitute_of_its_person(self, engine: Driver) -> None:
        await leave(engine, BOB, DEPUTY)
        execution_id = await asked(engine, order="sequence", quorum="all")
        assert await listed(engine) == [ANN]
        await decide(engine, execution_id, 0)
        assert await listed(engine) == [DEPUTY]
        await decide(engine, execution_id, (await card_for(engine, execution_id, DEPUTY)).part)
        assert await listed(engine) == [CY]
        await decide(engine, execution_id, 2)
        assert (await decided(engine, execution_id))[0] == "approved"

    async def test_a_substitute_whose_own_turn_is_to_come_does_not_decide_twice(self, engine: Driver) -> None:
        await leave(engine, ANN, CY)
        execution_id = await asked(engine, order="sequence", quorum="all")
        assert await listed(engine) == [ANN]
        refused = await engine.reassign(execution_id, (await card_for(engine, execution_id, ANN)).card_id, BOB)
        assert isinstance(refused, Unfit)
        assert "asked later" in refused.problems[0].message

    async def test_an_escalation_to_an_absent_person_reaches_the_substitute(self, engine: Driver) -> None:
        await leave(engine, BOSS, DEPUTY)
        escalation = [{"after": "PT1H", "to": [BOSS]}]
        execution_id = await asked(engine, recipients=[ANN, BOB], quorum="all", escalation=escalation)
        await engine.advance(timedelta(hours=1))
        assert await listed(engine) == [DEPUTY]
        card_ = await card_for(engine, execution_id, DEPUTY)
        assert card_.seats == 2
        await decide(engine, execution_id, card_.part)
        assert await decided(engine, execution_id) == ("approved", [(DEPUTY, "approved")])

    async def test_a_substitute_who_is_absent_too_has_a_substitute(self, engine: Driver) -> None:
        await leave(engine, ANN, BOSS)
        await leave(engine, BOSS, DEPUTY)
        execution_id = await asked(engine, recipients=[ANN])
        card_ = await card_for(engine, execution_id, DEPUTY)
        assert card_.substitute_for == ANN
        assert await listed(engine) == [DEPUTY]

    async def test_a_substitute_never_gets_a_second_vote_and_never_is_the_requester(self, engine: Driver) -> None:
        await leave(engine, ANN, BOB)
        await leave(engine, CY, BOSS)
        execution_id = await asked(engine, {"buyer": BOSS}, quorum="all", requester="${payload.output.buyer}")
        assert await listed(engine) == sorted([ANN, BOB, CY])
        assert await closings(engine, execution_id) == []
        await decide(engine, execution_id, 1)
        absence = await leave(engine, ANN, BOB)
        assert await pass_on(engine, execution_id, absence) is False

    async def test_two_absent_people_with_one_substitute_keep_one_vote_each(self, engine: Driver) -> None:
        await leave(engine, ANN, DEPUTY)
        await leave(engine, BOB, DEPUTY)
        await asked(engine, quorum="all")
        assert await listed(engine) == sorted([BOB, CY, DEPUTY])

    async def test_an_absence_that_is_over_to_come_or_for_other_workflows_changes_nothing(self, engine: Driver) -> None:
        now = engine.clock.now()
        await leave(engine, ANN, DEPUTY, begins_on=now - 2 * DAY, ends_on=now)
        await leave(engine, BOB, DEPUTY, begins_on=now + DAY)
        await leave(engine, CY, DEPUTY, workflow_ids=("another",))
        await asked(engine, quorum="all")
        assert await listed(engine) == sorted([ANN, BOB, CY])

    async def test_cards_that_are_no_approvals_go_to_the_substitute_if_they_wait_for_an_answer(
        self, engine: Driver
    ) -> None:
        await leave(engine, ANN, DEPUTY)
        execution_id = await engine.trigger(chain(card(recipients=[ANN, BOB], for_="all")))
        assert await listed(engine) == sorted([BOB, DEPUTY])
        cards = cards_of(await engine.state(execution_id), "card_1:1")
        assert [(one.recipient, one.substitute_for) for one in cards if one.status == "OPEN"] == [
            (BOB, ""),
            (DEPUTY, ANN),
        ]

    async def test_a_former_substitute_who_is_absent_passes_the_card_on_for_the_same_person(
        self, engine: Driver
    ) -> None:
        first = await leave(engine, ANN, BOSS)
        execution_id = await asked(engine, recipients=[ANN])
        second = await leave(engine, BOSS, DEPUTY)
        assert await pass_on(engine, execution_id, first, second) is True
        assert (await card_for(engine, execution_id, DEPUTY)).substitute_for == ANN
        third = await leave(engine, DEPUTY, ANN)
        assert await pass_on(engine, execution_id, third) is True
        assert (await card_for(engine, execution_id, ANN)).substitute_for == ""

    async def test_a_workflow_without_cards_is_not_asked_about(self, engine: Driver) -> None:
        await leave(engine, ANN, DEPUTY)
        execution_id = await engine.trigger(asking())
        assert await pass_on(engine, execution_id, await leave(engine, ANN, DEPUTY)) is False
