"""Short ways to write the workflows of these tests."""

from typing import Any

from looply.definition import START, Workflow, compile_definition
from looply.jsontext import Json

CARD = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [
        {"type": "Input.Number", "id": "n"},
        {"type": "Input.Number", "id": "part"},
        {"type": "Input.Text", "id": "text"},
        {"type": "Input.Text", "id": "pin"},
    ],
}


def step(id_: str, type_: str, settings: dict[str, Json] | None = None, **beside: Json) -> dict[str, Json]:
    """Returns a step; `beside` are fields of the step beside its settings, such as `retry`."""
    return {"id": id_, "type": type_, "settings": settings or {}, **beside}


def call(id_: str, method: str = "GET", *, fail_on: list[str] | None = None, **beside: Json) -> dict[str, Json]:
    """Returns an `httpRequest` of a fixed address."""
    settings: dict[str, Json] = {"method": method, "url": f"https://example.com/{id_}"}
    return step(id_, "httpRequest", settings if fail_on is None else {**settings, "fail_on": fail_on}, **beside)


def card(id_: str, *recipients: str, wait: Json = None, **more: Json) -> dict[str, Json]:
    """Returns an `adaptiveCard` that is sent, and waits when `wait` is given."""
    settings: dict[str, Json] = {"recipients": list(recipients), "card": CARD, **more}
    return step(id_, "adaptiveCard", settings if wait is None else {**settings, "wait": wait})


def workflow(
    *steps: dict[str, Json],
    edges: str,
    trigger: dict[str, Json] | None = None,
    settings: dict[str, Any] | None = None,
) -> Workflow:
    """Returns the compiled workflow of some steps behind a trigger.

    `edges` are written `a>b` or `a:branch>b`, separated by spaces; `start` is the trigger. `trigger` are fields
    beside the trigger's settings.
    """
    begin = step(START, "trigger", {"trigger_type": "REQUEST"}, **(trigger or {}))
    document = {
        "workflow_name": "Test",
        "workflow_steps": [begin, *steps],
        "workflow_connections": [_edge(text) for text in edges.split()],
        "workflow_settings": settings or {},
    }
    return compile_definition(document)


def _edge(text: str) -> dict[str, str]:
    head, _, target = text.partition(">")
    source, _, branch = head.partition(":")
    edge = {"from": START if source == "start" else source, "to": target}
    return {**edge, "branch": branch} if branch else edge
