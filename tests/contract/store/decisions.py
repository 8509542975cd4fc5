"""What stores promise about the record of decisions."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, OTHER_WORKFLOW, WORKFLOW, Samples, ended
from looply.engine.ports.store import Store, Unit
from looply.engine.records.decisions import DecisionFilter, DecisionKey, DecisionRow, key_of
from looply.engine.records.pruning import BEGIN, Cursor, RetentionFilter
from looply.errors import Stale
from looply.execution.approvals.decisions import Decision
from looply.execution.facts.values.actor import LINK, Actor

DAY = timedelta(days=1)
ANN, BOB = "Ann@example.com", "bob@example.com"


def decided(unit: Unit, seq: int, user: str = ANN, step: str = "approval_1", **changes: Any) -> DecisionRow:
    """Returns the row of a decision that a unit stores; `changes` are fields of the decision."""
    head = unit.head
    facts: dict[str, Any] = {
        "step": step,
        "visit": 1,
        "scope": "",
        "user": user,
        "action": "approved",
        "comment": "fine",
        "on": unit.batch.at,
        "via": "INBOX",
        "revision": 1,
        "is_final": False,
    }
    return DecisionRow(
        execution_id=head.execution_id,
        seq=seq,
        organization_id=head.organization_id,
        workflow_id=head.workflow_id,
        workflow_version=head.workflow_version,
        process_id=head.process_id,
        decision=Decision(**{**facts, **changes}),
    )


def deciding(unit: Unit, *seqs: int, **changes: Any) -> Unit:
    """Returns the unit with decisions of these numbers."""
    return replace(unit, decisions=tuple(decided(unit, seq, **changes) for seq in seqs))


async def listed(store: Store, organization_id: str = ORGANIZATION, **criteria: Any) -> list[tuple[str, int]]:
    """Returns which decisions a list shows."""
    rows = await store.decisions.list(organization_id, DecisionFilter(**criteria), None, 1000)
    return [(row.execution_id, row.seq) for row in rows]


async def dropped(store: Store, **fields: Any) -> tuple[int, int]:
    """Removes old decisions slice by slice; returns how many went, and in how many slices."""
    count = slices = 0
    after: Cursor | None = BEGIN
    while after is not None:
        report = await store.pruning.drop_decisions(after=after, **fields)
        count, slices, after = count + report.decisions, slices + 1, report.after
    return count, slices


class DecisionContract:
    """Rows come with their unit, whole, and are found in the order of their instants."""

    async def test_a_decision_comes_back_with_how_it_came_and_for_whom(self, store: Store, samples: Samples) -> None:
        first = samples.first()
        session = Actor(kind="session", user_id="7", email="Ann@example.com")
        rows = (
            decided(first, 3, actor=LINK),
            decided(first, 4, actor=session, substitute_for="Bob <bob@example.com>"),
            decided(first, 5, actor=Actor(kind="channel", user_id="29:abc")),
        )
        await store.journal.commit(replace(first, decisions=rows))
        assert tuple(await store.decisions.of_execution(first.execution_id)) == rows

    async def test_a_decision_comes_back_as_it_was_stored(self, store: Store, samples: Samples) -> None:
        first = samples.first(process_id="PO-1", workflow_version=7)
        row = decided(
            first, 3, scope="split#1", visit=2, comment="ü\n'", action="", via="TEAMS", revision=0, is_final=True
        )
        assert row.decision.actor is None
        await store.journal.commit(replace(first, decisions=(row,)))
        assert list(await store.decisions.of_execution(first.execution_id)) == [row]
        assert list(await store.decisions.list(ORGANIZATION, DecisionFilter(), None, 10)) == [row]
        assert list(await store.decisions.of_execution("no id")) == []
        assert list(await store.decisions.list(ORGANIZATION, DecisionFilter(execution_id="no id"), None, 10)) == []

    async def test_a_unit_that_is_refused_records_nothing(self, store: Store, samples: Samples) -> None:
        first = samples.first()
        await store.journal.commit(first)
        late = replace(samples.next(first.head), expected_seq=2)
        with pytest.raises(Stale):
            await store.journal.commit(deciding(late, 4))
        assert await listed(store) == []

    async def test_decisions_of_one_instant_come_on_pages_of_every_size(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(3)]
        for unit in units:
            await store.journal.commit(deciding(unit, 1, 2, 3, on=units[0].batch.at))
        everything = await listed(store)
        assert everything == [(unit.execution_id, seq) for unit in reversed(units) for seq in (3, 2, 1)]
        for limit in (1, 2, 4, 9):
            found: list[DecisionRow] = []
            after: DecisionKey | None = None
            while page := await store.decisions.list(ORGANIZATION, DecisionFilter(), after, limit):
                found += page
                after = key_of(found[-1])
            assert [(row.execution_id, row.seq) for row in found] == everything

    async def test_each_filter_finds_what_is_meant(self, store: Store, samples: Samples) -> None:
        one = samples.first(process_id="PO-1")
        two = samples.first(workflow_id=OTHER_WORKFLOW, process_id="PO-2")
        other = samples.first(organization_id=OTHER_ORGANIZATION, process_id="PO-1")
        await store.journal.commit(replace(one, decisions=(decided(one, 1), decided(one, 2, BOB, "second"))))
        await store.journal.commit(deciding(two, 1, user=ANN.lower()))
        await store.journal.commit(deciding(other, 1))
        both, first, second = (one.execution_id, 2), (one.execution_id, 1), (two.execution_id, 1)
        for criteria, found in (
            ({}, [second, both, first]),
            ({"workflow_id": WORKFLOW}, [both, first]),
            ({"workflow_id": WORKFLOW, "step": "second"}, [both]),
            ({"workflow_id": WORKFLOW, "step": "second", "user": ANN}, []),
            ({"user": ANN.upper()}, [second, first]),
            ({"user": ANN, "process_id": "PO-1"}, [first]),
            ({"process_id": "PO-2", "workflow_id": WORKFLOW}, []),
            ({"execution_id": two.execution_id}, [second]),
            ({"execution_id": other.execution_id}, []),
            ({"decided_from": two.batch.at}, [second]),
            ({"decided_to": two.batch.at}, [both, first]),
            ({"decided_from": two.batch.at, "decided_to": two.batch.at}, []),
            ({"workflow_id": other.execution_id}, []),
        ):
            assert await listed(store, **criteria) == found, criteria
        assert await listed(store, OTHER_ORGANIZATION, process_id="PO-1") == [(other.execution_id, 1)]
        assert await listed(store, WORKFLOW) == []

    async def test_old_ones_go_when_their_execution_has_gone(self, store: Store, samples: Samples) -> None:
        first, second = (samples.first() for _ in range(2))
        for unit in (first, second):
            await store.journal.commit(deciding(unit, 2, 3))
            await store.journal.commit(ended(samples, unit.head))
        last = samples.first()
        await store.journal.commit(last)
        spent = RetentionFilter(now=samples.now, ended_before=samples.now, overrides=True)
        assert (await store.pruning.prune(spent, BEGIN)).executions == 2
        assert await dropped(store, before=first.batch.at) == (0, 1)
        assert await dropped(store, before=second.batch.at, is_dry=True) == (2, 1)
        assert await dropped(store, before=second.batch.at) == (2, 1)
        assert await listed(store) == [(second.execution_id, 3), (second.execution_id, 2)]
        await store.journal.commit(deciding(samples.next(last.head), 4))
        assert await dropped(store, before=samples.now + DAY) == (2, 1)
        assert await listed(store) == [(last.execution_id, 4)]
