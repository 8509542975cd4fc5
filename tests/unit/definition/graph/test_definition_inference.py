"""The data that expressions can see at each step, and the findings of expressions before any execution."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from looply.connectors.http.bodies import HttpOutput, render_output
from looply.connectors.port import HttpResponse
from looply.definition import STEP_TYPES, Findings, compile_definition, document_shape, parse_definition
from looply.definition.graph.outline import read_outline
from looply.definition.graph.run_order import RunOrder
from looply.definition.schemas.output_schema import OUTPUTS
from looply.definition.schemas.settings_schema import SETTINGS
from looply.errors import Problem
from looply.expressions import Shape, completions, shape_of_schema
from looply.expressions.shapes.shape import NULL, Presence, fits
from looply.limits import Limits

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]

SCHEMA = {
    "type": "object",
    "properties": {"amount": {"type": "number"}, "note": {"type": "string"}, "lines": {"type": "array"}},
    "required": ["amount"],
}
CALL = {"type": "httpRequest", "settings": {"url": "https://a", "fail_on": ["4xx", "5xx"]}}


def call(id_: str, **settings: Any) -> dict[str, Any]:
    return {"id": id_, "type": "httpRequest", "settings": {"url": "https://a", "fail_on": ["4xx"], **settings}}


def reads(id_: str, *expressions: str) -> dict[str, Any]:
    """Returns a step that evaluates expressions, given without `${}`."""
    parameters = [{"name": f"x{number}", "value": f"${{{each}}}"} for number, each in enumerate(expressions)]
    return {"id": id_, "type": "overridePayload", "settings": {"parameters": parameters}}


def messages(problems: tuple[Problem, ...]) -> list[str]:
    """Returns the messages about expressions, without their positions."""
    return [each.message.partition(" (at position")[0] for each in problems if " (at position" in each.message]


def at(shape: Shape, *names: str) -> Shape:
    """Returns the shape of a path of names."""
    for name in names:
        assert shape.fields is not None
        shape = shape.fields[name].shape
    return shape


def edges(*pairs: str) -> list[dict[str, str]]:
    """Returns edges written as `a>b` or `a:exit>b`."""
    made = []
    for source, _, target in (pair.partition(">") for pair in pairs):
        name, _, branch = source.partition(":")
        made.append({"from": name, "to": target, **({"branch": branch} if branch else {})})
    return made


def test_what_fails_for_every_payload_is_an_error_with_position_and_hint(check: Check) -> None:
    findings = check(call("call_1"), reads("a", "call_1.output.status > 400"))
    (error,) = findings.errors
    assert error.path == "/workflow_steps/2/settings/parameters/0/value"
    message = "`>` compares two numbers or two texts, not a text with a number"
    assert error.message == f"{message} (at position 0 of: call_1.output.status > 400)"
    assert error.hint == "write float(call_1.output.status)"
    assert findings.workflow is None


def test_a_stored_definition_stays_executable_whatever_the_expressions_read(definition: Build) -> None:
    document = definition(call("call_1"), reads("a", "call_1.output.status > 400"))
    assert parse_definition(document).errors
    assert compile_definition(document).name == "Test"


def test_what_follows_only_from_the_payloads_schema_is_a_warning(check: Check) -> None:
    findings = check(reads("a", "uriHost(payload.output.amount)"), workflow_schema=SCHEMA)
    assert not findings.errors
    assert messages(findings.warnings) == ["uriHost() expects a text as `uri`, found a number"]
    assert not check(reads("a", "uriHost(payload.output.amount)")).warnings


def test_what_is_wrong_without_the_schema_too_is_an_error_with_it(check: Check) -> None:
    findings = check(reads("a", "uriHost(waits)"), workflow_schema=SCHEMA)
    assert messages(findings.errors) == ["uriHost() expects a text as `uri`, found an object"]


def test_a_field_that_is_not_required_may_be_missing(check: Check) -> None:
    findings = check(reads("a", "uriHost(payload.output.note)", "payload.output.note"), workflow_schema=SCHEMA)
    assert messages(findings.warnings) == ["`payload.output.note` may be missing, and then uriHost() fails"]


def test_the_schema_of_a_mock_payload_counts_where_the_definition_has_none(definition: Build) -> None:
    mock = {"type": "object", "properties": {"amount": {"type": "number"}}}
    document = definition(reads("a", "payload.output.amuont"))
    findings = parse_definition(document, payload_schema=mock)
    assert messages(findings.warnings) == ["the payload's schema has no 'amuont'"]
    assert not parse_definition(document).warnings
    own = definition(reads("a", "payload.output.note"), workflow_schema=SCHEMA)
    assert not parse_definition(own, payload_schema=mock).warnings


def test_a_step_that_does_not_run_before_is_reported(check: Check) -> None:
    findings = check(reads("a", "call_1.output.data", "A.output"), call("call_1"), reads("b", "call_1.output.data"))
    assert messages(findings.warnings) == [
        "the step 'call_1' does not run before this one: this is null",
        "the step 'a' does not run before this one: this is null",
    ]
    assert {warning.path.rpartition("/parameters")[0] for warning in findings.warnings} == {
        "/workflow_steps/1/settings"
    }


def test_a_step_on_some_ways_alone_may_be_missing(check: Check) -> None:
    steps = (
        {"id": "if", "type": "conditional", "settings": {"rules": [{"variable": "${payload}", "operator": "IsNull"}]}},
        call("call_1"),
        reads("a", "uriHost(call_1.output.statusText)", "exists(call_1) ? uriHost(call_1.output.statusText) : 1"),
    )
    ways = edges("WorkflowStartState>if", "if:yes>call_1", "if:no>a", "call_1>a")
    assert messages(check(*steps, edges=ways).warnings) == [
        "`call_1.output.statusText` may be missing, and then uriHost() fails"
    ]
    assert not messages(check(*steps, edges=ways[:2] + ways[3:]).warnings)


def before(definition: Build, *ways: str, step: str = "z") -> tuple[set[str], set[str]]:
    """Returns the steps that may have run before a step, and those that certainly have."""
    ids = sorted({end.partition(":")[0] for way in ways for end in way.split(">")} - {"WorkflowStartState"})
    shape = document_shape(definition(*({**CALL, "id": id_} for id_ in ids), edges=edges(*ways)), step)
    fields = {id_: (shape.fields or {})[id_].presence for id_ in ids if id_ in (shape.fields or {})}
    return set(fields), {id_ for id_, presence in fields.items() if presence is Presence.ALWAYS}


def test_what_has_run_before_follows_the_edges(definition: Build) -> None:
    start = "WorkflowStartState>a"
    assert before(definition, start, "a>z") == ({"a"}, {"a"})
    assert before(definition, start, "a>b", "b>z", "a:error>z") == ({"a", "b"}, set())
    assert before(definition, start, "a:error>z") == ({"a"}, set())
    assert before(definition, start, "a:timeout>z") == (set(), set())
    assert before(definition, start, "a>b", "b>z", "z:error>a") == ({"a", "b", "z"}, {"a", "b"})


def test_a_step_that_is_never_reached_may_see_every_step(definition: Build) -> None:
    assert before(definition, "WorkflowStartState>a", "b>z") == ({"a", "b", "z"}, set())
    assert before(definition, "WorkflowStartState>a", "a>b", step="nowhere") == ({"a", "b"}, set())
    parameters = [{"name": "new", "value": 1}]
    sets = {"id": "s", "type": "overridePayload", "settings": {"parameters": parameters}}
    output = at(document_shape(definition(sets), "nowhere"), "payload", "output").fields or {}
    assert output["new"].presence is Presence.UNSTATED
    assert document_shape({}, "a").fields is not None
    assert RunOrder(read_outline({})).order("a") is None


def test_a_redirect_is_a_way_too(check: Check) -> None:
    redirect = {"id": "r", "type": "redirect", "settings": {"target": "a", "max_visits": 3}}
    findings = check(reads("a", "r.output.target", "b.output.x9"), reads("b", "r.output.targt"), redirect)
    assert messages(findings.warnings) == [
        "`b.output` has no 'x9': this is null",
        "`r.output` has no 'targt': this is null",
    ]
    assert findings.warnings[-1].hint == "did you mean 'target'?"


def test_an_order_that_takes_too_long_to_find_is_any_order(definition: Build) -> None:
    ids = [f"s{number}" for number in range(70)]
    forth = [f"{one}>{two}" for one, two in pairwise(["WorkflowStartState", *ids])]
    back = [f"{two}:error>{one}" for one, two in pairwise(ids)]
    document = definition(*({**CALL, "id": id_} for id_ in ids), edges=edges(*forth, *back))
    found = RunOrder(read_outline(document)).order("s0")
    assert found is not None
    assert all(found.may_have_run(id_) for id_ in ("WorkflowStartState", *ids))
    assert not any(found.has_surely_run(id_) for id_ in ids)


def test_more_steps_than_are_allowed_are_not_looked_at(definition: Build) -> None:
    document = definition(reads("a", "nowhere.x"), reads("b", "nowhere.x"))
    assert not messages(parse_definition(document, Limits(definition_steps=2)).warnings)
    assert len(messages(parse_definition(document, Limits(definition_steps=3)).warnings)) == 2


def test_every_step_type_declares_its_settings_and_its_output() -> None:
    assert SETTINGS.keys() == STEP_TYPES.keys()
    assert OUTPUTS.keys() == STEP_TYPES.keys()
    assert set(OUTPUTS["httpRequest"]["properties"]) == set(HttpOutput.__struct_encode_fields__)


@pytest.mark.parametrize("content", [b'{"a": 1}', b"text", b""])
def test_an_answer_over_http_has_the_shape_that_is_declared(content: bytes) -> None:
    headers = (("content-type", "application/json"), ("x-a", "1"), ("x-a", "2"))
    response = HttpResponse(status=404, reason="", headers=headers, content=content)
    assert fits(shape_of_schema(OUTPUTS["httpRequest"]), render_output(response))


CARD = {
    "type": "AdaptiveCard",
    "body": [{"type": "Input.Text", "id": "comment"}, {"items": [{"type": "Input.Text", "id": "${payload.x}"}]}],
    "actions": [{"type": "Action.Submit", "title": "Yes", "data": {"action": "approve"}}],
}


def card(**settings: Any) -> dict[str, Any]:
    return {"id": "card_1", "type": "adaptiveCard", "settings": {"recipients": ["a@b.c"], "card": CARD, **settings}}


def test_the_answers_to_a_card_have_what_the_card_asks_for(definition: Build) -> None:
    shape = document_shape(definition(card(wait={}), reads("a")), "a")
    data = at(shape, "card_1", "output", "response", "data")
    assert list(data.fields or {}) == ["comment", "action"]
    assert data.others is not None
    assert [found.label for found in completions("card_1.output.response.data.", 28, shape)] == ["comment", "action"]
    assert str(at(shape, "card_1", "output", "responses")) == "list of object"


def test_a_card_that_does_not_wait_has_no_answer(definition: Build) -> None:
    shape = document_shape(definition(card(), reads("a")), "a")
    assert at(shape, "card_1", "output", "response").kinds == NULL


def test_the_answer_of_a_wait_has_the_shape_of_its_schema(check: Check, definition: Build) -> None:
    wait = {"id": "w", "type": "wait", "settings": {"schema": {"properties": {"n": {"type": "number"}}}}}
    shape = document_shape(definition(wait, reads("a")), "a")
    assert str(at(shape, "w", "output", "n")) == "number"
    assert str(at(shape, "w", "output", "source")) == "'SAP' or 'TEAMS'"
    assert messages(check(wait, reads("a", "w.output.source == 'Sap'")).warnings) == [
        "`w.output.source` is never 'Sap', so this is always false"
    ]
    plain = document_shape(definition({"id": "w", "type": "wait"}, reads("a")), "a")
    assert str(at(plain, "w", "output")) == "object"


def test_an_override_outputs_what_it_sets_and_changes_the_payload(definition: Build) -> None:
    parameters = [{"name": "amount", "value": 1}, {"name": "new.deep", "value": 2}]
    sets = {"id": "s", "type": "overridePayload", "settings": {"parameters": parameters}}
    document = definition(sets, reads("a"), workflow_schema=SCHEMA)
    shape = document_shape(document, "a")
    assert list(at(shape, "s", "output").fields or {}) == ["amount", "new.deep"]
    output = at(shape, "payload", "output").fields or {}
    assert (str(output["amount"].shape), output["amount"].presence) == ("any", Presence.ALWAYS)
    assert output["new"].presence is Presence.ALWAYS
    assert str(at(shape, "payload", "output", "workflow_id")) == "text"
    assert str(at(document_shape(document, "s"), "payload", "output", "amount")) == "number"
    replaced = {"id": "r", "type": "overridePayload", "settings": {"payload": "${payload}"}}
    after = at(document_shape(definition(replaced, reads("a"), workflow_schema=SCHEMA), "a"), "payload", "output")
    assert "amount" not in (after.fields or {})
    assert "executor" in (after.fields or {})


def test_a_name_that_is_only_set_on_some_ways_may_not_be_there(definition: Build) -> None:
    steps = ({**CALL, "id": "c"}, reads("s", "1"), reads("z"))
    ways = edges("WorkflowStartState>c", "c>s", "s>z", "c:error>z")
    output = at(document_shape(definition(*steps, edges=ways), "z"), "payload", "output").fields or {}
    assert output["x0"].presence is Presence.UNSTATED


def test_names_of_the_document_have_their_shapes(definition: Build) -> None:
    shape = document_shape(definition({"id": "w", "type": "wait"}, {"id": "f", "type": "function"}, reads("a")), "a")
    assert str(at(shape, "waits", "w")) == "text"
    assert str(at(shape, "error", "status")) == "text or null"
    assert str(at(shape, "payload", "output", "workflow_trigger_type")) == "'REQUEST' or 'SCHEDULED'"
    assert str(at(shape, "f", "output")) == "any"
    assert str(at(shape, "WorkflowStartState")) == "null"
    assert str(at(shape, "environment")) == "object"


def test_in_a_card_nothing_is_an_error_and_names_are_those_of_its_data(check: Check) -> None:
    body = [
        {"text": "${uriHost(5)} ${payload.output.amuont} ${uriHost(payload.output.note)}"},
        {"$data": "${payload.output.lines}", "text": "${any} ${$root.nowhere}"},
    ]
    findings = check(card(card={"type": "AdaptiveCard", "body": body}), workflow_schema=SCHEMA)
    assert not findings.errors
    assert messages(findings.warnings) == [
        "uriHost() expects a text as `uri`, found a number",
        "the payload's schema has no 'amuont'",
        "there is no step 'nowhere': the card shows its source text",
    ]


def test_a_name_of_something_within_the_document_is_not_taken_for_a_step(check: Check) -> None:
    items = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}
    schema = {"type": "object", "properties": {"items": items}, "required": ["items"]}
    body = [
        {"$data": "${payload.output.items}", "text": "${nam} ${$data.nam} ${payload.x} ${$root.payload.output.itms}"}
    ]
    settings = {
        "card": {"type": "AdaptiveCard", "body": body},
        "recipients": "${foreach(payload.output.items, i, i.nam)}",
    }
    warnings = check(card(**settings), workflow_schema=schema).warnings
    assert {(messages((warning,))[0], warning.hint) for warning in warnings} == {
        ("there is no 'nam'", "did you mean 'name'?"),
        ("`$data` has no 'nam'", "did you mean 'name'?"),
        ("there is no 'payload'", ""),
        ("the payload's schema has no 'itms'", "did you mean 'items'?"),
        ("`i` has no 'nam'", "did you mean 'name'?"),
    }


def test_the_same_document_is_inferred_once_for_a_step(check: Check) -> None:
    settings = {"url": "https://a/${no}", "body": "${no}", "fail_on": ["4xx"]}
    findings = check({"id": "c", "type": "httpRequest", "settings": settings, "secret": ["/body"]})
    assert [warning.path.rpartition("/")[2] for warning in findings.warnings] == ["url", "body"]


def test_a_step_that_breaks_the_schema_is_looked_at_all_the_same(check: Check) -> None:
    findings = check({"id": "c", "type": "httpRequest", "settings": {"uri": "${nowhere.x}"}})
    assert messages(findings.warnings) == ["there is no step 'nowhere': this is null"]


def test_what_no_step_can_be_found_for_sees_what_every_step_sees(check: Check) -> None:
    findings = check(
        {"id": "a", "type": "delay", "settings": {"for": "${b.output}"}}, {"id": 7, "type": "wait"}, edges=[]
    )
    assert "there is no step 'b': this is null" in messages(findings.warnings)
