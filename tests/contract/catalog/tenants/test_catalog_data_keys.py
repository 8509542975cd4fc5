"""Data keys of organizations, wrapped with the master key: creation, loading, refusal, rotation, succession."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, select, text
from structlog.testing import capture_logs

from looply.catalog import Catalog
from looply.catalog.authored.connections import ConnectionDraft
from looply.catalog.storage.tables import data_keys, master_keys
from looply.catalog.tenants.data_keys import DataKeys
from looply.catalog.tenants.rotation import key_states
from looply.clock import Ids
from looply.errors import KeyUnfit, SettingsError
from looply.master_keys import MasterKey, MasterKeys
from looply.sealing import SealBroken, data_key_number
from looply.testing.clock import FakeClock, SerialEntropy

FIRST, SECOND, THIRD = (MasterKey(bytes([number]) * 32) for number in (1, 2, 3))
DRAFT = ConnectionDraft(name="S4", kind="sap", settings={}, secrets={"password": "canary"})


class Process:
    """A process with its own key file: its data keys, and its catalog."""

    def __init__(self, path: Path, keys: DataKeys, catalog: Catalog) -> None:
        self.path = path
        self.keys = keys
        self.catalog = catalog

    def give(self, *keys: MasterKey) -> None:
        """Writes these keys into the key file."""
        MasterKeys(self.path).store(keys)

    async def states(self) -> dict[str, tuple[str, int]]:
        """Returns state and number of wraps of each master key."""
        found = await self.catalog.database.read(key_states)
        return {each["key_id"]: (each["state"], each["data_keys"]) for each in found}

    async def organization(self) -> str:
        """Creates an organization with a connection and returns its id."""
        organization_id, workspace_id = await self.catalog.organizations.create("Acme")
        await self.catalog.connections.create(organization_id, workspace_id, DRAFT)
        return organization_id

    async def password(self, organization_id: str) -> str:
        """Returns the secret of the organization's connection."""
        return (await self.catalog.connections.resolve(organization_id, "S4")).secrets["password"]

    async def rows(self) -> list[Any]:
        """Returns all rows about keys."""
        read = self.catalog.database.read
        queries = (select(master_keys), select(data_keys))
        return [await read(lambda connection, query=query: connection.execute(query).all()) for query in queries]

    async def change(self, statement: Any, **values: str) -> None:
        """Changes rows outside of the product."""
        await self.catalog.database.write(lambda connection: connection.execute(statement, values))


Start = Callable[..., Any]


@pytest_asyncio.fixture
async def start(location: Path | str, tmp_path: Path, clock: FakeClock, entropy: SerialEntropy) -> AsyncIterator[Start]:
    """Starts processes on one catalog; each has its own key file, or shares one by its name."""
    started: list[Process] = []

    async def act(*given: MasterKey, name: str = "key", most_seals: int = 2**30) -> Process:
        path = tmp_path / name
        if given:
            MasterKeys(path).store(given)
        keys = DataKeys(MasterKeys(path), clock, most_seals=most_seals)
        facts: Any = {"clock": clock, "ids": Ids(entropy), "entropy": entropy}
        opens = (
            Catalog.open(location, keys, **facts)
            if isinstance(location, Path)
            else Catalog.connect(location, keys, **facts)
        )
        process = Process(path, keys, await opens)
        started.append(process)
        return process

    yield act
    for process in started:
        await process.catalog.close()


async def test_a_new_catalog_makes_its_master_key_and_each_organization_a_data_key(start: Start) -> None:
    process = await start()
    (key,) = MasterKeys(process.path).load()
    mine, theirs = await process.organization(), await process.organization()

    assert await process.states() == {key.key_id: ("active", 2)}
    sealed = process.keys.of(mine).seal(b"secret", "row")
    assert process.keys.of(mine).open(sealed, "row") == b"secret"
    with pytest.raises(SealBroken):
        process.keys.of(theirs).open(sealed, "row")
    again = await start()
    assert again.keys.of(mine).open(sealed, "row") == b"secret"
    assert await again.password(theirs) == "canary"


