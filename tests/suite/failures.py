"""What a failed test leaves, and what the end of a run says of it: which test, why, and where its log and picture are.

The process that ran the test writes `build/failures/TEST/`: what the servers wrote while it ran, a picture of each page
with its address, console and errors, and the whole error. The process that was started prints the end of the run.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LISTED: Final = 20
"""The failed tests that the end of a run names; more are counted."""
EXPLAINED: Final = 4
"""As many failed tests have several lines each: more of them would not fit into the last 30 lines of a run."""
_LOG_BYTES: Final = 2**18
"""The most of a log that is kept, of its end."""
_WIDTH: Final = 300
_PICTURE_MS: Final = 5_000

_logs: list[Path] = []
_browsers: "list[Browser]" = []


def keep_log(log: Path) -> None:
    """Adds what a failed test leaves by a log, if something was written to it while the test ran."""
    if log not in _logs:
        _logs.append(log)


def keep_pages(browser: "Browser") -> None:
    """Adds what a failed test leaves by the pages that it has open in a browser, until this one is closed."""
    _browsers.append(browser)


class Evidence:
    """Writes the folder of each test that fails in this process, and sends its place with the report."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before: dict[Path, int] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Notes how long each log is when a test begins, and removes what an earlier run of it left."""
        self._before = {log: _length(log) for log in _logs}
        shutil.rmtree(self._folder / _name(item.nodeid), ignore_errors=True)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Any:
        """Writes the folder of a test while its servers and pages are still there."""
        report = yield
        if report.failed:
            folder = self._folder / _name(item.nodeid)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{report.when}.txt").write_text(report.longreprtext + "\n", "utf-8")
            for number, written in enumerate(self._written()):
                (folder / f"server-{number}.log").write_bytes(written)
            for number, page in enumerate(_open_pages()):
                _draw(page, folder / f"page-{number}")
            report.evidence = str(folder)
        return report

    def _written(self) -> list[bytes]:
        """Returns the end of what was written to each log since the test began."""
        found = []
        for log in _logs:
            before, after = self._before.get(log, 0), _length(log)
            if after > before:
                with log.open("rb") as file:
                    file.seek(max(before, after - _LOG_BYTES))
                    found.append(file.read())
        return found


class Ending:
    """Prints what failed as the last lines of a run."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
        """Names the failed tests after everything that others print."""
        yield
        failed = [each for kind in ("failed", "error") for each in terminalreporter.stats.get(kind, ())]
        if failed:
            terminalreporter.section(f"{len(failed)} failed")
            for line in summary_lines(failed):
                terminalreporter.line(line)


def summary_lines(failed: list[Any]) -> list[str]:
    """Returns at most 6 lines of each failed test, or one where there are many, and how many are left out."""
    lines = []
    for report in failed[:LISTED]:
        name, (why, *more), place = _reported_name(report), _reasons(report), _place(report)
        evidence = getattr(report, "evidence", "")
        if len(failed) > EXPLAINED:
            lines.append(" | ".join(each for each in (_short(name, 120), _short(why, 120), place, evidence) if each))
            continue
        lines += [name, *(f"  {each}" for each in (why, *more, place, *_files(evidence)) if each)]
    if len(failed) > LISTED:
        lines.append(f"and {len(failed) - LISTED} more")
    return lines


def _reported_name(report: Any) -> str:
    when = getattr(report, "when", "call")
    return report.nodeid if when in ("call", None) else f"{report.nodeid} ({when})"


def _reasons(report: Any) -> list[str]:
    """Returns the first line of the error, and its line `assert` where that is another one."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason was given"]
    if crash is None:
        return [_short(lines[-1], _WIDTH)]
    compared = [line for line in lines[1:] if line.startswith("assert ")]
    return [_short(each, _WIDTH) for each in (lines[0], *compared[:1])]


def _place(report: Any) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return "" if crash is None else f"{crash.path}:{crash.lineno}"


def _files(evidence: str) -> list[str]:
    """Returns two lines: the folder with the names of what is text in it, and of its pictures."""
    if not evidence:
        return []
    names = sorted(each.name for each in Path(evidence).iterdir()) if Path(evidence).is_dir() else []
    pictures = [name for name in names if name.endswith(".png")]
    texts = [name for name in names if name not in pictures]
    lines = [f"{evidence}/ {' '.join(texts)}"]
    return [*lines, f"{evidence}/ {' '.join(pictures)}"] if pictures else lines


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _name(nodeid: str) -> str:
    """Returns the name of a test as that of a folder."""
    return re.sub(r"[^\w.-]+", "_", nodeid.removeprefix("tests/"))[-200:]


def _length(log: Path) -> int:
    """Returns the bytes of a log; 0 where it was not begun, or is gone with its folder."""
    try:
        return log.stat().st_size
    except FileNotFoundError:
        return 0


def _open_pages() -> "list[Page]":
    return [
        page
        for browser in _browsers
        if browser.is_connected()
        for context in browser.contexts
        for page in context.pages
    ]


def _draw(page: "Page", target: Path) -> None:
    """Stores a picture of a page, and its address, console and errors; what a page that hangs does not give is left."""
    from playwright.sync_api import Error  # noqa: PLC0415 - only with Chromium

    with suppress(Error):
        console = [f"{each.type}: {each.text}" for each in page.console_messages()]
        errors = [f"uncaught: {each}" for each in page.page_errors()]
        target.with_suffix(".txt").write_text("\n".join([page.url, *console, *errors]) + "\n", "utf-8")
        page.screenshot(path=target.with_suffix(".png"), timeout=_PICTURE_MS)
