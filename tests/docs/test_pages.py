"""Pages written by people: links resolve, examples are valid, and names are those of the code."""

import importlib.metadata
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from deployment_files import given_names
from docs_pages import DOCS, PAGES, ROOT, WRITTEN, blocks, is_shell, place, prose
from reference_pages.commands import command_names
from reference_pages.errors import find_codes
from reference_pages.logs import log_types

from looply.app.bulks.preview import MigrationForecast
from looply.app.inbox.own import VIA_TAB
from looply.app.messages.bots import ReachStatus
from looply.app.openid.flow import FailureCode
from looply.bootstrap.channels import OWN_CHANNELS
from looply.definition import parse_definition
from looply.engine.ports.card_channel import INBOX
from looply.execution.answering.step_try import Outcome
from looply.jsontext import Json
from looply.server.application import API_ROUTES
from looply.settings import TABLE

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEREDOC = re.compile(r"<<'JSON'\n(.*?)^JSON$", re.MULTILINE | re.DOTALL)
FILE_PATH = re.compile(r"`((?:[\w.]+/)+[\w.]*)`")
MESSAGES = {"incidents", "systems"}
"""The types of messages, which are no steps."""
WORDS_A_MINUTE = 200
UPPER = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
CALL = re.compile(r"`((?:get|create|update|delete|activate|import|export|validate|rerun|search|set|revoke)[A-Z]\w+)`")
COMMAND = re.compile(r"(?:^|[`/ ])looply ([a-z]+(?:-[a-z]+)*)(?: ([a-z]+(?:-[a-z]+)*))?", re.MULTILINE)
DECISIONS = sorted((DOCS / "adr").glob("0*.md"))
OTHER_NAMES = frozenset(
    {
        "LOOPLY_URL",
        "LOOPLY_API_KEY",
        "LOOPLY_CONTEXT",
        "LOOPLY_DEBUG",
        "LOOPLY_TEST_PICTURES",
        "LOOPLY_TEST_POSTGRES",
        "LOOPLY_TEST_RELEASE",
        "LOOPLY_TEST_RUNS",
        "LOOPLY_TEST_SEED",
        "SSL_CERT_FILE",
        "FOLD_VERSION",
    }
)
START: Json = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def slugs(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).replace("`", "").lower() for head in heads)
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


def leads_somewhere(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in slugs(target))


def test_links_lead_somewhere() -> None:
    assert [
        f"{place(page, f'({link})')} {link}"
        for page in PAGES
        for link in LINK.findall(prose(page))
        if not leads_somewhere(page, link)
    ] == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = {(DOCS / link.partition("#")[0]).resolve() for link in LINK.findall(prose(DOCS / "README.md"))}
    assert [named(page) for page in DOCS.rglob("*.md") if page not in index and page.parent.name != "adr"] == [
        "docs/README.md"
    ]


def title_of(page: Path) -> str:
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def test_the_index_lists_every_decision_under_its_title() -> None:
    index = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.*)\]\((.*)\)$", index, re.MULTILINE)
    assert sorted(listed, key=lambda entry: entry[1]) == [(title_of(page), page.name) for page in DECISIONS]


def test_decisions_are_numbered_without_gaps() -> None:
    assert [(page.name[:4], title_of(page).partition(".")[0]) for page in DECISIONS] == [
        (f"{number:04}", str(number)) for number in range(1, len(DECISIONS) + 1)
    ]


def test_every_decision_has_a_status_a_context_and_a_decision() -> None:
    assert [
        f"{page.name} {part}"
        for page in DECISIONS
        for part in ("\nStatus: ", "\n## Context\n", "\n## Decision\n")
        if part not in page.read_text(encoding="utf-8")
    ] == []


def test_files_that_decisions_name_exist() -> None:
    assert [
        f"{page.name} {path}"
        for page in DECISIONS
        for path in FILE_PATH.findall(page.read_text(encoding="utf-8"))
        if not any((start / path).exists() for start in (ROOT, ROOT / "src" / "looply", DOCS))
    ] == []


def json_blocks() -> Iterator[tuple[Path, str]]:
    """Yields each block of JSON, whatever it shows, with its page."""
    for page in WRITTEN:
        yield from ((page, text) for language, text in blocks(page) if language.split()[:1] == ["json"])


