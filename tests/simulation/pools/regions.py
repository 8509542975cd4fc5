"""The second pool of workflows: branches, items, children, datastores and approvals, in each other and in a row.

It is separate from the first one, because saved runs depend on the numbers and choices of that. These workflows have
no loops and only an operator changes their payload, so that a checker can compute what every step must have sent.
"""

from functools import cache
from typing import Any

from looply.definition import START, Workflow, compile_definition
from simulation.pools.workflows import CARD, PEOPLE, Edge, Made, Step
from simulation.running.choice import Choice, SeededChoice, choose, happens

DATASTORE = "ledger"
APPROVERS = (*PEOPLE, "cy@example.com")
CHILD_IDS = tuple(f"01900000-0000-7000-8000-0000000c000{number}" for number in range(3))
"""Workflows that are only called: one calls, one waits, one ends as FAILED."""

_BLOCKS = (
    "call", "parallel", "forEach", "approval", "subworkflow", "datastore", "parallel", "forEach", "wait", "early",
)  # fmt: skip
_SIMPLE = ("call", "datastore", "wait", "approval", "subworkflow", "call", "delay")
_EXITS = {"wait": ("next", "timeout"), "approval": ("approved", "rejected", "timeout")}
_CAN_FAIL = ("httpRequest", "approval", "subworkflow", "datastore")

Part = tuple[list[Step], list[Edge]]


