"""Small workflow definitions for tests, and builders to write more of them in one line.

`chain` strings steps together in their order; further edges are (step, exit, step). Every builder returns the
compiled workflow, as an engine takes it.
"""

from functools import cache
from itertools import pairwise
from typing import Any

from looply.definition import START, Workflow, compile_definition
from looply.jsontext import Json, encode_json, parse_json

Step = dict[str, Json]
Edge = tuple[str, str, str]

URL = "https://shop.example/orders"


def step(id_: str, type_: str, settings: dict[str, Json] | None = None, **beside: Json) -> Step:
    """Returns a step of a definition; `beside` are the fields beside its settings."""
    return {"id": id_, "type": type_, "settings": settings or {}, **beside}


def call(id_: str = "call_1", method: str = "POST", body: Json = "${payload.output.po}", **beside: Json) -> Step:
    """Returns an `httpRequest`. `url`, `connection`, `headers` and `fail_on` go into its settings, the rest beside."""
    settings: dict[str, Json] = {"method": method, "url": URL}
    settings.update(
        {name: beside.pop(name) for name in ("url", "connection", "headers", "fail_on", "auth") if name in beside}
    )
    if method not in ("GET", "DELETE"):
        settings["body"] = body
    return step(id_, "httpRequest", settings, **beside)


def function(id_: str = "function_1", input_: Json = "${payload.output}", **beside: Json) -> Step:
    """Returns a `function`, whose code a test never runs; its input is the caller's payload unless given."""
    return step(id_, "function", {"language": "python", "code": "return input", "input": input_}, **beside)


def email(id_: str = "email_1", **beside: Json) -> Step:
    """Returns an `email` to Ann. `text` goes into its settings, the rest beside them."""
    text = beside.pop("text", "${payload.output.po}")
    settings = {"connection": "MAIL", "to": "ann@example.com", "subject": "An order", "text": text}
    return step(id_, "email", settings, **beside)


def wait(id_: str = "wait_1", **settings: Json) -> Step:
    """Returns a `wait`."""
    return step(id_, "wait", settings)


def delay(id_: str = "delay_1", span: str = "PT1H") -> Step:
    """Returns a `delay` for a duration."""
    return step(id_, "delay", {"for": span})


def note(id_: str = "note_1", value: Json = "seen") -> Step:
    """Returns an `overridePayload` that sets the field of its own name: a trace of having been here."""
    return step(id_, "overridePayload", {"parameters": [{"name": id_, "value": value}]})


def datastore(operation: str, id_: str = "", name: str = "prices", **settings: Json) -> Step:
    """Returns a `datastore`, called like its operation; `settings` may be `path`, `value` and `if_revision`."""
    return step(id_ or f"{operation}_1", "datastore", {"operation": operation, "name": name, **settings})


def card(id_: str = "card_1", recipients: Json = "ann@example.com", **waits: Json) -> Step:
    """Returns an `adaptiveCard` that waits; `waits` may be `for_` and `timeout`, and further settings of the step."""
    named: tuple[str, ...] = ("channel", "app", "fallback", "may_answer")
    further = {name: waits.pop(name) for name in named if name in waits}
    waiting = {name.rstrip("_"): value for name, value in waits.items()}
    content = {"type": "AdaptiveCard", "version": "1.5", "body": [{"type": "TextBlock", "text": "Release it?"}]}
    return step(
        id_, "adaptiveCard", {"action": "send", "card": content, "recipients": recipients, "wait": waiting, **further}
    )


def approval(id_: str = "approval_1", recipients: Json = "ann@example.com", **settings: Json) -> Step:
    """Returns an `approval`; `settings` are its further ones."""
    return step(id_, "approval", {"recipients": recipients, **settings}, description="Release the order?")


def stop(id_: str = "stop_1", status: str = "FAILED", reason: str = "no answer") -> Step:
    """Returns a `terminate`."""
    return step(id_, "terminate", {"status": status, "reason": reason})


def parallel(*branches: str, id_: str = "split") -> Step:
    """Returns a `parallel` with these branches."""
    return step(id_, "parallel", {"branches": [{"id": branch} for branch in branches]})


def join(count: int | str = "all", *, of: str = "split", id_: str = "meet") -> Step:
    """Returns the `join` of a parallel; `count` is how many branches it waits for."""
    return step(id_, "join", {"of": of, "for": count})


def for_each(items: Json = "${payload.output.items}", concurrency: int = 1, id_: str = "loop") -> Step:
    """Returns a `forEach`."""
    return step(id_, "forEach", {"items": items, "concurrency": concurrency})