def problem_of(check: Callable[[Any], object], value: object) -> str | None:
    """Returns why a value is refused."""
    try:
        check(value)
    except ValueError as refused:
        return str(refused)
    return None


def test_json_is_json() -> None:
    problems = {place(page, text): problem_of(json.loads, text) for page, text in json_blocks()}
    assert {where: problem for where, problem in problems.items() if problem is not None} == {}


def test_settings_in_examples_are_settings() -> None:
    settings = [
        (f"{place(page, text)} {name}", name, value)
        for page in WRITTEN
        for language, text in blocks(page)
        if language == "toml"
        for name, value in tomllib.loads(text).items()
    ]
    assert [where for where, name, _ in settings if name not in TABLE] == []
    problems = {where: problem_of(TABLE[name].parse, value) for where, name, value in settings}
    assert {where: problem for where, problem in problems.items() if problem is not None} == {}


def definitions() -> Iterator[tuple[Path, str]]:
    """Yields each whole definition, in a block of its own or as the input of a command, with its page."""
    for page in WRITTEN:
        for language, text in blocks(page):
            if language == "json definition":
                yield page, text
            elif is_shell(language):
                yield from ((page, found) for found in HEREDOC.findall(text))


def test_definitions_have_no_finding() -> None:
    found = {place(page, text): parse_definition(json.loads(text)) for page, text in definitions()}
    findings = {where: [each.message for each in (*one.errors, *one.warnings)] for where, one in found.items()}
    assert {where: messages for where, messages in findings.items() if messages} == {}


def test_steps_in_examples_are_accepted() -> None:
    steps = {
        place(page, text): json.loads(text) for page in WRITTEN for language, text in blocks(page) if language == "json"
    }
    errors = {
        where: parse_definition(around(step)).errors
        for where, step in steps.items()
        if isinstance(step, dict) and {"id", "type"} <= step.keys() and step["type"] not in MESSAGES
    }
    assert {where: found for where, found in errors.items() if found} == {}


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
            *get_args(FailureCode),
            *get_args(MigrationForecast),
            *get_args(Outcome),
            *get_args(ReachStatus),
            *log_types(),
            *OTHER_NAMES,
            VIA_TAB,
            *(row.variable for row in TABLE.values()),
            *given_names(),
            *variables_of_the_pages(),
            *names_of_abap(),
        }
    )


def variables_of_the_pages() -> set[str]:
    """Returns the variables that commands of the pages set for later ones."""
    shells = (text for page in WRITTEN for language, text in blocks(page) if is_shell(language))
    return {name for text in shells for name in re.findall(r"^export ([A-Z_]+)=", text, re.MULTILINE)}


def names_of_abap() -> set[str]:
    """Returns the names of the ABAP of the pages in capitals, and the parts of them."""
    sources = (text for page in WRITTEN for language, text in blocks(page) if language == "abap")
    names = [name.upper().split("_") for text in sources for name in re.findall(r"\w+", text)]
    return {
        "_".join(parts[begin:end])
        for parts in names
        for begin in range(len(parts))
        for end in range(begin + 2, len(parts) + 1)
    }


def test_names_in_capitals_are_those_of_the_code() -> None:
    assert [
        f"{place(page, name)} {name}"
        for page in WRITTEN
        for text in re.findall(r"`([^`\n]+)`", prose(page))
        for name in UPPER.findall(text)
        if not name.startswith(("API_", "A_", "BSD_")) and name not in names_of_the_code()
    ] == []


def test_calls_of_the_api_exist() -> None:
    known = {route.name for route in API_ROUTES}
    assert [
        f"{place(page, f'`{name}`')} {name}"
        for page in WRITTEN
        for name in CALL.findall(prose(page))
        if name not in known
    ] == []


def test_commands_exist() -> None:
    known = set(command_names())
    groups = {name.split()[0] for name in known if " " in name}
    found = [
        (page, f"{group} {name}".strip() if group in groups else group)
        for page in WRITTEN
        for group, name in COMMAND.findall(command_texts(page))
    ]
    assert [f"{place(page, f'looply {name}')} looply {name}" for page, name in found if name not in known] == []


def command_texts(page: Path) -> str:
    """Returns the blocks of shells and the code within the prose that may have commands of the product."""
    shells = [text for language, text in blocks(page) if is_shell(language)]
    return "\n".join((*shells, *(text for text in re.findall(r"`([^`\n]+)`", prose(page)) if "looply " in text)))


