"""Regions of steps, edges between regions, and the data that a branch or a body can see."""

from collections.abc import Callable
from typing import Any

import pytest

from looply.definition import Findings, compile_definition, document_shape, parse_definition
from looply.expressions.shapes.shape import ANY, NUMBER, OBJECT, TEXT, Presence, Shape
from looply.limits import Limits

Check = Callable[..., Findings]
Build = Callable[..., dict[str, Any]]


def edges(text: str) -> list[dict[str, str]]:
    """Returns edges written as `a>b` or `a:exit>b`, separated by spaces; `start` is the trigger."""
    made = []
    for head, _, target in (pair.partition(">") for pair in text.split()):
        name, _, branch = head.partition(":")
        source = "WorkflowStartState" if name == "start" else name
        made.append({"from": source, "to": target, **({"branch": branch} if branch else {})})
    return made


def parallel(*branches: str, id_: str = "p") -> dict[str, Any]:
    return {"id": id_, "type": "parallel", "settings": {"branches": [{"id": branch} for branch in branches]}}


def join(count: Any = "all", of: str = "p", id_: str = "j") -> dict[str, Any]:
    return {"id": id_, "type": "join", "settings": {"of": of, "for": count}}


def for_each(items: Any = "${payload.output.items}", id_: str = "f", **settings: Any) -> dict[str, Any]:
    return {"id": id_, "type": "forEach", "settings": {"items": items, **settings}}


def reads(id_: str, *expressions: str) -> dict[str, Any]:
    parameters = [{"name": f"x{number}", "value": f"${{{each}}}"} for number, each in enumerate(expressions)]
    return {"id": id_, "type": "overridePayload", "settings": {"parameters": parameters}}


def note(id_: str) -> dict[str, Any]:
    return {"id": id_, "type": "delay", "settings": {"for": "PT1S"}}


def wait(id_: str) -> dict[str, Any]:
    return {"id": id_, "type": "wait", "settings": {}}


def go_back(target: str, id_: str = "r") -> dict[str, Any]:
    return {"id": id_, "type": "redirect", "settings": {"target": target, "max_visits": 3}}


SPLIT = (parallel("l", "r"), note("a"), note("b"), join(), note("z"))
SPLIT_EDGES = "start>p p:l>a p:r>b a>j b>j j>z"
LOOP = (for_each(), note("a"), note("z"))
LOOP_EDGES = "start>f f:each>a f>z"


def errors(findings: Findings) -> list[tuple[str, str]]:
    return [(error.path, error.message) for error in findings.errors]


def warnings(findings: Findings) -> list[str]:
    return [warning.message for warning in findings.warnings]


def test_each_step_lies_in_the_branches_and_bodies_around_it(definition: Build) -> None:
    steps = (
        parallel("l", "r"),
        for_each(),
        parallel("each", id_="q"),
        note("a"),
        join(of="q", id_="k"),
        note("b"),
        join("any"),
        note("z"),
        note("never"),
    )
    graph = "start>p p:l>f f:each>q q:each>a a>k k>b f>j p:r>j j>z never>z"
    workflow = compile_definition(definition(*steps, edges=edges(graph)))
    branch, body = ("p", "l"), ("f", "each")
    assert dict(workflow.regions) == {
        "f": (branch,),
        "q": (branch, body),
        "a": (branch, body, ("q", "each")),
        "k": (branch, body),
        "b": (branch, body),
    }
    assert workflow.region("z") == ()
    assert (workflow.join_of("p"), workflow.join_of("q"), workflow.join_of("f")) == ("j", "k", None)


def test_a_region_without_faults_has_no_findings(check: Check) -> None:
    for steps, graph in ((SPLIT, SPLIT_EDGES), (LOOP, LOOP_EDGES)):
        findings = check(*steps, edges=edges(graph))
        assert (findings.errors, findings.warnings) == ((), ())


@pytest.mark.parametrize(
    ("graph", "index", "sides", "ends"),
    [
        ("start>p p:l>a p:r>b a>j b>a j>z", 4, "the branch 'r' of 'p' into the branch 'l' of 'p'", "'b' and 'a'"),
        ("start>p p:l>a p:r>b a>z b>j j>z", 5, "TOP into the branch 'l' of 'p'", "'j' and 'z'"),
    ],
)
def test_an_edge_into_another_branch_or_around_the_join_is_an_error(
    check: Check, graph: str, index: int, sides: str, ends: str
) -> None:
    described = sides.replace("TOP", "the steps outside of any branch or body")
    message = f"leads from {described}: {ends} must be in the same branch or body"
    assert errors(check(*SPLIT, edges=edges(graph))) == [(f"/workflow_connections/{index}", message)]


def test_only_a_branch_leads_to_its_join(check: Check) -> None:
    found = errors(check(*SPLIT, edges=edges(f"{SPLIT_EDGES} p:error>j")))
    assert found == [("/workflow_connections/6", "'j' is the join of 'p': only a branch of it can lead there")]


