"""Iterations: how they begin, the data that each of them sees, and the collected outputs."""

import pytest

from kit.execution.regions import OK, events, failure, for_each, items, note, started
from kit.execution.workflows import call, step
from looply.execution.document.document import Document
from looply.execution.facts.events import (
    ScopeOpened,
)
from looply.execution.views.logs import condense_logs, event_log, mask_document
from looply.jsontext import Json
from looply.limits import Limits


def test_items_are_collected_in_their_order_for_every_order_of_their_ends():
    simulator = items(call("c", "POST"), edges="", concurrency=3)
    third, first, second = (simulator.effects[index] for index in (2, 0, 1))
    for number, effect in enumerate((third, first, second)):
        simulator.report(effect, {**OK, "data": {"n": number}})
    assert [item["data"]["n"] for item in simulator.state.payload["last"]] == [1, 2, 0]
    assert simulator.state.status == "COMPLETED"


def test_no_more_iterations_run_at_once_than_asked_for():
    simulator = items(call("c"), edges="", concurrency=2)
    assert [effect.address for effect in simulator.effects] == ["f[0]/c:1", "f[1]/c:1"]
    simulator.report(simulator.effects[1], OK)
    assert [effect.address for effect in simulator.effects] == ["f[0]/c:1", "f[2]/c:1"]
    assert simulator.state.current_state == "c"


def test_the_limit_of_iterations_bounds_the_concurrency_of_a_stored_definition():
    steps = (for_each(concurrency=3), call("c"))
    simulator = started(*steps, edges="start>f f:each>c", body={"items": [1, 2, 3]}, limits=Limits(iterations=1))
    assert len(simulator.effects) == 1


def test_an_iteration_reads_its_own_item_index_and_outputs_before_the_enclosing_ones():
    steps = (
        note("before", "b"),
        for_each(concurrency=2),
        call("c", "POST"),
        note("n", "${concat(before.output.before, item, string(index), c.output.data.x)}"),
    )
    simulator = started(*steps, edges="start>before before>f f:each>c c>n", body={"items": ["x", "y"]})
    first, second = simulator.effects
    simulator.report(second, {**OK, "data": {"x": "2"}})
    simulator.report(first, {**OK, "data": {"x": "1"}})
    assert simulator.state.outputs["f"] == {"items": [{"n": "bx01"}, {"n": "by12"}]}
    assert set(simulator.state.outputs) == {"before", "f"}
    assert "n" not in simulator.state.payload


def test_the_document_of_an_iteration_lists_the_visible_names():
    simulator = items(call("c"), edges="")
    document = Document(simulator.workflow, simulator.state, "f[0]")
    assert list(document) == ["payload", "WorkflowStartState", "environment", "waits", "item", "index"]
    assert (document["item"], document["index"]) == ("x", 0)
    with pytest.raises(KeyError):
        Document(simulator.workflow, simulator.state)["item"]


def test_an_iteration_keeps_its_changes_of_the_payload():
    body = (note("n", "${concat(payload.output.n, item)}"), note("m", "${payload.output.n}"))
    simulator = items(*body, edges="n>m", body_={"items": ["x", "y"], "n": "-"})
    assert simulator.state.payload["last"] == [{"m": "-x"}, {"m": "-y"}]
    assert simulator.state.payload["n"] == "-"


def test_an_iteration_that_replaces_the_payload_has_its_own():
    body = (step("s", "overridePayload", {"payload": {"own": "${item}"}}), note("n", "${payload.output.own}"))
    simulator = items(*body, edges="s>n")
    assert [item["n"] for item in simulator.state.payload["last"]] == ["x", "y", "z"]


def test_outputs_of_iterations_count_for_the_document_until_they_end():
    simulator = items(call("c"), call("d"), edges="c>d", concurrency=2)
    empty = simulator.state.document_bytes
    simulator.report(simulator.effects[0], {**OK, "data": {"text": "x" * 100}})
    assert simulator.state.document_bytes > empty + 100
    simulator.report(simulator.effects[1], OK)
    while simulator.effects:
        simulator.succeed(None)
    state = simulator.state
    assert state.document_bytes == sum(state.sizes.values())


