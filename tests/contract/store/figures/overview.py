"""The contract of the overview: what the rows say of many executions at once, and of one that does not move."""

from datetime import timedelta
from uuid import UUID

import msgspec
from msgspec.structs import replace

from contract.store.deliveries import admit, in_line, sent
from contract.store.samples import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    OTHER_WORKFLOW,
    WORKFLOW,
    Samples,
    card,
    effect,
    incident,
    timer,
    wait,
    working,
)
from looply.engine.ports.lists import ANY_CARD, CardFilter, CauseFilter, Filter
from looply.engine.ports.store import Store
from looply.engine.records.copies import CopyDelivery, CopyUpdate
from looply.engine.records.figures.overview import IncidentGroup, IncidentSummary, OpenCardFact, RowFacts
from looply.engine.records.letters import LetterRow
from looply.testing.clock import START_TIME

HOUR = timedelta(hours=1)


class OverviewContract:
    """Facts of rows, groups of incidents, and what holds an execution."""

    async def test_the_facts_of_rows_are_those_of_their_executions(self, store: Store, samples: Samples) -> None:
        waiting, failed, plain = samples.first(search=(("po", "4711"),)), samples.first(), samples.first()
        key = waiting.execution_id
        rows = {
            "cards": (card(key, 2, START_TIME + HOUR), card(key, 1, START_TIME, "grace@example.com")),
            "waits": (wait(key, 2),),
            "timers": (timer(key, 4, START_TIME + HOUR), timer(key, 3, START_TIME)),
            "effects": (effect(key, 5), effect(key, 6, "RUNNING", 1)),
        }
        await store.journal.commit(working(waiting, **rows))
        incidents = tuple(incident(failed.execution_id, seq, START_TIME + seq * HOUR) for seq in (3, 2))
        await store.journal.commit(working(failed, incidents=incidents))
        await store.journal.commit(plain)
        ids = [waiting.execution_id, failed.execution_id, plain.execution_id, str(UUID(int=1)), "no id"]
        found = await store.overview.facts(ids)
        assert found == {
            key: RowFacts(
                cards=(
                    OpenCardFact(step="adaptiveCard_1", recipient="grace@example.com", opened_on=START_TIME),
                    OpenCardFact(step="adaptiveCard_1", recipient="ada@example.com", opened_on=START_TIME + HOUR),
                ),
                waits=("waitForResponse_1",),
                timers=(("DELAY", START_TIME), ("DELAY", START_TIME + HOUR)),
                calls=2,
                search=(("po", "4711"),),
            ),
            failed.execution_id: RowFacts(
                incident=IncidentSummary(
                    kind="UNKNOWN", code="TIMEOUT", step="httpRequest_1", opened_on=START_TIME + 2 * HOUR, count=2
                )
            ),
        }
        assert await store.overview.facts([]) == {}

    async def test_heads_of_many_are_read_at_once(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        for unit in units:
            await store.journal.commit(unit)
        ids = [units[2].execution_id, str(UUID(int=1)), units[0].execution_id, "no id"]
        found = await store.overview.heads(ids)
        assert {head.execution_id: head for head in found} == {
            unit.execution_id: unit.head for unit in (units[0], units[2])
        }

    async def test_incidents_are_grouped_by_their_cause(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        other = samples.first(workflow_id=OTHER_WORKFLOW)
        for number, unit in enumerate((*units, other)):
            await store.journal.commit(
                working(unit, incidents=(incident(unit.execution_id, 2, START_TIME + number * HOUR),))
            )
        one = replace(incident(units[0].execution_id, 3, START_TIME), kind="FAILED", code="HTTP_STATUS")
        await store.journal.commit(working(samples.next(units[0].head), incidents=(one,)))
        cause = {"step": "httpRequest_1", "kind": "UNKNOWN", "code": "TIMEOUT"}
        largest = IncidentGroup(
            workflow_id=WORKFLOW,
            **cause,
            executions=3,
            incidents=3,
            first_on=START_TIME,
            last_on=START_TIME + 2 * HOUR,
            execution_id=units[2].execution_id,
        )
        overview = store.overview
        found = list(await overview.incident_groups(ORGANIZATION, [], [], 10))
        assert found[0] == largest
        assert [(group.workflow_id, group.code) for group in found[1:]] == [
            (OTHER_WORKFLOW, "TIMEOUT"),
            (WORKFLOW, "HTTP_STATUS"),
        ]
        assert list(await overview.incident_groups(ORGANIZATION, [], [], 1)) == [largest]
        assert list(await overview.incident_groups(ORGANIZATION, [WORKFLOW], ["UNKNOWN"], 10)) == [largest]
        assert list(await overview.incident_groups(OTHER_ORGANIZATION, [], [], 10)) == []

    async def test_the_obstacles_of_an_execution_are_its_rows_and_its_queue(
        self, store: Store, samples: Samples
    ) -> None:
        holder, _, second = await in_line(store, samples, 3)
        await admit(store, samples, holder)
        found = await store.overview.obstacles(second.execution_id)
        assert (found.ahead, found.holders) == (1, (holder.execution_id,))
        assert found.effects == {}
        calling = samples.first()
        rows = (effect(calling.execution_id, 2), effect(calling.execution_id, 3, "RUNNING", 10**9))
        unit = working(calling, effects=rows)
        await store.journal.commit(replace(unit, sent=(sent(unit, second.execution_id),)))
        found = await store.overview.obstacles(calling.execution_id)
        assert {seq: (each.queue, each.is_running) for seq, each in found.effects.items()} == {
            2: ("http.request example.com", False),
            3: ("http.request example.com", True),
        }
        assert (await store.overview.obstacles(second.execution_id)).deliveries == 1
        assert (await store.overview.obstacles("no id")).deliveries == 0

    async def test_a_list_shows_only_what_has_something_open(self, store: Store, samples: Samples) -> None:
        failed, lettered, plain = samples.first(status="FAILED"), samples.first(), samples.first()
        await store.journal.commit(working(failed, incidents=(incident(failed.execution_id, 2, START_TIME),)))
        letter = LetterRow(
            execution_id=lettered.execution_id,
            seq=2,
            organization_id=ORGANIZATION,
            workflow_id=WORKFLOW,
            process_id=lettered.execution_id,
            reason="UNFIT",
            source="SAP",
            sender="key:test",
            kept_on=START_TIME,
        )
        await store.journal.commit(replace(lettered, letters=(letter,)))
        await store.journal.commit(plain)

        async def listed(*has: str) -> list[str]:
            heads, _ = await store.reads.list(ORGANIZATION, Filter(has=has), "", 10)  # type: ignore[arg-type]
            return [head.execution_id for head in heads]

        assert await listed("incident") == [failed.execution_id]
        assert await listed("letter") == [lettered.execution_id]
        assert await listed("incident", "letter") == [lettered.execution_id, failed.execution_id]
        settled = replace(letter, action="DISCARDED", settled_by="key:test", settled_on=START_TIME)
        await store.journal.commit(replace(samples.next(lettered.head), letters=(settled,)))
        assert await listed("letter") == []

    async def test_open_cards_are_narrowed_by_workflow_due_instant_and_copy(
        self, store: Store, samples: Samples
    ) -> None:
        unit = samples.first()
        key = unit.execution_id
        cards = [
            replace(card(key, number, START_TIME + number * HOUR), due_on=due)
            for number, due in ((1, None), (2, START_TIME + HOUR), (3, START_TIME + 2 * HOUR))
        ]
        copies = tuple(
            CopyUpdate(card_id=cards[index].card_id, channel="teams", wanted=2, due=START_TIME) for index in (0, 1)
        )
        await store.journal.commit(replace(working(unit, cards=tuple(cards)), copies=copies))
        reads = store.reads

        async def listed(**criteria: object) -> list[str]:
            found = await reads.open_cards(ORGANIZATION, CardFilter(**criteria), None, 10)  # type: ignore[arg-type]
            return [one.card_id for one in found]

        assert [one.due_on for one in await reads.open_cards(ORGANIZATION, ANY_CARD, None, 10)] == [
            cards[2].due_on,
            cards[1].due_on,
            None,
        ]
        assert await listed(due_before=START_TIME + 2 * HOUR) == [cards[1].card_id]
        assert await listed(is_stale=True) == [cards[1].card_id, cards[0].card_id]
        assert await listed(is_stale=True, due_before=START_TIME + 2 * HOUR) == [cards[1].card_id]
        assert await listed(workflow_id=OTHER_WORKFLOW) == []
        assert len(await listed(workflow_id=WORKFLOW)) == 3
        found = await store.overview.deliveries([one.card_id for one in cards])
        fresh = CopyDelivery(state="PENDING", since=START_TIME, is_stale=True)
        assert found == {cards[0].card_id: fresh, cards[1].card_id: fresh}
        assert await store.overview.deliveries([]) == {}

    async def test_a_list_shows_the_executions_of_one_cause(self, store: Store, samples: Samples) -> None:
        causes = (("UNKNOWN", "TIMEOUT", "read"), ("FAILED", "HTTP_STATUS", "read"), ("FAILED", "HTTP_STATUS", ""))
        ids = []
        for kind, code, step in causes:
            unit = samples.first(status="FAILED")
            row = replace(incident(unit.execution_id, 2, START_TIME), kind=kind, code=code, step=step)
            await store.journal.commit(working(unit, incidents=(row,)))
            ids.append(unit.execution_id)
        # One of two incidents has the code, the other one the step: neither is the cause.
        both = samples.first(status="FAILED")
        pair = (
            replace(incident(both.execution_id, 2, START_TIME), code="LOCKED", step="write"),
            replace(incident(both.execution_id, 3, START_TIME), code="HTTP_STATUS", step="release"),
        )
        await store.journal.commit(working(both, incidents=pair))

        async def found(**cause: tuple[str, ...]) -> list[str]:
            query = Filter(cause=msgspec.convert(cause, CauseFilter))
            heads, _ = await store.reads.list(ORGANIZATION, query, "", 10)
            return [head.execution_id for head in heads]

        assert await found(codes=("HTTP_STATUS",)) == [both.execution_id, ids[2], ids[1]]
        assert await found(codes=("HTTP_STATUS",), steps=("read",)) == [ids[1]]
        assert await found(codes=("HTTP_STATUS",), steps=("",)) == [ids[2]]
        assert await found(codes=("HTTP_STATUS",), steps=("write",)) == []
        assert await found(kinds=("UNKNOWN",), codes=("TIMEOUT", "LOCKED")) == [both.execution_id, ids[0]]
        assert await found() == [both.execution_id, *ids[::-1]]
