"""`looply db prune` on a data folder: what it counts, what it removes, and what it refuses."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cli_kit import Command

from blackbox.harness.definitions import COMPUTING
from contract.store.decisions import deciding
from contract.store.samples import OTHER_WORKFLOW, WORKFLOW, Samples
from looply.bootstrap import CATALOG_FILE
from looply.clock import SystemClock
from looply.engine.sqlite import SqliteStore
from looply.engine.sqlite.file.lock import FolderLock
from looply.engine.sqlite.file.opening import FILE_NAME, LOCK_NAME
from looply.engine.sqlite.file.seal import Seal

DAY = timedelta(days=1)


@pytest.fixture
def data(tmp_path: Path, run: Command) -> Path:
    """Returns a folder with two executions of each of two workflows, ended 40 and 20 days ago, and a waiting one."""
    folder = tmp_path / "data"
    assert run("init", "--data", str(folder), "--json").status == 0
    asyncio.run(_fill(folder))
    return folder


def store_in(folder: Path) -> SqliteStore:
    """Returns the store of a folder; closing it seals the folder."""
    return SqliteStore(folder, SystemClock(), seal=Seal(folder, (CATALOG_FILE, FILE_NAME)))


async def _fill(folder: Path) -> None:
    store = store_in(folder)
    await store.open()
    samples = Samples()
    for days in (40, 20):
        samples.now = SystemClock().now() - days * DAY
        for workflow_id in (WORKFLOW, OTHER_WORKFLOW):
            expires_on = samples.now + 10 * DAY if workflow_id == OTHER_WORKFLOW else None
            first = samples.first(status="COMPLETED", workflow_id=workflow_id, expires_on=expires_on)
            await store.journal.commit(first if workflow_id == WORKFLOW else deciding(first, 2))
    await store.journal.commit(samples.first(status="WAITING"))
    await store.close()


def _prune(run: Command, data: Path, *more: str, **environment: str) -> Any:
    done = run("db", "prune", "--data", str(data), *more, "--yes", "--json", env=environment)
    assert done.status == 0, done.err
    return done.document


def test_without_an_age_executions_past_their_retention_are_pruned(run: Command, data: Path) -> None:
    counted = _prune(run, data, "--dry-run")
    assert (counted["executions"], counted["dry_run"], "freed_bytes" in counted) == (2, True, False)
    pruned = _prune(run, data)
    assert (pruned["executions"], pruned["bytes"], pruned["held"]) == (2, counted["bytes"], 0)
    assert pruned["freed_bytes"] >= 0
    assert _prune(run, data)["executions"] == 0
    assert _prune(run, data, LOOPLY_RETENTION_DAYS="30")["executions"] == 1
    assert _prune(run, data, LOOPLY_RETENTION_DAYS="15")["executions"] == 1


def test_an_age_overrides_the_retention_of_a_workflow(run: Command, data: Path) -> None:
    assert _prune(run, data, "--older-than", "P1M", "--dry-run")["executions"] == 2
    assert _prune(run, data, "--older-than", "P1Y")["executions"] == 0
    assert _prune(run, data, "--older-than", "P10D", "--workflow", OTHER_WORKFLOW.upper())["executions"] == 2
    assert _prune(run, data, "--older-than", "P10D")["executions"] == 2


def test_a_workflow_is_named_and_one_of_another_organization_too(run: Command, data: Path, tmp_path: Path) -> None:
    (second,) = run("organization", "create", "Second", "--data", str(data), "--json").document["items"]
    for organization in ((), ("--organization", second["organization_id"])):
        for name in ("Shared", f"Own {len(organization)}"):
            definition = tmp_path / "definition.json"
            definition.write_text(json.dumps({**COMPUTING, "workflow_name": name}))
            assert run("workflow", "import", str(definition), "--data", str(data), *organization).status == 0
    for name in ("Own 0", "Own 2"):
        assert _prune(run, data, "--older-than", "P10D", "--workflow", name)["executions"] == 0
    prune = ("db", "prune", "--data", str(data), "--yes", "--json", "--workflow")
    assert run(*prune, "Shared").document["code"] == "AMBIGUOUS_NAME"
    assert run(*prune, "Own 1").document["code"] == "WORKFLOW_NOT_FOUND"


def test_recorded_decisions_have_a_retention_of_their_own(run: Command, data: Path) -> None:
    pruned = _prune(run, data, "--older-than", "P10D")
    assert (pruned["executions"], pruned["decisions"]) == (4, 0)
    for days, decisions in (("50", 0), ("30", 1), ("30", 0), ("15", 1)):
        environment = {"LOOPLY_DECISION_RETENTION_DAYS": days}
        assert _prune(run, data, "--dry-run", **environment)["decisions"] == decisions
        assert _prune(run, data, **environment)["decisions"] == decisions


def test_people_read_a_table(run: Command, data: Path) -> None:
    shown = run("db", "prune", "--offline", "--dry-run", env={"LOOPLY_DATA": str(data)}).out
    assert "executions would go" in shown
    assert "recorded decisions would go" in shown
    assert "bytes freed on the disk" in run("db", "prune", "--offline", "--yes", env={"LOOPLY_DATA": str(data)}).out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "--offline"),
        (("--offline", "--data", "x"), "--offline"),
        (("--offline", "--older-than", "30 days"), "such as P30D"),
        (("--offline", "--older-than", "P99999Y"), "such as P30D"),
    ],
)
def test_an_invalid_age_or_store_is_wrong_usage(run: Command, data: Path, options: tuple[str, ...], says: str) -> None:
    done = run("db", "prune", *options, "--json", env={"LOOPLY_DATA": str(data)})
    assert (done.status, done.document["code"]) == (2, "USAGE")
    assert says in done.document["message"]


def test_a_folder_that_a_server_has_is_left_to_it(run: Command, data: Path) -> None:
    lock = FolderLock(data / LOCK_NAME)
    lock.acquire()
    done = run("db", "prune", "--data", str(data), "--json")
    lock.release()
    assert (done.status, done.document["code"]) == (1, "DATA_FOLDER_IN_USE")
