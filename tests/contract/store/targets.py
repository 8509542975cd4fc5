"""What stores promise about systems that are not called as usual."""

from datetime import timedelta

from msgspec.structs import replace

from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION
from looply.engine.ports.store import Store
from looply.engine.records.targets import Maintenance, TargetRow
from looply.instants import from_ms

NOW = from_ms(1_900_000_000_000)
DOWN = TargetRow(
    organization_id=ORGANIZATION,
    target="https://s4.example:44300#100",
    revision=1,
    state="OPEN",
    since=NOW,
    changed_on=NOW,
    next_on=NOW + timedelta(seconds=10),
    reason="CONNECTION: 'refused' ü\n",
    probe_seconds=10,
)
PAUSED = replace(
    DOWN,
    organization_id=OTHER_ORGANIZATION,
    state="CLOSED",
    maintenance=Maintenance(begins_on=NOW, until=NOW + timedelta(hours=1), reason="an upgrade", by="ann"),
)


class TargetContract:
    """A row changes only by comparing its revision, so of several who change it one wins."""

    async def test_rows_come_back_as_they_were_stored(self, store: Store) -> None:
        assert list(await store.targets.all()) == []
        assert await store.targets.put(PAUSED)
        assert await store.targets.put(DOWN)
        assert sorted(await store.targets.all(), key=lambda row: row.state) == [PAUSED, DOWN]

    async def test_of_two_that_open_a_system_one_wins(self, store: Store) -> None:
        assert await store.targets.put(DOWN)
        assert not await store.targets.put(replace(DOWN, reason="another"))
        assert list(await store.targets.all()) == [DOWN]

    async def test_only_the_revision_that_follows_is_stored(self, store: Store) -> None:
        await store.targets.put(DOWN)
        half = replace(DOWN, revision=2, state="HALF", rate=5.0)
        assert not await store.targets.put(replace(half, revision=3))
        assert await store.targets.put(half)
        assert not await store.targets.put(half)
        assert list(await store.targets.all()) == [half]

    async def test_a_row_is_removed_in_the_revision_that_is_named_only(self, store: Store) -> None:
        await store.targets.put(DOWN)
        assert not await store.targets.drop(replace(DOWN, revision=2))
        assert not await store.targets.drop(replace(DOWN, target="https://other:443"))
        assert await store.targets.drop(DOWN)
        assert not await store.targets.drop(DOWN)
        assert list(await store.targets.all()) == []
        assert await store.targets.put(DOWN)
