"""Small definitions for black-box tests."""

import itertools
from typing import Any

START = {"id": "WorkflowStartState", "type": "trigger", "settings": {"trigger_type": "REQUEST"}}
CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "TextBlock", "text": "Release ${payload.output.po}?", "wrap": True},
        {"type": "Input.Text", "id": "comment", "label": "Comment", "isMultiline": True},
    ],
    "actions": [
        {"type": "Action.Submit", "title": "Approve", "style": "positive", "data": {"action": "approve"}},
        {"type": "Action.Submit", "title": "Reject", "style": "destructive", "data": {"action": "reject"}},
    ],
}

Definition = dict[str, Any]
Step = dict[str, Any]


def definition(*steps: Step, name: str = "Story", trigger: dict[str, Any] | None = None, **more: Any) -> Definition:
    """Returns a definition of a chain of steps. A step's `error` and `timeout` exits are edges that the caller adds."""
    start = START if trigger is None else {**START, "settings": trigger}
    ids = [start["id"], *(step["id"] for step in steps)]
    edges = [{"from": a, "to": b} for a, b in itertools.pairwise(ids)]
    return {"workflow_name": name, "workflow_steps": [start, *steps], "workflow_connections": edges, **more}


def graph(steps: list[Step], *edges: tuple[str, ...], name: str = "Story") -> Definition:
    """Returns a definition of steps and edges (from, to[, branch])."""
    connections = [{"from": edge[0], "to": edge[1], **({"branch": edge[2]} if len(edge) > 2 else {})} for edge in edges]
    return {"workflow_name": name, "workflow_steps": [START, *steps], "workflow_connections": connections}


def wait(id_: str = "wait_1", **settings: Any) -> Step:
    return {"id": id_, "type": "wait", "settings": settings}


def note(id_: str = "note_1", value: Any = "done") -> Step:
    """A step that computes: sets `payload.output.<id>`."""
    return {"id": id_, "type": "overridePayload", "settings": {"parameters": [{"name": id_, "value": value}]}}


def http(
    url: str, id_: str = "http_1", method: str = "GET", *, step: dict[str, Any] | None = None, **more: Any
) -> Step:
    return {"id": id_, "type": "httpRequest", "settings": {"url": url, "method": method, **more}, **(step or {})}


def sap(id_: str = "sap_1", *, step: dict[str, Any] | None = None, **settings: Any) -> Step:
    shown = {"connection": "S4", "service_path": "/sap/opu/odata/sap/ORDERS", "entity": "Order('1')", "method": "GET"}
    return {"id": id_, "type": "sapRequest", "settings": {**shown, **settings}, **(step or {})}


def card(id_: str = "card_1", **settings: Any) -> Step:
    expected = {"action": "send", "card": CARD, "recipients": ["ann@example.com"], "wait": {"for": "first"}, **settings}
    return {"id": id_, "type": "adaptiveCard", "settings": expected}


COMPUTING = definition(note())
ASKING = definition(wait(), note())
TWO_WAITS = definition(wait("wait_1"), wait("wait_2"), note())
CARDING = definition(card(), note("note_1", "${card_1.output.response.data.action}"))
SCHEDULED = definition(note(), trigger={"trigger_type": "SCHEDULED", "schedule": {"every": "PT1H"}})
