"""`SECURITY.md` says how to report a vulnerability and which versions get fixes, and what it names exists."""

import re

import pytest
from docs_pages import ROOT

POLICY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
SECTIONS = dict(zip(*[iter(re.split(r"^## (.+)$", POLICY, flags=re.MULTILINE)[1:])] * 2, strict=True))


def section(title: str) -> str:
    return " ".join(SECTIONS[title].split())


def test_a_report_is_private_and_says_what_belongs_in_it_and_when_it_is_answered() -> None:
    report = section("Report a vulnerability")
    assert "report it privately, never in an issue, a pull request or a discussion" in report
    assert "**Security**, choose **Report a vulnerability**" in report
    for part in ("what an attacker can do", "the release or commit", "the smallest call, definition or payload"):
        assert part in report, part
    assert [int(days) for days in re.findall(r"within (\d+)", report)] == [3, 10]
    assert "Please give them up to 90 days before you publish it" in report


def test_the_supported_versions_are_those_that_exist() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", SECTIONS["Supported versions"], re.MULTILINE)[1:]
    assert [fixes for _, fixes in rows] == ["yes", "for 90 days after the newer one", "no: update"]
    released = re.findall(r"^## \[?\d+\.\d+", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    is_said_to_have_none = "There is no release yet" in section("Supported versions")
    assert is_said_to_have_none != bool(released)


def test_each_guarantee_whose_violation_is_a_vulnerability_is_named() -> None:
    named = section("What is a vulnerability")
    for guarantee in (
        "another organization",
        "marked `secret`",
        "sandbox",
        "a decision that counts",
        "stops the server",
    ):
        assert guarantee in named, guarantee
    assert "Not vulnerabilities:" in named


@pytest.mark.parametrize("target", ["audit", "sbom"])
def test_the_commands_for_dependencies_exist(target: str) -> None:
    assert f"`make {target}`" in section("Dependencies")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_security_model_leads_to_the_policy() -> None:
    model = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")
    assert "(../../SECURITY.md)" in model.partition("## Report a vulnerability")[2]
