"""Workflows of any shape: chains of steps, parallel branches, items."""

from typing import Any

from hypothesis import strategies as st

from kit.execution.workflows import call, card, step, workflow
from looply.definition import Workflow

PEOPLE = ("a@example.com", "b@example.com", "c@example.com")

RETRY = {"max_attempts": 3, "interval": "PT10S", "jitter": 0.5}


@st.composite
def steps_of(draw: st.DrawFn, index: int) -> dict[str, Any]:
    """One step of any kind that leads to the next."""
    name = f"s{index}"
    match draw(st.sampled_from(("call", "wait", "card", "delay", "conditional", "override", "note"))):
        case "call":
            beside: dict[str, Any] = {"retry": RETRY} if draw(st.booleans()) else {}
            if draw(st.booleans()):
                beside["on_unknown"] = draw(st.sampled_from(("retry", "incident")))
            fail_on = draw(st.sampled_from((None, ["4xx"], ["503"])))
            return call(name, draw(st.sampled_from(("GET", "POST"))), fail_on=fail_on, **beside)
        case "wait":
            made: dict[str, Any] = {"sources": draw(st.sampled_from((["SAP"], ["SAP", "TEAMS"])))}
            if draw(st.booleans()):
                made["timeout"] = "PT1H"
            return step(name, "wait", made)
        case "card":
            wait: dict[str, Any] = {"for": draw(st.sampled_from(("first", "all", 2)))}
            if draw(st.booleans()):
                wait["timeout"] = "PT1H"
            return card(name, *PEOPLE, wait=wait)
        case "delay":
            return step(name, "delay", {"for": "PT10M"})
        case "conditional":
            variable = f"${{payload.output.n{draw(st.integers(0, 1))}}}"
            return step(name, "conditional", {"rules": [{"variable": variable, "operator": "IsPresent"}]})
        case "override":
            return step(name, "overridePayload", {"parameters": [{"name": "id", "value": "${newGuid()}"}]})
        case _:
            return card(name, *PEOPLE[:1])


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """A chain of steps with exits forward, and perhaps a loop back from its end."""
    count = draw(st.integers(1, 5))
    steps = [draw(steps_of(index)) for index in range(count)]
    edges = ["start>s0"]
    for index, one in enumerate(steps):
        later = [f"s{n}" for n in range(index + 1, count)] + ["end"]
        first = "yes" if one["type"] == "conditional" else "next"
        edges.append(f"s{index}:{first}>{later[0]}")
        others = ["error"] if draw(st.booleans()) else []
        others += ["no"] if first == "yes" else ["timeout"] if one["type"] in ("wait", "adaptiveCard") else []
        edges.extend(f"s{index}:{branch}>{draw(st.sampled_from(later))}" for branch in others)
    end = draw(st.sampled_from(("COMPLETED", "FAILED", "redirect", "call")))
    if end == "redirect":
        last = step("end", "redirect", {"target": f"s{draw(st.integers(0, count - 1))}", "max_visits": 3})
    elif end == "call":
        last = call("end", "POST")
    else:
        last = step("end", "terminate", {"status": end})
    timeout = {"timeout": "PT6H"} if draw(st.booleans()) else {}
    return workflow(*steps, last, edges=" ".join(edges), settings=timeout)


@st.composite
def lines_of(draw: st.DrawFn, first: int, after: str) -> tuple[list[dict[str, Any]], list[str]]:
    """One or two steps in a row, from number `first` on, whose last one leads to `after`, or ends openly."""
    steps = [draw(steps_of(first + number)) for number in range(draw(st.integers(1, 2)))]
    edges = []
    for number, one in enumerate(steps):
        target = steps[number + 1]["id"] if number + 1 < len(steps) else after
        exits = ["yes", "no"] if one["type"] == "conditional" else ["next"]
        if one["type"] in ("wait", "adaptiveCard") and draw(st.booleans()):
            exits.append("timeout")
        if draw(st.integers(0, 3)):
            exits.append("error")
        edges += [f"{one['id']}:{exit_}>{target}" for exit_ in exits if target]
    return steps, edges


@st.composite
def branches_of(draw: st.DrawFn, first: int, after: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Branches that meet in a join, or end by themselves, and then continue at `after`."""
    count = draw(st.integers(1, 3))
    meeting = draw(st.sampled_from(("all", "any", 1, count, None)))
    steps = [step("p", "parallel", {"branches": [{"id": f"b{number}"} for number in range(count)]})]
    edges = []
    for number in range(count):
        meets = meeting is not None and draw(st.integers(0, 5)) > 0
        line, inner = draw(lines_of(first + 2 * number, "j" if meets else ""))
        steps += line
        edges += [f"p:b{number}>{line[0]['id']}", *inner]
    if meeting is not None and any(edge.endswith(">j") for edge in edges):
        steps.append(step("j", "join", {"of": "p", "for": meeting}))
        edges += [f"j:{exit_}>{after}" for exit_ in ("next", "error") if after]
    return steps, edges


@st.composite
def regions(draw: st.DrawFn) -> Workflow:
    """Parallel branches, items, or branches within the items."""
    kind = draw(st.sampled_from(("branches", "items", "both")))
    last = draw(st.sampled_from((call("end", "POST"), step("end", "wait"))))
    if kind == "branches":
        steps, edges = draw(branches_of(0, "end"))
        steps, edges = [*steps, last] if any(edge.endswith(">end") for edge in edges) else steps, ["start>p", *edges]
        return workflow(*steps, edges=" ".join(edges))
    items = draw(st.sampled_from(([], [1], [1, 2, 3])))
    loop = step("f", "forEach", {"items": items, "concurrency": draw(st.integers(1, 2))})
    steps, edges = draw(lines_of(0, "") if kind == "items" else branches_of(0, ""))
    edges = ["start>f", f"f:each>{steps[0]['id']}", "f:next>end", *edges]
    return workflow(loop, *steps, last, edges=" ".join(edges))
