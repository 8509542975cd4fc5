"""Which tests a change must pass (`make test`), and which are left for the proof (`make proof`).

The gate shows that nothing is broken; the proof shows that nothing can be broken by what hardly ever happens. What is
in no table and has no mark `proof` is of the gate. Of the proof are, beside what the gate leaves out, the tests that
count their repetitions: there they run in a longer form.

What takes the proof longest and hardly depends on a change rotates: a commit runs one quarter of it, by its number, so
that four commits in a row run all of it. `make proof ARGS=all` runs the four quarters at once, as every other run does.
"""

import subprocess
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import pytest

GATE: Final = "gate"
PROOF: Final = "proof"
ALL: Final = "all"

FOLDER: Final = Path(__file__).parent.parent

OF_THE_PROOF: Final = {
    "blackbox/calls/test_blackbox_clients.py": "two programs of others make clients, which are compiled and used",
    "blackbox/calls/test_blackbox_metrics.py": "metrics of several processes; what each of them shows is in the gate",
    "blackbox/calls/test_blackbox_openapi.py": "requests that Schemathesis draws, for each operation of the API",
    "blackbox/commands/test_blackbox_connector.py": "a distribution of others that is installed and crashes",
    "blackbox/commands/test_blackbox_datastores.py": "datastores of a server that is killed and restored",
    "blackbox/commands/test_blackbox_folder.py": "folders that are in use, full, damaged, newer or without their key",
    "blackbox/commands/test_blackbox_watch.py": "a watch whose server is killed; what it prints is in the gate",
    "blackbox/commands/test_cli_folder.py": "commands as processes on a folder; in one process they are in the gate",
    "blackbox/commands/test_cli_move.py": "whole installations that move to another store",
    "blackbox/commands/test_cli_terminal.py": "terminals and pipes; what commands print is in the gate",
    "blackbox/distributed/test_upgrade_*.py": "two releases beside each other",
    "blackbox/kills/test_blackbox_crash.py": "servers that are killed at work; the stories of recovery are in the gate",
    "blackbox/protection/test_blackbox_canaries.py": "marked secrets through each setting of each step",
    "blackbox/protection/test_unit_filter.py": "processes that are traced under the filters of systemd's units",
    "blackbox/*/test_faults_*.py": "kills, faults of system calls and damage, over many lives of a server",
    "browser/test_browser_inbox.py": "pages in a browser beyond the one approval that the gate plays",
    "browser/*/test_browser_[!f]*.py": "stories in a browser beyond the first day of an installation",
    "contract/catalog/storage/test_*_faults.py": "databases that go away and come back",
    "contract/moving/test_*.py": "moves of whole installations, cut off at every step",
    "contract/postgres/test_*.py": "the store of one process on PostgreSQL; that of several processes is in the gate",
    "contract/processes/test_shared_ends.py": "processes that end or are paused",
    "golden/test_golden_beside.py": "rows beside recorded histories; recorded histories and folders are in the gate",
    "golden/test_golden_databases.py": "recorded databases; recorded folders are in the gate",
    "golden/test_golden_upgrades.py": "upgrades that are killed midway",
    "simulation/test_mutants.py": "engines that are wrong in one thing: a proof of the simulator, not of the engine",
    "simulation/test_[!s]*_simulation.py": "systems that are down, branches, cards, pruning",
    "simulation/test_power_loss*.py": "a disk that loses what was not flushed",
    "test_failures.py": "runs of pytest that fail, with a browser and with processes that end",
    "test_wheel.py": "a wheel that is built, unpacked and imported whole",
    "unit/connectors/peers/test_peers_microsoft_teams.py": "an SDK that takes seconds to import",
}
"""Files, with the reason."""

_PATTERNS_OF_THE_PROOF: Final = tuple(OF_THE_PROOF)

ON_ANY_STORE: Final = (
    "contract/test_engine.py",
    "contract/patterns/*.py",
    "contract/catalog/authored/*.py",
    "contract/catalog/tenants/*.py",
)
"""Files whose stories touch nothing of a store but its ports: in the gate they run in memory and on SQLite."""

OF_DECISIONS: Final = ("contract.engine.people", "contract.engine.steps")
"""Stories of the engine contract that show what the core decides: in the gate they run in memory only, in the proof on
SQLite, and one in `SAMPLED` of them on PostgreSQL and with Temporal; the long forms (`--soak`) run them all. The rows
that they leave are those of the contract of stores, which runs on every store."""
SAMPLED: Final = 3

