"""`looply workflow templates | create` against a server."""

from cli_kit import Command, Looply, refusal

ID = "01a20e65-a0ff-7d22-b3cd-096c128b7bea"
TEMPLATE = {
    "id": "purchase-order",
    "title": "Purchase order approval",
    "summary": "Asks the manager.",
    "needs": [{"name": "S4", "kind": "sap"}],
}
CREATED = {
    "item": {"workflow_id": ID, "workflow_version": 1, "workflow_status": "DRAFT"},
    "warnings": [{"path": "/workflow_steps/1/settings/connection", "message": "there is no connection 'S4'"}],
}


def test_the_templates_are_listed_with_the_connections_that_they_need(run: Command, looply: Looply) -> None:
    looply.answers["getTemplates"] = {"items": [TEMPLATE]}
    listed = run("workflow", "templates").out
    assert "purchase-order" in listed
    assert "S4 (sap)" in listed
    assert run("workflow", "templates", "--json").document == {"count": 1, "items": [TEMPLATE]}


def test_a_workflow_is_created_from_a_template(run: Command, looply: Looply) -> None:
    looply.answers["createWorkflow"] = CREATED
    options = ("--name", "Orders", "--connection", "S4=QAS", "--connection", "MAIL=OUT")
    done = run("workflow", "create", "--template", "purchase-order", *options, "--json")
    assert done.document == {"workflow_id": ID, "workflow_version": 1, "workflow_status": "DRAFT"}
    assert looply.calls[-1][2] == {
        "template": "purchase-order",
        "workflow_name": "Orders",
        "connections": {"S4": "QAS", "MAIL": "OUT"},
    }
    assert "there is no connection 'S4'" in done.err


def test_a_wrong_option_and_a_refusal_are_reported(run: Command, looply: Looply) -> None:
    wrong = run("workflow", "create", "--template", "purchase-order", "--connection", "QAS")
    assert wrong.status == 2
    assert "S4=QAS" in wrong.err
    looply.answers["createWorkflow"] = refusal(404, code="TEMPLATE_NOT_FOUND", message="there is no template 'x'")
    refused = run("workflow", "create", "--template", "x")
    assert refused.status == 1
    assert "there is no template 'x'" in refused.err
