"""`looply schedule fires` and `looply schedule preview`."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import WORKFLOW, Command, Looply

FIRE: dict[str, Any] = {
    "nominal_on": 1_700_000_000_000,
    "outcome": "MISSED",
    "workflow_execution_id": None,
    "decided_on": 1_700_000_100_000,
    "count": 3,
}
SPRING = ("--timezone", "Europe/Berlin", "--from", "2026-03-01T00:00:00Z", "--around-change", "--count", "2")


def test_the_fires_of_a_schedule_are_listed_over_pages(run: Command, looply: Looply) -> None:
    looply.answers["getScheduleFires"] = [{"items": [FIRE], "lastKey": {"nominal_on": 1}}, {"items": [FIRE]}]
    assert run("schedule", "fires", WORKFLOW, "--json").document == {
        "count": 2,
        "items": [FIRE, FIRE],
    }
    assert looply.calls[1][1] == {
        "workflow_id": WORKFLOW,
        "limit": "30",
        "nominal_on": "1",
    }
    looply.answers["getScheduleFires"] = {"items": [FIRE]}
    assert "MISSED" in run("schedule", "fires", WORKFLOW).out


def test_a_cron_is_previewed_without_a_server(run: Command) -> None:
    done = run("schedule", "preview", "--cron", "30 2 * * *", *SPRING)
    assert (done.status, done.err) == (0, "")
    assert "2026-03-29 01:00:00Z" in done.out
    assert "the clock change skips 02:30" in done.out
    document = run("schedule", "preview", "--cron", "30 2 * * *", "--dst", "skip", *SPRING, "--json").document
    assert [item["mark"] for item in document["items"]] == ["", "SKIPPED", ""]


def test_a_definition_is_previewed_in_the_zone_of_its_workflow(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "daily.json"
    settings = {"trigger_type": "SCHEDULED", "schedule": {"every": "P1D", "start": "2026-03-27T06:00:00Z"}}
    steps = [{"id": "WorkflowStartState", "type": "trigger", "settings": settings}]
    file.write_text(json.dumps({"workflow_steps": steps, "workflow_settings": {"timezone": "Europe/Berlin"}}))
    arguments = ("schedule", "preview", "--file", str(file), "--from", "2026-03-27T12:00:00Z", "--count", "2")
    items = run(*arguments, "--json").document["items"]
    assert [item["local"] for item in items] == ["2026-03-28T07:00:00+01:00", "2026-03-29T07:00:00+02:00"]


def test_a_workflow_is_previewed_by_the_server(run: Command, looply: Looply) -> None:
    item = {"on": 1_700_000_000_000, "local": "2023-11-14T23:13:20+01:00", "wall": "", "fires": True, "mark": ""}
    looply.answers["previewSchedule"] = {"message": "success", "timezone": "Europe/Berlin", "items": [item]}
    assert "2023-11-14T23:13:20+01:00" in run("schedule", "preview", WORKFLOW, "--version", "2").out
    body = {
        "workflow_id": WORKFLOW,
        "workflow_version": 2,
        "count": 20,
        "around_change": False,
    }
    assert looply.calls == [("previewSchedule", {}, body)]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ((), 2, "give the id of a workflow, or a schedule"),
        (
            (WORKFLOW, "--cron", "0 0 * * *"),
            2,
            "give the id of a workflow, or a schedule",
        ),
        (("--cron", "0 0 30 2 *"), 1, "/schedule/cron"),
        (("--cron", "0 0 * * *", "--timezone", "Europe/Berln"), 1, "did you mean 'Europe/Berlin'"),
        (("--cron", "0 0 * * *", "--from", "today"), 2, "--from: "),
        (("--timezone", "Europe/Berlin"), 1, "exactly one of `cron` and `every`"),
        (("--file", "-"), 1, "no trigger with a schedule"),
    ],
)
def test_wrong_arguments_are_reported(run: Command, arguments: tuple[str, ...], status: int, message: str) -> None:
    done = run("schedule", "preview", *arguments, stdin=b"{}")
    assert done.status == status
    assert message in done.err
