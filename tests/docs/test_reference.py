"""The reference pages match the current code, and they are complete."""

import json
import sys
from itertools import pairwise

import pytest
import reference
from reference_pages.attacks import cases, known_tests
from reference_pages.commands import command_names, is_documented
from reference_pages.error_notes import NOTES
from reference_pages.errors import find_codes
from reference_pages.logs import log_types
from reference_pages.workflows.step_texts import OUTPUTS, SUMMARIES

from looply.definition import OPERATORS, STEP_TYPES, definition_schema, parse_definition
from looply.definition.schemas.step_examples import EXAMPLES
from looply.expressions.functions.table import FUNCTIONS
from looply.jsontext import Json
from looply.server.application import all_routes
from looply.settings import TABLE

START: Json = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}


def page(name: str) -> str:
    return (reference.FOLDER / name).read_text(encoding="utf-8")


def test_each_page_is_what_the_code_says_now() -> None:
    assert [name for name in reference.PAGES if page(name) != reference.render(name)] == [], "run make docs"


def test_the_page_of_commands_does_not_say_by_which_program_it_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["python -m pytest"])
    assert reference.render("cli.md") == page("cli.md")


def test_the_folder_has_no_pages_that_nothing_makes() -> None:
    assert {file.name for file in reference.FOLDER.iterdir()} == set(reference.PAGES)


def test_every_error_code_has_a_note_and_no_note_is_left_over() -> None:
    assert NOTES.keys() == find_codes().keys()


def test_an_error_that_its_class_makes_for_a_path_has_the_status_of_the_class() -> None:
    codes = find_codes()
    assert {name: codes[name] for name in ("ALREADY_MEMBER", "WEAK_PASSWORD", "NO_STEP")} == {
        "ALREADY_MEMBER": {422},
        "WEAK_PASSWORD": {422},
        "NO_STEP": {422},
    }


def test_every_error_code_is_on_its_page() -> None:
    text = page("errors.md")
    assert [code for code in find_codes() if f"| `{code}` |" not in text] == []


def test_every_setting_and_limit_is_on_its_page() -> None:
    text = page("settings.md") + page("limits.md")
    assert [name for name, row in TABLE.items() if f"| `{row.variable}` |" not in text] == []


def test_every_type_of_step_is_on_its_page() -> None:
    text = page("steps.md")
    assert [name for name in list(STEP_TYPES) if f"\n## {name}\n" not in text] == []
    assert [name for name in STEP_TYPES if f"`{name}`" not in text] == []


def test_the_texts_about_steps_are_about_existing_steps() -> None:
    assert list(SUMMARIES) == list(STEP_TYPES)
    assert list(EXAMPLES) == list(STEP_TYPES)
    assert OUTPUTS.keys() <= set(STEP_TYPES)


def test_the_examples_of_steps_are_accepted() -> None:
    errors = {name: parse_definition(definition_around(name)).errors for name in STEP_TYPES}
    assert {name: found for name, found in errors.items() if found} == {}


def definition_around(name: str) -> Json:
    """Returns a definition that has the example of a step after those that it refers to."""
    step = EXAMPLES[name]
    others: list[Json] = [] if name == "trigger" else [START]
    if name == "redirect":
        others.append({"id": "wait_1", "type": "wait", "settings": {}})
    if name == "join":
        others.append(EXAMPLES["parallel"])
    chain = [*others, step]
    edges = [{"from": before["id"], "to": after["id"]} for before, after in pairwise(chain)]
    if name == "join":
        edges[-1]["branch"] = "stock"
    if name == "trigger":
        chain.append(EXAMPLES["terminate"])
        edges = [{"from": "WorkflowStartState", "to": "terminate_1"}]
    return {"workflow_name": name, "workflow_steps": chain, "workflow_connections": edges}


def test_every_operator_is_on_its_page() -> None:
    text = page("operators.md")
    assert [name for name in OPERATORS if f"| `{name}` |" not in text] == []


def test_every_function_is_on_its_page() -> None:
    text = page("expressions.md")
    assert [name for name in FUNCTIONS if f"| `{name}(" not in text] == []


def test_every_type_of_log_entry_is_explained() -> None:
    text = page("log-types.md")
    assert [name for name in log_types() if f"| `{name}` | " not in text] == []
    assert "|  |" not in text.replace("| `full`", "")


def test_every_route_is_on_its_page_and_in_the_description() -> None:
    text, paths = page("http-api.md"), json.loads(page("openapi.json"))["paths"]
    missing = [route.path for route in all_routes() if f"\n### {route.method} {route.path}\n" not in text]
    assert missing == []
    assert [route.path for route in all_routes() if route.method.lower() not in paths.get(route.path, {})] == []


def test_every_command_is_on_its_page() -> None:
    text = page("cli.md")
    assert [name for name in command_names() if not is_documented(name, text)] == []


def test_the_schema_of_definitions_is_the_one_that_is_checked() -> None:
    assert json.loads(page("definition.schema.json")) == definition_schema()


def test_every_attack_has_existing_tests_or_a_reason() -> None:
    ids = [case["id"] for case in cases()]
    counts = {
        "AUT": 14,
        "TEN": 15,
        "INP": 21,
        "EXP": 12,
        "SSR": 14,
        "SEC": 12,
        "UI": 11,
        "WBH": 10,
        "DOS": 12,
        "SUP": 10,
    }
    assert ids == [f"{name}-{number:02}" for name, count in counts.items() for number in range(1, count + 1)]
    for case in cases():
        assert ("tests" in case) != ("why_not" in case), case["id"]
        assert case["tried"], case["id"]
        assert len(case.get("why_not", "a reason in words")) > 15, case["id"]
        assert case.get("tests") != [], case["id"]
    missing = {(case["id"], name) for case in cases() for name in case.get("tests", ()) if name not in known_tests()}
    assert missing == set()