def test_every_event_of_the_log_is_explained() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "src").rglob("*.py"))
    events = set(
        re.findall(
            r"\b(?:(?:log\.(?:debug|info|warning|error|exception)|ready|guard_foreign)\(\s*"
            r"|failed_event = )\"([a-z_]+)\"",
            source.replace("_log", "log"),
        )
    )
    section = prose(DOCS / "how-to" / "operate.md").partition("## The log")[2].partition("\n## ")[0]
    first_cells = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`([a-z_]+)`", first_cells)) == events


def licenses() -> dict[str, str]:
    """Returns the license of each package, as the page of dependencies states it."""
    rows = re.findall(r"^\| ([a-z0-9-]+) \| [^|]+ \| ([^|]+) \|$", prose(DOCS / "dependencies.md"), re.MULTILINE)
    return {package: text for package, text in rows if package != "package"}


def test_every_package_of_the_web_app_has_its_reason() -> None:
    packages = json.loads((ROOT / "ui/package.json").read_text(encoding="utf-8"))["dependencies"]
    reasons = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").partition("## Of the web app")[2]
    assert [name for name in packages if not re.search(rf"^- .*{re.escape(name)}\b", reasons, re.MULTILINE)] == []


def test_every_dependency_has_its_reason_and_license() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    groups = [project["project"]["dependencies"], *extras.values(), *project["dependency-groups"].values()]
    expected = {re.split(r"[<>=!~\[ ]", line)[0] for group in groups for line in group}
    assert licenses().keys() == expected


def test_the_license_of_a_dependency_is_the_one_that_it_states() -> None:
    stated = {package: stated_license(package) for package in licenses()}
    assert [
        f"{package}: {license_}, its metadata: {stated[package]}"
        for package, license_ in licenses().items()
        for name in license_.lower().split(" or ")
        if stated[package] and {"apache-2.0": "apache", "any osi license": "osi"}.get(name, name) not in stated[package]
    ] == []


