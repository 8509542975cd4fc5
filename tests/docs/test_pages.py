"""Pages written by people: links resolve, examples are valid, and names are those of the code."""

import importlib.metadata
import json
import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from deployment_files import given_names
from docs_pages import DOCS, PAGES, ROOT, WRITTEN, blocks, is_shell, prose
from reference_pages.commands import command_names
from reference_pages.errors import find_codes
from reference_pages.logs import log_types

from looply.definition import parse_definition
from looply.jsontext import Json
from looply.server.application import API_ROUTES
from looply.settings import TABLE

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEREDOC = re.compile(r"<<'JSON'\n(.*?)^JSON$", re.MULTILINE | re.DOTALL)
UPPER = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
CALL = re.compile(r"`((?:get|create|update|delete|activate|import|export|validate|rerun|search|set|revoke)[A-Z]\w+)`")
COMMAND = re.compile(r"(?:^|[`/ ])looply ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+))?", re.MULTILINE)
OTHER_NAMES = frozenset(
    {
        "LOOPLY_URL",
        "LOOPLY_API_KEY",
        "LOOPLY_DEBUG",
        "LOOPLY_TEST_POSTGRES",
        "LOOPLY_TEST_RELEASE",
        "SSL_CERT_FILE",
    }
)
START: Json = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def slugs(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).replace("`", "").lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in slugs(target)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(prose(DOCS / "README.md"))}
    assert [named(page) for page in DOCS.rglob("*.md") if page not in index and page.parent.name != "adr"] == [
        "docs/README.md"
    ]


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_json_is_json(page: Path) -> None:
    for language, text in blocks(page):
        if language.split()[:1] == ["json"]:
            json.loads(text)


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_settings_in_examples_are_settings(page: Path) -> None:
    for language, text in blocks(page):
        if language == "toml":
            for name, value in tomllib.loads(text).items():
                TABLE[name].parse(value)


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_definitions_have_no_finding(page: Path) -> None:
    texts = [text for language, text in blocks(page) if language == "json definition"]
    texts += [found for language, text in blocks(page) if is_shell(language) for found in HEREDOC.findall(text)]
    for text in texts:
        findings = parse_definition(json.loads(text))
        assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_steps_in_examples_are_accepted(page: Path) -> None:
    for language, text in blocks(page):
        value = json.loads(text) if language == "json" else None
        if isinstance(value, dict) and {"id", "type"} <= value.keys():
            assert parse_definition(around(value)).errors == ()


def around(step: Json) -> Json:
    """Returns a definition that has the step after those that steps of examples name."""
    card = {"type": "AdaptiveCard", "version": "1.5", "body": []}
    others: list[Json] = [
        {"id": "adaptiveCard_1", "type": "adaptiveCard", "settings": {"card": card, "recipients": ["a@example.com"]}},
        {"id": "wait_1", "type": "wait", "settings": {}},
    ]
    chain = [START, *(other for other in others if other["id"] != step["id"]), step]
    edges = [{"from": before["id"], "to": after["id"]} for before, after in pairwise(chain)]
    return {"workflow_name": "example", "workflow_steps": chain, "workflow_connections": edges}


@cache
def names_of_the_code() -> frozenset[str]:
    return frozenset(
        {
            *find_codes(),
            *log_types(),
            *OTHER_NAMES,
            *(row.variable for row in TABLE.values()),
            *given_names(),
            *variables_of_the_pages(),
        }
    )


def variables_of_the_pages() -> set[str]:
    """Returns the variables that commands of the pages set for later ones."""
    shells = (text for page in WRITTEN for language, text in blocks(page) if is_shell(language))
    return {name for text in shells for name in re.findall(r"^export ([A-Z_]+)=", text, re.MULTILINE)}


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_names_in_capitals_are_those_of_the_code(page: Path) -> None:
    found = {name for text in re.findall(r"`([^`\n]+)`", prose(page)) for name in UPPER.findall(text)}
    assert {name for name in found if not name.startswith(("API_", "BSD_"))} - names_of_the_code() == set()


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_calls_of_the_api_exist(page: Path) -> None:
    known = {route.name for route in API_ROUTES}
    assert set(CALL.findall(prose(page))) - known == set()


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_commands_exist(page: Path) -> None:
    known = set(command_names())
    groups = {name.split()[0] for name in known if " " in name}
    shells = "\n".join(text for language, text in blocks(page) if is_shell(language))
    inline = "\n".join(text for text in re.findall(r"`([^`\n]+)`", prose(page)) if "looply " in text)
    for group, name in COMMAND.findall(f"{shells}\n{inline}"):
        command = f"{group} {name}".strip() if group in groups else group
        assert command in known, f"looply {group} {name}"


def test_every_event_of_the_log_is_explained() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    events = set(
        re.findall(
            r"\b(?:(?:log\.(?:debug|info|warning|error|exception)|ready)\(\s*|failed_event = )\"([a-z_]+)\"",
            source.replace("_log", "log"),
        )
    )
    section = prose(DOCS / "how-to" / "operate.md").partition("## The log")[2].partition("\n## ")[0]
    first_cells = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`([a-z_]+)`", first_cells)) == events


def test_every_dependency_has_its_reason_and_license() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = [project["project"]["dependencies"], *extras.values(), *project["dependency-groups"].values()]
    expected = {re.split(r"[<>=!~\[ ]", line)[0] for group in groups for line in group}
    rows = dict(re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|$", prose(DOCS / "dependencies.md"), re.MULTILINE))
    rows.pop("package", None)
    assert rows.keys() == expected


@pytest.mark.parametrize(
    ("package", "license_"),
    re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|$", prose(DOCS / "dependencies.md"), re.MULTILINE)[1:],
)
def test_the_license_of_a_dependency_is_the_one_that_it_states(package: str, license_: str) -> None:
    if package == "package":
        return
    try:
        metadata = importlib.metadata.metadata(package)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    stated = " ".join([metadata.get("License-Expression") or metadata.get("License") or "", *classifiers]).lower()
    for name in license_.lower().split(" or "):
        expected = {"apache-2.0": "apache", "any osi license": "osi"}.get(name, name)
        assert expected in stated, f"{package}: {stated}"
