"""What is beside the SQLite store to find damage: the seal of an orderly stop, the mark of commits, hashes and sums."""

import asyncio
from pathlib import Path

import apsw
import pytest

from contract.store.datastores import change
from contract.store.samples import ORGANIZATION, OTHER_ORGANIZATION, Samples
from looply.clock import SystemClock
from looply.engine.coding.codec import Codec
from looply.engine.coding.dictionary import Dictionaries, starter_dictionary
from looply.engine.ports.store import StoredDefinition
from looply.engine.processing.loading import Loader
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.opening import FILE_NAME
from looply.engine.sqlite.file.reserve import Reserve
from looply.engine.sqlite.file.seal import SEAL_NAME, Seal
from looply.engine.sqlite.file.watermark import MARK_NAME
from looply.errors import StoreCorrupt
from looply.sealing import Sealer
from looply.testing.clock import FakeClock, SerialEntropy

LOG_NAME = f"{FILE_NAME}-wal"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def samples() -> Samples:
    return Samples()


def sealed(folder: Path) -> SqliteStore:
    """Returns a store that is sealed when it is closed."""
    return SqliteStore(folder, SystemClock(), seal=Seal(folder, (FILE_NAME,)))


def turn_bit(file: Path, offset: int) -> None:
    data = bytearray(file.read_bytes())
    data[offset] ^= 1
    file.write_bytes(data)


async def killed(folder: Path, samples: Samples, count: int) -> None:
    """Leaves a store of so many commits as a kill does: the first is in the file, the others are in the log only."""
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.journal.commit(samples.first())
    await store.close()
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await asyncio.gather(*(store.journal.commit(samples.first()) for _ in range(count - 1)))
    copies = {name: (folder / name).read_bytes() for name in (FILE_NAME, LOG_NAME, MARK_NAME)}
    await store.abandon()
    for name, content in copies.items():
        (folder / name).write_bytes(content)


async def test_a_sealed_store_opens_again_and_has_no_seal_while_open(folder: Path, samples: Samples) -> None:
    for _ in range(2):
        store = sealed(folder)
        await store.open()
        assert not (folder / SEAL_NAME).exists()
        await store.journal.commit(samples.first())
        await store.close()
        assert (folder / SEAL_NAME).stat().st_mode & 0o777 == 0o600


async def test_one_bit_of_a_sealed_store_is_found_and_the_seal_stays(folder: Path, samples: Samples) -> None:
    store = sealed(folder)
    await store.open()
    await store.journal.commit(samples.first())
    await store.close()
    for offset in (20_000, 60_000):
        turn_bit(folder / FILE_NAME, offset)
        for _ in range(2):
            with pytest.raises(StoreCorrupt, match="is not what the last process left"):
                await sealed(folder).open()
        turn_bit(folder / FILE_NAME, offset)
    (folder / LOG_NAME).write_bytes(b"the log of another store")
    with pytest.raises(StoreCorrupt):
        await sealed(folder).open()
    (folder / LOG_NAME).unlink()
    store = sealed(folder)
    await store.open()
    await store.close()


async def test_a_kill_leaves_no_seal_and_a_refused_start_makes_none(folder: Path, samples: Samples) -> None:
    store = sealed(folder)
    await store.open()
    other = sealed(folder)
    with pytest.raises(Exception, match="in use"):
        await other.open()
    await other.close()
    await store.abandon()
    assert not (folder / SEAL_NAME).exists()


async def test_a_seal_that_was_not_written_whole_says_nothing(folder: Path) -> None:
    store = sealed(folder)
    await store.open()
    await store.close()
    (folder / SEAL_NAME).write_bytes(b'{"executions.db": "4')
    store = sealed(folder)
    await store.open()
    await store.close()


