"""Gate and proof: together they run every test, and what the tables name is there."""

import subprocess
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from contract.engine.callers.triggers import TriggerStories
from contract.engine.steps.scopes import ParallelStories
from suite.tiers import (
    ALL,
    FOLDER,
    GATE,
    OF_THE_PROOF,
    ON_ANY_STORE,
    PROOF,
    QUARTERS,
    ROTATING,
    SAMPLED,
    is_left_to_long_forms,
    is_run_by,
    may_be_of,
    quarter_of_commit,
    rests,
    shards,
)


def item(
    path: str,
    *,
    is_marked: bool = False,
    store: str = "",
    fixtures: tuple[str, ...] = (),
    stories: type | None = None,
    name: str = "",
) -> pytest.Item:
    """Returns what the choice sees of a test."""
    return SimpleNamespace(  # type: ignore[return-value]
        path=FOLDER / path,
        name=name,
        nodeid=f"tests/{path}::{name}",
        fixturenames=fixtures,
        cls=stories,
        callspec=SimpleNamespace(params={"kind": store}),
        get_closest_marker=lambda name: name if is_marked and name == "proof" else None,
    )


ITEMS = {
    "a unit test": (item("unit/test_rates.py"), (GATE,)),
    "a part of many cases": (
        item("fuzz/test_fuzz_expressions.py", is_marked=True, fixtures=("repetitions",)),
        (PROOF,),
    ),
    "its first part": (item("fuzz/test_fuzz_expressions.py", fixtures=("repetitions",)), (GATE, PROOF)),
    "a fault": (item("blackbox/kills/test_faults_kill.py"), (PROOF,)),
    "a story in memory": (item("contract/test_engine.py", store="memory"), (GATE,)),
    "a story on SQLite": (item("contract/test_engine.py", store="sqlite", stories=TriggerStories), (GATE,)),
    "a story on PostgreSQL": (item("contract/test_engine.py", store="postgres", stories=TriggerStories), (PROOF,)),
    "a story of a step in memory": (item("contract/test_engine.py", store="memory", stories=ParallelStories), (GATE,)),
    "a story of a step on SQLite": (item("contract/test_engine.py", store="sqlite", stories=ParallelStories), (PROOF,)),
    "the catalog on PostgreSQL": (item("contract/catalog/tenants/test_catalog_keys.py", store="postgres"), (PROOF,)),
    "the store of one process on PostgreSQL": (item("contract/postgres/test_store_postgres.py"), (PROOF,)),
    "an engine of several processes": (item("contract/processes/test_shared_engine.py"), (GATE,)),
    "the first day in a browser": (item("browser/app/test_browser_first_day.py"), (GATE,)),
    "another story in a browser": (item("browser/app/test_browser_roles.py"), (PROOF,)),
}


@pytest.mark.parametrize("name", ITEMS)
def test_each_test_is_run_by_the_gate_or_the_proof_and_by_a_run_without_a_tier(name: str) -> None:
    found, tiers = ITEMS[name]
    assert tuple(tier for tier in (GATE, PROOF, ALL) if is_run_by(tier, found)) == (*tiers, ALL)


@pytest.mark.parametrize(("store", "share"), [("postgres", 1 / SAMPLED), ("temporal", 1 / SAMPLED), ("sqlite", 1)])
def test_of_the_stories_of_decisions_the_proof_runs_a_share_on_dear_stores(store: str, share: float) -> None:
    path = "contract/test_engine.py"
    found = [item(path, store=store, stories=ParallelStories, name=f"test_{number}") for number in range(3000)]
    count = sum(not is_left_to_long_forms(each) for each in found)
    assert abs(count / len(found) - share) < 0.03
    assert not is_left_to_long_forms(item(path, store=store, stories=TriggerStories, name="test_1"))


def test_a_file_without_a_test_of_a_tier_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "test_short.py").write_text("def test_it() -> None:\n    assert [1]\n")
    (tmp_path / "test_long.py").write_text("def test_it(repetitions: object) -> None:\n    assert repetitions\n")
    fault = FOLDER / "blackbox/kills/test_faults_kill.py"
    files = (tmp_path / "test_short.py", tmp_path / "test_long.py", FOLDER / "contract/test_engine.py", fault)
    assert [may_be_of(GATE, file) for file in files] == [True, True, True, False]
    assert [may_be_of(PROOF, file) for file in files] == [False, True, True, True]
    assert all(may_be_of(ALL, file) for file in files)


@pytest.mark.parametrize("pattern", [*OF_THE_PROOF, *ON_ANY_STORE, *ROTATING])
def test_each_pattern_of_the_tables_names_a_file(pattern: str) -> None:
    assert list(FOLDER.glob(pattern))


def test_the_first_part_of_a_test_in_parts_is_of_the_gate() -> None:
    first, *others = shards(4)
    assert first == 0
    assert [(part.values, [mark.name for mark in part.marks]) for part in others] == [
        ((number,), ["proof"]) for number in (1, 2, 3)
    ]


def test_each_rotating_test_runs_in_one_quarter_and_all_of_them_where_none_is_chosen() -> None:
    found = [item("blackbox/kills/test_faults_kill.py", name=f"test_{number}") for number in range(1000)]
    runs = Counter(quarter for quarter in range(QUARTERS) for each in found if not rests(each, quarter))
    assert sum(runs.values()) == len(found)
    assert all(abs(count / len(found) - 1 / QUARTERS) < 0.05 for count in runs.values())
    assert not any(rests(each, None) for each in found)


def test_a_test_that_does_not_rotate_runs_in_each_quarter() -> None:
    story = item("browser/inbox/test_browser_own_inbox.py", name="test_an_approver_decides")
    assert not any(rests(story, quarter) for quarter in range(QUARTERS))


def test_commits_in_a_row_run_one_quarter_after_the_other(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--quiet")
    assert quarter_of_commit(tmp_path) is None
    quarters = []
    for number in range(QUARTERS + 1):
        _git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", str(number))
        quarters.append(quarter_of_commit(tmp_path))
    assert quarters == [1, 2, 3, 0, 1]


def test_all_quarters_run_where_the_number_of_the_commit_is_not_known(tmp_path: Path) -> None:
    whole, shallow, unknown = tmp_path / "whole", tmp_path / "shallow", tmp_path / "unknown"
    for folder in (whole, unknown):
        folder.mkdir()
    _git(whole, "init", "--quiet")
    for number in range(2):
        _git(whole, "commit", "--quiet", "--allow-empty", "--message", str(number))
    _git(tmp_path, "clone", "--quiet", "--depth", "1", whole.as_uri(), str(shallow))
    assert quarter_of_commit(whole) == 2
    assert quarter_of_commit(shallow) is None
    assert quarter_of_commit(unknown) is None


def _git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=A developer", "-c", "user.email=developer@example.com")
    subprocess.run(("git", *person, *arguments), cwd=folder, check=True, capture_output=True)
