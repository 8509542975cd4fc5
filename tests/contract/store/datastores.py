"""The part of the store contract about datastores: guards, revisions that never come back, and units that carry one."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, Samples
from looply.engine.ports.store import Store
from looply.engine.records.datastores import Datastore, DatastoreChange, change_of
from looply.errors import DatastoreMoved, DatastoresFull, Stale
from looply.execution.facts.datastores import DatastoreWrite, StoredDatastore
from looply.jsontext import Json
from looply.limits import Limits
from looply.testing.clock import START_TIME

_VALUE: Json = {"text": "ü€😀", "big": 12345678901234567890123, "list": [None, 2.5, True, {}]}


def change(
    expected: int,
    revision: int,
    value: Json = _VALUE,
    *,
    name: str = "prices",
    owner: str = ORGANIZATION,
    limit: int = 1000,
) -> DatastoreChange:
    """Returns a change of a datastore; `UNSET` deletes it."""
    write = DatastoreWrite(name=name, expected=expected, revision=revision, value=value)
    return change_of(owner, write, START_TIME, "key:test", Limits(datastores=limit))


async def known(store: Store, name: str = "prices", owner: str = ORGANIZATION) -> StoredDatastore:
    """Returns a datastore as operations see it."""
    return (await store.datastores.find(owner, name)).known


async def refused(*calls: Awaitable[Any]) -> list[type | None]:
    """Returns the class of what each call raised, None where it raised nothing; all are begun at once."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    return [type(each) if isinstance(each, Exception) else None for each in results]


