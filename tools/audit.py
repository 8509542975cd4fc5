"""Looks for known vulnerabilities of the locked run-time set: `make audit`.

pip-audit checks `requirements/distributed.txt`, which includes all of `run.txt`, and npm the pages' lock. A
package that the service does not know counts as not audited, so an audit without a network never passes.

Exit status: 0 no vulnerability; 1 findings; 2 the audit is incomplete.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from looply.clock import SystemClock

ROOT: Final = Path(__file__).resolve().parent.parent
WAIVERS: Final = ROOT / "requirements" / "waivers.toml"
LONGEST: Final = timedelta(days=90)
_LOCK: Final = "requirements/distributed.txt"
_PIP: Final = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
_NPM: Final = ("audit", "--omit=dev", "--json")
_SECONDS: Final = 600


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability of a package. `fix` names the release that fixes it, empty when there is none yet."""

    package: str
    version: str
    id: str
    fix: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Waiver:
    """The reason why a vulnerability does not affect Looply, and the end of its validity."""

    id: str
    package: str
    until: date
    reason: str


@dataclass
class Verdict:
    """The result of an audit. `unaudited` lists the packages that no service answered for."""

    found: list[Vulnerability] = field(default_factory=list)
    waived: list[Vulnerability] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)
    unaudited: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The exit status."""
        if self.found or self.mistakes:
            return 1
        return 2 if self.unaudited else 0

    def lines(self) -> Iterator[str]:
        """Yields the report."""
        for each in self.found:
            yield f"{each.package} {each.version}: {each.id}; {each.fix or 'no release fixes it yet'}"
        yield from self.mistakes
        for each in self.waived:
            yield f"waived: {each.package} {each.version}: {each.id}"
        yield from (f"not audited: {each}" for each in self.unaudited)
        summary = {0: "No known vulnerability.", 1: "The audit has findings.", 2: "The audit is not complete."}
        yield summary[self.status]


def read_pip(answer: Any) -> tuple[list[Vulnerability], list[str]]:
    """Returns the content of pip-audit's JSON: vulnerabilities, and packages that it could not audit."""
    found: list[Vulnerability] = []
    unaudited: list[str] = []
    for each in answer["dependencies"]:
        if "skip_reason" in each:
            unaudited.append(f"{each['name']}: {each['skip_reason']}")
        for known in each.get("vulns", ()):
            fixes = ", ".join(known["fix_versions"])
            fix = f"fixed in {fixes}" if fixes else ""
            found.append(Vulnerability(each["name"], each["version"], known["id"], fix, tuple(known["aliases"])))
    return found, unaudited


def read_npm(answer: Any) -> tuple[list[Vulnerability], list[str]]:
    """Returns the content of npm's JSON: vulnerabilities, and the reason if it could not audit."""
    if "vulnerabilities" not in answer:
        error = answer.get("error") or {}
        reason = error.get("summary") or answer.get("message") or "npm gave no report"
        return [], [f"the web packages: {reason}"]
    found = [
        Vulnerability(name, each.get("range", ""), str(via.get("url", "")).rpartition("/")[2], _npm_fix(each))
        for name, each in answer["vulnerabilities"].items()
        for via in each["via"]
        if isinstance(via, dict)  # a text names another package of this report
    ]
    return found, []


def read_waivers(text: str) -> tuple[Waiver, ...]:
    """Returns the waivers of a file. Raises: TypeError or TOMLDecodeError when it is not one."""
    return tuple(Waiver(**each) for each in tomllib.loads(text).get("waiver", ()))


def judge(found: Iterable[Vulnerability], unaudited: Iterable[str], waivers: Sequence[Waiver], today: date) -> Verdict:
    """Returns the verdict. A waiver that has expired, is too long, or waives nothing is a mistake."""
    verdict = Verdict(unaudited=list(unaudited))
    used: set[Waiver] = set()
    for each in found:
        names = (each.id, *each.aliases)
        mine = [waiver for waiver in waivers if waiver.package == each.package and waiver.id in names]
        used.update(mine)
        is_waived = any(waiver.until >= today for waiver in mine)
        (verdict.waived if is_waived else verdict.found).append(each)
    for waiver in waivers:
        label = f"the waiver of {waiver.id} ({waiver.package})"
        if waiver.until < today:
            verdict.mistakes.append(f"{label} ended on {waiver.until}; update the package, or review it again")
        if waiver.until > today + LONGEST:
            verdict.mistakes.append(f"{label} lasts until {waiver.until}; at most {LONGEST.days} days are allowed")
        if waiver not in used and not verdict.unaudited:
            verdict.mistakes.append(f"{label} waives nothing any more; remove it")
    return verdict


def _npm_fix(each: Any) -> str:
    fix = each.get("fixAvailable")
    if isinstance(fix, dict):
        return f"fixed by {fix['name']} {fix['version']}"
    return "fixed by an update" if fix else ""


def _answer(command: Sequence[str], folder: Path) -> tuple[Any, str]:
    """Returns the JSON that a tool writes, or why it wrote none. The tools exit with 1 when they find something."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        return None, f"it gave no answer within {_SECONDS} seconds"
    try:
        return json.loads(done.stdout), ""
    except ValueError:
        said = done.stderr.strip().splitlines()
        return None, said[-1] if said else f"it ended with {done.returncode}"


def _pip() -> tuple[list[Vulnerability], list[str]]:
    command = (sys.executable, "-m", "pip_audit", "-r", _LOCK, *_PIP)
    answer, reason = _answer(command, ROOT)
    if answer is None:
        return [], [f"the Python packages: the service of vulnerabilities cannot be reached ({reason})"]
    return read_pip(answer)


def _npm() -> tuple[list[Vulnerability], list[str]]:
    npm = shutil.which("npm")
    if npm is None:
        return [], ["the web packages: npm is not installed"]
    answer, reason = _answer((npm, *_NPM), ROOT / "ui")
    if answer is None:
        return [], [f"the web packages: the service of vulnerabilities cannot be reached ({reason})"]
    return read_npm(answer)


def main() -> int:
    """Audits the locks of the working tree."""
    (python, missing), (web, missing_web) = _pip(), _npm()
    waivers = read_waivers(WAIVERS.read_text(encoding="utf-8"))
    verdict = judge([*python, *web], [*missing, *missing_web], waivers, SystemClock().now().date())
    sys.stdout.write("".join(f"{line}\n" for line in verdict.lines()))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
