"""Scenarios of parallel branches and of items: joins, cancellation, and the data that each of them sees."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from golden.scenarios.tools import BROKEN, OK, Simulator, call, card, started, step, token
from looply.jsontext import Json
from looply.limits import Limits

ITEMS: Final = {"items": ["x", "y", "z"]}


def parallel(*branches: str, id_: str = "p") -> dict[str, Json]:
    return step(id_, "parallel", {"branches": [{"id": branch, "label": branch.upper()} for branch in branches]})


def join(count: Json = "all", of: str = "p") -> dict[str, Json]:
    return step(f"j_{of}", "join", {"of": of, "for": count})


def for_each(items: Json = "${payload.output.items}", **settings: Json) -> dict[str, Json]:
    return step("f", "forEach", {"items": items, **settings})


def note(id_: str, value: Json, **beside: Json) -> dict[str, Json]:
    return step(id_, "overridePayload", {"parameters": [{"name": id_, "value": value}]}, **beside)


def branches_meet() -> Simulator:
    last = note("last", "${createArray(a.output.data.n, b.output.data.n, j_p.output.arrived)}")
    edges = "start>p p:l>a p:r>b a>j_p b>j_p j_p>last"
    simulator = started(parallel("l", "r"), call("a"), call("b", "POST"), join(), last, edges=edges)
    simulator.report(simulator.effects[1], {**OK, "data": {"n": 2}})
    simulator.succeed(OK)
    return simulator


def losers_are_given_up() -> Simulator:
    asked = step("w", "wait", {"timeout": "PT1H"})
    steps = (
        parallel("call", "card", "delay", "wait", "inner"),
        call("c", "POST"),
        card("k", "a@example.com", wait={}),
        step("d", "delay", {"for": "PT2H"}),
        asked,
        parallel("x", id_="q"),
        call("e"),
        join("any"),
        note("last", "${string(p.output.branches)}"),
    )
    edges = "start>p p:call>c p:card>k p:delay>d p:wait>w p:inner>q q:x>e c>j_p k>j_p d>j_p w>j_p j_p>last"
    simulator = started(*steps, edges=edges)
    late = simulator.effects[0]
    simulator.resume({"n": 1}, state="w")
    simulator.report(late, OK)
    return simulator


def some_of_the_branches_are_enough() -> Simulator:
    waits = [step(name, "wait") for name in ("a", "b", "c")]
    edges = "start>p p:a>a p:b>b p:c>c a>j_p b>j_p c>j_p"
    simulator = started(parallel("a", "b", "c"), *waits, join(2), edges=edges)
    simulator.resume({"n": 1}, state="c")
    simulator.resume({"n": 2}, state="a")
    return simulator


def branches_end_by_themselves() -> Simulator:
    simulator = started(parallel("l", "r", "open"), call("a"), call("b"), edges="start>p p:l>a p:r>b")
    simulator.succeed(OK)
    simulator.succeed(OK)
    return simulator


def join_that_is_never_met() -> Simulator:
    steps = (parallel("l", "r"), call("a"), note("b", 1), join(), note("caught", "${error.code}"))
    simulator = started(*steps, edges="start>p p:l>a p:r>b a>j_p j_p:error>caught")
    simulator.succeed(OK)
    return simulator


def more_branches_than_the_limit() -> Simulator:
    steps = (parallel("l", "r"), note("a", 1), note("caught", "${error.code}"))
    return started(*steps, edges="start>p p:l>a p:error>caught", limits=Limits(branches=1))


def branch_that_fails_freezes() -> Simulator:
    steps = (parallel("l", "r", "w"), call("a"), note("b", BROKEN), step("c", "wait"), join())
    simulator = started(*steps, edges="start>p p:l>a p:r>b p:w>c a>j_p b>j_p c>j_p")
    simulator.succeed(OK)
    return simulator


def branch_that_ends_the_execution() -> Simulator:
    stop = step("stop", "terminate", {"status": "FAILED", "reason": "no"})
    simulator = started(
        parallel("l", "r"), call("a"), call("b"), stop, join("any"), edges="start>p p:l>a p:r>b b>stop a>j_p"
    )
    late = simulator.effects[0]
    simulator.report(simulator.effects[1], OK)
    simulator.report(late, OK)
    return simulator


def errors_of_branches() -> Simulator:
    steps = (
        parallel("l", "r"),
        call("a", fail_on=["4xx"]),
        note("caught", "${error.state}"),
        call("b"),
        note("other", "${coalesce(error, 'none')}"),
        join(),
        note("last", "${coalesce(error, 'none')}"),
    )
    edges = "start>p p:l>a a>j_p a:error>caught caught>j_p p:r>b b>other other>j_p j_p>last"
    simulator = started(*steps, edges=edges)
    simulator.succeed({**OK, "status": "404"})
    simulator.succeed(OK)
    return simulator


def items_one_by_one() -> Simulator:
    body = note("n", "${concat(item, string(index))}")
    last = note("last", "${f.output.items[1].n}")
    return started(for_each(), body, last, edges="start>f f:each>n f>last", body=ITEMS)


def items_side_by_side() -> Simulator:
    steps = (for_each(concurrency=2), call("c"), note("n", "${concat(item, string(c.output.data.n))}"))
    simulator = started(*steps, edges="start>f f:each>c c>n", body=ITEMS)
    for number in (2, 1, 3):
        effect = simulator.effects[1 if number == 2 else 0]
        simulator.report(effect, {**OK, "data": {"n": number}})
    return simulator


def items_in_the_middle() -> Simulator:
    steps = (for_each(concurrency=2), call("c", "POST"), step("w", "wait", {"timeout": "PT1H"}))
    simulator = started(*steps, edges="start>f f:each>c c>w", body=ITEMS)
    simulator.succeed(OK)
    simulator.resume({"n": 1})
    return simulator


def item_that_fails() -> Simulator:
    steps = (for_each(), note("n", "${div(1, item)}"))
    return started(*steps, edges="start>f f:each>n", body={"items": [1, 0, 2]})


def items_that_are_no_list() -> Simulator:
    steps = (for_each(), note("n", 1), note("caught", "${error.message}"))
    return started(*steps, edges="start>f f:each>n f:error>caught", body={"items": "x"})


def items_that_are_secret() -> Simulator:
    steps = (for_each(), call("c", "POST", secret=["/output/data/key"]), call("d"))
    secret = {"secret": ["/output/items"]}
    simulator = started(*steps, edges="start>f f:each>c f>d", body=ITEMS, trigger=secret)
    for number in range(3):
        simulator.succeed({**OK, "data": {"key": f"k{number}"}})
    return simulator


def branches_within_items() -> Simulator:
    steps = (
        for_each(concurrency=2),
        parallel("l", "r"),
        step("w", "delay", {"for": "PT1M"}),
        note("b", "${item}"),
        join(),
        note("both", "${concat(b.output.b, string(index))}"),
        note("last", "${f.output.items}"),
    )
    edges = "start>f f:each>p p:l>w p:r>b w>j_p b>j_p j_p>both f>last"
    simulator = started(*steps, edges=edges, body=ITEMS)
    simulator.tick(60)
    simulator.tick(60)
    return simulator


def region_visited_again() -> Simulator:
    rule = {"variable": "${payload.output.round}", "operator": "NumericLessThan", "value": 2}
    steps = (
        note("round", "${add(coalesce(payload.output.round, 0), 1)}"),
        for_each([1, 2]),
        call("c"),
        step("more", "conditional", {"rules": [rule]}),
        step("again", "redirect", {"target": "round", "max_visits": 5}),
    )
    simulator = started(*steps, edges="start>round round>f f:each>c f>more more:yes>again")
    for _ in range(4):
        simulator.succeed(OK)
    return simulator


def items_cut_into_stretches() -> Simulator:
    body = note("n", "${item}")
    limits = Limits(stretch_steps=3)
    return started(for_each(concurrency=2), body, edges="start>f f:each>n", body=ITEMS, limits=limits)


def resume_by_the_token_of_an_item() -> Simulator:
    handed = note("handed", "${waits.w}")
    simulator = started(
        for_each(concurrency=3), handed, step("w", "wait"), edges="start>f f:each>handed handed>w", body=ITEMS
    )
    for index in (1, 0, 1, 2):
        simulator.now += timedelta(seconds=1)
        simulator.resume({"n": index}, token=token("w", scope=f"f[{index}]"))
    return simulator


SCOPES: Final[tuple[Callable[[], Any], ...]] = (
    branches_meet,
    losers_are_given_up,
    some_of_the_branches_are_enough,
    branches_end_by_themselves,
    join_that_is_never_met,
    more_branches_than_the_limit,
    branch_that_fails_freezes,
    branch_that_ends_the_execution,
    errors_of_branches,
    items_one_by_one,
    items_side_by_side,
    items_in_the_middle,
    item_that_fails,
    items_that_are_no_list,
    items_that_are_secret,
    branches_within_items,
    region_visited_again,
    items_cut_into_stretches,
    resume_by_the_token_of_an_item,
)