class DatastoreContract:
    """Changes apply whole, once, and only to the revision that they were computed on."""

    async def test_a_datastore_is_read_back_as_it_was(self, store: Store) -> None:
        made = change(0, 1)
        await store.datastores.put(made)
        found = await store.datastores.find(ORGANIZATION, "prices")
        assert (found.stored, found.next_revision) == (made.after, 2)
        assert isinstance(found.stored, Datastore)
        assert found.stored.value == _VALUE
        (line,) = await store.datastores.list(ORGANIZATION, "", 10)
        assert (line.name, line.revision, line.size) == ("prices", 1, len(found.stored.body))
        assert (line.created_on, line.modified_on, line.modified_by) == (START_TIME, START_TIME, "key:test")

    async def test_what_is_not_there_begins_at_revision_1(self, store: Store) -> None:
        found = await store.datastores.find(ORGANIZATION, "prices")
        assert (found.stored, found.next_revision) == (None, 1)
        assert list(await store.datastores.list(ORGANIZATION, "", 10)) == []
        assert list(await store.datastores.find_damaged()) == []

    async def test_a_change_on_another_revision_is_refused_and_changes_nothing(self, store: Store) -> None:
        for unfit in (change(1, 2), change(1, 2, UNSET)):
            assert await refused(store.datastores.put(unfit)) == [DatastoreMoved]
        await store.datastores.put(change(0, 1))
        await store.datastores.put(change(1, 2, "second"))
        for unfit in (change(0, 1), change(1, 2), change(3, 4), change(1, 2, UNSET), change(0, 9)):
            assert await refused(store.datastores.put(unfit)) == [DatastoreMoved]
        assert (await known(store)).value == "second"
        assert (await known(store)).revision == 2

    async def test_of_changes_on_one_revision_at_once_one_is_made(self, store: Store) -> None:
        made = await refused(*(store.datastores.put(change(0, 1, n)) for n in range(32)))
        assert sorted(map(str, made)) == sorted(map(str, [None] + [DatastoreMoved] * 31))
        changed = await refused(*(store.datastores.put(change(1, 2, n)) for n in range(32)))
        assert changed.count(None) == 1
        assert (await known(store)).value == changed.index(None)

    async def test_the_revision_of_a_deleted_datastore_never_comes_back(self, store: Store) -> None:
        await store.datastores.put(change(0, 1))
        await store.datastores.put(change(1, 2))
        await store.datastores.put(change(2, 3, UNSET))
        assert await known(store) == StoredDatastore(next_revision=4)
        assert await known(store, "another") == StoredDatastore(next_revision=4)
        assert await refused(*(store.datastores.put(change(0, n)) for n in (1, 2, 3))) == [DatastoreMoved] * 3
        await store.datastores.put(change(0, 4))
        assert (await known(store)).revision == 4

    async def test_a_deletion_does_not_lower_what_was(self, store: Store) -> None:
        await store.datastores.put(change(0, 1, name="old"))
        await store.datastores.put(change(0, 9))
        await store.datastores.put(change(9, 10, UNSET))
        await store.datastores.put(change(1, 2, UNSET, name="old"))
        assert (await known(store)).next_revision == 11

    async def test_an_organization_has_as_many_as_it_may(self, store: Store) -> None:
        made = await refused(*(store.datastores.put(change(0, 1, name=f"d{n}", limit=5)) for n in range(12)))
        assert (made.count(None), made.count(DatastoresFull)) == (5, 7)
        assert len(await store.datastores.list(ORGANIZATION, "", 100)) == 5
        await store.datastores.put(change(0, 1, owner=OTHER_ORGANIZATION, limit=5))
        first = (await store.datastores.list(ORGANIZATION, "", 1))[0].name
        await store.datastores.put(change(1, 2, "more", name=first, limit=5))
        await store.datastores.put(change(2, 3, UNSET, name=first, limit=5))
        await store.datastores.put(change(0, 4, name="room", limit=5))

    async def test_lists_are_by_code_points_and_continue_after_a_name(self, store: Store) -> None:
        names = ["B", "a", "b c", "z", "ä", "中", "😀"]
        for name in reversed(names):
            await store.datastores.put(change(0, 1, name=name))
        assert [line.name for line in await store.datastores.list(ORGANIZATION, "", 100)] == names
        assert [line.name for line in await store.datastores.list(ORGANIZATION, "b c", 2)] == ["z", "ä"]
        assert [line.name for line in await store.datastores.list(ORGANIZATION, "c", 1)] == ["z"]
        assert list(await store.datastores.list(ORGANIZATION, "😀", 100)) == []

    async def test_organizations_do_not_see_each_other(self, store: Store) -> None:
        await store.datastores.put(change(0, 1, "mine"))
        await store.datastores.put(change(0, 1, "theirs", owner=OTHER_ORGANIZATION))
        await store.datastores.put(change(1, 2, UNSET))
        assert (await known(store, owner=OTHER_ORGANIZATION)).value == "theirs"
        assert await known(store) == StoredDatastore(next_revision=3)

    async def test_a_unit_and_its_change_are_stored_together(self, store: Store, samples: Samples) -> None:
        unit = samples.first()
        await store.journal.commit(unit)
        await store.journal.commit(samples.next(unit.head, datastore=change(0, 1)))
        assert (await known(store)).value == _VALUE
        assert await store.reads.head(unit.execution_id) != unit.head

    @pytest.mark.parametrize("refusal", ["moved", "full", "stale"])
    async def test_of_a_refused_unit_neither_is_stored(self, store: Store, samples: Samples, refusal: str) -> None:
        unit = samples.first()
        await store.journal.commit(unit)
        made = {"moved": change(3, 4), "full": change(0, 1, limit=0), "stale": change(0, 1)}[refusal]
        late = samples.next(unit.head, datastore=made)
        if refusal == "stale":
            late = replace(late, expected_seq=99)
        expected = {"moved": DatastoreMoved, "full": DatastoresFull, "stale": Stale}[refusal]
        assert await refused(store.journal.commit(late)) == [expected]
        assert await known(store) == StoredDatastore()
        assert await store.reads.head(unit.execution_id) == unit.head
        assert len(await store.journal.history(unit.execution_id, 0, 100)) == 1

    async def test_in_one_group_only_the_units_that_lose_fail(self, store: Store, samples: Samples) -> None:
        units = [samples.first() for _ in range(16)]
        for unit in units:
            await store.journal.commit(unit)
        commits = [
            store.journal.commit(samples.next(unit.head, datastore=change(0, 1, n))) for n, unit in enumerate(units)
        ]
        results = await refused(*commits, store.journal.commit(samples.first()))
        assert (results.count(None), results.count(DatastoreMoved), results[-1]) == (2, 15, None)
        assert (await known(store)).value == results.index(None)
