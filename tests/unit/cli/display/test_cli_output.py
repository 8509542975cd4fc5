"""How results are written: tables on a terminal, lines with tabs in a pipe, and the formats of `--output`."""

from typing import Any

import pytest
import yaml
from cli_kit import KEY, Command, Looply
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from looply.cli.display.layout import align
from looply.cli.display.yaml_text import yaml_text
from looply.cli.terminal.tables import listing, record, table

ID = "01a20e69-0006-7f8b-a23c-443896d21064"
OTHER = "01a20e69-0006-7f8b-a23c-443896d21065"
MESSAGE = "step 'httpRequest_1': connection 'ERP': https://erp.example.com does not answer (refused)"


def incident(execution_id: str = ID, message: str = MESSAGE) -> dict[str, Any]:
    return {
        "workflow_execution_id": execution_id,
        "process_id": "INV-1",
        "workflow_name": "Book the invoice",
        "state": "httpRequest_1",
        "kind": "FAILED",
        "code": "CONNECTION",
        "message": message,
        "opened_on": 1_700_000_000_000,
    }


@pytest.fixture
def incidents(looply: Looply) -> list[dict[str, Any]]:
    items = [incident(), incident(OTHER, "no answer")]
    looply.answers["getIncidents"] = {"items": items}
    return items


@pytest.mark.usefixtures("incidents")
@pytest.mark.parametrize("columns", [80, 100, 120, 160, 400])
def test_a_list_on_a_terminal_has_a_line_for_each_row_with_whole_ids(run: Command, columns: int) -> None:
    done = run("execution", "incidents", columns=columns, env={**KEY, "NO_COLOR": "1"})
    lines = done.out.splitlines()
    assert len(lines) == 3
    assert all(len(line) <= columns for line in lines)
    assert lines[1].startswith(f"{ID}  CONNECTION  step 'httpRequest_1'")
    assert lines[2].startswith(f"{OTHER}  CONNECTION  no answer")
    assert (MESSAGE in lines[1]) == (columns == 400)
    assert ("…" in lines[1]) == (columns != 400)


@pytest.mark.usefixtures("incidents")
def test_a_terminal_too_narrow_for_an_id_shows_it_whole_and_nothing_else(run: Command) -> None:
    assert run("execution", "incidents", columns=20).out.splitlines()[1:] == [ID, OTHER]


@pytest.mark.usefixtures("incidents")
def test_a_pipe_gets_rows_with_tabs_and_nothing_is_cut_or_padded(run: Command) -> None:
    lines = run("execution", "incidents").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == [ID, OTHER]
    assert lines[0].split("\t")[1:3] == ["CONNECTION", MESSAGE]


def test_a_message_of_several_lines_is_one_row(run: Command, looply: Looply) -> None:
    looply.answers["getIncidents"] = {"items": [incident(message="first\nsecond\tthird")]}
    assert len(run("execution", "incidents").out.splitlines()) == 1
    assert "first second\\x09third" in run("execution", "incidents").out
    assert len(run("execution", "incidents", columns=80).out.splitlines()) == 2


def test_statuses_are_colored_on_a_terminal_unless_the_environment_forbids_it(run: Command, looply: Looply) -> None:
    looply.answers["getBulks"] = {"items": [{"bulk_id": ID, "action": "redrive", "status": "COMPLETED"}]}
    assert "\x1b[32mCOMPLETED" in run("bulk", "list", columns=80).out
    plain = {"LOOPLY_API_KEY": "k", "NO_COLOR": ""}
    assert "\x1b" not in run("bulk", "list", columns=80, env=plain).out
    assert "\x1b" not in run("bulk", "list").out


def test_what_must_be_read_whole_continues_on_the_next_line() -> None:
    page = table(("finding", "message"), [("error", "a message of many words " * 5)])
    lines = list(align(page, 60, has_colors=False))
    assert len(lines) > 3
    assert all(len(line) <= 60 for line in lines)
    values = list(align(record({"message": "many words " * 12, "id": ID * 3}), 60, has_colors=False))
    assert values[-1] == f"id       {ID * 3}"
    assert {len(line) <= 60 for line in values[:-1]} == {True}