async def test_without_the_key_or_with_another_one_nothing_starts_and_nothing_changes(
    start: Start, tmp_path: Path
) -> None:
    first = await start(FIRST)
    mine = await first.organization()
    before = await first.rows()

    with pytest.raises(KeyUnfit, match=r"missing.*Restore the key") as missing:
        await start(name="none")
    with pytest.raises(KeyUnfit, match=f"does not have the master key {FIRST.key_id}") as wrong:
        await start(SECOND, name="other")
    assert (missing.value.code, wrong.value.code) == ("KEY_MISSING", "KEY_WRONG")
    assert not (tmp_path / "none").exists()
    assert MasterKeys(tmp_path / "other").load() == (SECOND,)
    assert await first.rows() == before
    assert await (await start(FIRST, name="none")).password(mine) == "canary"


async def test_the_three_steps_of_a_rotation_on_two_processes(start: Start) -> None:
    one, two = await start(FIRST, name="one"), await start(FIRST, name="two")
    mine = await one.organization()
    sealed = one.keys.of(mine).seal(b"secret", "row")

    for process in (one, two):
        process.give(FIRST, SECOND)
        await process.keys.refresh()
    assert await one.states() == {FIRST.key_id: ("active", 1), SECOND.key_id: ("distributed", 0)}

    one.give(SECOND, FIRST)
    await one.keys.refresh()
    assert await two.states() == {FIRST.key_id: ("former", 0), SECOND.key_id: ("active", 1)}
    # The key file of the other process is older: it still reads, seals and creates organizations, and undoes nothing.
    theirs = await two.organization()
    await two.keys.refresh()
    assert await two.states() == {FIRST.key_id: ("former", 0), SECOND.key_id: ("active", 2)}

    for process in (two, one):
        process.give(SECOND)
        await process.keys.refresh()
    assert await one.states() == {FIRST.key_id: ("retired", 0), SECOND.key_id: ("active", 2)}
    for process in (one, two, await start(SECOND, name="three")):
        assert process.keys.of(mine).open(sealed, "row") == b"secret"
        assert [await process.password(each) for each in (mine, theirs)] == ["canary", "canary"]
    with pytest.raises(KeyUnfit, match=SECOND.key_id):
        await start(FIRST, name="four")


async def test_nothing_opens_with_the_former_key_alone(start: Start) -> None:
    process = await start(FIRST)
    mine = await process.organization()
    process.give(SECOND, FIRST)
    await process.keys.refresh()

    stored = (await process.rows())[1]
    assert len(stored) == 1
    for row in stored:
        with pytest.raises(SealBroken):
            FIRST.sealer().open(bytes(row.wrapped), f"{mine}|data key|{row.number}")


async def test_each_step_is_the_same_when_it_is_done_again_and_the_audit_has_it_once(start: Start) -> None:
    process = await start(FIRST)
    mine = await process.organization()
    for keys in ((FIRST, SECOND), (SECOND, FIRST), (SECOND,)):
        for _ in range(3):
            process.give(*keys)
            await process.keys.refresh()
            await start()
    page = await process.catalog.audit.list_page(mine, 100)
    steps = [(each.action, each.object_id) for each in reversed(page.items) if each.action.startswith("master_key")]
    assert steps == [
        ("master_key.distribute", SECOND.key_id),
        ("master_key.activate", SECOND.key_id),
        ("master_key.retire", FIRST.key_id),
    ]


async def test_a_key_that_was_followed_by_another_never_comes_back(start: Start) -> None:
    process = await start(FIRST)
    await process.organization()
    for keys in ((SECOND, FIRST), (FIRST, SECOND), (THIRD, SECOND, FIRST), (SECOND, THIRD)):
        process.give(*keys)
        await process.keys.refresh()
    assert (await process.states())[THIRD.key_id] == ("active", 1)