def test_an_item_that_does_not_fit_into_the_document_fails_its_step():
    steps = (for_each(concurrency=2), call("c"))
    limits = Limits(document_bytes=500)
    simulator = started(*steps, edges="start>f f:each>c", body={"items": [1, 2]}, limits=limits)
    for effect in simulator.effects:
        simulator.report(effect, {**OK, "data": "x" * 250})
    assert failure(simulator)[0] == "DOCUMENT_TOO_LARGE"
    (incident,) = simulator.state.incidents.values()
    assert incident.step == "c"


def test_collected_outputs_that_do_not_fit_fail_the_step():
    rule = {"variable": "${item}", "operator": "IsPresent"}
    steps = (for_each(), step("if", "conditional", {"rules": [rule]}))
    limits = Limits(document_bytes=200)
    simulator = started(*steps, edges="start>f f:each>if", body={"items": list(range(20))}, limits=limits)
    assert failure(simulator)[0] == "DOCUMENT_TOO_LARGE"
    assert simulator.state.regions == {}
    assert simulator.state.document_bytes == sum(simulator.state.sizes.values())


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("text", "a text"),
        (None, "null"),
        ({"a": 1}, "an object"),
        (12, "a number"),
        (True, "a boolean"),
    ],
)
def test_items_must_be_a_list(found: Json, said: str):
    steps = (for_each("${payload.output.x}"), note("n"))
    simulator = started(*steps, edges="start>f f:each>n", body={"x": found})
    assert failure(simulator) == ("BAD_INPUT", f"step 'f': items must be a list, not {said}")


def test_more_items_than_the_limit_fail_the_step():
    steps = (for_each(), note("n"))
    simulator = started(*steps, edges="start>f f:each>n", body={"items": [1, 2]}, limits=Limits(items=1))
    assert failure(simulator) == ("LIMIT", "step 'f': there are 2 items; the limit items is 1")


def test_an_iteration_that_ends_without_an_output_collects_null():
    simulator = items(step("w", "wait", {"timeout": "PT1M"}), edges="")
    for _ in range(3):
        simulator.tick(60)
    assert simulator.state.payload["last"] == [None, None, None]


def test_a_body_without_steps_counts_the_items():
    simulator = started(for_each(), edges="start>f", body={"items": [1, 2]})
    assert simulator.state.outputs["f"] == {"items": [None, None]}


def test_visits_keep_counting_when_a_region_is_visited_again():
    rule = {"variable": "${payload.output.round}", "operator": "NumericLessThan", "value": 2}
    steps = (
        note("round", "${add(coalesce(payload.output.round, 0), 1)}"),
        for_each(["x"]),
        call("c"),
        step("more", "conditional", {"rules": [rule]}),
        step("again", "redirect", {"target": "round", "max_visits": 5}),
    )
    simulator = started(*steps, edges="start>round round>f f:each>c f>more more:yes>again")
    simulator.succeed(OK)
    assert [effect.address for effect in simulator.effects] == ["f[0]/c:2"]


def test_secrets_of_the_items_propagate_to_the_iterations_and_their_results():
    steps = (for_each(), call("c", "POST", secret=["/output/data/key"]), note("n", "${item.token}"))
    trigger = {"secret": ["/output/items"]}
    body = {"items": [{"token": "t1"}, {"token": "t2"}]}
    simulator = started(*steps, edges="start>f f:each>c c>n", trigger=trigger, body=body)
    (opened,) = events(simulator, ScopeOpened)
    assert opened.secret == ("/items",)
    assert simulator.state.frames["f[0]"].secrets == (("item",),)
    for _ in range(2):
        simulator.succeed({**OK, "data": {"key": "k"}})
    assert mask_document(simulator.workflow, simulator.state)["f"]["output"] == {"items": [{"n": "***"}, {"n": "***"}]}
    shown = repr([event_log(enumerate(simulator.history, 1)), condense_logs(enumerate(simulator.history, 1), 10**6)])
    assert "'t1'" not in shown
    assert "'k'" not in shown


def test_many_secret_items_are_marked_as_a_whole():
    steps = (for_each(), note("n", "${item}", secret=["/output/n"]))
    simulator = started(*steps, edges="start>f f:each>n", body={"items": list(range(101))})
    assert simulator.state.secrets == (("f", "output", "items"),)
