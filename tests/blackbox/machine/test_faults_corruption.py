"""Damage to the files of a stopped server is detected, never served.

The hypothesis. After a clean stop every changed byte of a database is detected at the next start, which is refused
with 65 and a remedy. After a kill there is no seal; then the mark detects a truncated log, the integrity check at the
start a damaged file structure, and histories are never wrong: a damaged execution is refused individually
(503 `STORE_CORRUPT`) and named by the audit, all others are answered as before. The audit names a damaged row of the
lists. The checksums of the tables detect every flipped bit of the catalog at the start
(`test_faults_catalog_damage.py` tries each page).
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import httpx2
import pytest

from blackbox.damage.damage import Damage, cut, flipped, flipped_in, histories, outcome_of, quick_folder, read_folder
from blackbox.damage.reference import Answers, Reference, make_reference, read_all
from blackbox.evidence.report import FaultReport
from blackbox.harness.launcher import Server, run
from blackbox.harness.sink import Sink

SEED = 20261124
DB, WAL, CATALOG, MARK, SEAL = "executions.db", "executions.db-wal", "catalog.db", "executions.mark", "seal"

Repetitions = Callable[[int, int], int]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Reference:
    """The files after a clean stop."""
    return make_reference(tmp_path_factory.mktemp("stopped") / "data", sink, is_killed=False)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Reference:
    """The files after a kill, with a log that is not checkpointed yet."""
    return make_reference(tmp_path_factory.mktemp("killed") / "data", sink, is_killed=True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    with quick_folder(tmp_path) as folder:
        yield folder


def undamaged(place: Path, reference: Reference) -> Answers:
    """Returns the answers to all reads of the undamaged folder."""
    reference.write(place / "whole")
    answers, problems = asyncio.run(read_folder(place / "whole", reference.key, list(reference.answers)))
    assert problems == []
    assert {status for status, _ in answers.values()} == {200}
    return answers


def judge(place: Path, reference: Reference, damages: Iterator[Damage], report: FaultReport) -> Counter[str]:
    """Tries all damages; none may be served."""
    expected = undamaged(place, reference)
    verdicts: Counter[str] = Counter()
    for number, damage in enumerate(damages):
        outcome = outcome_of(place / f"n{number}", reference, expected, damage)
        assert outcome.verdict != "wrong", f"{damage.text}: {outcome.text}"
        report.hit(damage.fault)
        report.checked(f"S18 {outcome.verdict}")
        verdicts[outcome.verdict] += 1
    return verdicts


@pytest.mark.timeout(600)
def test_after_an_orderly_stop_every_damage_is_refused(
    place: Path, stopped: Reference, repetitions: Repetitions
) -> None:
    count = repetitions(440, 3000)
    report = FaultReport("corruption_stopped", seed=SEED, options={"damages": count}, faults=("BIT", "TRUNC", "SWAP"))
    assert SEAL in stopped.files
    chance = Random(SEED)

    def damages() -> Iterator[Damage]:
        for number in range(count):
            name = (DB, DB, CATALOG)[number % 3]
            yield cut(stopped.files, name, chance) if number % 10 == 9 else flipped(stopped.files, name, chance)
        yield Damage("SWAP", "the databases changed places", swapped(stopped))

    verdicts = judge(place, stopped, damages(), report)
    assert set(verdicts) == {"refused"}
    report.finish()


def swapped(reference: Reference) -> dict[str, bytes]:
    return {**reference.files, DB: reference.files[CATALOG], CATALOG: reference.files[DB]}


@pytest.mark.timeout(1800)
def test_after_a_kill_a_damage_is_found_at_the_start_or_quarantined(
    place: Path, killed: Reference, repetitions: Repetitions
) -> None:
    count = repetitions(60, 2000)
    report = FaultReport("corruption_killed", seed=SEED, options={"damages": count}, faults=("BIT", "TRUNC"))
    assert SEAL not in killed.files
    assert killed.files[WAL]
    chance = Random(SEED + 1)
    places = histories(killed.files, DB, place)

    def damages() -> Iterator[Damage]:
        for number in range(count):
            name = (DB, DB, DB, WAL, WAL, CATALOG)[number % 6]
            if number % 6 == 0:
                # Most relevant bytes are those of histories; a short run of random positions may hit none.
                yield flipped_in(killed.files, name, places, chance)
                continue
            yield cut(killed.files, name, chance) if number % 10 == 9 else flipped(killed.files, name, chance)

    verdicts = judge(place, killed, damages(), report)
    assert verdicts["refused"]
    assert verdicts["same"]
    assert verdicts["quarantined"] > verdicts["reported"]
    report.finish()


def test_a_log_that_is_missing_or_another_is_refused(place: Path, killed: Reference, stopped: Reference) -> None:
    report = FaultReport("corruption_log", seed=SEED, options={}, faults=("RMWAL", "TRUNC", "OTHER", "OLDER"))
    without = {name: content for name, content in killed.files.items() if name != WAL}
    damages = [
        Damage("RMWAL", "no log", without),
        Damage("TRUNC", "an empty log", {**killed.files, WAL: b""}),
        Damage("OTHER", "the log of another store after a stop", {**stopped.files, WAL: killed.files[WAL]}),
        Damage("OLDER", "an older database after a kill", {**without, DB: stopped.files[DB][: 4096 * 4]}),
    ]
    verdicts = judge(place, killed, iter(damages), report)
    assert verdicts == {"refused": len(damages)}
    report.finish()


@pytest.mark.timeout(600)
def test_the_server_refuses_with_65_or_serves_what_is_whole(
    tmp_path: Path, killed: Reference, stopped: Reference, repetitions: Repetitions
) -> None:
    count = repetitions(8, 40)
    report = FaultReport("corruption_served", seed=SEED, options={"starts": count}, faults=("BIT",))
    chance = Random(SEED + 2)
    for number in range(count):
        reference = killed if number % 2 else stopped
        damage = flipped(reference.files, CATALOG if number % 4 < 2 else DB, chance)
        folder = tmp_path / f"n{number}"
        Reference(damage.files, reference.key, {}).write(folder)
        server = Server(folder).start(until_ready=False)
        try:
            status = started(server)
            report.hit("BIT")
            if status is not None:
                assert status == 65, (damage.text, server.log_text())
                report.checked("S18 refused with 65")
            else:
                assert reference is killed, "an orderly stop finds every damage"
                with httpx2.Client(base_url=server.address, timeout=120) as client:
                    statuses = {answer[0] for answer in read_all(client, reference.key).values()}
                assert statuses <= {200, 503}, damage.text
                report.checked("S18 served")
                assert server.stop() in (0, 65)
            assert "Traceback" not in server.log_text(), damage.text
        finally:
            server.close()
    report.finish()


def started(server: Server) -> int | None:
    """Returns the exit status of a server that does not start, None for one that does."""
    ready = server.folder.with_name(f"{server.folder.name}.ready")
    for _ in range(600):
        if not server.is_running():
            return server.wait()
        if ready.exists() and (text := ready.read_text().strip()):
            server.address = text
            return None
        time.sleep(0.05)
    raise AssertionError(server.log_text())


def test_what_was_changed_on_purpose_starts_without_the_seal_and_the_mark(tmp_path: Path, killed: Reference) -> None:
    folder = tmp_path / "data"
    Reference({name: content for name, content in killed.files.items() if name != WAL}, killed.key, {}).write(folder)
    done = run("doctor", "--data", folder, "--json")
    (problem,) = json.loads(done.stdout)["problems"]
    assert MARK in problem["message"]
    (folder / MARK).unlink()
    done = run("doctor", "--data", folder, "--json")
    assert (done.returncode, json.loads(done.stdout)["problems"]) == (0, [])
    assert (folder / SEAL).exists()
