"""For the person on call: metrics and alerts are those of the code, commands are accepted as written."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs_pages import DOCS, WRITTEN, blocks, place, prose
from test_pages import leads_somewhere

from looply.app.context.metrics import MEASURES, Measure
from looply.cli.command_line import is_help, parse

HOW_TO = DOCS / "how-to"
OPERATE = HOW_TO / "operate.md"
TROUBLESHOOTING = HOW_TO / "stuck-executions.md"
BY_NAME = {measure.name: measure for measure in MEASURES}
NAME = re.compile(r"\blooply_(?!catalog\b)[a-z_]+[a-z]\b")
OURS = tuple(f"looply_{part}" for part in ("executions", "incidents", "http", "commit", "effects", "store", "timers"))


def rules() -> list[dict[str, Any]]:
    """Returns the alert rules of the page."""
    texts = [text for language, text in blocks(OPERATE) if language == "yaml" and "groups:" in text]
    (document,) = [yaml.safe_load(text) for text in texts]
    found: list[dict[str, Any]] = document["groups"][0]["rules"]
    return found


def measured(name: str) -> Measure | None:
    """Returns the metric that a series belongs to."""
    if name in BY_NAME:
        return BY_NAME[name] if BY_NAME[name].kind != "histogram" else None
    plain = re.sub(r"_(bucket|count|sum)$", "", name)
    found = BY_NAME.get(plain)
    return found if found is not None and found.kind == "histogram" else None


def test_the_table_of_metrics_names_every_metric_and_no_other() -> None:
    section = prose(OPERATE).partition("## Metrics")[2].partition("\n### Alerts")[0]
    first_cells = "\n".join(line.split("|")[1] for line in section.splitlines() if line.startswith("|"))
    assert sorted(re.findall(r"`(looply_[a-z_]+)`", first_cells)) == sorted(BY_NAME)


def test_metrics_that_pages_name_are_those_of_the_code() -> None:
    assert [
        f"{place(page, name)} {name}"
        for page in WRITTEN
        for name in NAME.findall(page.read_text(encoding="utf-8"))
        if name.startswith(OURS) and name not in BY_NAME and measured(name) is None
    ] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_uses_existing_series_and_labels(rule: dict[str, Any]) -> None:
    names = NAME.findall(rule["expr"])
    assert names or "up{" in rule["expr"]
    for name in names:
        measure = measured(name)
        assert measure is not None, name
        for text in re.findall(rf"{name}\{{([^}}]*)\}}", rule["expr"]):
            assert set(re.findall(r"(\w+)=", text)) <= set(measure.labels), name
        if measure.kind == "counter":
            assert re.search(rf"(rate|increase)\({name}", rule["expr"]), f"{name} is a counter"


def test_alerts_say_what_to_do() -> None:
    pages = {rule["alert"]: rule["annotations"]["do"] for rule in rules()}
    assert {alert: page for alert, page in pages.items() if not leads_somewhere(OPERATE, page)} == {}


@pytest.mark.parametrize(
    "promise",
    ["looply_stale_cards", "looply_orphan_executions", "looply_schedule_starts_missed", "looply_timers_lag_seconds"],
)
def test_every_promise_has_an_alert(promise: str) -> None:
    assert any(promise in rule["expr"] for rule in rules())


def commands(page: Path) -> list[str]:
    """Returns every command line of ours on a page, in blocks and within the text."""
    lines = [
        line.strip() for language, text in blocks(page) if language in ("sh", "bash") for line in text.splitlines()
    ]
    # Blocks within lists are indented.
    indented = re.findall(r"^ +(looply .+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    inline = re.findall(r"`(looply [^`\n]+)`", prose(page))
    return [line for line in (*lines, *indented, *inline) if line.startswith("looply ")]


def test_the_troubleshooting_page_has_commands() -> None:
    assert len(commands(TROUBLESHOOTING)) > 15


def test_the_commands_of_troubleshooting_are_accepted_as_written() -> None:
    parsed = {line: parse(shlex.split(line)[1:])[0] for line in commands(TROUBLESHOOTING)}
    assert [f"{place(TROUBLESHOOTING, line)} {line}" for line, command in parsed.items() if is_help(command)] == []