@cache
def made_of_regions(number: int) -> Made:
    """Returns a workflow of the pool; the numbers from 0 on grow richer."""
    document = _document(SeededChoice(f"regions {number}"), most=1 + min(number // 40, 3))
    return Made(document, compile_definition(document), 0)


@cache
def children() -> dict[str, Workflow]:
    """Returns the workflows that are only called, by their ids."""
    last: tuple[Step, ...] = (
        {"id": "c", "type": "httpRequest", "settings": {"method": "POST", "url": "https://a.example/child"}},
        {"id": "w", "type": "wait", "settings": {"timeout": "PT40S"}},
        {"id": "t", "type": "terminate", "settings": {"status": "FAILED", "reason": "so it is made"}},
    )
    return {
        key: compile_definition(_written([one], [(START, "next", one["id"])]))
        for key, one in zip(CHILD_IDS, last, strict=True)
    }


def _document(choice: Choice, most: int) -> dict[str, Any]:
    count = 1 + choice.pick("blocks", most)
    parts = [_block(choice, f"s{index}", f"s{index + 1}" if index + 1 < count else "") for index in range(count)]
    steps = [step for part, _ in parts for step in part]
    edges = [(START, "next", "s0"), *(edge for _, part in parts for edge in part)]
    document = _written(steps, edges)
    if happens(choice, "timeout", 100):
        document["workflow_settings"] = {"timeout": "PT3M"}
    return document


def _written(steps: list[Step], edges: list[Edge]) -> dict[str, Any]:
    return {
        "workflow_name": "Simulated regions",
        "workflow_steps": [{"id": START, "type": "trigger", "settings": {"trigger_type": "REQUEST"}}, *steps],
        "workflow_connections": [{"from": a, "to": b, "branch": branch} for a, branch, b in edges],
    }


def _block(choice: Choice, name: str, after: str) -> Part:
    """Returns one step or region of that name, which continues to `after`; an empty one is an open exit."""
    match choose(choice, "block", _BLOCKS):
        case "parallel":
            return _parallel(choice, name, after)
        case "forEach":
            return _for_each(choice, name, after)
        case "early":
            return _early(choice, name, after)
        case kind:
            return _one(choice, name, kind, after)


def _early(choice: Choice, name: str, after: str) -> Part:
    """Returns a call and two waits: an answer that comes during the call may fit the second one only."""
    called, edges = _one(choice, name, "call", f"{name}w")
    first: Step = {"id": f"{name}w", "type": "wait", "settings": {"sources": ["SAP"]}}
    second, last = _one(choice, f"{name}v", "wait", after)
    return [*called, first, *second], [*edges, (f"{name}w", "next", f"{name}v"), *last]


def _parallel(choice: Choice, name: str, after: str) -> Part:
    count = 2 + choice.pick("branches", 2)
    join = f"{name}j"
    branches = [{"id": f"b{number}"} for number in range(count)]
    steps: list[Step] = [{"id": name, "type": "parallel", "settings": {"branches": branches}}]
    edges: list[Edge] = []
    for number in range(count):
        line, inner = _line(choice, f"{name}b{number}", join)
        steps += line
        edges += [(name, f"b{number}", line[0]["id"]), *inner]
    needed = choose(choice, "join", ("all", "any", 2, "any"))
    steps.append({"id": join, "type": "join", "settings": {"of": name, "for": needed}})
    return steps, edges + ([(join, "next", after), (join, "error", after)] if after else [])


def _for_each(choice: Choice, name: str, after: str) -> Part:
    settings = {
        "items": list(range(choose(choice, "items", (2, 3, 1, 0, 4)))),
        "concurrency": 1 + choice.pick("concurrency", 3),
    }
    body, edges = _parallel(choice, f"{name}p", "") if happens(choice, "nested", 250) else _line(choice, f"{name}e", "")
    steps: list[Step] = [{"id": name, "type": "forEach", "settings": settings}, *body]
    return steps, [(name, "each", body[0]["id"]), *edges, *([(name, "next", after)] if after else [])]


def _line(choice: Choice, prefix: str, after: str) -> Part:
    """Returns one or two steps in a row."""
    count = 1 + choice.pick("length", 2)
    steps: list[Step] = []
    edges: list[Edge] = []
    for number in range(count):
        target = f"{prefix}x{number + 1}" if number + 1 < count else after
        one, inner = _one(choice, f"{prefix}x{number}", choose(choice, "step", _SIMPLE), target)
        steps += one
        edges += inner
    return steps, edges


def _one(choice: Choice, name: str, kind: str, after: str) -> Part:
    made: Step = {"id": name, **_MAKERS[kind](choice)}
    exits = list(_EXITS.get(kind, ("next",)))
    if made["type"] in _CAN_FAIL and happens(choice, "error exit", 250):
        exits.append("error")
    return [made], [(name, exit_, after) for exit_ in exits if after]


def _call(choice: Choice) -> Step:
    settings: dict[str, Any] = {
        "method": choose(choice, "method", ("POST", "GET")),
        "url": f"https://{choose(choice, 'host', 'aab')}.example/orders",
        "fail_on": ["4xx", "5xx"],
    }
    if settings["method"] == "POST":
        settings["body"] = {"n": "${payload.output.n}"}
    made: Step = {"type": "httpRequest", "settings": settings}
    if happens(choice, "retry", 300):
        made["retry"] = {"max_attempts": 2, "interval": "PT3S"}
    if happens(choice, "on_unknown", 400):
        made["on_unknown"] = choose(choice, "policy", ("retry", "incident"))
    return made


def _wait(choice: Choice) -> Step:
    settings: dict[str, Any] = {"timeout": "PT90S"} if happens(choice, "wait times out", 400) else {}
    if happens(choice, "wait of SAP", 500):
        settings["sources"] = ["SAP"]
    return {"type": "wait", "settings": settings}


def _delay(choice: Choice) -> Step:
    return {"type": "delay", "settings": {"for": choose(choice, "span", ("PT5S", "PT40S"))}}


def _datastore(choice: Choice) -> Step:
    settings: dict[str, Any] = {"operation": choose(choice, "operation", ("merge", "set", "get")), "name": DATASTORE}
    if settings["operation"] == "merge":
        settings["value"] = {"n": "${payload.output.n}"}
    if settings["operation"] == "set":
        settings.update(path="/note", value="${newGuid()}")
    return {"type": "datastore", "settings": settings}


def _approval(choice: Choice) -> Step:
    settings: dict[str, Any] = {
        "recipients": list(APPROVERS),
        "quorum": choose(choice, "quorum", ("any", "all", 2)),
        "order": choose(choice, "order", ("parallel", "sequence")),
        "veto": happens(choice, "veto", 300),
        "card": CARD,
        "api": True,
    }
    if happens(choice, "approval times out", 400):
        settings["timeout"] = "PT90S"
    if happens(choice, "reminders", 300):
        settings["reminders"] = ["PT30S"]
    if happens(choice, "escalation", 300):
        settings["escalation"] = [{"after": "PT40S", "to": ["dee@example.com"]}]
    return {"type": "approval", "settings": settings}


def _subworkflow(choice: Choice) -> Step:
    settings: dict[str, Any] = {"workflow_id": choose(choice, "child", CHILD_IDS), "payload": {"n": 1}}
    if happens(choice, "is not awaited", 200):
        settings["wait"] = False
    return {"type": "subworkflow", "settings": settings}


_MAKERS = {
    "call": _call,
    "wait": _wait,
    "delay": _delay,
    "datastore": _datastore,
    "approval": _approval,
    "subworkflow": _subworkflow,
}
