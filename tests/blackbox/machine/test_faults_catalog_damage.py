"""Damage to the catalog of a killed server is detected before any of it is served.

The hypothesis. For any flipped bit of the file and any lost, exchanged or older page: the catalog
is refused at the start, with a message that has the remedy, or all reads are correct. A wrong name, a wrong scope or a
missing row is never served. The control empties the checksums first, so that the file is accepted: then damage must be
served, or this test could not detect it.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from blackbox.damage.catalog import FILE, Damage, Judge, Left, bits, exchanges, leave, without_sums
from blackbox.damage.damage import quick_folder
from blackbox.evidence.report import FaultReport
from blackbox.harness.launcher import Server, run

SEED = 20261124

Repetitions = Callable[[int, int], int]


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return leave(tmp_path_factory.mktemp("left") / "data")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with quick_folder(tmp_path) as folder:
        yield folder


def counted(judge: Judge, damages: Iterable[Damage], report: FaultReport) -> Counter[str]:
    verdicts: Counter[str] = Counter()
    for damage in damages:
        verdict, text = judge.verdict(damage)
        assert verdict != "wrong", f"{damage.text}: {text}"
        report.hit(damage.fault)
        report.checked(f"S18 {verdict}")
        verdicts[verdict] += 1
    return verdicts


def count_pages_without_rows(path: Path, content: bytes) -> int:
    """Returns how many tables and indexes have no rows, each of which is one page, and SQLite's own two."""
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as file:
        objects = file.execute("SELECT tbl_name FROM sqlite_schema WHERE rootpage > 0").fetchall()
        counts = {name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in objects}
    path.unlink()
    return 2 + sum(counts[name] == 0 for (name,) in objects)


@pytest.mark.timeout(600)
def test_a_flipped_bit_in_any_page_is_refused_or_harmless(place: Path, left: Left, repetitions: Repetitions) -> None:
    each = repetitions(8, 1500)
    report = FaultReport("catalog_bits", seed=SEED, options={"bits of a page": each}, faults=("BIT",))
    verdicts = counted(Judge(place, left), bits(left.content, each, Random(SEED)), report)
    assert verdicts["refused"]
    report.finish()


@pytest.mark.timeout(600)
def test_a_page_that_is_lost_or_another_one_or_an_older_one_is_refused(place: Path, left: Left) -> None:
    report = FaultReport("catalog_pages", seed=SEED, options={}, faults=("ZERO", "SWAP", "OLDER"))
    verdicts = counted(Judge(place, left), exchanges(left, left.content), report)
    # A page of a table without rows has no data that is read; of each, three damages are tried.
    assert verdicts["same"] <= 3 * count_pages_without_rows(place / "counted.db", left.content)
    assert verdicts["refused"] > 5 * verdicts["same"]
    report.finish()


@pytest.mark.timeout(600)
def test_without_checksums_the_same_damage_is_served(place: Path, left: Left) -> None:
    judge = Judge(place, left)
    emptied = without_sums(left.content, place)
    wrong = sum(judge.verdict(damage)[0] == "wrong" for damage in bits(emptied, 8, Random(SEED)))
    assert wrong > 10, "the judge would not see a wrong name"


@pytest.mark.parametrize(
    ("right", "other"),
    [(b'["read"]', b'["lead"]'), (b"Default", b"Defaumt"), (b'{"color":"first"}', b'{"color":"fired"}')],
    ids=["scope", "organization", "profile"],
)
def test_the_server_refuses_with_65_and_the_doctor_reports_why(
    tmp_path: Path, left: Left, right: bytes, other: bytes
) -> None:
    folder = tmp_path / "data"
    assert run("init", "--data", folder).returncode == 0
    (folder / "seal").unlink()
    assert right in left.content
    assert len(right) == len(other)
    (folder / FILE).write_bytes(left.content.replace(right, other, 1))
    for _ in range(2):
        server = Server(folder).start(until_ready=False)
        assert server.wait() == 65
        assert "restore it from a backup" in server.log_text()
        assert "Traceback" not in server.log_text()
    assert not (folder / "seal").exists(), "what is refused is not what was left in order"
    done = run("doctor", "--data", folder, "--json")
    assert done.returncode == 1
    assert "restore it from a backup" in json.loads(done.stdout)["problems"][0]["message"]
    done = run("db", "check", "--data", folder, "--json")
    assert done.returncode == 1
    assert "are not what was stored" in json.loads(done.stdout)["problems"][0]
    done = run("db", "backup", tmp_path / "copy", "--data", folder)
    assert done.returncode == 1
    assert "restore it from a backup" in done.stderr
    assert not (tmp_path / "copy").exists()