def side_by_side(*branches: Step, count: int | str = "all", last: Step | None = None) -> Workflow:
    """Returns a workflow whose branches, called like their one step, meet in a join before the last step."""
    names = [branch["id"] for branch in branches]
    last = last or note("last", "${meet.output.arrived}")
    return graph(
        parallel(*names),
        *branches,
        join(count),
        last,
        edges=(
            (START, "next", "split"),
            *(("split", name, name) for name in names),
            *((name, "next", "meet") for name in names),
            ("meet", "next", last["id"]),
        ),
    )


def repeating(*body: Step, concurrency: int = 1, items: Json = "${payload.output.items}") -> Workflow:
    """Returns a workflow that runs some steps, one after the other, for each item, and notes what is collected."""
    line = pairwise(step["id"] for step in body)
    return graph(
        for_each(items, concurrency),
        *body,
        note("last", "${loop.output.items}"),
        edges=(
            (START, "next", "loop"),
            ("loop", "each", body[0]["id"]),
            *((source, "next", target) for source, target in line),
            ("loop", "next", "last"),
        ),
    )


def chain(*steps: Step, edges: tuple[Edge, ...] = (), start: dict[str, Json] | None = None, **more: Any) -> Workflow:
    """Returns the compiled workflow of steps that follow each other by their exit `next`.

    A step that an extra edge leads to is not part of the chain: it is beside it. `start` are fields of the
    start step, `more` is `workflow_settings`.
    """
    beside = {target for _, _, target in edges}
    line = [START, *(step["id"] for step in steps if step["id"] not in beside)]
    strung = ((source, "next", target) for source, target in pairwise(line))
    return graph(*steps, edges=(*strung, *edges), start=start, **more)


def graph(*steps: Step, edges: tuple[Edge, ...], start: dict[str, Json] | None = None, **more: Any) -> Workflow:
    """Returns the compiled workflow of these steps and exactly these edges."""
    document: dict[str, Json] = {
        "workflow_name": "Story",
        "workflow_steps": [{**step(START, "trigger", {"trigger_type": "REQUEST"}), **(start or {})}, *steps],
        "workflow_connections": [{"from": a, "to": b, "branch": branch} for a, branch, b in edges],
    }
    if more:
        document["workflow_settings"] = more
    return _compiled(encode_json(document))


@cache
def _compiled(text: bytes) -> Workflow:
    return compile_definition(parse_json(text))


def computing() -> Workflow:
    """Returns a workflow that only computes: it ends in the unit that starts it."""
    return chain(note())


def asking(**settings: Json) -> Workflow:
    """Returns a workflow that waits once and then ends in the unit of the resume."""
    return chain(wait(**settings), note())


def asking_twice() -> Workflow:
    """Returns a workflow with two waits, one directly after the other."""
    return chain(wait("wait_1"), wait("wait_2"), note())


def calling(method: str = "POST", **beside: Json) -> Workflow:
    """Returns a workflow that makes one call."""
    return chain(call("call_1", method, **beside), note())


def calling_then_asking(method: str = "POST") -> Workflow:
    """Returns a workflow that makes one call and then waits."""
    return chain(call("call_1", method), wait())


def delaying(span: str = "PT1H") -> Workflow:
    """Returns a workflow that lets time pass."""
    return chain(delay(span=span), note())


def counting(rounds: int) -> Workflow:
    """Returns a workflow that computes so many rounds of two steps before it ends."""
    count = note("count", "${add(coalesce(payload.output.count, 0), 1)}")
    again = step("again", "redirect", {"target": "count", "max_visits": rounds + 1})
    rule = {"variable": "${payload.output.count}", "operator": "NumericLessThan", "value": rounds}
    more = step("more", "conditional", {"rules": [rule]})
    return graph(
        count, more, again, edges=((START, "next", "count"), ("count", "next", "more"), ("more", "yes", "again"))
    )


def adding(name: str = "prices") -> Workflow:
    """Returns a workflow that adds 1 to `count` of a datastore, and repeats that while other changes come first."""
    count = "${add(coalesce(get_1.output.value, 0), 1)}"
    put = datastore("set", name=name, path="/count", value=count, if_revision="${get_1.output.revision}")
    again = step("again", "redirect", {"target": "get_1", "max_visits": 1000})
    return graph(
        datastore("get", name=name, path="/count"),
        put,
        again,
        edges=((START, "next", "get_1"), ("get_1", "next", "set_1"), ("set_1", "error", "again")),
    )


def cron(text: str, *steps: Step, **schedule: Json) -> Workflow:
    """Returns a workflow that a cron expression starts."""
    trigger = {"trigger_type": "SCHEDULED", "schedule": {"cron": text, **schedule}}
    return chain(*(steps or (note(),)), start={"settings": trigger})


def every(span: str = "PT1H", *steps: Step, **schedule: Json) -> Workflow:
    """Returns a workflow that a schedule starts."""
    trigger = {"trigger_type": "SCHEDULED", "schedule": {"every": span, **schedule}}
    return chain(*(steps or (note(),)), start={"settings": trigger})
