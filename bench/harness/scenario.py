"""What is measured: the body of 1 KiB and the workflows. The same for us, for the ceiling and for the peers."""

import itertools
from typing import Any, Final

import msgspec

BODY_BYTES: Final = 1024


def payload() -> dict[str, Any]:
    """Returns a purchase order whose JSON text has exactly 1 KiB."""
    lines = [
        {"item": f"{10 * line:05}", "text": f"part {line * 31:04}", "quantity": line, "price": line * 1.5}
        for line in range(1, 13)
    ]
    order: dict[str, Any] = {"po": "4500012345", "company": "1000", "amount": 1234.5, "currency": "EUR", "lines": lines}
    order["note"] = ""
    order["note"] = "n" * (BODY_BYTES - len(msgspec.json.encode(order)))
    return order


PAYLOAD: Final = payload()
BODY: Final = msgspec.json.encode(PAYLOAD)


def _step(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": kind, "description": "", "settings": settings}


_START: Final = _step("WorkflowStartState", "trigger", {"trigger_type": "REQUEST"})
_TOTAL: Final = _step(
    "overridePayload_1",
    "overridePayload",
    {"parameters": [{"name": "total", "value": "${mul(payload.output.amount, 2)}"}]},
)
_CHOICE: Final = _step(
    "conditional_1",
    "conditional",
    {"rules": [{"variable": "${payload.output.total}", "operator": "NumericGreaterThan", "value": 100}]},
)
_TEXT: Final = _step(
    "overridePayload_2",
    "overridePayload",
    {"parameters": [{"name": "text", "value": "Order ${payload.output.po}: ${payload.output.total} EUR"}]},
)
_WAIT: Final = _step("wait_1", "wait", {})

RESUME_BODY: Final = msgspec.json.encode({"payload": {**PAYLOAD, "source": "SAP"}})


def computing() -> dict[str, Any]:
    """Returns trigger -> 3 computing steps -> completed."""
    edges = [
        {"from": "WorkflowStartState", "to": "overridePayload_1"},
        {"from": "overridePayload_1", "to": "conditional_1"},
        {"from": "conditional_1", "to": "overridePayload_2", "branch": "yes"},
        {"from": "conditional_1", "to": "overridePayload_2", "branch": "no"},
    ]
    return _workflow("Three computing steps", [_START, _TOTAL, _CHOICE, _TEXT], edges)


def waiting() -> dict[str, Any]:
    """Returns trigger -> step -> wait; resume -> step -> completed."""
    edges = [
        {"from": "WorkflowStartState", "to": "overridePayload_1"},
        {"from": "overridePayload_1", "to": "wait_1"},
        {"from": "wait_1", "to": "overridePayload_2"},
    ]
    return _workflow("A wait", [_START, _TOTAL, _WAIT, _TEXT], edges)


def delaying() -> dict[str, Any]:
    """Returns trigger -> delay until the time that the caller gives -> completed."""
    delay = _step("delay_1", "delay", {"until": "${payload.output.due}"})
    return _workflow("A delay", [_START, delay], [{"from": "WorkflowStartState", "to": "delay_1"}])


def calling(url: str) -> dict[str, Any]:
    """Returns trigger -> 3 calls of another system, one after the other -> completed."""
    calls = [_step(f"http_{number}", "httpRequest", {"url": url, "method": "GET"}) for number in (1, 2, 3)]
    return workflow_of("Three calls", calls)


def calling_each(url: str) -> dict[str, Any]:
    """Returns trigger -> the items of `items`, 8 at once, with a call of another system each -> completed."""
    each = _step("forEach_1", "forEach", {"items": "${payload.output.items}", "concurrency": 8})
    call = _step("http_1", "httpRequest", {"url": f"{url}${{item}}", "method": "GET"})
    edges = [
        {"from": "WorkflowStartState", "to": "forEach_1"},
        {"from": "forEach_1", "to": "http_1", "branch": "each"},
    ]
    return _workflow("A call for each item", [_START, each, call], edges)


def waiting_branches(count: int) -> dict[str, Any]:
    """Returns trigger -> so many branches side by side, `b0` and on, of which each has a wait `wait_b0` -> join."""
    names = [f"b{number}" for number in range(count)]
    branches = _step("parallel_1", "parallel", {"branches": [{"id": name} for name in names]})
    waits = [_step(f"wait_{name}", "wait", {}) for name in names]
    edges = [{"from": "WorkflowStartState", "to": "parallel_1"}]
    for name in names:
        edges.append({"from": "parallel_1", "to": f"wait_{name}", "branch": name})
        edges.append({"from": f"wait_{name}", "to": "join_1"})
    steps = [_START, branches, *waits, _step("join_1", "join", {"of": "parallel_1"})]
    return _workflow("Branches that wait", steps, edges)


def orders() -> dict[str, dict[str, Any]]:
    """Returns three workflows that searches tell apart, by kind: they complete, fail, or wait; with search fields."""
    settings = {"search_fields": ["/payload/output/supplier", "/payload/output/plant"]}
    ends = {
        "ordering": _step("overridePayload_1", "overridePayload", {"parameters": [{"name": "is_done", "value": True}]}),
        "rejecting": _step("terminate_1", "terminate", {"status": "FAILED", "reason": "rejected"}),
        "asking": _WAIT,
    }
    return {
        kind: {
            **_workflow(kind.capitalize(), [_START, end], [{"from": "WorkflowStartState", "to": end["id"]}]),
            "workflow_settings": settings,
        }
        for kind, end in ends.items()
    }


def workflow_of(name: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns trigger -> these steps, one after the other -> completed."""
    every = [_START, *steps]
    edges = [{"from": before["id"], "to": after["id"]} for before, after in itertools.pairwise(every)]
    return _workflow(name, every, edges)


def _workflow(name: str, steps: list[dict[str, Any]], edges: list[dict[str, str]]) -> dict[str, Any]:
    return {"workflow_name": name, "workflow_steps": steps, "workflow_connections": edges}