@pytest.mark.parametrize("graph", ["start>f f:each>a a>z f>z", "start>a a>f f:each>a f>z"])
def test_an_edge_out_of_or_into_a_body_is_an_error_with_a_hint(check: Check, graph: str) -> None:
    (error,) = check(*LOOP, edges=edges(graph)).errors
    assert "the body of 'f'" in error.message
    assert error.hint == "leave the last exit of the body open; connect the following steps to the exit 'next'"


def test_a_redirect_over_a_border_is_an_error_and_one_within_is_not(check: Check) -> None:
    graph = "start>x x>f f:each>a a>r"
    (error,) = check(note("x"), for_each(), note("a"), go_back("x"), edges=edges(graph)).errors
    assert error.path == "/workflow_steps/4/settings/target"
    assert not check(note("x"), for_each(), note("a"), go_back("a"), edges=edges(graph)).errors


def test_a_redirect_may_lead_to_the_join_of_its_branch(check: Check) -> None:
    steps = (parallel("l", "r"), go_back("j"), note("b"), join(), note("z"))
    assert not check(*steps, edges=edges("start>p p:l>r p:r>b b>j j>z")).errors


@pytest.mark.parametrize(
    ("joining", "path", "said"),
    [
        (join(of="q"), "of", "there is no step 'q'"),
        (join(of="a"), "of", "'a' is no parallel step"),
        (join(3), "for", "asks for 3 branches, but 'p' has 2"),
    ],
)
def test_a_join_names_a_parallel_and_no_more_branches_than_it_has(
    check: Check, joining: dict[str, Any], path: str, said: str
) -> None:
    steps = (parallel("l", "r"), note("a"), note("b"), joining)
    found = errors(check(*steps, edges=edges("start>p p:l>a p:r>b")))
    assert (f"/workflow_steps/4/settings/{path}", said) in found


def test_a_parallel_has_one_join(check: Check) -> None:
    steps = (*SPLIT, join(id_="k"))
    found = errors(check(*steps, edges=edges(SPLIT_EDGES)))
    assert found == [("/workflow_steps/6/settings/of", "'p' has a join already: 'j'")]


def test_a_branch_may_not_have_the_name_of_another_exit(check: Check) -> None:
    findings = check(parallel("join", "x", "x"), note("a"), edges=edges("start>p p:x>a"))
    assert [message for _, message in errors(findings)] == [
        "the branch id 'join' is the name of another exit",
        "the branch id 'x' is used twice",
    ]


def test_limits_of_branches_items_and_iterations_are_named(definition: Build) -> None:
    limits = Limits(branches=1, items=2, iterations=3)
    steps = (parallel("l", "r"), for_each([1, 2, 3], concurrency=4), note("a"))
    findings = parse_definition(definition(*steps, edges=edges("start>p p:l>f f:each>a")), limits)
    assert [message for _, message in errors(findings) if "limit" in message] == [
        "has 2 branches; the limit branches is 1",
        "has 3 items; the limit items is 2",
        "lets 4 iterations run at once; the limit iterations is 3",
    ]


def test_items_that_can_only_be_a_text_are_an_error(check: Check) -> None:
    findings = check(for_each("all ${payload.output.items}"), note("a"), edges=edges("start>f f:each>a"))
    ((path, message),) = errors(findings)
    assert path == "/workflow_steps/1/settings/items"
    assert message == '"all ${payload.output.items}" evaluates to a text, never to a list of items'


def test_branches_and_bodies_without_steps_and_open_ends_before_a_join_are_warnings(check: Check) -> None:
    steps = (parallel("l", "r", "none"), note("a"), for_each(), join("any"), note("z"))
    found = warnings(check(*steps, edges=edges("start>p p:l>a p:r>f f>j j>z")))
    assert found == [
        "the branch 'none' of 'p' has no step, so it ends at once",
        "the exit 'next' of 'a' is open: the branch ends without arriving at 'j'",
        "the body of 'f' has no step, so the items are only counted",
    ]


@pytest.mark.parametrize(("count", "needed"), [("all", 2), (2, 2)])
def test_a_join_that_can_never_be_met_is_a_warning(check: Check, count: Any, needed: int) -> None:
    steps = (parallel("l", "r"), note("a"), note("b"), join(count), note("z"))
    found = warnings(check(*steps, edges=edges("start>p p:l>a p:r>b a>j j>z")))
    assert f"'j' waits for {needed} branches of 'p', but only 1 lead to it: it can never complete" in found
    assert not [each for each in warnings(check(*SPLIT, edges=edges(SPLIT_EDGES))) if "never complete" in each]


def test_two_branches_that_change_the_payload_are_a_warning(check: Check) -> None:
    steps = (parallel("l", "r", "s"), reads("a", "1"), reads("b", "2"), reads("c", "3"), join(), note("z"))
    found = warnings(check(*steps, edges=edges("start>p p:l>a p:r>b p:s>c a>j b>j c>j j>z")))
    assert found == ["'a' and 'b' (and 1 more) change the payload in branches of 'p': the last wins"]


def test_items_change_payloads_of_their_own_without_a_warning(check: Check) -> None:
    steps = (parallel("l", "r"), for_each(), reads("a", "1"), reads("b", "2"), join(), note("z"))
    assert not warnings(check(*steps, edges=edges("start>p p:l>f f:each>a p:r>b f>j b>j j>z")))


