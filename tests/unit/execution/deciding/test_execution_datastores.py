"""Operations on datastores, the values at their paths, and the checks of the step before it schedules one."""

from typing import Any

import pytest

from kit.definitions import chain, datastore, note
from kit.execution.driver import Simulator
from looply.errors import BadInput, OperationError, Rejected
from looply.execution.answering.answer import answer
from looply.execution.facts.commands import EffectDone
from looply.execution.facts.datastores import (
    DatastoreWrite,
    OperationResult,
    StoredDatastore,
    apply,
    merge_patch,
    over_limits,
    value_at,
    with_value,
    without_value,
)
from looply.execution.facts.events import Discarded, IncidentOpened, StepFailed, StepScheduled, StepSucceeded
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits
from looply.testing.clock import START_TIME

KNOWN = StoredDatastore(
    revision=7, value={"bolt": {"net": 3}, "list": [1, {"a": 2}]}, next_revision=8, created_on=START_TIME
)
NONE = StoredDatastore(next_revision=5)


def applied(
    operation: str, known: StoredDatastore = KNOWN, limits: Limits = DEFAULT_LIMITS, **given: Json
) -> OperationResult:
    return apply(f"datastore.{operation}", {"name": "prices", **given}, known, limits)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("", KNOWN.value),
        ("/bolt/net", 3),
        ("/list/1/a", 2),
        ("/list/2", None),
        ("/bolt/net/deeper", None),
        ("/x/y", None),
    ],
)
def test_a_get_gives_the_value_at_its_path_or_null(path: str, value: Json) -> None:
    assert applied("get", path=path) == OperationResult(output={"value": value, "revision": 7})


def test_a_missing_datastore_is_null_at_revision_0() -> None:
    assert applied("get", NONE) == OperationResult(output={"value": None, "revision": 0})
    assert applied("delete", NONE) == OperationResult(output={"value": None, "revision": 0})


def test_a_set_creates_missing_parents_as_objects() -> None:
    done = applied("set", path="/nut/0/net", value=4)
    assert done.output == {"value": 4, "revision": 8}
    assert done.write == DatastoreWrite(
        name="prices",
        expected=7,
        revision=8,
        value={**KNOWN.value, "nut": {"0": {"net": 4}}},
        created_on=START_TIME,
    )


def test_a_set_of_the_whole_makes_a_datastore_above_every_revision_that_was() -> None:
    done = applied("set", NONE, value=None)
    assert done.output == {"value": None, "revision": 5}
    assert done.write == DatastoreWrite(name="prices", expected=0, revision=5, value=None)


def test_a_merge_works_at_a_path_and_returns_the_merged_value() -> None:
    done = applied("merge", path="/bolt", value={"net": None, "gross": 4})
    assert done.output == {"value": {"gross": 4}, "revision": 8}
    assert done.write is not None
    assert done.write.value == {**KNOWN.value, "bolt": {"gross": 4}}


def test_a_delete_returns_the_deleted_value() -> None:
    inner = applied("delete", path="/list/0")
    assert inner.output == {"value": 1, "revision": 8}
    assert inner.write is not None
    assert inner.write.value == {"bolt": {"net": 3}, "list": [{"a": 2}]}
    whole = applied("delete")
    assert whole.output == {"value": KNOWN.value, "revision": 0}
    assert whole.write == DatastoreWrite(name="prices", expected=7, revision=8)


def test_a_delete_of_a_missing_value_changes_nothing() -> None:
    for path in ("/x", "/list/9", "/list/-", "/bolt/net/deep", "/list/1/b"):
        assert applied("delete", path=path) == OperationResult(output={"value": None, "revision": 7})


@pytest.mark.parametrize("operation", ["get", "set", "merge", "delete"])
@pytest.mark.parametrize(("known", "expected"), [(KNOWN, 6), (KNOWN, 0), (NONE, 4)])
def test_every_operation_fails_at_another_revision(operation: str, known: StoredDatastore, expected: int) -> None:
    with pytest.raises(Rejected) as caught:
        applied(operation, known, value={}, if_revision=expected)
    assert caught.value.code == "CONFLICT"
    assert str(expected) in caught.value.message


@pytest.mark.parametrize("operation", ["get", "set", "merge", "delete"])
def test_every_operation_succeeds_at_the_expected_revision(operation: str) -> None:
    assert applied(operation, value={}, if_revision=7).output["revision"] in (7, 8, 0)
    assert applied(operation, NONE, value={}, if_revision=0).output["revision"] in (0, 5)


@pytest.mark.parametrize("path", ["/bolt/net/x", "/list/7", "/list/01", "/list/a", "/list/1/a/b"])
def test_a_change_at_a_path_that_leads_nowhere_fails(path: str) -> None:
    with pytest.raises(BadInput):
        applied("set", path=path, value=1)


def test_an_array_grows_at_its_end_only() -> None:
    assert with_value([1], ("-",), 2) == with_value([1], ("1",), 2) == [1, 2]
    assert with_value([1], ("-", "a"), 2) == [1, {"a": 2}]
    assert with_value([1, 2], ("0",), 3) == [3, 2]


def test_a_null_on_the_way_is_as_good_as_nothing() -> None:
    assert with_value({"a": None}, ("a", "b"), 1) == {"a": {"b": 1}}


def test_a_read_document_is_never_changed() -> None:
    before = {"a": {"b": [1, {"c": 2}]}}
    with_value(before, ("a", "b", "1", "c"), 3)
    without_value(before, ("a", "b", "0"))
    merge_patch(before, {"a": {"b": None}})
    assert before == {"a": {"b": [1, {"c": 2}]}}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # The test cases of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_merged_as_the_standard_says(target: Json, patch: Json, result: Json) -> None:
    assert merge_patch(target, patch) == result