async def test_a_key_file_that_becomes_unfit_while_serving_is_said_once_and_the_keys_in_memory_stay(
    start: Start,
) -> None:
    process = await start(FIRST)
    mine = await process.organization()
    for content, error in ((b"no key", SettingsError), (SECOND.file_line().encode(), KeyUnfit)):
        process.path.write_bytes(content)
        with pytest.raises(error):
            await process.keys.refresh()
        await process.keys.refresh()
    process.path.unlink()
    with pytest.raises(KeyUnfit, match="missing"):
        await process.keys.refresh()
    await process.keys.refresh()
    assert await process.password(mine) == "canary"


async def test_a_data_key_that_has_sealed_often_gets_a_successor_and_still_opens(start: Start) -> None:
    process = await start(FIRST, most_seals=64)
    mine, theirs = await process.organization(), await process.organization()
    sealer = process.keys.of(mine)
    sealed = [sealer.seal(b"secret", "row") for _ in range(63)]
    await process.keys.refresh()
    assert [data_key_number(value) for value in (*sealed, sealer.seal(b"", "row"))] == [1] * 63 + [2]
    assert data_key_number(process.keys.of(theirs).seal(b"", "row")) == 1
    again = await start()
    assert {again.keys.of(mine).open(value, "row") for value in sealed} == {b"secret"}
    assert data_key_number(again.keys.of(mine).seal(b"", "row")) == 2


async def test_what_one_process_sealed_with_a_newer_key_another_opens_at_once(
    start: Start, location: Path | str
) -> None:
    if isinstance(location, Path):
        pytest.skip("a file has one process")
    one, two = await start(FIRST, most_seals=16), await start(FIRST)
    mine = await one.organization()
    first = two.keys.of(mine).seal(b"first", "row")
    for _ in range(16):
        one.keys.of(mine).seal(b"", "row")
    await one.keys.refresh()
    second = one.keys.of(mine).seal(b"second", "row")
    assert (data_key_number(first), data_key_number(second)) == (1, 2)
    assert two.keys.of(mine).open(second, "row") == b"second"


async def test_sealing_and_opening_read_no_catalog(start: Start) -> None:
    process = await start(FIRST)
    mine = await process.organization()
    await process.change(text("ALTER TABLE data_keys RENAME TO unreadable"))
    sealed = [process.keys.of(mine).seal(b"secret", "row") for _ in range(100)]
    assert {process.keys.of(mine).open(value, "row") for value in sealed} == {b"secret"}


async def test_a_wrapped_key_that_is_damaged_closes_its_organization_alone(start: Start) -> None:
    process = await start(FIRST)
    mine, theirs = await process.organization(), await process.organization()
    damage = "UPDATE data_keys SET wrapped = (SELECT sealed_check FROM master_keys) WHERE organization_id = :mine"
    await process.change(text(damage), mine=mine)
    with capture_logs() as logged:
        again = await start(SECOND, FIRST)
    closed = [(line["organization_id"], line["number"]) for line in logged if line["event"] == "data_key_closed"]
    assert set(closed) == {(mine, 1)}
    assert await again.password(theirs) == "canary"
    with pytest.raises(SealBroken, match="data key 1"):
        await again.password(mine)


async def test_a_wrapped_key_of_another_organization_does_not_open(start: Start) -> None:
    process = await start(FIRST)
    mine, theirs = await process.organization(), await process.organization()
    theirs_wrapped = "(SELECT wrapped FROM data_keys WHERE organization_id = :theirs)"
    copy = f"UPDATE data_keys SET wrapped = {theirs_wrapped} WHERE organization_id = :mine"
    await process.change(text(copy), mine=mine, theirs=theirs)
    with pytest.raises(SealBroken):
        await (await start()).password(mine)


async def test_without_its_data_keys_nothing_of_an_organization_opens(start: Start) -> None:
    process = await start(FIRST)
    mine = await process.organization()
    sealed = process.keys.of(mine).seal(b"secret", "row")
    await process.change(delete(data_keys).where(data_keys.c.organization_id == mine))
    again = await start()
    with pytest.raises(SealBroken):
        again.keys.of(mine).open(sealed, "row")