def presences(definition: Build, steps: tuple[Any, ...], graph: str, at: str) -> dict[str, Presence]:
    shape = document_shape(definition(*steps, edges=edges(graph)), at)
    return {
        name: field.presence for name, field in (shape.fields or {}).items() if name in {step["id"] for step in steps}
    }


def test_behind_a_join_of_all_every_branch_has_run_and_behind_one_of_any_perhaps(definition: Build) -> None:
    for count, presence in (("all", Presence.ALWAYS), ("any", Presence.SOMETIMES), (1, Presence.SOMETIMES)):
        steps = (parallel("l", "r"), note("a"), note("b"), join(count), note("z"))
        found = presences(definition, steps, SPLIT_EDGES, "z")
        assert found == {"p": Presence.ALWAYS, "a": presence, "b": presence, "j": Presence.ALWAYS}


def test_what_runs_beside_a_step_may_have_run_before_it(definition: Build) -> None:
    assert presences(definition, SPLIT, SPLIT_EDGES, "a") == {"b": Presence.SOMETIMES}


def test_a_branch_that_goes_to_the_join_at_once_is_met_too(definition: Build) -> None:
    steps = (parallel("l", "r"), note("a"), join(), note("z"))
    found = presences(definition, steps, "start>p p:l>a p:r>j a>j j>z", "z")
    assert found == {"p": Presence.ALWAYS, "a": Presence.ALWAYS, "j": Presence.ALWAYS}


def test_a_step_of_a_body_is_visible_only_in_the_body(check: Check) -> None:
    steps = (for_each(), note("a"), reads("b", "a.description"), reads("z", "a.output", "f.output.items"))
    findings = check(*steps, edges=edges("start>f f:each>a a>b f>z"))
    (warning,) = findings.warnings
    assert warning.message.startswith("the step 'a' is visible only in the body of 'f': this is null")
    assert warning.hint == "read f.output.items"


def test_item_and_index_exist_only_in_a_body(check: Check) -> None:
    steps = (for_each(), reads("a", "item", "index + 1"), reads("z", "item"))
    (warning,) = check(*steps, edges=edges("start>f f:each>a f>z")).warnings
    assert warning.message.startswith("`item` exists only in the body of a forEach: this is null")
    assert warning.path == "/workflow_steps/3/settings/parameters/0/value"


def item_of(definition: Build, items: Any, **more: Any) -> Shape:
    shape = document_shape(definition(for_each(items), note("a"), edges=edges("start>f f:each>a"), **more), "a")
    assert shape.fields is not None
    assert shape.fields["index"].shape.kinds == NUMBER
    return shape.fields["item"].shape


def test_the_shape_of_an_item_follows_from_the_items(definition: Build) -> None:
    lines = {"type": "array", "items": {"type": "object", "properties": {"po": {"type": "string"}}}}
    schema = {"type": "object", "properties": {"items": lines}, "required": ["items"]}
    item = item_of(definition, "${payload.output.items}", workflow_schema=schema)
    assert item.kinds == OBJECT
    assert item_of(definition, ["x", "y"]).kinds == TEXT
    assert item_of(definition, "${createArray('a', 'b')}").kinds == TEXT
    for unknown in ("${payload.output.items}", "${payload.output.", ["${item}"], "x ${index}"):
        assert item_of(definition, unknown).kinds == ANY.kinds


def test_the_innermost_item_counts(definition: Build) -> None:
    steps = (for_each([["a"]]), for_each("${item}", id_="g"), note("a"))
    shape = document_shape(definition(*steps, edges=edges("start>f f:each>g g:each>a")), "a")
    assert shape.fields is not None
    assert shape.fields["item"].shape.kinds == TEXT


def test_a_token_of_a_wait_in_another_branch_cannot_be_read(check: Check) -> None:
    steps = (parallel("l", "r"), reads("a", "waits.w", "waits.v", "waits.x"), wait("w"), wait("v"), join(), wait("x"))
    findings = check(*steps, edges=edges("start>p p:l>a a>v p:r>w v>j w>j j>x"))
    (warning,) = findings.warnings
    assert warning.message.startswith("'w' waits in another branch or body, whose waits have tokens of their own")
    assert warning.hint == "read the token in a step of that branch or body"


def test_a_join_that_is_never_reached_or_names_no_text_breaks_no_check(check: Check) -> None:
    steps = (note("a"), parallel("l"), join(), join(of=5, id_="k"))  # type: ignore[arg-type]
    found = check(*steps, edges=edges("start>a p:l>j"))
    assert [error.path for error in found.errors] == ["/workflow_steps/4/settings/of"]


def test_an_edge_from_a_body_to_the_join_around_it_is_one_error(check: Check) -> None:
    steps = (parallel("l", "r"), for_each(), note("a"), note("b"), join(), note("z"))
    found = errors(check(*steps, edges=edges("start>p p:l>f f:each>a a>j f>j p:r>b b>j j>z")))
    assert len(found) == 1
    assert "the body of 'f'" in found[0][1]