def stated_license(package: str) -> str:
    """Returns what the metadata of a package say of its license, nothing where it is not installed."""
    try:
        metadata = importlib.metadata.metadata(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
    classifiers = [text for text in metadata.get_all("Classifier") or [] if text.startswith("License ::")]
    return " ".join([metadata.get("License-Expression") or metadata.get("License") or "", *classifiers]).lower()


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_every_call_of_the_pages_sends_the_key_in_its_own_header() -> None:
    """Two forms of `authorization` are of other things: the token of the metrics, and of a system that a step calls."""
    bearers = [(named(page), line) for page in WRITTEN for line in page.read_text().splitlines() if "Bearer" in line]
    assert [(page, line) for page, line in bearers if "LOOPLY" in line] == []


def test_the_comparison_names_every_connector_and_lacks_nothing_that_exists() -> None:
    page = text("explanation/comparison.md")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    titles = {"http": "HTTP", "sap": "SAP", "function": "code", "email": "mail", "teams": "Teams"}
    assert titles.keys() == project["entry-points"]["looply.connectors"].keys()
    (row,) = re.findall(r"^\| connectors \| ([^|]+) \|", page, re.MULTILINE)
    assert [title for title in titles.values() if title not in row] == []
    (lacks,) = re.findall(r"this release does not have yet\*\*: (.+)", page)
    assert re.search(r"delet|prun|retention|backup|complet", lacks) is None


def test_channels_that_a_card_cannot_have_are_said_not_to_be_available() -> None:
    rows = re.findall(r"^\| `channel` \| (.+)$", text("reference/steps.md"), re.MULTILINE)
    assert len(rows) == len(("adaptiveCard", "approval"))
    for row in rows:
        for channel in re.findall(r"`(\w+)`", row.split("|")[0]):
            assert is_refused(channel) == (f"`{channel}` is not available" in row), channel


def is_refused(channel: str) -> bool:
    """Returns whether a card by a channel is refused in an installation of this release."""
    settings: Json = {"card": {"type": "AdaptiveCard"}, "recipients": ["a@example.com"], "channel": channel}
    step: Json = {"id": "card_1", "type": "adaptiveCard", "settings": {**settings, "wait": {"for": "first"}}}
    joined: Json = [{"from": "WorkflowStartState", "to": "card_1"}]
    document = {"workflow_name": "x", "workflow_steps": [START, step], "workflow_connections": joined}
    parsed = parse_definition(document, channels={INBOX, "teams", "email"})
    return any(problem.path.endswith("/channel") for problem in parsed.errors)


def test_reminders_are_not_said_to_send_a_message() -> None:
    (row,) = re.findall(r"^\| `reminders` \| (.+) \|$", text("how-to/approvals.md"), re.MULTILINE)
    assert "The web inbox sends no messages" in row


def test_pages_and_help_say_the_same_of_a_revoked_key() -> None:
    (line,) = [line for line in text("reference/cli.md").splitlines() if line.startswith("Revoke an API key")]
    sentences = (line, text("how-to/keys.md"))
    assert ["every server" in each and "within 5 seconds" in each for each in sentences] == [True, True]


def test_the_pages_that_install_and_move_have_the_commands_for_it() -> None:
    assert re.search(r"pip install", text("how-to/service.md"))
    assert "pip install" in (ROOT / "README.md").read_text(encoding="utf-8")
    start = text("how-to/move-to-postgresql.md").partition("## Start servers on the database")[2]
    assert re.search(r"LOOPLY_ENGINE=postgres[\s\S]+looply serve", start)


def test_no_message_sends_people_to_a_page_that_an_installation_lacks() -> None:
    texts = ((file, file.read_text(encoding="utf-8")) for file in (ROOT / "src").rglob("*.py"))
    named_pages = [(file.name, found) for file, text in texts for found in re.findall(r"[\"' (]docs/\S+\.md", text)]
    assert named_pages == []


def test_the_tutorial_can_be_read_in_the_minutes_that_it_names() -> None:
    built, _, rest = text("tutorial.md").partition("## 9.")
    assert "four to read" in built
    assert len(built.split()) / WORDS_A_MINUTE <= 4
    changed = rest.partition("## 10.")[0]
    assert len(changed.split()) / WORDS_A_MINUTE <= 1, "the change is two minutes, one of them for its clicks"


def test_first_steps_and_tutorial_work_in_a_folder_that_the_checkout_ignores() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^mkdir -p (\w+) && cd \1$", readme, re.MULTILINE)
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    stores = re.findall(r"looply init --data (\S+)", readme + text("how-to/build-with-files.md"))
    assert len(stores) == len(set(stores)) == 2


@pytest.mark.parametrize(("ended_with", "status"), [(0, 0), (130, 0), (1, 2)])
def test_an_interrupt_of_the_demo_is_no_error_of_make(tmp_path: Path, ended_with: int, status: int) -> None:
    program = tmp_path / "looply"
    program.write_text(f"#!/bin/sh\nexit {ended_with}\n")
    program.chmod(0o755)
    command = ["make", "-o", "ui", "run", f"BIN={tmp_path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "Error" in done.stderr) == (status, status != 0)


def test_each_constant_that_the_glossary_names_is_in_the_code() -> None:
    text = (DOCS / "glossary.md").read_text("utf-8")
    constants = set(re.findall(r"`([A-Z][A-Z_]{2,})`", text))
    source = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "src" / "looply").rglob("*.py")))
    assert {"DRAFT", "ACTIVE", "START"} <= constants
    assert sorted(name for name in constants if not re.search(rf"\b{name}\b", source)) == []


def test_what_the_comparison_says_to_be_missing_is_no_channel_of_cards() -> None:
    words = {"inbox": "inbox", "teams": "Teams", "email": "mail as"}
    assert words.keys() == set(OWN_CHANNELS)
    (missing,) = re.findall(r"\*\*this release does not have yet\*\*: (.+)", text("explanation/comparison.md"))
    assert [word for word in (*words.values(), "channel") if word in missing] == []


@pytest.mark.parametrize("page", ["README.md", "PACKAGE.md"])
def test_what_looply_does_names_every_connector_and_every_channel(page: str) -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["looply.connectors"]
    titles = [
        importlib.metadata.EntryPoint(name, point, "looply.connectors").load().title for name, point in points.items()
    ]
    channels = {"inbox": "inbox", "teams": "Microsoft Teams", "email": "by mail"}
    assert channels.keys() == set(OWN_CHANNELS)
    (done,) = re.findall(r"^- \*\*Starts\*\*[\s\S]+?\n\n", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert len(titles) >= 5
    assert [name for name in (*titles, *channels.values()) if name.casefold() not in done.casefold()] == []
