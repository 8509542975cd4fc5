"""The contract of stores: one suite that every store passes.

A test module makes it run by subclassing, and by a fixture that gives the stores:

    class TestMemoryStore(StoreContract):
        @pytest.fixture
        def stores(self) -> Stores: ...

`Stores.make` gives a store object on the same durable data each time; one of them is open at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import pytest

from contract.store.absences import AbsenceContract
from contract.store.copies import CopiesContract
from contract.store.datastores import DatastoreContract
from contract.store.decisions import DecisionContract
from contract.store.deliveries import DeliveryContract
from contract.store.figures.figures import FigureContract
from contract.store.figures.overview import OverviewContract
from contract.store.figures.survey import OwnerContract, SurveyContract, UsageContract
from contract.store.ledger import LedgerContract
from contract.store.lists import ANY, ListContract
from contract.store.lives import Stores, opened
from contract.store.samples import (
    ORGANIZATION,
    OTHER_WORKFLOW,
    Samples,
    claim,
    ended,
    working,
)
from contract.store.search import SearchContract
from contract.store.targets import TargetContract
from contract.store.trials import TrialContract
from contract.store.work import ScheduleContract, WorkContract
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.ports.store import Snapshot, Store, StoredDefinition, Unit, Value
from looply.errors import ClaimTaken, EngineError, KeyTaken, Stale


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    """Returns what each call gave or raised, in order, all begun at once."""
    return await asyncio.gather(*calls, return_exceptions=True)


class FenceContract:
    """Units apply whole, once, and only to the state that they were computed on."""

    async def test_a_stored_unit_is_read_back_as_it_was(self, store: Store, samples: Samples) -> None:
        unit = samples.first(process_id="PO-1", profile="live", parent="p", status="WAITING")
        await store.journal.commit(unit)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.head, list(loaded.batches), loaded.chain) == (unit.head, [unit.batch], b"")
        assert (loaded.snapshot, dict(loaded.values)) == (None, {})

    async def test_what_is_not_stored_is_none(self, store: Store, samples: Samples) -> None:
        missing = samples.first().execution_id
        assert await store.journal.load(missing) is None
        assert await store.journal.load("no id at all") is None
        assert await store.reads.head(missing) is None
        assert list(await store.reads.find_settled([missing, "no id at all"])) == []
        assert list(await store.journal.history(missing, 0, 10)) == []

    async def test_some_are_read_at_once_each_as_alone(self, store: Store, samples: Samples) -> None:
        first, second, missing = samples.first(), samples.first(), samples.first()
        for unit in (first, second, samples.next(first.head)):
            await store.journal.commit(unit)
        ids = [each.execution_id for each in (first, missing, second)]
        found = await store.journal.load_many([*ids, "no id at all"])
        assert found == {each: await store.journal.load(each) for each in (first.execution_id, second.execution_id)}
        assert await store.journal.load_many([]) == {}

    async def test_a_unit_on_an_old_state_is_stale_and_stores_nothing(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        await store.journal.commit(unit)
        second, late = samples.next(unit.head), samples.next(unit.head)
        await store.journal.commit(second)
        with pytest.raises(Stale):
            await store.journal.commit(late)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert list(loaded.batches) == [unit.batch, second.batch]
        assert loaded.head == second.head

    async def test_an_execution_starts_once(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        await store.journal.commit(unit)
        with pytest.raises(Stale):
            await store.journal.commit(unit)

    async def test_a_unit_of_an_unknown_execution_is_stale(self, store: Store, samples: Samples) -> None:
        with pytest.raises(Stale):
            await store.journal.commit(samples.next(samples.first().head))

    async def test_in_one_group_only_the_stale_unit_fails(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(32)]
        await store.journal.commit(units[7])
        found = await outcomes(*(store.journal.commit(unit) for unit in units))
        assert [index for index, outcome in enumerate(found) if isinstance(outcome, Stale)] == [7]
        heads, _ = await store.reads.list(ORGANIZATION, ANY, "", 100)
        assert [head.execution_id for head in heads] == [unit.execution_id for unit in reversed(units)]

    async def test_units_of_one_execution_in_one_group_are_stored_in_order(
        self, store: Store, samples: Samples
    ) -> None:
        units = [samples.first()]
        for _ in range(9):
            units.append(samples.next(units[-1].head))
        await asyncio.gather(*(store.journal.commit(unit) for unit in units))
        assert list(await store.journal.history(units[0].execution_id, 0, 1000)) == [unit.batch for unit in units]

    async def test_what_follows_a_failed_unit_in_its_group_is_stale_too(self, store: Store, samples: Samples) -> None:
        await store.journal.commit(samples.claimed("PO-1"))
        first = samples.claimed("PO-1")
        second = samples.next(first.head)
        found = await outcomes(store.journal.commit(first), store.journal.commit(second))
        assert [type(outcome) for outcome in found] == [ClaimTaken, Stale]

    async def test_a_refused_unit_leaves_nothing_behind(self, store: Store, samples: Samples) -> None:
        await store.journal.commit(samples.claimed("PO-1"))
        value = Value(hash=b"h" * 32, codec=0, data=b"large")
        definition = StoredDefinition(hash="e" * 64, workflow_id=OTHER_WORKFLOW, workflow_version=1, body=b"{}")
        refused = samples.claimed("PO-1", values=(value,), definition=definition)
        with pytest.raises(ClaimTaken):
            await store.journal.commit(refused)
        assert await store.journal.load(refused.execution_id) is None
        assert dict(await store.journal.values_of(refused.execution_id)) == {}
        assert await store.journal.find_definition(definition.hash) is None
        assert list(await store.reads.dangling_rows()) == []

    async def test_history_is_read_page_by_page(self, store: Store, samples: Samples) -> None:
        units = [samples.first()]
        units.extend([samples.next(units[-1].head, 4)])
        units.extend([samples.next(units[-1].head, 2)])
        for unit in units:
            await store.journal.commit(unit)
        execution_id = units[0].execution_id

        async def spans(after: int, limit: int) -> list[tuple[int, int]]:
            batches = await store.journal.history(execution_id, after, limit)
            return [(batch.first_seq, batch.last_seq) for batch in batches]

        assert await spans(0, 3) == [(1, 3)]
        assert await spans(0, 4) == [(1, 3), (4, 7)]
        assert await spans(3, 4) == [(4, 7)]
        assert await spans(5, 100) == [(4, 7), (8, 9)]
        assert await spans(9, 1) == []


class PayloadContract:
    """Snapshots, large values, definitions and dictionaries."""

    async def test_loading_begins_at_the_snapshot(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        second = samples.next(unit.head, snapshot=Snapshot(seq=4, fold=FOLD_VERSION, codec=1, state=b"state"))
        third = samples.next(second.head)
        for each in (unit, second, third):
            await store.journal.commit(each)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.snapshot, list(loaded.batches)) == (second.snapshot, [third.batch])
        assert loaded.chain == second.batch.chain

    async def test_a_snapshot_of_another_fold_is_ignored(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        second = samples.next(unit.head, snapshot=Snapshot(seq=4, fold=99, codec=1, state=b"state"))
        await store.journal.commit(unit)
        await store.journal.commit(second)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.snapshot, list(loaded.batches)) == (None, [unit.batch, second.batch])

    async def test_a_snapshot_goes_at_the_end(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        second = samples.next(unit.head, snapshot=Snapshot(seq=4, fold=FOLD_VERSION, codec=1, state=b"state"))
        third = samples.next(second.head, status="COMPLETED")
        for each in (unit, second, third):
            await store.journal.commit(each)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.snapshot, len(loaded.batches)) == (None, 3)

    async def test_a_snapshot_goes_also_with_an_end_that_has_large_values(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        second = samples.next(unit.head, snapshot=Snapshot(seq=4, fold=FOLD_VERSION, codec=1, state=b"state"))
        large = Value(hash=bytes(32), codec=0, data=b"large")
        third = samples.next(second.head, status="COMPLETED", values=(large,))
        for each in (unit, second, third):
            await store.journal.commit(each)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.snapshot, len(loaded.batches)) == (None, 3)

    async def test_a_snapshot_of_the_end_itself_stays(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        end = Snapshot(seq=4, fold=FOLD_VERSION, codec=1, state=b"the end")
        second = samples.next(unit.head, status="COMPLETED", snapshot=end)
        for each in (unit, second):
            await store.journal.commit(each)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert (loaded.snapshot, list(loaded.batches)) == (end, [])

    async def test_large_values_come_with_what_needs_them(self, store: Store, samples: Samples) -> None:
        old, new = (Value(hash=bytes([number]) * 32, codec=0, data=b"large") for number in (1, 2))
        unit = samples.first(values=(old,))
        second = samples.next(unit.head, snapshot=Snapshot(seq=4, fold=FOLD_VERSION, codec=1, state=b"state"))
        third = samples.next(second.head, values=(new,))
        for each in (unit, second, third):
            await store.journal.commit(each)
        loaded = await store.journal.load(unit.execution_id)
        assert loaded is not None
        assert dict(loaded.values) == {new.hash: new}
        assert dict(await store.journal.values_of(unit.execution_id)) == {old.hash: old, new.hash: new}

    async def test_equal_values_of_two_executions_are_one(self, store: Store, samples: Samples) -> None:
        value = Value(hash=b"v" * 32, codec=0, data=b"large")
        units = [samples.first(values=(value,)) for _ in range(2)]
        for unit in units:
            await store.journal.commit(unit)
            assert dict(await store.journal.values_of(unit.execution_id)) == {value.hash: value}

    async def test_blobs_are_found_by_their_execution_and_loaded_with_no_history(
        self, store: Store, samples: Samples
    ) -> None:
        key, value = bytes([1]) * 32, Value(hash=bytes([2]) * 32, codec=0, data=b"large")
        units = [samples.first(values=(value,)), samples.first()]
        for unit in units:
            await store.journal.commit(unit)
        first, second = (unit.execution_id for unit in units)
        for _ in range(2):
            await store.journal.put_blob(first, key, 0, b"bytes")
        assert await store.journal.find_blob(first, key) == (0, b"bytes")
        assert await store.journal.find_blob(second, key) is None
        await store.journal.put_blob(second, key, 0, b"bytes")
        assert await store.journal.find_blob(second, key) == (0, b"bytes")
        assert dict(await store.journal.values_of(first)) == {value.hash: value}
        loaded = await store.journal.load(first)
        assert loaded is not None
        assert dict(loaded.values) == {value.hash: value}
        assert list(await store.reads.dangling_rows()) == []

    async def test_a_blob_of_an_execution_that_is_not_stored_is_not_kept(self, store: Store, samples: Samples) -> None:
        gone = samples.first().execution_id
        await store.journal.put_blob(gone, bytes(32), 0, b"bytes")
        assert await store.journal.find_blob(gone, bytes(32)) is None

    async def test_definitions_are_stored_once(self, store: Store, samples: Samples) -> None:
        definition = StoredDefinition(hash="a" * 64, workflow_id=OTHER_WORKFLOW, workflow_version=3, body=b"{}")
        await store.journal.put_definition(definition)
        await store.journal.put_definition(definition)
        await store.journal.commit(samples.first(definition=definition))
        assert await store.journal.find_definition(definition.hash) == definition
        assert await store.journal.find_definition("b" * 64) is None

    async def test_a_new_store_has_the_starter_dictionary_and_keeps_it(self, stores: Stores) -> None:
        store = stores.make()
        first = await store.open()
        assert first.dictionaries == {STARTER: starter_dictionary()}
        await store.close()
        store = stores.make()
        again = await store.open()
        assert again.dictionaries == first.dictionaries
        await store.close()


class ClaimContract:
    """Process ids and idempotency keys name one execution, and say which."""

    async def test_a_process_id_names_one_open_execution(self, store: Store, samples: Samples) -> None:
        winner, loser = samples.claimed("PO-1", b"mine"), samples.claimed("PO-1", b"yours")
        await store.journal.commit(winner)
        with pytest.raises(ClaimTaken) as taken:
            await store.journal.commit(loser)
        assert (taken.value.execution_id, taken.value.fingerprint) == (winner.execution_id, b"mine")

    async def test_of_64_equal_triggers_in_one_group_one_wins(self, store: Store, samples: Samples) -> None:
        units = [samples.claimed("PO-1") for _ in range(64)]
        found = await outcomes(*(store.journal.commit(unit) for unit in units))
        assert found[0] is None
        assert {outcome.execution_id for outcome in found[1:]} == {units[0].execution_id}
        heads, _ = await store.reads.list(ORGANIZATION, ANY, "", 100)
        assert [head.execution_id for head in heads] == [units[0].execution_id]

    async def test_another_workflow_may_use_the_process_id(self, store: Store, samples: Samples) -> None:
        await store.journal.commit(samples.claimed("PO-1"))
        await store.journal.commit(samples.claimed("PO-1", workflow_id=OTHER_WORKFLOW))
        assert len(await store.reads.heads(ORGANIZATION, "PO-1", "")) == 2
        assert len(await store.reads.heads(ORGANIZATION, "PO-1", OTHER_WORKFLOW)) == 1

    async def test_a_process_id_is_free_again_after_the_end(self, store: Store, samples: Samples) -> None:
        first = samples.claimed("PO-1")
        await store.journal.commit(first)
        await store.journal.commit(ended(samples, first.head))
        second = samples.claimed("PO-1")
        await store.journal.commit(second)
        found = await store.reads.heads(ORGANIZATION, "PO-1", "")
        assert [head.execution_id for head in found] == [second.execution_id]

    async def test_a_claim_that_is_put_and_dropped_in_one_unit_still_meets_its_owner(
        self, store: Store, samples: Samples
    ) -> None:
        winner = samples.claimed("PO-1")
        await store.journal.commit(winner)
        with pytest.raises(ClaimTaken):
            await store.journal.commit(samples.claimed("PO-1", status="COMPLETED", drop_claim=claim("PO-1")))
        await store.journal.commit(ended(samples, winner.head))
        await store.journal.commit(samples.claimed("PO-1", status="COMPLETED", drop_claim=claim("PO-1")))
        await store.journal.commit(samples.claimed("PO-1"))

    async def test_a_claim_can_be_made_again_unless_another_has_it(self, store: Store, samples: Samples) -> None:
        first = samples.claimed("PO-1")
        failed = ended(samples, first.head, "FAILED")
        second = samples.claimed("PO-1", b"second")
        for unit in (first, failed, second):
            await store.journal.commit(unit)
        redriven = samples.next(failed.head, status="RUNNING", put_claim=claim("PO-1"))
        with pytest.raises(ClaimTaken) as taken:
            await store.journal.commit(redriven)
        assert (taken.value.execution_id, taken.value.fingerprint) == (second.execution_id, b"second")
        await store.journal.commit(ended(samples, second.head))
        await store.journal.commit(redriven)

    async def test_dropping_a_claim_of_another_does_nothing(self, store: Store, samples: Samples) -> None:
        owner, other = samples.claimed("PO-1"), samples.first()
        await store.journal.commit(owner)
        await store.journal.commit(other)
        await store.journal.commit(samples.next(other.head, drop_claim=claim("PO-1")))
        with pytest.raises(ClaimTaken):
            await store.journal.commit(samples.claimed("PO-1"))

    async def test_a_key_answers_with_its_execution(self, store: Store, samples: Samples) -> None:
        first = samples.keyed("key-1", b"mine")
        found = await outcomes(store.journal.commit(first), store.journal.commit(samples.keyed("key-1", b"yours")))
        assert isinstance(found[1], KeyTaken)
        assert (found[1].execution_id, found[1].fingerprint) == (first.execution_id, b"mine")
        assert await store.journal.find_key(ORGANIZATION, "key-1", samples.now) == (first.execution_id, b"mine")
        assert await store.journal.find_key(ORGANIZATION, "key-2", samples.now) is None

    async def test_the_key_is_looked_at_before_the_process_id(self, store: Store, samples: Samples) -> None:
        first = samples.keyed("key-1", process_id="PO-1", put_claim=claim("PO-1"))
        await store.journal.commit(first)
        with pytest.raises(KeyTaken):
            await store.journal.commit(samples.keyed("key-1", process_id="PO-1", put_claim=claim("PO-1")))

    async def test_a_key_is_kept_while_its_execution_is_open(self, store: Store, samples: Samples) -> None:
        first = samples.keyed("key-1", life=timedelta(hours=1))
        await store.journal.commit(first)
        samples.later(timedelta(days=2))
        with pytest.raises(KeyTaken):
            await store.journal.commit(samples.keyed("key-1"))
        await store.journal.commit(ended(samples, first.head))
        assert await store.journal.find_key(ORGANIZATION, "key-1", samples.now) is None
        second = samples.keyed("key-1")
        await store.journal.commit(second)
        assert await store.journal.find_key(ORGANIZATION, "key-1", samples.now) == (second.execution_id, b"request")

    async def test_a_key_is_kept_for_its_time_after_the_end(self, store: Store, samples: Samples) -> None:
        first = samples.keyed("key-1", status="COMPLETED")
        await store.journal.commit(first)
        samples.later(timedelta(hours=23))
        with pytest.raises(KeyTaken):
            await store.journal.commit(samples.keyed("key-1"))


class LifeContract:
    """Opening, closing, crashing."""

    async def test_everything_is_there_after_a_restart(self, stores: Stores, samples: Samples) -> None:
        store = stores.make()
        before = await store.open()
        units = [samples.claimed("PO-1"), samples.keyed("key-1"), samples.first()]
        for unit in units:
            await store.journal.commit(unit)
        await store.close()
        again = stores.make()
        boot = await again.open()
        assert boot.epoch > before.epoch
        assert boot.highest_id == units[-1].execution_id
        assert [await again.reads.head(unit.execution_id) for unit in units] == [unit.head for unit in units]
        with pytest.raises(ClaimTaken):
            await again.journal.commit(samples.claimed("PO-1"))
        await again.close()

    async def test_what_was_answered_survives_a_crash(self, stores: Stores, samples: Samples) -> None:
        store = stores.make()
        await store.open()
        units = [samples.first() for _ in range(50)]
        await asyncio.gather(*(store.journal.commit(unit) for unit in units))
        await store.abandon()
        again = await opened(stores)
        heads = await again.reads.scan("", 100)
        assert list(heads) == [unit.head for unit in units]
        await again.close()

    async def test_a_new_store_is_empty(self, stores: Stores) -> None:
        store = stores.make()
        boot = await store.open()
        assert (boot.highest_id, boot.definitions, list(boot.poisoned)) == ("", frozenset(), [])
        assert store.failure() is None
        await store.close()

    async def test_a_store_says_which_definitions_it_has(self, stores: Stores) -> None:
        store = await opened(stores)
        definition = StoredDefinition(hash="a" * 64, workflow_id=OTHER_WORKFLOW, workflow_version=3, body=b"{}")
        await store.journal.put_definition(definition)
        await store.close()
        store = stores.make()
        boot = await store.open()
        assert boot.definitions == {definition.hash}
        await store.close()

    async def test_closing_stores_what_is_queued_and_then_refuses(self, stores: Stores, samples: Samples) -> None:
        store = await opened(stores)
        unit = samples.first()
        commit = asyncio.ensure_future(store.journal.commit(unit))
        await asyncio.sleep(0)
        await store.close()
        await commit
        await store.close()
        with pytest.raises(EngineError):
            await store.journal.commit(samples.first())
        again = await opened(stores)
        assert await again.reads.head(unit.execution_id) == unit.head
        await again.close()


class StoreContract(
    FenceContract,
    PayloadContract,
    ClaimContract,
    LifeContract,
    ListContract,
    SearchContract,
    WorkContract,
    DeliveryContract,
    CopiesContract,
    ScheduleContract,
    LedgerContract,
    DatastoreContract,
    DecisionContract,
    AbsenceContract,
    FigureContract,
    OverviewContract,
    TargetContract,
    SurveyContract,
    OwnerContract,
    UsageContract,
    TrialContract,
):
    """The whole suite; a subclass gives the fixture `stores`."""

    @pytest.fixture
    def samples(self) -> Samples:
        """Returns the maker of units."""
        return Samples()

    @pytest.fixture
    async def store(self, stores: Stores) -> AsyncIterator[Store]:
        """Returns an open store, which is closed after the test."""
        store = await opened(stores)
        yield store
        await store.close()


def _continuing(unit: Unit) -> Unit:
    return working(unit, continues=True)
