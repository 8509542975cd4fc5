"""Pruning that is killed midway: executions are removed whole, others are untouched, and the next run continues.

The hypothesis: wherever `looply db prune` is killed, between slices or while space is returned, `doctor` finds no
problem, every waiting execution exists with its data, and no execution exists in part. A backup of the rest
can be restored, and the waiting executions continue.
"""

import json
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blackbox.evidence.report import FaultReport
from blackbox.harness.client import Organization
from blackbox.harness.definitions import definition, note, wait
from blackbox.harness.launcher import COMMAND, Server, doctor, environment_with, init, run

SEED = 20261127
ENDED = 160
WAITING = 12
KILLS = ("KILL among slices", "KILL while space is returned")
LONGEST_SECONDS = 1800

Counts = tuple[int, int, int]
"""Executions, free pages, pages of the store's file."""
Repetitions = Callable[[int, int], int]


class Stage:
    """A data folder with executions that have ended, and a few that wait and share a large value with the former."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder / "data"
        self.place = folder
        self._made = init(self.folder)
        self._text = random.Random(seed).randbytes(60_000).hex()
        self.waiting: list[str] = []
        self.workflow_id = ""
        server = Server(self.folder).start()
        try:
            with server.connect(timeout=60) as client:
                org = Organization(client, **self._made)
                self._fill(org)
        finally:
            server.close()

    def _fill(self, org: Organization) -> None:
        self.workflow_id = org.create(definition(wait(), note("kept", "${length(payload.output.shared)}")))
        computing = org.create(definition(note()))
        for number in range(ENDED):
            shared = self._text if number % 2 else ""
            org.trigger(computing, {"own": random.Random(number).randbytes(100_000).hex(), "shared": shared})
            if number % (ENDED // WAITING) == 0 and len(self.waiting) < WAITING:
                self.waiting.append(org.trigger(self.workflow_id, {"shared": self._text, "number": number}))

    @property
    def counts(self) -> Counts:
        """What the file shows at the moment."""
        with closing(sqlite3.connect(f"file:{self.folder / 'executions.db'}?mode=ro", uri=True)) as store:
            (executions,) = store.execute("SELECT count(*) FROM execution").fetchone()
            (free,), (pages,) = (
                store.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count")
            )
        return executions, free, pages

    def prune(self) -> "subprocess.Popen[bytes]":
        """Begins to prune all that has ended."""
        command = [COMMAND, "db", "prune", "--data", str(self.folder), "--older-than", "PT0S", "--yes", "--json"]
        return subprocess.Popen(command, env=environment_with({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def resume_waiting(self, folder: Path) -> int:
        """Serves a folder and resumes its waiting executions; returns how many continued with all their data."""
        server = Server(folder).start()
        try:
            with server.connect(timeout=60) as client:
                org = Organization(client, **self._made)
                for execution_id in self.waiting:
                    assert org.resume(execution_id).status_code == 200
                    item = org.until(self.workflow_id, execution_id, "COMPLETED")
                    assert item["workflow_output_payload"]["payload"]["output"]["kept"] == len(self._text)
        finally:
            server.close()
        return len(self.waiting)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, SEED)


def _killed(stage: Stage, chance: random.Random, *, among_slices: bool) -> bool:
    """Kills one pruning when it has done a part of its work; returns whether it was still running."""
    before = stage.counts
    process = stage.prune()
    expected = before[0] - chance.randint(1, 30) if among_slices else before[2] - chance.randint(1, 1000)
    try:
        while process.poll() is None:
            executions, _, pages = stage.counts
            if (executions if among_slices else pages) <= expected:
                process.kill()
                break
            time.sleep(0.001)
        return process.wait() == -signal.SIGKILL
    finally:
        process.kill()
        process.communicate()


def _proved(stage: Stage, report: FaultReport) -> None:
    audit = doctor(stage.folder)
    assert (audit["problems"], audit["orphans"], audit["open"]) == ([], 0, WAITING)
    assert audit["executions"] >= WAITING
    report.checked("I11 nothing is orphaned, each execution is there whole or not at all")


def _pruned(stage: Stage) -> dict[str, Any]:
    done = run("db", "prune", "--data", stage.folder, "--older-than", "PT0S", "--yes", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.timeout(LONGEST_SECONDS)
def test_pruning_that_is_killed_loses_nothing_that_stays(stage: Stage, repetitions: Repetitions) -> None:
    most = repetitions(2, 40)
    chance = random.Random(SEED)
    options = {"executions": ENDED, "that wait": WAITING, "kills of each kind": most}
    report = FaultReport("kill_prune", seed=SEED, options=options, faults=KILLS)
    before = stage.counts
    for kind, is_among_slices in zip(KILLS, (True, False), strict=True):
        for _ in range(most):
            if _killed(stage, chance, among_slices=is_among_slices):
                report.hit(kind)
                _proved(stage, report)
    answers = _pruned(stage)
    executions, free, pages = stage.counts
    # The execution that was stored last stays: cursors of streams continue from it.
    assert (executions, answers["held"]) == (WAITING + 1, 1)
    assert free < 1000
    assert pages < before[2] / 10
    _proved(stage, report)
    report.checked("I1 waiting executions continue with their data", _restored(stage))
    report.checked("I1 waiting executions continue with their data", stage.resume_waiting(stage.folder))
    report.finish()


def _restored(stage: Stage) -> int:
    """Resumes the waiting executions in a folder restored from a backup."""
    copy, restored = stage.place / "copy", stage.place / "restored"
    for command in (("backup", copy, "--data", stage.folder, "--with-key"), ("restore", copy, "--data", restored)):
        done = run("db", *command)
        assert done.returncode == 0, done.stderr
    assert doctor(restored)["problems"] == []
    return stage.resume_waiting(restored)
