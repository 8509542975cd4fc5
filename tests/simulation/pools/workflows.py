"""Workflows of a small grammar: every type of step, in sequence, with exits forward and perhaps a loop.

A pool of them is drawn once from seeds of its own, so that a simulation only has to choose among compiled ones.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from looply.definition import START, Workflow, compile_definition
from simulation.running.choice import Choice, SeededChoice, choose, happens

POOL_SIZE = 240
PEOPLE = ("ann@example.com", "bob@example.com")
_KINDS = ("call", "wait", "call", "card", "delay", "call", "wait", "conditional", "branch", "override", "note")
CARD = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "Input.Number", "id": "serial"}]}

Step = dict[str, Any]
Edge = tuple[str, str, str]


@dataclass(frozen=True)
class Made:
    """One workflow of the pool: as it was written, and compiled. `every_ms` is 0 for one that is triggered."""

    document: dict[str, Any]
    workflow: Workflow
    every_ms: int


@cache
def made(number: int) -> Made:
    """Returns a workflow of the pool; the numbers from 0 on grow richer."""
    choice = SeededChoice(f"workflow {number}")
    document, every_ms = _document(choice, most=1 + min(number // 20, 4))
    return Made(document, compile_definition(document), every_ms)


def _document(choice: Choice, most: int) -> tuple[dict[str, Any], int]:
    count = 1 + choice.pick("steps", most)
    steps = [_step(choice, f"s{index}") for index in range(count)]
    edges: list[Edge] = [(START, "next", "s0")]
    for index, one in enumerate(steps):
        later = [f"s{n}" for n in range(index + 1, count)] + ["end"]
        edges.extend(_exits(choice, one, later))
    last = _last(choice, count, steps)
    if last is None:
        edges = [edge for edge in edges if edge[2] != "end"]
    else:
        steps.append(last)
        if last["type"] == "redirect":
            edges = [edge for edge in edges if edge[0] != "end"]
    steps = [one for one in steps if any(edge[2] == one["id"] for edge in edges)]
    ids = {one["id"] for one in steps} | {START}
    trigger, every_ms = _trigger(choice)
    document: dict[str, Any] = {
        "workflow_name": "Simulated",
        "workflow_steps": [{"id": START, "type": "trigger", "settings": trigger}, *steps],
        "workflow_connections": [
            {"from": a, "to": b, "branch": branch} for a, branch, b in edges if a in ids and b in ids
        ],
    }
    if happens(choice, "timeout", 150):
        document["workflow_settings"] = {"timeout": "PT3M"}
    return document, every_ms


def _trigger(choice: Choice) -> tuple[dict[str, Any], int]:
    if not happens(choice, "scheduled", 220):
        return {"trigger_type": "REQUEST"}, 0
    text, seconds = choose(choice, "every", (("PT20S", 20), ("PT5S", 5), ("PT1M", 60)))
    return {"trigger_type": "SCHEDULED", "schedule": {"every": text}}, seconds * 1000


def _step(choice: Choice, name: str) -> Step:
    match choose(choice, "step", _KINDS):
        case "call":
            return _call(choice, name)
        case "wait":
            settings: dict[str, Any] = {"sources": choose(choice, "sources", (["SAP", "TEAMS"], ["SAP"]))}
            if happens(choice, "wait times out", 400):
                settings["timeout"] = "PT90S"
            return {"id": name, "type": "wait", "settings": settings}
        case "card":
            wait: dict[str, Any] = {"for": choose(choice, "answers", ("first", "all", 2))}
            if happens(choice, "card times out", 400):
                wait["timeout"] = "PT90S"
            settings = {"action": "send", "card": CARD, "recipients": list(PEOPLE), "wait": wait}
            return {"id": name, "type": "adaptiveCard", "settings": settings}
        case "delay":
            return {"id": name, "type": "delay", "settings": {"for": choose(choice, "span", ("PT5S", "PT40S"))}}
        case "conditional":
            rule = {"variable": "${payload.output.n}", "operator": "NumericEquals", "value": 1}
            return {"id": name, "type": "conditional", "settings": {"rules": [rule]}}
        case "branch":
            branch = {"id": "one", "label": "One", "value": 1}
            settings = {"variable": "${payload.output.n}", "operator": "NumericEquals", "branches": [branch]}
            return {"id": name, "type": "branchConditional", "settings": settings}
        case kind:
            value = "${newGuid()}" if kind == "note" else "${add(coalesce(payload.output.rounds, 0), 1)}"
            parameters = [{"name": "rounds" if kind == "override" else "note", "value": value}]
            return {"id": name, "type": "overridePayload", "settings": {"parameters": parameters}}


def _call(choice: Choice, name: str, method: str = "") -> Step:
    method = method or choose(choice, "method", ("POST", "GET"))
    settings: dict[str, Any] = {"method": method, "url": f"https://{choose(choice, 'host', 'aaab')}.example/orders"}
    if method == "POST":
        settings["body"] = {"n": "${payload.output.n}"}
    if happens(choice, "fail_on", 400):
        settings["fail_on"] = choose(choice, "statuses", (["4xx"], ["5xx"], ["4xx", "5xx"]))
    made_step: Step = {"id": name, "type": "httpRequest", "settings": settings}
    if happens(choice, "retry", 500):
        made_step["retry"] = {"max_attempts": choose(choice, "attempts", (2, 3)), "interval": "PT3S", "jitter": 0.5}
    if happens(choice, "on_unknown", 400):
        made_step["on_unknown"] = choose(choice, "policy", ("retry", "incident"))
    if happens(choice, "step timeout", 300):
        made_step["timeout"] = "PT5S"
    return made_step


def _last(choice: Choice, count: int, steps: list[Step]) -> Step | None:
    kind = choose(choice, "end", ("none", "none", "COMPLETED", "FAILED", "redirect", "call"))
    if kind == "none":
        return None
    if kind == "call":
        return _call(choice, "end", "POST")
    if kind == "redirect":
        target = f"s{choice.pick('target', count)}"
        return {"id": "end", "type": "redirect", "settings": {"target": target, "max_visits": 2}}
    return {"id": "end", "type": "terminate", "settings": {"status": kind, "reason": "so it was drawn"}}


def _exits(choice: Choice, one: Step, later: list[str]) -> list[Edge]:
    name = one["id"]
    match one["type"]:
        case "conditional":
            return [(name, "yes", later[0]), (name, "no", choose(choice, "no", later))]
        case "branchConditional":
            return [(name, "one", later[0]), (name, "else", choose(choice, "else", later))]
    edges = [(name, "next", later[0])]
    if one["type"] in ("wait", "adaptiveCard") and happens(choice, "timeout exit", 600):
        edges.append((name, "timeout", choose(choice, "timeout target", later)))
    if one["type"] == "httpRequest" and happens(choice, "error exit", 400):
        edges.append((name, "error", choose(choice, "error target", later)))
    return edges