def test_a_document_over_a_limit_is_refused_with_the_limit() -> None:
    limits = Limits(datastore_bytes=20, json_levels=5)
    assert over_limits("a" * 18, limits) == ""
    assert "datastore_bytes" in over_limits("a" * 19, limits)
    assert "datastore_bytes" in over_limits("ä" * 12, limits)
    assert "5 levels" in over_limits([[[[[[]]]]]], limits)
    with pytest.raises(Rejected) as caught:
        applied("set", NONE, limits, path="/a/b/c/d", value=[[]])
    assert caught.value.code == "LIMIT"


def test_a_value_is_found_where_it_was_put() -> None:
    for path in (("a",), ("a", "b~/c", ""), ("x", "0", "y")):
        assert value_at(with_value(None, path, 1), path) == 1
        assert value_at(without_value(with_value(None, path, 1), path), path) is None


def scheduled(**settings: Any) -> Simulator:
    simulator = Simulator(chain(datastore(settings.pop("operation", "set"), "d", **settings), note()))
    simulator.start({"name": "prices", "n": 2.0, "deep": {"a/b": 1}})
    return simulator


def test_the_input_is_evaluated_once_and_in_its_canonical_form() -> None:
    simulator = scheduled(
        name="Preisa\u0308nderung",
        path="/x/${payload.output.name}",
        value="${payload.output.deep}",
        if_revision="${payload.output.n}",
    )
    (intention,) = [event for event in simulator.history if isinstance(event, StepScheduled)]
    assert intention.operation == "datastore.set"
    assert intention.input == {
        "name": "Preis\u00e4nderung",
        "path": "/x/prices",
        "value": {"a/b": 1},
        "if_revision": 2,
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "${payload.output.n}", "value": 1},
        {"name": "${payload.output.nothing}", "value": 1},
        {"name": "${concat('a', uriComponentToString('%0A'))}", "value": 1},
        {"path": "${payload.output.name}", "value": 1},
        {"path": "${payload.output.n}", "value": 1},
        {"if_revision": "${payload.output.nothing}", "value": 1},
        {"if_revision": "${payload.output.name}", "value": 1},
        {"if_revision": "${sub(0, 1)}", "value": 1},
        {"if_revision": "${div(5.5, 2)}", "value": 1},
        {"if_revision": "${equals(1, 1)}", "value": 1},
        {"operation": "merge", "value": "${payload.output.name}"},
    ],
)
def test_an_invalid_operation_fails_the_step_before_it_is_scheduled(settings: dict[str, Any]) -> None:
    simulator = scheduled(**settings)
    (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
    assert failed.code == "BAD_INPUT"
    assert simulator.effects == []


def test_a_value_over_the_limit_fails_the_step_before_it_leaves() -> None:
    simulator = Simulator(chain(datastore("set", value="${payload.output}")), limits=Limits(datastore_bytes=100))
    simulator.start({"long": "a" * 100})
    (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
    assert failed.code == "LIMIT"


def test_a_secret_never_reaches_a_datastore() -> None:
    workflow = chain(datastore("set", value="${payload.output.pin}"), start={"secret": ["/output/pin"]})
    simulator = Simulator(workflow)
    simulator.start({"pin": "1234"})
    (failed,) = [event for event in simulator.history if isinstance(event, StepFailed)]
    assert failed.code == "SECRET_IN_DATASTORE"
    assert "1234" not in failed.message


@pytest.mark.parametrize("on_unknown", ["retry", "incident"])
def test_a_lost_operation_is_repeated_for_every_on_unknown(on_unknown: str) -> None:
    simulator = Simulator(chain(datastore("set", value=1) | {"on_unknown": on_unknown}))
    simulator.start()
    simulator.lose()
    assert [effect.attempt for effect in simulator.effects] == [2]
    assert not [event for event in simulator.history if isinstance(event, IncidentOpened)]


WRITE = DatastoreWrite(name="prices", expected=0, revision=1, value=1)


def outcome(simulator: Simulator, **fields: Any) -> EffectDone:
    facts: dict[str, Any] = {"address": "set_1:1", "attempt": 1, "output": {"value": 1, "revision": 1}, "size": 24}
    return EffectDone(at=simulator.now, write=WRITE, **{**facts, **fields})


def test_a_write_goes_with_the_success_and_with_nothing_else() -> None:
    simulator = Simulator(chain(datastore("set", value=1), note()))
    simulator.start()
    taken = answer(simulator.workflow, simulator.state, outcome(simulator))
    assert (taken.write, [type(event) for event in taken.events]) == (WRITE, [StepSucceeded])
    large = answer(simulator.workflow, simulator.state, outcome(simulator, size=DEFAULT_LIMITS.document_bytes))
    assert (large.write, [type(event) for event in large.events]) == (None, [StepFailed])
    other = answer(simulator.workflow, simulator.state, outcome(simulator, attempt=2))
    assert (other.write, [type(event) for event in other.events]) == (None, [Discarded])
    simulator.terminate()
    late = answer(simulator.workflow, simulator.state, outcome(simulator))
    assert (late.write, [type(event) for event in late.events]) == (None, [Discarded])


def test_errors_of_operations_are_never_worth_a_retry() -> None:
    for given in ({"if_revision": 1}, {"path": "/bolt/net/x"}):
        with pytest.raises(OperationError) as caught:
            applied("set", value=1, **given)
        assert not caught.value.is_transient
