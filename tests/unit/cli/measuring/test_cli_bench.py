"""`looply bench expressions`: what it prints with Microsoft's packages, and without them."""

import json
import shutil
from pathlib import Path

import pytest
from cli_kit import Command

PACKAGES = Path(__file__).parents[4] / "ui" / "node_modules"
NAMES = ("adaptive-expressions", "adaptivecards-templating")

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is missing")
needs_packages = pytest.mark.skipif(
    not all((PACKAGES / name / "package.json").is_file() for name in NAMES),
    reason="Microsoft's packages are missing; `make ui` installs them",
)


@needs_node
def test_without_the_packages_our_figures_are_shown_alone(run: Command, tmp_path: Path) -> None:
    done = run("bench", "expressions", "--turns", "1", "--packages", str(tmp_path), "--json")
    assert (done.status, done.err) == (0, "")
    assert done.document["missing"].startswith("adaptive-expressions and adaptivecards-templating not found in ")
    assert all(set(each) == {"name", "ours_us"} and each["ours_us"] > 0 for each in done.document["cases"])
    shown = run("bench", "expressions", "--turns", "1", "--packages", str(tmp_path))
    assert "no comparison" in shown.out
    assert "a path of 3 names" in shown.out


def test_without_node_it_says_so(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run("bench", "expressions", "--turns", "1", "--json")
    assert done.status == 0
    assert done.document["missing"].startswith("node, ")


@needs_node
@needs_packages
def test_both_sides_evaluate_the_same_cases_to_the_same_values(run: Command) -> None:
    done = run("bench", "expressions", "--turns", "1", "--json")
    assert (done.status, done.err) == (0, "")
    report = done.document
    assert report["missing"] == ""
    assert set(report["versions"]) == {"node", *NAMES}
    assert len(report["cases"]) == 9
    for each in report["cases"]:
        assert each["equal"] is True, each["name"]
        assert each["ours_us"] > 0
        assert each["theirs_us"] > 0
    assert report["cases"][-1]["name"].startswith("a card of 5")
    shown = run("bench", "expressions", "--turns", "1")
    assert "our speed over theirs" in shown.out
    assert "adaptive-expressions" in shown.out


@needs_node
def test_packages_that_do_not_run_are_an_error(run: Command, tmp_path: Path) -> None:
    for name in NAMES:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0", "main": "missing.js"}))
    done = run("bench", "expressions", "--turns", "1", "--packages", str(tmp_path), "--json")
    assert done.status == 1
    assert done.document["code"] == "PEER_FAILED"
