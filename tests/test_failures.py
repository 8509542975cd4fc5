"""The end of a run says which tests failed, why, and where their logs and pictures are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from browser.conftest import CHROMIUM
from suite.failures import EXPLAINED, LISTED

CONFTEST = """
from pathlib import Path
from suite import failures

FOLDER = Path(__file__).parent

def pytest_configure(config):
    config.pluginmanager.register(failures.Evidence(FOLDER / "build" / "failures"))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(failures.Ending())

def pytest_terminal_summary(terminalreporter):
    for number in range(40):
        terminalreporter.line(f"a line of another plugin: {number}")
"""
WRONG = """
from pathlib import Path
import pytest
from suite.failures import keep_log

@pytest.fixture
def broken():
    raise RuntimeError("the fixture has no server")

def test_right():
    pass

def test_wrong(tmp_path):
    log = tmp_path / "data.log"
    keep_log(log)
    log.write_text("the server says why")
    found = 41
    assert found == 42, "the count is another one"

def test_unprepared(broken):
    pass
"""
MANY = """
import pytest

@pytest.mark.parametrize("number", range(25))
def test_wrong(number):
    assert number < 0
"""
DRAWN = """
import pytest
from playwright.sync_api import sync_playwright
from browser.conftest import ARGUMENTS, CHROMIUM
from suite.failures import keep_pages

@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        keep_pages(browser)
        yield browser.new_page()
        browser.close()

def test_wrong(page):
    page.goto("data:text/html,<h1>Orders</h1>")
    page.evaluate("console.log('the page says why')")
    assert page.get_by_role("heading").inner_text() == "Order"
"""
IN_ONE_PROCESS = ()
IN_TWO = ("-p", "xdist", "-n", "2", "--dist", "worksteal")


def end_of_run(folder: Path, tests: str, *options: str) -> list[str]:
    """Runs made-up tests in a process of their own, and returns the last 30 lines of its output."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_made_up.py").write_text(tests)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment |= {"PYTHONPATH": str(Path(__file__).parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout.splitlines()[-30:]


@pytest.mark.parametrize("options", [IN_ONE_PROCESS, IN_TWO], ids=["one process", "two processes"])
def test_the_last_lines_name_each_failed_test_its_reason_and_its_files(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    lines = end_of_run(tmp_path, WRONG, *options)
    begun = next(number for number, line in enumerate(lines) if "2 failed" in line and line.startswith("==="))
    kept = tmp_path / "build" / "failures"
    wrong = kept / "test_made_up.py_test_wrong"
    unprepared = kept / "test_made_up.py_test_unprepared"
    assert lines[begun + 1 : -1] == [
        "test_made_up.py::test_wrong",
        "  AssertionError: the count is another one",
        "  assert 41 == 42",
        f"  {tmp_path}/test_made_up.py:18",
        f"  {wrong}/ call.txt server-0.log",
        "test_made_up.py::test_unprepared (setup)",
        "  RuntimeError: the fixture has no server",
        f"  {tmp_path}/test_made_up.py:8",
        f"  {unprepared}/ setup.txt",
    ]
    assert (wrong / "server-0.log").read_text() == "the server says why"
    assert "assert found == 42" in (wrong / "call.txt").read_text()
    assert sorted(each.name for each in kept.iterdir()) == [unprepared.name, wrong.name]


@pytest.mark.parametrize("options", [IN_ONE_PROCESS, IN_TWO], ids=["one process", "two processes"])
def test_many_failed_tests_have_a_line_each_and_the_rest_is_counted(tmp_path: Path, options: tuple[str, ...]) -> None:
    lines = end_of_run(tmp_path, MANY, *options)
    listed = [line for line in lines if line.startswith("test_made_up.py::test_wrong[")]
    assert len(listed) == LISTED > EXPLAINED
    assert all(" | assert " in line and "test_made_up.py:6 | " in line for line in listed)
    assert lines[-2] == "and 5 more"


@pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="needs Chromium")
def test_a_story_that_failed_leaves_its_pages(tmp_path: Path) -> None:
    lines = end_of_run(tmp_path, DRAWN)
    kept = tmp_path / "build" / "failures" / "test_made_up.py_test_wrong"
    assert lines[-3:-1] == [f"  {kept}/ call.txt page-0.txt", f"  {kept}/ page-0.png"]
    assert (kept / "page-0.txt").read_text().splitlines() == [
        "data:text/html,<h1>Orders</h1>",
        "log: the page says why",
    ]
    assert (kept / "page-0.png").read_bytes().startswith(b"\x89PNG")


def test_a_test_whose_process_died_is_named(tmp_path: Path) -> None:
    dying = "import os\n\ndef test_that_dies():\n    os._exit(3)\n"
    lines = end_of_run(tmp_path, dying, *IN_TWO)
    assert any("test_made_up.py::test_that_dies" in line for line in lines[-8:]), lines