async def test_a_log_that_is_gone_or_cut_is_found_by_the_mark(folder: Path, samples: Samples) -> None:
    await killed(folder, samples, 20)
    log = (folder / LOG_NAME).read_bytes()
    for left in (b"", log[:32], log[: len(log) // 2]):
        (folder / LOG_NAME).write_bytes(left)
        for _ in range(2):
            with pytest.raises(StoreCorrupt, match="lacks what was committed last"):
                await SqliteStore(folder, SystemClock()).open()
    assert (folder / LOG_NAME).read_bytes() == left, "what is refused is left as it was found"
    (folder / MARK_NAME).unlink()
    store = SqliteStore(folder, SystemClock())
    await store.open()
    assert len(await store.reads.scan("", 100)) < 20
    await store.close()


async def test_a_log_that_is_put_back_after_a_refusal_brings_everything(folder: Path, samples: Samples) -> None:
    await killed(folder, samples, 20)
    (folder / LOG_NAME).rename(folder / "kept")
    with pytest.raises(StoreCorrupt):
        await SqliteStore(folder, SystemClock()).open()
    (folder / "kept").rename(folder / LOG_NAME)
    store = SqliteStore(folder, SystemClock())
    await store.open()
    assert len(await store.reads.scan("", 100)) == 20
    await store.close()


async def test_a_whole_log_passes_the_mark(folder: Path, samples: Samples) -> None:
    await killed(folder, samples, 20)
    store = SqliteStore(folder, SystemClock())
    await store.open()
    assert len(await store.reads.scan("", 100)) == 20
    assert int((folder / MARK_NAME).read_bytes()) == 20
    await store.close()


async def test_a_mark_that_cannot_be_read_or_written_does_no_harm(folder: Path, samples: Samples) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.close()
    (folder / MARK_NAME).unlink()
    (folder / MARK_NAME).mkdir()
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.journal.commit(samples.first())
    await store.close()
    (folder / MARK_NAME).rmdir()
    (folder / MARK_NAME).write_bytes(b"many")
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.close()


async def test_an_index_that_lost_a_row_is_found_after_an_unclean_end(folder: Path, samples: Samples) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.journal.commit(samples.first())
    await store.abandon()
    # While the index is not known, a row moves; then it is known again, and leads to where the row was.
    connection = apsw.Connection(str(folder / FILE_NAME))
    connection.execute("PRAGMA writable_schema = ON")
    index = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'execution_org'").fetchall()
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'execution_org'")
    connection.close()
    connection = apsw.Connection(str(folder / FILE_NAME))
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE execution SET org = org + 1")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", index[0])
    connection.close()
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await SqliteStore(folder, SystemClock()).open()


async def test_one_letter_of_the_schema_is_found_at_every_start(folder: Path) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.close()
    content = (folder / FILE_NAME).read_bytes()
    # Both are sound SQL that give other answers.
    for right, other in ((b"e.modified_ms AS modified_ms", b"e.modified_mr AS modified_ms"), (b"<> 3;", b"<> 2;")):
        damaged = content.replace(right.rstrip(b";"), other.rstrip(b";"))
        assert damaged != content
        (folder / FILE_NAME).write_bytes(damaged)
        with pytest.raises(StoreCorrupt, match="is not ours; restore"):
            await SqliteStore(folder, SystemClock()).open()


@pytest.mark.parametrize(
    "damage",
    ["UPDATE execution SET state = CAST(x'f4f4' AS TEXT)", "UPDATE execution SET status = 99"],
    ids=["no text", "no status"],
)
async def test_a_row_that_no_process_has_written_is_not_served(folder: Path, samples: Samples, damage: str) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    unit = samples.first()
    await store.journal.commit(unit)
    await store._threads.write(lambda connection: connection.execute(damage).fetchall())
    with pytest.raises(StoreCorrupt, match="restore it from a backup"):
        await store.reads.head(unit.execution_id)
    await store.close()


async def test_a_definition_whose_hash_is_not_its_name_is_not_run(folder: Path) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    loader = Loader(store, Codec(Sealer(bytes(32), SerialEntropy())))
    for name, body in (("aa", b'{"workflow_name": "x"}'), ("bb", b'{"workflow_name')):
        await store.journal.put_definition(StoredDefinition(hash=name, workflow_id="w", workflow_version=1, body=body))
        with pytest.raises(StoreCorrupt, match=f"definition {name} of an execution is damaged"):
            await loader.workflow(name)
    await store.close()


@pytest.mark.parametrize(
    "damage",
    ["body = x'32'", "revision = 2", "name = 'pricet'", "org = 2", "modified_by = 'k'", "created_ms = 1"],
)
async def test_a_datastore_that_is_not_what_was_stored_is_reported_and_not_served(folder: Path, damage: str) -> None:
    store = SqliteStore(folder, SystemClock())
    await store.open()
    await store.datastores.put(change(0, 1, 1))
    await store.datastores.put(change(0, 1, owner=OTHER_ORGANIZATION, name="sound"))
    statement = f"UPDATE datastore SET {damage} WHERE name = 'prices'"
    await store._threads.write(lambda connection: connection.execute(statement).fetchall())
    (line,) = await store.datastores.find_damaged()
    assert "is not what was stored" in line
    owner = OTHER_ORGANIZATION if damage.startswith("org") else ORGANIZATION
    name = "pricet" if damage.startswith("name") else "prices"
    with pytest.raises(StoreCorrupt, match="restore the store from a backup"):
        await store.datastores.find(owner, name)
    assert (await store.datastores.find(OTHER_ORGANIZATION, "sound")).stored is not None
    await store.close()


def test_a_bit_of_a_dictionary_is_found_in_what_it_unpacks() -> None:
    text = b'{"type": "StepSucceeded", "step": "wait_1", "output": {"n": 1}}'
    dictionary = starter_dictionary()
    packed = Dictionaries({1: dictionary}).compress(text)
    found = 0
    for offset in range(len(dictionary) - 4096, len(dictionary), 16):
        damaged = bytearray(dictionary)
        damaged[offset] ^= 1
        try:
            assert Dictionaries({1: bytes(damaged)}).decompress(1, packed) == text
        except ValueError:
            found += 1
    assert found, "the sample uses nothing of the dictionary"


def test_a_reserve_of_an_earlier_process_is_given_up_when_a_start_finds_no_space(tmp_path: Path) -> None:
    first = Reserve(tmp_path, FakeClock())
    first.allocate()
    free = {"bytes": 0}
    reserve = Reserve(tmp_path, FakeClock(), free_bytes=lambda: free["bytes"])
    reserve.prepare()
    assert not (tmp_path / "reserve").exists()
    assert reserve.is_exhausted(), "what it freed is not for new work"


def test_a_reserve_of_an_earlier_process_stays_where_there_is_space(tmp_path: Path) -> None:
    Reserve(tmp_path, FakeClock()).allocate()
    reserve = Reserve(tmp_path, FakeClock())
    reserve.prepare()
    assert reserve.is_held
    assert (tmp_path / "reserve").exists()
