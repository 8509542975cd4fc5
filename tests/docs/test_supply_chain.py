"""The bill of materials is the locked set, an audit evaluates what services report, and locks have a cool-down."""

import json
import re
import sysconfig
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import audit
import pytest
import sbom
from audit import Vulnerability, judge, read_npm, read_pip, read_waivers
from docs_pages import ROOT

TODAY = date(2026, 11, 28)
FOUND = Vulnerability("urllib9", "1.0", "PYSEC-2026-1", "fixed in 1.1", ("CVE-2026-1", "GHSA-aaaa-bbbb-cccc"))
PIP: dict[str, Any] = {
    "dependencies": [
        {"name": "rich", "version": "15.0.0", "vulns": []},
        {
            "name": "urllib9",
            "version": "1.0",
            "vulns": [
                {
                    "id": "PYSEC-2026-1",
                    "fix_versions": ["1.1"],
                    "aliases": ["CVE-2026-1", "GHSA-aaaa-bbbb-cccc"],
                    "description": "Headers of one answer are read as the next.",
                }
            ],
        },
    ],
    "fixes": [],
}
NPM: dict[str, Any] = {
    "auditReportVersion": 2,
    "vulnerabilities": {
        "markdown-kit": {
            "name": "markdown-kit",
            "severity": "high",
            "via": [
                {
                    "source": 1094499,
                    "name": "markdown-kit",
                    "url": "https://github.com/advisories/GHSA-dddd-eeee-ffff",
                    "severity": "high",
                    "range": "<2.0.1",
                },
                "other-kit",
            ],
            "range": "<2.0.1",
            "fixAvailable": {"name": "markdown-kit", "version": "2.0.1", "isSemVerMajor": False},
        }
    },
}


def waiver(until: str = "2026-12-31", id_: str = "PYSEC-2026-1", package: str = "urllib9") -> str:
    return f'[[waiver]]\nid = "{id_}"\npackage = "{package}"\nuntil = {until}\nreason = "It is not called."\n'


def test_the_bill_of_materials_is_the_locked_set() -> None:
    listed = json.loads(sbom.written(sbom.bill()))["components"]
    assert len({each["purl"] for each in listed}) == len(listed)
    python = {each["name"]: each["version"] for each in listed if each["purl"].startswith("pkg:pypi/")}
    web = {each["name"]: each["version"] for each in listed if each["purl"].startswith("pkg:npm/")}
    assert python == {**sbom.pinned("distributed.txt"), **sbom.pinned("run.txt")}
    assert web == {name: each["version"] for name, each in sbom.web_packages().items()}
    assert "adaptivecards" in web


def test_only_what_every_installation_has_is_required() -> None:
    listed = json.loads(sbom.written(sbom.bill()))["components"]
    optional = {each["name"] for each in listed if each["scope"] == "optional"}
    assert optional == set(sbom.pinned("distributed.txt")) - set(sbom.pinned("run.txt"))
    assert {"psycopg", "temporalio"} <= optional


def test_every_lock_pins_the_version_that_the_tests_run_with() -> None:
    tested = sbom.pinned("dev.txt")
    for lock in ("run.txt", "distributed.txt", "build.txt"):
        pinned = sbom.pinned(lock)
        assert pinned == {name: tested[name] for name in pinned}, lock


def test_what_is_installed_is_what_the_bill_lists() -> None:
    assert {name: version(name) for name in sbom.pinned("run.txt")} == sbom.pinned("run.txt")


def test_the_same_locks_give_the_same_bill() -> None:
    assert sbom.written(sbom.bill()) == sbom.written(sbom.bill())
    document = json.loads(sbom.written(sbom.bill()))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "looply"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["serialNumber"])


def test_a_vulnerability_is_a_finding_with_its_fix() -> None:
    found, unaudited = read_pip(PIP)
    assert (found, unaudited) == ([FOUND], [])
    verdict = judge(found, unaudited, (), TODAY)
    assert verdict.status == 1
    assert "urllib9 1.0: PYSEC-2026-1; fixed in 1.1" in list(verdict.lines())


def test_a_vulnerability_of_a_web_package_is_a_finding() -> None:
    found, unaudited = read_npm(NPM)
    assert unaudited == []
    fix = "fixed by markdown-kit 2.0.1"
    assert found == [Vulnerability("markdown-kit", "<2.0.1", "GHSA-dddd-eeee-ffff", fix)]


def test_an_audit_without_findings_passes() -> None:
    verdict = judge((), (), (), TODAY)
    assert (verdict.status, list(verdict.lines())) == (0, ["No known vulnerability."])


@pytest.mark.parametrize(
    "unaudited",
    [
        read_pip({"dependencies": [{"name": "rich", "skip_reason": "Dependency not found"}], "fixes": []})[1],
        read_npm({"message": "405 Method Not Allowed", "error": {"summary": "", "detail": ""}})[1],
        read_npm({"error": {"code": "ENOTFOUND", "summary": "request failed"}})[1],
        read_npm({})[1],
    ],
)
def test_an_incomplete_audit_never_passes(unaudited: list[str]) -> None:
    verdict = judge((), unaudited, (), TODAY)
    assert verdict.status == 2
    assert list(verdict.lines()) == [f"not audited: {unaudited[0]}", "The audit is not complete."]


def test_a_tool_that_writes_no_report_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert audit._npm() == ([], ["the web packages: npm is not installed"])


@pytest.mark.parametrize("id_", ["PYSEC-2026-1", "CVE-2026-1", "GHSA-aaaa-bbbb-cccc"])
def test_a_waiver_counts_until_its_date_under_any_name_of_the_vulnerability(id_: str) -> None:
    verdict = judge([FOUND], (), read_waivers(waiver("2026-11-28", id_)), TODAY)
    assert (verdict.status, verdict.waived) == (0, [FOUND])


def test_an_expired_waiver_waives_nothing() -> None:
    verdict = judge([FOUND], (), read_waivers(waiver("2026-11-27")), TODAY)
    assert (verdict.status, verdict.found) == (1, [FOUND])
    assert "ended on 2026-11-27" in verdict.mistakes[0]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (waiver("2027-11-28"), "at most 90 days are allowed"),
        (waiver(id_="CVE-2026-9"), "waives nothing any more"),
        (waiver(package="rich"), "waives nothing any more"),
    ],
)
def test_a_waiver_that_is_too_long_or_of_no_use_is_a_finding(text: str, mistake: str) -> None:
    verdict = judge([FOUND], (), read_waivers(text), TODAY)
    assert verdict.status == 1
    assert any(mistake in each for each in verdict.mistakes)


def test_the_waivers_of_the_project_can_be_read() -> None:
    assert all(each.reason.strip() for each in read_waivers(audit.WAIVERS.read_text(encoding="utf-8")))


def test_every_lock_excludes_releases_of_the_last_week() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^lock:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    compiled = recipe.count("uv pip compile")
    assert compiled == 4
    assert recipe.count('--exclude-newer "$(COOL_DOWN)"') == compiled
    assert "COOL_DOWN := 7 days" in text


START_UP_FILES = {
    "_looply.pth": "names the folders of the sources and of what tests share",
    "a1_coverage.pth": "measures the tests, when asked to by a variable",
    "distutils-precedence.pth": "setuptools; put there by venv",
}
"""Files that Python runs at each start of a development machine, and why."""


def test_no_package_brings_a_start_up_file_that_is_not_known() -> None:
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    found = {file.name for folder in folders for file in folder.glob("*.pth")}
    assert found <= START_UP_FILES.keys(), "a package runs code at each start of Python: look at it before it is listed"
