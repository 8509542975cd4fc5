"""`looply workflow new | export | diff`: definitions as files."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import WORKFLOW, Command, Looply
from jsonschema_rs import validator_for

OTHER = "01a20e65-a0ff-7d22-b3cd-096c128b7beb"
TEMPLATES = ["each-item", "purchase-order-approval", "schedule", "side-by-side", "wait"]


def definition(name: str = "Shop", **settings: Any) -> dict[str, Any]:
    steps = [
        {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}},
        {"id": "wait_1", "type": "wait", "settings": {"sources": ["SAP"], "timeout": "P1D", **settings}},
    ]
    edges = [{"from": "WorkflowStartState", "to": "wait_1"}]
    return {"workflow_name": name, "workflow_steps": steps, "workflow_connections": edges}


def exported(number: int = 1, workflow_id: str = WORKFLOW, **more: Any) -> dict[str, Any]:
    return {"definition": {"workflow_id": workflow_id, "workflow_version": number, **definition(**more)}}


def version(workflow_id: str, number: int, status: str, name: str = "Shop") -> dict[str, Any]:
    ids = {"workflow_id": workflow_id, "workflow_version": number}
    return {**ids, "workflow_status": status, "workflow_name": name}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_a_valid_definition(run: Command, tmp_path: Path, template: str) -> None:
    file = tmp_path / "new.json"
    assert run("workflow", "new", "--template", template, "--name", "Mine", "--file", str(file)).status == 0
    checked = run("workflow", "validate", str(file), "--json")
    assert (checked.status, checked.document["errors"]) == (0, [])
    assert json.loads(file.read_text())["workflow_name"] == "Mine"


def test_templates_are_listed_and_a_wrong_name_is_wrong_usage(run: Command) -> None:
    assert run("workflow", "new", "-o", "ids").out.split() == TEMPLATES
    done = run("workflow", "new", "--template", "approval")
    assert (done.status, f"expected {', '.join(TEMPLATES)}" in done.err) == (2, True)


def test_a_file_names_the_schema_that_lies_beside_it_and_keeps_to_it(
    run: Command, looply: Looply, tmp_path: Path
) -> None:
    looply.answers["exportWorkflow"] = exported()
    file = tmp_path / "folder" / "shop.json"
    assert run("workflow", "export", WORKFLOW, "--file", str(file)).status == 0
    written = json.loads(file.read_text())
    schema = json.loads((file.parent / written["$schema"]).read_text())
    validator_for(schema).validate(written)
    assert {name: value for name, value in written.items() if name != "$schema"} == exported()["definition"]
    assert run("workflow", "validate", str(file)).status == 0
    assert run("workflow", "export", WORKFLOW, "--json").document == exported()["definition"]


def test_all_workflows_are_exported_each_to_its_file(run: Command, looply: Looply, tmp_path: Path) -> None:
    third = "01a20e65-a0ff-7d22-b3cd-096c128b7bec"
    looply.answers["getOrganizationWorkflows"] = {
        "items": [
            version(WORKFLOW, 3, "DRAFT", "Goods receipt / EU"),
            version(WORKFLOW, 2, "ACTIVE", "Goods receipt / EU"),
            version(OTHER, 1, "DRAFT"),
            version(third, 1, "ACTIVE"),
        ]
    }
    looply.answers["exportWorkflow"] = exported()
    done = run("workflow", "export", "--all", str(tmp_path), "--json")
    asked = [call[1] for call in looply.calls if call[0] == "exportWorkflow"]
    assert [(each["workflow_id"], each["workflow_version"]) for each in asked] == [
        (WORKFLOW, "2"),
        (OTHER, "1"),
        (third, "1"),
    ]
    names = [Path(item["file"]).name for item in done.document["items"]]
    assert names == ["goods-receipt-eu.json", f"shop-{OTHER}.json", f"shop-{third}.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "looply-definition.schema.json"])


def test_what_changes_between_versions_is_shown_by_step(run: Command, looply: Looply) -> None:
    looply.answers["exportWorkflow"] = [exported(1), exported(2, timeout="P2D")]
    done = run("workflow", "diff", WORKFLOW, "1", "2")
    assert (done.status, done.out) == (1, 'changed\tstep\twait_1/settings/timeout\t"P1D"\t"P2D"\n')
    looply.answers["exportWorkflow"] = [exported(1), exported(2)]
    done = run("workflow", "diff", WORKFLOW, "1", "2", "--json")
    assert (done.status, done.document) == (0, {"count": 0, "changes": []})


def test_a_version_is_compared_with_a_file(run: Command, looply: Looply, tmp_path: Path) -> None:
    (file := tmp_path / "shop.json").write_text(json.dumps({"$schema": "./s.json", **exported(7)["definition"]}))
    looply.answers["exportWorkflow"] = exported(1)
    assert run("workflow", "diff", WORKFLOW, "latest", "--file", str(file)).out == "The definitions are equal.\n"
    file.write_text("{}")
    done = run("workflow", "diff", WORKFLOW, "latest", "--file", str(file))
    assert (done.status, "'looply workflow validate" in done.err) == (1, True)


@pytest.mark.parametrize(
    "arguments",
    [
        ("export",),
        ("export", WORKFLOW, "--all", "d"),
        ("diff", WORKFLOW, "1"),
        ("diff", WORKFLOW, "1", "2", "--file", "f"),
    ],
)
def test_neither_nothing_nor_both_is_exported_or_compared(
    run: Command, looply: Looply, arguments: tuple[str, ...]
) -> None:
    assert (run("workflow", *arguments).status, looply.calls) == (2, [])
