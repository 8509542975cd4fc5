"""For the person on call: metrics and alerts are those of the code, commands are accepted as written."""

import json
import re
import shlex
import shutil
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from docs_pages import DOCS, ROOT, WRITTEN, blocks, is_shell, place, prose
from test_pages import slugs

from looply.app.context.metrics import MEASURES, Measure
from looply.cli.command_line import is_help, parse

HOW_TO = DOCS / "how-to"
OPERATE = HOW_TO / "operate.md"
RULES = ROOT / "deploy" / "prometheus" / "looply-alerts.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "looply-dashboard.json"
TROUBLESHOOTING = HOW_TO / "stuck-executions.md"
BY_NAME = {measure.name: measure for measure in MEASURES}
NAME = re.compile(r"\blooply_(?!catalog\b)[a-z_]+[a-z]\b")
OURS = tuple(f"looply_{part}" for part in ("executions", "incidents", "http", "commit", "effects", "store", "timers"))


def rules() -> list[dict[str, Any]]:
    """Returns the alert rules."""
    document = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["groups"][0]["rules"]
    return found


def dashboard_queries() -> list[tuple[str, str]]:
    """Returns the title of a panel and an expression, for each expression of the dashboard."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [(panel["title"], target["expr"]) for panel in panels for target in panel["targets"]]


def wrong_series(expression: str) -> list[str]:
    """Returns what an expression names and no process shows: metrics, labels of them, and totals of counters."""
    found = []
    for name in NAME.findall(expression):
        measure = measured(name)
        if measure is None:
            found.append(f"{name} is no metric")
            continue
        labels = {
            label for text in re.findall(rf"{name}\{{([^}}]*)\}}", expression) for label in re.findall(r"(\w+)=", text)
        }
        found += [f"{name} has no label {label}" for label in labels - {*measure.labels, "job", "instance"}]
        if measure.kind == "counter" and not re.search(rf"(rate|increase)\({name}", expression):
            found.append(f"{name} is a counter: take its rate")
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


def test_alerts_use_existing_series_and_labels() -> None:
    assert {rule["alert"]: wrong for rule in rules() if (wrong := wrong_series(rule["expr"]))} == {}
    assert [rule["alert"] for rule in rules() if not NAME.search(rule["expr"])] == []


def test_labels_in_texts_of_alerts_are_those_that_their_expression_keeps() -> None:
    for rule in rules():
        kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"]))))
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["description"]))
        assert named <= (kept or {"instance", "job"}), rule["alert"]


def test_every_alert_has_a_severity_a_text_and_a_runbook() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (ROOT / page).is_file(), rule["alert"]
        assert not anchor or anchor in slugs(ROOT / page), rule["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool, which comes with Prometheus")
def test_prometheus_accepts_the_rules() -> None:
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_dashboard_uses_existing_series_and_labels() -> None:
    assert {title: wrong for title, expression in dashboard_queries() if (wrong := wrong_series(expression))} == {}


def test_labels_in_legends_of_the_dashboard_are_those_that_their_expression_keeps() -> None:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= (kept or {"instance"}), panel["title"]


def test_the_dashboard_has_what_grafana_imports() -> None:
    document = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    # Since version 36 every panel and target names its data source as an object.
    assert document["schemaVersion"] >= 36
    assert {"title", "uid", "time", "templating", "panels"} <= document.keys()
    variables = {each["name"] for each in document["templating"]["list"]}
    assert set(re.findall(r"\$\{?(\w+)", json.dumps(document))) - variables <= {"__rate_interval"}
    ids = [panel["id"] for panel in document["panels"]]
    assert len(ids) == len(set(ids))
    for panel in document["panels"]:
        assert panel["type"] in ("stat", "timeseries"), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)), panel["title"]


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    cells: dict[tuple[int, int], str] = {}
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        position = panel["gridPos"]
        for cell in product(
            range(position["x"], position["x"] + position["w"]), range(position["y"], position["y"] + position["h"])
        ):
            assert cell not in cells, panel["title"]
            assert cell[0] < 24, panel["title"]
            cells[cell] = panel["title"]


@pytest.mark.parametrize(
    "promise",
    ["looply_stale_cards", "looply_orphan_executions", "looply_schedule_starts_missed", "looply_timers_lag_seconds"],
)
def test_every_promise_has_an_alert(promise: str) -> None:
    assert any(promise in rule["expr"] for rule in rules())


def commands(page: Path) -> list[str]:
    """Returns every command line of ours on a page, in blocks and within the text."""
    lines = [line.strip() for language, text in blocks(page) if is_shell(language) for line in text.splitlines()]
    # Blocks within lists are indented.
    indented = re.findall(r"^ +(looply .+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    inline = re.findall(r"`(looply [^`\n]+)`", prose(page))
    return [line for line in (*lines, *indented, *inline) if line.startswith("looply ")]


def test_the_troubleshooting_page_has_commands() -> None:
    assert len(commands(TROUBLESHOOTING)) > 15


def test_the_commands_of_troubleshooting_are_accepted_as_written() -> None:
    parsed = {line: parse(shlex.split(line)[1:])[0] for line in commands(TROUBLESHOOTING)}
    assert [f"{place(TROUBLESHOOTING, line)} {line}" for line, command in parsed.items() if is_help(command)] == []