def test_no_column_is_shown_behind_one_that_does_not_fit() -> None:
    page = listing(("execution", "workflow", "version"), [(ID, "A" * 40, 1)])
    assert list(align(page, 60, has_colors=False)) == ["execution", ID]


def test_wide_characters_take_two_columns() -> None:
    lines = list(align(table(("name", "n"), [("請求書", 1), ("abc", 2)]), 80, has_colors=False))
    assert lines == ["name    n", "請求書  1", "abc     2"]


@pytest.mark.usefixtures("incidents")
@pytest.mark.parametrize("switch", [("--output", "ids"), ("--output=ids",), ("-o", "ids")])
def test_ids_are_written_a_line_each(run: Command, switch: tuple[str, ...]) -> None:
    assert run("execution", "incidents", *switch).out == f"{ID}\n{OTHER}\n"


def test_versions_of_a_workflow_have_one_id(run: Command, looply: Looply) -> None:
    items = [{"workflow_id": ID, "workflow_version": number} for number in (2, 1)]
    looply.answers["getOrganizationWorkflows"] = {"items": items}
    assert run("workflow", "list", "-o", "ids").out == f"{ID}\n"


def test_an_empty_list_has_no_ids_and_is_no_error(run: Command, looply: Looply) -> None:
    looply.answers["getIncidents"] = {"items": []}
    done = run("execution", "incidents", "-o", "ids")
    assert (done.status, done.out) == (0, "")


def test_the_id_of_one_object_is_that_which_other_commands_accept(run: Command, looply: Looply) -> None:
    looply.answers[f"triggerworkflow/{OTHER}/latest"] = {"message": "success", "looply_execution_id": ID}
    assert run("workflow", "trigger", OTHER, "-o", "ids").out == f"{ID}\n"


def test_a_result_without_ids_is_wrong_usage(run: Command, looply: Looply) -> None:
    looply.answers[f"terminateWorkflow/{ID}"] = {"message": "success"}
    done = run("execution", "terminate", ID, "-o", "ids")
    assert (done.status, done.err) == (2, "looply: the result has no ids; --output table, json or yaml shows it\n")


@pytest.mark.usefixtures("incidents")
def test_yaml_is_the_same_document_as_json(run: Command) -> None:
    as_json = run("execution", "incidents", "--output", "json").document
    assert yaml.safe_load(run("execution", "incidents", "-o", "yaml").out) == as_json


@pytest.mark.parametrize(
    ("switches", "words"),
    [
        (("--output", "xml"), "--output is 'xml', expected table, json, yaml or ids"),
        (("--output",), "--output has no value, expected table, json, yaml or ids"),
        (("--json", "-o", "yaml"), "the output cannot be json and yaml at once; give one"),
    ],
)
def test_a_wrong_format_is_wrong_usage(run: Command, switches: tuple[str, ...], words: str) -> None:
    done = run("key", "list", *switches)
    assert done.status == 2
    assert words in done.out + done.err


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_yaml_is_read_as_the_value_that_was_written(value: Any) -> None:
    """PyYAML reads YAML 1.1, ruamel.yaml reads YAML 1.2."""
    text = yaml_text(value)
    assert yaml.safe_load(text) == value
    assert YAML(typ="safe", pure=True).load(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"name": "Book the invoice", "on": "no", "n": 1}, 'name: Book the invoice\n"on": "no"\n"n": 1\n'),
        ([1e18, 1.5e-9, 2e-7], "- 1.0e+18\n- 1.5e-09\n- 2.0e-07\n"),
        ({"a": [{"b": 1, "c": [2]}, []]}, "a:\n  - b: 1\n    c:\n      - 2\n  - []\n"),
    ],
)
def test_yaml_is_in_block_style(value: Any, text: str) -> None:
    assert yaml_text(value) == text


@pytest.mark.parametrize(("status", "code"), [("FAILED", 1), ("TERMINATED", 1), ("COMPLETED", 0), ("WAITING", 0)])
def test_a_trigger_that_waits_ends_with_1_when_the_execution_failed(
    run: Command, looply: Looply, status: str, code: int
) -> None:
    looply.answers[f"triggerworkflow/{OTHER}/latest"] = {"looply_execution_id": ID, "status": status}
    assert run("workflow", "trigger", OTHER, "--wait", "PT10S").status == code
