"""The record of decisions: it says what `getDecisions` says, and outlives the execution that it is of."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from contract.engine.people.approvals import ANN, BOB, CY, asked, card_for, decide, deciding
from contract.engine.upkeep.pruning import MONTH, aged, prune_round, pruned
from kit.definitions import asking, card, chain, computing, note, step
from kit.driver import ORGANIZATION, Driver
from looply.definition import Workflow
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow, key_of
from looply.engine.records.pruning import Slice, plan
from looply.engine.upkeep.pruner import Pruner, prune_now
from looply.errors import EngineError, StoreFull
from looply.execution.approvals.decisions import decisions_of
from looply.execution.document.masking import MASK
from looply.execution.facts.address import card_token, parse_address
from looply.execution.facts.commands import Declined, Recorded, Released, SkipStep
from looply.jsontext import Json

DAY = timedelta(days=1)
YEAR = 366 * DAY
OTHERS = "01900000-0000-7000-8000-00000000000c"


async def recorded(engine: Driver, **criteria: Any) -> list[DecisionRow]:
    """Returns what the list of the organization shows, newest first."""
    return list(await engine.shell.decisions.list(ORGANIZATION, DecisionFilter(**criteria), None, 1000))


async def of(engine: Driver, execution_id: str) -> list[tuple[str, str, str]]:
    """Returns who decided what with which comment, as it is recorded, oldest first."""
    rows = await engine.shell.decisions.of_execution(execution_id)
    return [(row.decision.user, row.decision.action, row.decision.comment) for row in rows]


async def old_ones_dropped(engine: Driver, kept: timedelta, *, is_dry: bool = False) -> Slice:
    """Prunes where the record is kept so long, and executions for ever."""
    now = engine.clock.now()
    return await prune_now(engine.shell.pruning, plan(now, None), decided_before=now - kept, is_dry=is_dry)


class RecordStories:
    """What is recorded, and when."""

    async def test_an_answer_is_recorded_with_its_event_and_says_what_the_history_says(self, engine: Driver) -> None:
        execution_id = await asked(engine, quorum="all")
        assert await decide(engine, execution_id, 0, "approve", "fine") == Recorded()
        assert await of(engine, execution_id) == [(ANN, "approved", "fine")]
        await engine.crash()
        assert await decide(engine, execution_id, 1, "reject", "too dear") == Recorded()
        execution = await engine.shell.executions.get(execution_id)
        rows = list(await engine.shell.decisions.of_execution(execution_id))
        expected = decisions_of(execution.workflow, execution.state)
        assert [(row.decision.user, row.decision.is_final) for row in rows] == [(ANN, False), (BOB, True)]
        assert [row.decision for row in rows] == expected
        assert {row.workflow_version for row in rows} == {1}
        assert {row.process_id for row in rows} == {execution_id}
        ((_, event),) = await engine.shell.executions.history(execution_id, rows[1].seq - 1, 1)
        assert (event.by, event.via) == (BOB, "INBOX")

    async def test_a_resume_that_decides_for_everybody_is_one_decision_without_a_card(self, engine: Driver) -> None:
        execution_id = await asked(engine, api=True)
        await decide(engine, execution_id, 0)
        assert await engine.resume(execution_id, {"outcome": "rejected"}) == Released()
        (resumed, answered) = await recorded(engine, execution_id=execution_id)
        assert (answered.decision.user, answered.decision.revision, answered.decision.is_final) == (ANN, 1, False)
        assert (resumed.decision.user, resumed.decision.action) == ("caller", "rejected")
        assert (resumed.decision.revision, resumed.decision.via, resumed.decision.is_final) == (0, "API", True)

    async def test_an_override_is_recorded_as_one_and_never_as_a_decision(self, engine: Driver) -> None:
        execution_id = await asked(engine)
        facts: dict[str, Any] = {"at": engine.clock.now(), "by": "operator", "reason": "the board has decided"}
        command = SkipStep(**facts, action="complete", branch="approved", output={"outcome": "approved"})
        refused = await engine.shell.submit(execution_id, command)
        assert isinstance(refused, Declined)
        assert refused.code == "OVERRIDE_NEEDED"
        assert await of(engine, execution_id) == []
        await engine.shell.submit(execution_id, replace(command, may_override=True))
        await engine.crash()
        assert await of(engine, execution_id) == [("operator", "overridden", "the board has decided")]
        execution = await engine.shell.executions.get(execution_id)
        rows = await engine.shell.decisions.of_execution(execution_id)
        assert [row.decision for row in rows] == decisions_of(execution.workflow, execution.state)
        assert rows[0].decision.is_override

    async def test_a_card_that_is_no_approval_is_recorded_by_its_button_and_not_by_what_was_entered(
        self, engine: Driver
    ) -> None:
        execution_id = await engine.trigger(chain(card(recipients=[ANN, BOB], for_="all")))
        seed = (await engine.state(execution_id)).started.seed
        for part, action in enumerate(("release", "x" * 200)):
            token = card_token(execution_id, seed, parse_address("card_1:1"), part)
            assert await engine.answer(execution_id, token, action, "a comment of the card") == Recorded()
        assert await of(engine, execution_id) == [(ANN, "release", ""), (BOB, "", "")]

    async def test_what_the_step_marks_as_secret_is_not_recorded(self, engine: Driver) -> None:
        execution_id = await engine.trigger(_asking("approval_1", ANN, secret=["/output/decisions"]))
        assert await decide(engine, execution_id, 0, "approve", "the pin is 4711") == Recorded()
        assert await of(engine, execution_id) == [(ANN, MASK, MASK)]

    async def test_an_answer_that_counts_for_nothing_and_one_that_is_not_stored_are_not_recorded(
        self, engine: Driver
    ) -> None:
        execution_id = await asked(engine, quorum="any", comment_required="always")
        await decide(engine, execution_id, 0)
        engine.faults.fails = [StoreFull("no space left on the disk")]
        try:
            await decide(engine, execution_id, 0, "approve", "fine")
        except EngineError:
            assert await of(engine, execution_id) == []
        assert await decide(engine, execution_id, 0, "approve", "fine") == Recorded()
        await decide(engine, execution_id, 1, "reject", "late")
        assert await of(engine, execution_id) == [(ANN, "approved", "fine")]

    async def test_who_holds_a_card_that_was_passed_on_is_who_decides(self, engine: Driver) -> None:
        execution_id = await asked(engine, recipients=[ANN])
        await engine.reassign(execution_id, (await card_for(engine, execution_id, ANN)).card_id, CY)
        assert await of(engine, execution_id) == []
        assert await decide(engine, execution_id, 1) == Recorded()
        assert await of(engine, execution_id) == [(CY, "approved", "")]

    async def test_of_executions_without_decisions_nothing_is_recorded(self, engine: Driver) -> None:
        await engine.trigger(computing())
        execution_id = await engine.trigger(asking())
        await engine.resume(execution_id, {"n": 1})
        assert await recorded(engine) == []
        assert [unit.decisions for unit in engine.faults.units if unit.decisions] == []


class RecordListStories:
    """What an auditor finds."""

    async def test_it_is_narrowed_by_whatever_an_auditor_knows(self, engine: Driver) -> None:
        first = await engine.trigger(deciding([ANN, BOB]), process_id="PO-1")
        await decide(engine, first, 0)
        between = await _a_moment_later(engine)
        second = await engine.trigger(_asking("other", ANN.upper()), process_id="PO-2")
        token = card_token(second, (await engine.state(second)).started.seed, parse_address("other:1"), 0)
        assert await engine.answer(second, token, "reject", "no") == Recorded()
        await _a_moment_later(engine)
        await decide(engine, first, 1)
        workflows = [(await engine.shell.executions.get(each)).head.workflow_id for each in (first, second)]
        everything = [(first, BOB), (second, ANN.upper()), (first, ANN)]
        for criteria, found in (
            ({}, everything),
            ({"execution_id": first}, [everything[0], everything[2]]),
            ({"process_id": "PO-2"}, [everything[1]]),
            ({"process_id": "PO-3"}, []),
            ({"user": ANN}, everything[1:]),
            ({"user": ANN, "workflow_id": workflows[0]}, [everything[2]]),
            ({"workflow_id": workflows[0]}, [everything[0], everything[2]]),
            ({"workflow_id": workflows[1], "step": "other"}, [everything[1]]),
            ({"workflow_id": workflows[1], "step": "approval_1"}, []),
            ({"workflow_id": OTHERS}, []),
            ({"decided_from": between}, everything[:2]),
            ({"decided_to": between}, [everything[2]]),
            ({"decided_from": between, "decided_to": engine.clock.now()}, [everything[1]]),
        ):
            rows = await recorded(engine, **criteria)
            assert [(row.execution_id, row.decision.user) for row in rows] == found, criteria

    async def test_pages_of_every_size_show_each_decision_once_newest_first_also_of_one_instant(
        self, engine: Driver
    ) -> None:
        for moment in range(3):
            execution_ids = [await asked(engine, quorum="all") for _ in range(2)]
            for execution_id in execution_ids:
                for part in range(2 + moment % 2):
                    assert await decide(engine, execution_id, part) == Recorded()
            await _a_moment_later(engine)
        everything = await recorded(engine)
        assert len(everything) == 14
        assert [key_of(row) for row in everything] == sorted(map(key_of, everything), reverse=True)
        for limit in (1, 2, 3, 5, 14, 15):
            found: list[DecisionRow] = []
            after: DecisionKey | None = None
            while page := await engine.shell.decisions.list(ORGANIZATION, DecisionFilter(), after, limit):
                found += page
                after = key_of(found[-1])
            assert found == everything

    async def test_an_organization_sees_its_own_ones_only(self, engine: Driver) -> None:
        execution_id = await engine.trigger(deciding([ANN]), organization_id=OTHERS, process_id="PO-1")
        await decide(engine, execution_id, 0)
        for criteria in ({}, {"user": ANN}, {"execution_id": execution_id}, {"process_id": "PO-1"}):
            assert await recorded(engine, **criteria) == []
        (row,) = await engine.shell.decisions.list(OTHERS, DecisionFilter(user=ANN), None, 10)
        assert (row.execution_id, row.organization_id) == (execution_id, OTHERS)


def _asking(id_: str, recipient: str, **beside: Json) -> Workflow:
    """Returns a workflow in which a step of this name asks one person; `beside` are fields beside its settings."""
    edges = ((id_, "approved", "approved"), (id_, "rejected", "rejected"), (id_, "timeout", "rejected"))
    return chain(
        step(id_, "approval", {"recipients": [recipient]}, **beside), note("approved"), note("rejected"), edges=edges
    )


async def _a_moment_later(engine: Driver) -> Any:
    engine.clock.advance(timedelta(seconds=1))
    return engine.clock.now()


class RecordLifeStories:
    """What goes with the execution, and what stays."""

    async def test_it_stays_when_the_execution_is_pruned(self, engine: Driver) -> None:
        execution_id = await engine.trigger(deciding([ANN, BOB]), process_id="PO-4711")
        await decide(engine, execution_id, 0, "approve", "fine")
        await decide(engine, execution_id, 1)
        before = await recorded(engine)
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        await engine.crash()
        assert await recorded(engine, process_id="PO-4711") == before
        assert await of(engine, execution_id) == [(ANN, "approved", "fine"), (BOB, "approved", "")]
        assert list(await engine.store.reads.dangling_rows()) == []

    async def test_it_has_a_retention_of_its_own_and_is_never_removed_before_its_execution(
        self, engine: Driver
    ) -> None:
        old, waiting = await asked(engine, quorum="any"), await asked(engine)
        for execution_id in (old, waiting):
            await decide(engine, execution_id, 0)
        await aged(engine, YEAR)
        young = await asked(engine, quorum="any")
        await decide(engine, young, 0)
        await aged(engine)
        assert (await pruned(engine)).executions == 2
        assert (await old_ones_dropped(engine, YEAR, is_dry=True)).decisions == 1
        assert (await old_ones_dropped(engine, 2 * YEAR)).decisions == 0
        assert [row.execution_id for row in await recorded(engine)] == [young, waiting, old]
        assert (await old_ones_dropped(engine, YEAR)).decisions == 1
        assert [row.execution_id for row in await recorded(engine)] == [young, waiting]
        await engine.terminate(waiting)
        await aged(engine)
        assert (await pruned(engine)).executions == 1
        assert (await old_ones_dropped(engine, YEAR)).decisions == 1
        assert [row.execution_id for row in await recorded(engine)] == [young]

    async def test_the_pruner_keeps_it_as_long_as_the_installation_says(self, engine: Driver) -> None:
        execution_id = await asked(engine, quorum="any")
        await decide(engine, execution_id, 0)
        await aged(engine)
        pruning, clock = engine.shell.pruning, engine.clock
        await prune_round(Pruner(pruning, clock, MONTH))
        assert len(await recorded(engine)) == 1
        await prune_round(Pruner(pruning, clock, MONTH, 2 * MONTH))
        assert len(await recorded(engine)) == 1
        await aged(engine)
        await prune_round(Pruner(pruning, clock, MONTH, 2 * MONTH))
        assert await recorded(engine) == []
