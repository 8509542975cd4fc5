"""A move that cannot be made whole, or is cut off: nothing has happened, or it is repeated and ends."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import apsw
import psycopg
import pytest

from contract.harness.moving_installation import Installation, RecordedProgress, folded
from contract.harness.postgres_cuts import Cut, Road
from looply.cli.offline.moving import TABLES, carry_out, rehearse
from looply.engine.postgres import PostgresStore
from looply.engine.postgres.database.receiving import server_of
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.moved import LABEL_NAME, find_label
from looply.errors import Conflict, DataFolderInUse, EngineError, SettingsError, StoreUnreachable
from looply.sealing import Sealer


def is_untouched(address: str) -> bool:
    """Returns whether nothing of ours is in the database."""
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'looply%'").fetchall() == []


async def test_a_rehearsal_finds_what_a_move_would_find_and_writes_nothing(
    installation: Installation, address: str
) -> None:
    rehearsed = await rehearse(installation.move(address))
    assert (rehearsed.is_moved, rehearsed.problems) == (False, [])
    assert is_untouched(address)
    assert find_label(installation.folder) is None
    assert (await carry_out(installation.move(address))).sums == rehearsed.sums


COMPARED = f"comparing {TABLES[-1].full_name}"
INSTALLATION = b"<the installation>"
"""A placeholder for the name of the installation: it is sent when the marker is set, and when it is removed."""


class Cutting(RecordedProgress):
    """Cuts the session that sends a word, once `after` was reported as progress; at once when that is empty."""

    def __init__(self, installation: Installation, road: Road, after: str, word: bytes, cut: Cut) -> None:
        super().__init__()
        self._after = after
        self._road = road
        self._cut: Cut = cut
        self._road.marker = word.replace(INSTALLATION, min(installation.organizations).encode())
        self("", 0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        super().__call__(what, done, total)
        if what == self._after:
            self._road.cut_next(self._cut)


@pytest.mark.parametrize(
    "cuts",
    [
        ("", b"CREATE FUNCTION store_unit", "UNHEARD"),
        ("", INSTALLATION, "AFTER"),
        ("", b"CREATE TABLE workflow_versions", "UNHEARD"),
        ("", b"TRUNCATE", "BEFORE"),
        ("", b'COPY "looply"."batch"', "UNHEARD"),
        ("", b'COPY "looply_catalog"."api_keys"', "BEFORE"),
        ("", b"ANALYZE", "UNHEARD"),
        (COMPARED, b"COMMIT", "BEFORE"),
        (COMPARED, b"COMMIT", "UNHEARD"),
        (COMPARED, b"COMMIT", "AFTER"),
        ("", b"nextval('epoch')", "UNHEARD"),
        (COMPARED, INSTALLATION, "BEFORE"),
        (COMPARED, INSTALLATION, "AFTER"),
    ],
)
async def test_a_move_that_is_cut_off_is_repeated_and_ends(
    installation: Installation, road: Road, database: str, address: str, cuts: tuple[str, bytes, Cut]
) -> None:
    before = await installation.states()
    with pytest.raises(EngineError):
        await carry_out(installation.move(road.address(database), progress=Cutting(installation, road, *cuts)))
    assert road.made == 1
    moved = await carry_out(installation.move(address))
    assert (moved.is_moved, moved.problems) == (True, [])
    store = PostgresStore(address, installation.clock)
    boot = await store.open()
    try:
        assert await folded(store, boot, installation.sealer) == before
    finally:
        await store.close()


async def test_no_server_starts_on_a_database_that_is_not_filled_to_its_end(
    installation: Installation, road: Road, database: str, new_store: Callable[[], PostgresStore]
) -> None:
    road.marker = b"UPDATE move SET finished"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    with pytest.raises(EngineError, match="has not ended") as refused:
        await new_store().open()
    assert refused.value.code == "MOVE_UNFINISHED"


async def test_a_folder_whose_move_failed_early_is_served_as_before(
    installation: Installation, road: Road, database: str
) -> None:
    road.marker = b"TRUNCATE"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    await store.close()


@pytest.mark.parametrize("cut", ["BEFORE", "AFTER"])
async def test_a_folder_is_not_served_while_it_is_unknown_whether_its_move_has_ended(
    installation: Installation, road: Road, database: str, address: str, cut: Cut
) -> None:
    cutting = Cutting(installation, road, COMPARED, INSTALLATION, cut)
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database), progress=cutting))
    with pytest.raises(EngineError, match="cut off just as it ended") as refused:
        await SqliteStore(installation.folder, installation.clock).open()
    assert refused.value.code == "FOLDER_MOVED"
    rehearsed = await rehearse(installation.move(address))
    assert any("is complete in the database" in problem for problem in rehearsed.problems) == (cut == "AFTER")


async def test_a_moved_folder_is_not_served_until_its_label_is_removed(
    installation: Installation, address: str
) -> None:
    await carry_out(installation.move(address))
    with pytest.raises(EngineError, match=r"continues there; .* remove .*moved\.json") as refused:
        await SqliteStore(installation.folder, installation.clock).open()
    assert refused.value.code == "FOLDER_MOVED"
    with pytest.raises(Conflict, match="already") as twice:
        await carry_out(installation.move(address))
    assert twice.value.code == "ALREADY_MOVED"
    (installation.folder / LABEL_NAME).unlink()
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    await store.close()


async def test_a_database_in_use_is_refused_with_what_is_there(installation: Installation, address: str) -> None:
    await carry_out(installation.move(address))
    (installation.folder / LABEL_NAME).unlink()
    with pytest.raises(Conflict, match=r"looply\.execution has \d+ rows.*organizations has 3 rows") as refused:
        await carry_out(installation.move(address))
    assert refused.value.code == "TARGET_NOT_EMPTY"
    assert "already in use" in (await rehearse(installation.move(address))).problems[0]


async def test_a_half_filled_database_of_another_installation_is_refused(
    installation: Installation, road: Road, database: str, address: str, tmp_path: Path
) -> None:
    road.marker = b"TRUNCATE"
    road.cut_next("BEFORE")
    with pytest.raises(StoreUnreachable):
        await carry_out(installation.move(road.address(database)))
    installation.clock.advance(timedelta(days=1))
    other = Installation(tmp_path / "other")
    await other.live()
    with pytest.raises(Conflict, match="another installation"):
        await carry_out(other.move(address))


async def test_a_database_that_a_server_works_on_is_refused(
    installation: Installation, address: str, new_store: Callable[[], PostgresStore]
) -> None:
    store = new_store()
    await store.open()
    with pytest.raises(DataFolderInUse):
        await carry_out(installation.move(address))
    await store.close()
    assert (await carry_out(installation.move(address))).is_moved


async def test_a_folder_that_a_server_works_on_is_refused(installation: Installation, address: str) -> None:
    store = SqliteStore(installation.folder, installation.clock)
    await store.open()
    with pytest.raises(DataFolderInUse):
        await carry_out(installation.move(address))
    await store.close()


async def test_another_key_than_the_one_of_the_folder_is_found_before_anything_moves(
    installation: Installation, address: str
) -> None:
    moved = await carry_out(installation.move(address, sealer=Sealer(b"k" * 32)))
    assert not moved.is_moved
    assert sum("connection shop" in problem for problem in moved.problems) == 2
    assert any(installation.ids["secret"] in problem for problem in moved.problems)
    assert is_untouched(address)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("postgresql://ann:word@db.example:5433/looply", "db.example:5433/looply"),
        ("host=/run/postgresql user=ann password=word", "/run/postgresql/ann"),
        ("dbname=looply", "localhost/looply"),
    ],
)
def test_a_location_is_shown_without_user_and_password(text: str, place: str) -> None:
    assert server_of(text) == place


def test_what_is_no_address_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        server_of("postgresql://ann:word@db.example:port of ours/looply word=word")
    assert "word" not in refused.value.message


@pytest.mark.parametrize(
    ("statement", "problem_text"),
    [
        ("UPDATE batch SET chain = zeroblob(32) WHERE n = 3", "does not follow the batch before"),
        ("UPDATE value SET bytes = zeroblob(100)", "the store is damaged"),
        ("UPDATE execution SET state = 'a' || char(0) || 'b' WHERE status = 2", "character 0"),
        ("DELETE FROM wait", "stored waits are"),
    ],
    ids=["chain", "value", "character", "work"],
)
async def test_damage_is_reported_and_nothing_is_moved(
    installation: Installation, address: str, statement: str, problem_text: str
) -> None:
    with closing(apsw.Connection(str(installation.folder / "executions.db"))) as folder:
        folder.execute(statement)
    for act in (rehearse, carry_out):
        found = await act(installation.move(address))
        assert not found.is_moved
        assert any(problem_text in problem for problem in found.problems)
    assert is_untouched(address)
