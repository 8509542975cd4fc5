"""Definitions of the walks: one that visits a step of every type, and a short way to write others."""

from typing import Any

from server_kit import CARD, definition, note_step, wait_step

RULE = {"variable": "${payload.output.amount}", "operator": "NumericGreaterThan", "value": 10}
CALL = {"method": "GET", "url": "https://shop.example/orders"}
SAP = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A_Order('1')", "method": "GET"}


def step(id_: str, type_: str, settings: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, "settings": settings, **beside}


def graph(*steps: dict[str, Any], edges: str, **settings: Any) -> dict[str, Any]:
    """Returns a definition; edges are written `a>b` or `a:branch>b`, `start` is the trigger."""
    connections = []
    for text in edges.split():
        head, _, target = text.partition(">")
        source, _, branch = head.partition(":")
        edge = {"from": "WorkflowStartState" if source == "start" else source, "to": target}
        connections.append({**edge, "branch": branch} if branch else edge)
    document = definition(*steps)
    return {**document, "workflow_connections": connections, "workflow_settings": settings}


def every_type(child: str) -> dict[str, Any]:
    """Returns a definition that visits a step of every type."""
    branches = [{"id": "big", "label": "Big", "conditions": [{"join": "simple", **RULE}]}]
    return graph(
        step("if", "conditional", {"rules": [RULE]}),
        step(
            "which",
            "branchConditional",
            {
                "variable": "${payload.output.plant}",
                "operator": "StringEquals",
                "branches": [{"id": "de", "label": "DE", "value": "DE01"}],
            },
        ),
        step("size", "advancedConditional", {"branches": branches}),
        step("http", "httpRequest", CALL, retry={"max_attempts": 2, "interval": "PT1S"}, secret=["/output/data/token"]),
        step("sap", "sapRequest", SAP),
        step("code", "function", {"language": "python", "code": "return input", "input": "${payload.output.amount}"}),
        step("mail", "email", {"connection": "MAIL", "to": "a@example.com", "subject": "s", "text": "t"}),
        step("store", "datastore", {"operation": "set", "name": "prices", "value": 7}),
        note_step("note", "${http.output.data.token}"),
        wait_step("ask", sources=["SAP"], timeout="PT1H"),
        step("late", "delay", {"for": "PT5S"}),
        step(
            "card",
            "adaptiveCard",
            {"action": "send", "card": CARD, "recipients": ["ann@example.com"], "wait": {"for": "first"}},
        ),
        step("approve", "approval", {"recipients": ["bob@example.com"]}),
        step("split", "parallel", {"branches": [{"id": "left"}, {"id": "right"}]}),
        wait_step("in_left"),
        step("in_right", "delay", {"for": "PT1M"}),
        step("meet", "join", {"of": "split", "for": "all"}),
        step("each", "forEach", {"items": "${payload.output.lines}"}),
        step("line", "httpRequest", CALL),
        step("child", "subworkflow", {"workflow_id": child, "payload": {"n": 1}}),
        step("again", "redirect", {"target": "end", "max_visits": 3}),
        step("end", "terminate", {"status": "COMPLETED", "reason": "all done"}),
        edges="start>if if:yes>which which:de>size size:big>http http>sap sap>code code>mail mail>store store>note "
        "note>ask ask>late late>card card>approve approve:approved>split split:left>in_left split:right>in_right "
        "in_left>meet in_right>meet meet>each each:each>line each>child child>again",
    )