QUARTERS: Final = 4
ROTATING: Final = {
    "blackbox/*/test_faults_*.py": "kills, faults of system calls and damage: minutes of waiting for servers",
    "blackbox/calls/test_blackbox_inbox.py": "the inbox with several servers; with one it is in the gate",
    "blackbox/calls/test_blackbox_openapi.py": "requests that Schemathesis draws",
    "blackbox/commands/test_blackbox_folder.py": "folders in use, full or damaged",
    "blackbox/commands/test_cli_*.py": "commands as processes; in one process they are in the gate",
    "blackbox/distributed/*.py": "several servers and workers, stopped, killed and cut off from each other",
    "blackbox/protection/test_*.py": "marked secrets in all places, and processes that are traced",
    "browser/*/test_browser_*looks.py": "pictures and contrasts of each page in each form",
    "contract/catalog/*/*.py": "the catalog on PostgreSQL; on SQLite it is in the gate",
    "contract/moving/test_*.py": "moves that are cut off at every step",
    "contract/postgres/test_*.py": "the store of one process on PostgreSQL",
    "contract/test_engine.py": "stories on PostgreSQL and with Temporal; in memory and on SQLite they are in the gate",
    "differential/test_*.py": "further cases that are compared with the systems of others; the first are in the gate",
    "fuzz/test_*.py": "further inputs by chance; the first are in the gate",
    "golden/test_golden_*.py": "rows beside recorded histories and databases, and upgrades that are killed",
    "simulation/test_*.py": "further runs by chance, and engines that are wrong in one thing",
    "unit/server/authoring/test_server_kept_json.py": "every body of the API at each size",
    "unit/server/teams/test_server_teams_attacks.py": "forged messages of Teams by the thousand",
}
"""Files of whose tests of the proof a commit runs a quarter, with the reason."""

_ROTATING_PATTERNS: Final = tuple(ROTATING)


def shards(count: int) -> list[Any]:
    """Returns the numbers of the parts of a test that tries very many cases: the first is of the gate, too."""
    return [0, *(pytest.param(number, marks=pytest.mark.proof) for number in range(1, count))]


def is_of_proof(item: pytest.Item) -> bool:
    """Returns whether the gate leaves a test out."""
    return (
        item.get_closest_marker(PROOF) is not None
        or _fits(item.path, _PATTERNS_OF_THE_PROOF)
        or (_fits(item.path, ON_ANY_STORE) and _store_of(item) == "postgres")
        or (_shows_decisions(item) and _store_of(item) == "sqlite")
    )


@cache
def may_be_of(tier: str, path: Path) -> bool:
    """Returns whether a file may have a test of a tier: others are not even imported.

    A run of the gate, which imports nearly all, fails where this says no and a test says yes.
    """
    if tier == GATE:
        return not _fits(path, _PATTERNS_OF_THE_PROOF)
    if tier == ALL or _fits(path, (*_PATTERNS_OF_THE_PROOF, *ON_ANY_STORE)):
        return True
    content = path.read_text("utf-8")
    return any(word in content for word in ("proof", "shards", "repetitions"))


def is_run_by(tier: str, item: pytest.Item) -> bool:
    """Returns whether a test belongs to a run: each is in the gate, or in the proof, or in both in two lengths."""
    if tier == GATE:
        return not is_of_proof(item)
    return tier == ALL or is_of_proof(item) or "repetitions" in getattr(item, "fixturenames", ())


def is_left_to_long_forms(item: pytest.Item) -> bool:
    """Returns whether the proof leaves a story out: it shows a decision, on a store that others show to be one."""
    is_dear = _store_of(item) in ("postgres", "temporal")
    return is_dear and _shows_decisions(item) and crc32(item.name.encode()) % SAMPLED != 0


def rests(item: pytest.Item, quarter: int | None) -> bool:
    """Returns whether a test of the proof rotates and is not of this quarter, from 0 to 3; `None` is all of them."""
    if quarter is None or not _fits(item.path, _ROTATING_PATTERNS):
        return False
    return crc32(item.nodeid.encode()) % QUARTERS != quarter


def quarter_of_commit(folder: Path) -> int | None:
    """Returns the quarter of the commit that is checked out: the count of commits up to it, modulo four.

    Returns `None`, for all quarters, where the count is not known: outside of a repository and in a shallow clone.
    """
    if _git(folder, "rev-parse", "--is-shallow-repository") != "false":
        return None
    count = _git(folder, "rev-list", "--count", "HEAD")
    return int(count) % QUARTERS if count else None


def _git(folder: Path, *arguments: str) -> str:
    """Returns what git prints of a folder, and an empty text where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(("git", *arguments), cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def choose(config: pytest.Config, items: list[pytest.Item], tier: str, quarter: int | None) -> None:
    """Leaves the tests out that do not belong to the run, or rest in this quarter of the proof."""
    is_proof = tier == PROOF or config.getoption("engine") == "distributed"
    is_sampled = is_proof and not config.getoption("soak")
    if tier == GATE and (unseen := {each.path for each in items if _is_unseen(each)}):
        raise pytest.UsageError(f"the proof would not import these files, which have tests of it: {sorted(unseen)}")
    left_out = [
        item
        for item in items
        if not is_run_by(tier, item) or (is_sampled and (is_left_to_long_forms(item) or rests(item, quarter)))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = {id(item) for item in left_out}
        items[:] = [item for item in items if id(item) not in gone]


def _is_unseen(item: pytest.Item) -> bool:
    return is_run_by(PROOF, item) and not may_be_of(PROOF, item.path)


@cache
def _fits(path: Path, patterns: tuple[str, ...]) -> bool:
    if not path.is_relative_to(FOLDER):
        return False
    return any(fnmatch(path.relative_to(FOLDER).as_posix(), pattern) for pattern in patterns)


def _shows_decisions(item: pytest.Item) -> bool:
    """Returns whether a test is of a class of stories of these packages."""
    classes = getattr(getattr(item, "cls", None), "__mro__", ())
    return any(each.__module__.startswith(OF_DECISIONS) for each in classes)


def _store_of(item: pytest.Item) -> object:
    params = getattr(getattr(item, "callspec", None), "params", {})
    return params.get("kind", params.get("location"))
