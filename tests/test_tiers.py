"""Gate and proof: together they run every test, and what the tables name is there."""

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
    SAMPLED,
    is_left_to_long_forms,
    is_run_by,
    may_be_of,
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


@pytest.mark.parametrize("pattern", [*OF_THE_PROOF, *ON_ANY_STORE])
def test_each_pattern_of_the_tables_names_a_file(pattern: str) -> None:
    assert list(FOLDER.glob(pattern))


def test_the_first_part_of_a_test_in_parts_is_of_the_gate() -> None:
    first, *others = shards(4)
    assert first == 0
    assert [(part.values, [mark.name for mark in part.marks]) for part in others] == [
        ((number,), ["proof"]) for number in (1, 2, 3)
    ]
