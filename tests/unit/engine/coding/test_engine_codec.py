"""The codec: what goes in comes out, secrets are nowhere in clear, large values are stored once."""

import sys
from copy import deepcopy
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import pytest
from immutables import Map
from msgspec.structs import replace

from kit.calls import calls_within, observed_calls
from looply.engine.coding.codec import FOLD_VERSION, LARGE_BYTES, Codec
from looply.engine.coding.dictionary import STARTER, starter_dictionary
from looply.engine.ports.store import Batch, Snapshot, Value
from looply.errors import StoreCorrupt
from looply.execution import ExecutionState, fold
from looply.execution.facts.events import (
    Computed,
    Discarded,
    DocumentEdited,
    Event,
    ExecutionStarted,
    StepFailed,
    StepScheduled,
    StepSucceeded,
)
from looply.jsontext import Decoder
from looply.sealing import Sealer

ORGANIZATION = "01900000-0000-7000-8000-00000000000a"
OTHER_ORGANIZATION = "01900000-0000-7000-8000-00000000000b"
EXECUTION = "01900000-0000-7000-8000-000000000001"
NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
SECRET = "hunter2-hunter2-hunter2"


def codec(key: bytes = b"k" * 32) -> Codec:
    return Codec(Sealer(key))


def started(body: Any = None, **fields: Any) -> ExecutionStarted:
    return ExecutionStarted(
        at=NOW,
        execution_id=EXECUTION,
        organization_id=ORGANIZATION,
        workspace_id=ORGANIZATION,
        workflow_id=ORGANIZATION,
        workflow_version=1,
        definition="d" * 64,
        seed=b"s" * 16,
        body=body,
        **fields,
    )


def succeeded(output: Any, *secret: str) -> StepSucceeded:
    return StepSucceeded(at=NOW, step="httpRequest_1", output=output, secret=secret)


def encoded(*events: Event, by: Codec | None = None) -> tuple[Batch, dict[bytes, Value]]:
    batch, values = (by or codec()).encode(events, ORGANIZATION, EXECUTION, 5, b"chain")
    return batch, {value.hash: value for value in values}


def decoded(batch: Batch, values: dict[bytes, Value] | None, by: Codec | None = None) -> list[Event]:
    return (by or codec()).decode(batch, values, ORGANIZATION, EXECUTION)


def stored_text(batch: Batch, values: dict[bytes, Value]) -> bytes:
    """Returns all that a thief of the file can read, decompressed."""
    ours = codec()._dictionaries
    texts = [ours.decompress(batch.codec, batch.events)]
    texts += [ours.decompress(value.codec, value.data) for value in values.values()]
    return b"\n".join(texts)


def test_a_batch_has_its_numbers_its_instant_and_its_dictionary() -> None:
    batch, values = encoded(started(), succeeded(1))
    assert (batch.first_seq, batch.last_seq, batch.at, batch.codec) == (5, 6, NOW, STARTER)
    assert values == {}


@pytest.mark.parametrize(
    "output",
    [
        None,
        0,
        1.5,
        10**63,
        -(10**40),
        "",
        [],
        {},
        {"": [None, True, {"a/b": 1, "c~d": 2}]},
        {"$value": "00", "$sealed": "AAAA", "moved": [[0, ["output"], "value", "00", 1]]},
        [[0, ["output"], "sealed", "AAAA", 1]],
    ],
    ids=repr,
)
def test_any_json_comes_back_as_it_was(output: Any) -> None:
    batch, values = encoded(succeeded(output))
    assert decoded(batch, values) == [succeeded(output)]


def test_fields_that_are_not_set_stay_so() -> None:
    events = [
        StepFailed(at=NOW, step="a", code="X", message="m"),
        StepScheduled(at=NOW, step="a", attempt=2, operation="http.request", timeout_seconds=3),
        DocumentEdited(at=NOW, outputs={"a": 1}),
        StepFailed(at=NOW, step="a", code="X", message="m", output={"x": SECRET}, secret=("/output/x",)),
    ]
    batch, values = encoded(*events)
    assert decoded(batch, values) == events


def test_large_values_are_stored_apart_and_once() -> None:
    rows = [{"n": number, "text": "x" * 50} for number in range(1000)]
    first = encoded(succeeded({"status": 200, "data": rows}))
    second = encoded(StepScheduled(at=NOW, step="b", operation="http.request", timeout_seconds=3, input={"body": rows}))
    assert len(first[1]) == 1
    assert first[1].keys() == second[1].keys()
    assert len(first[0].events) + len(second[0].events) < 1000
    assert decoded(*first) == [succeeded({"status": 200, "data": rows})]


def test_two_equal_large_values_of_one_batch_are_one() -> None:
    text = "y" * (LARGE_BYTES + 1)
    batch, values = encoded(succeeded({"a": text, "b": [text, "small"]}))
    assert len(values) == 1
    assert decoded(batch, values) == [succeeded({"a": text, "b": [text, "small"]})]


def test_a_value_that_is_large_beside_its_large_parts_moves_as_one() -> None:
    output = {"large": "x" * 20_000, **{f"part {number}": "y" * 2000 for number in range(20)}}
    batch, values = encoded(succeeded(output))
    assert len(values) == 1
    assert decoded(batch, values) == [succeeded(output)]


def test_organizations_never_share_a_large_value() -> None:
    event = succeeded("x" * (LARGE_BYTES + 1))
    _, ours = codec().encode([event], ORGANIZATION, EXECUTION, 1, b"")
    _, theirs = codec().encode([event], OTHER_ORGANIZATION, EXECUTION, 1, b"")
    assert ours[0].hash != theirs[0].hash


def test_lists_are_shown_the_size_of_a_large_value() -> None:
    batch, _ = encoded(succeeded({"data": "x" * 20_000, "status": 200}))
    assert decoded(batch, None) == [succeeded({"data": "(20002 bytes)", "status": 200})]


def test_a_large_value_that_is_missing_or_changed_is_damage() -> None:
    batch, values = encoded(succeeded("x" * 20_000))
    with pytest.raises(StoreCorrupt, match="not stored"):
        decoded(batch, {})
    (key,) = values
    other = Value(hash=key, codec=0, data=codec()._dictionaries.compress_plain(b'"y"'))
    with pytest.raises(StoreCorrupt, match="other content"):
        decoded(batch, {key: other})


@pytest.mark.parametrize(
    "event",
    [
        succeeded({"data": {"token": SECRET}}, "/output/data/token"),
        succeeded([1, {"a": [SECRET]}], "/output/1/a/0"),
        succeeded({"a/b": {"c~d": SECRET}}, "/output/a~1b/c~0d"),
        succeeded({"data": {"token": SECRET}}, "/output", "/output/data/token", "/output/data"),
        succeeded({"data": {"token": SECRET * 1000}}, "/output/data/token"),
        succeeded({"data": {"token": SECRET * 1000, "rest": "x" * 30_000}}, "/output/data/token"),
        succeeded({"data": {"token": SECRET, "rest": ["x" * 9000] * 5}}, "/output/data/token"),
        succeeded({"data": {"other": SECRET}}, "/output/data/token"),
        succeeded(SECRET, "/output/data/token"),
        Discarded(at=NOW, step="a", result={"x": SECRET}, secret=("/result",)),
        Computed(at=NOW, step="a", output={"a.b": SECRET}, override="set", secret=("/output/a.b",)),
        Computed(at=NOW, step="a", output={"a/b": SECRET}, override="set", secret=("/output/a/b",)),
        StepScheduled(
            at=NOW,
            step="a",
            operation="http.request",
            timeout_seconds=1,
            input={"headers": {"authorization": SECRET}},
            secret=("/input/headers/authorization",),
        ),
        started({"password": SECRET, "user": "ada"}, secret=("/output/password",)),
        started({"deep": {"password": SECRET}}, secret=("/output/deep/password",)),
        started({"body": {"password": SECRET}}, secret=("/output/body/password",)),
        started([SECRET], secret=("/output/body/0",)),
        started(SECRET, secret=("/output",)),
    ],
    ids=lambda event: f"{type(event).__name__} {event.secret}",
)
def test_secrets_are_stored_nowhere_in_clear(event: Event) -> None:
    batch, values = encoded(event)
    assert SECRET.encode() not in stored_text(batch, values)
    assert decoded(batch, values) == [event]


def test_what_is_not_secret_stays_readable_for_an_operator() -> None:
    batch, values = encoded(started({"password": SECRET, "user": "ada lovelace"}, secret=("/output/password",)))
    assert b"ada lovelace" in stored_text(batch, values)


def test_pointers_to_nothing_are_harmless() -> None:
    events = [
        StepScheduled(at=NOW, step="a", operation="o", timeout_seconds=1, secret=("/input/x",)),
        succeeded(None, "/output/x"),
        started(None, secret=("/output/x",)),
    ]
    batch, values = encoded(*events)
    assert decoded(batch, values) == events


def test_outputs_of_an_edit_stay_an_object_where_a_pointer_leads_to_nothing() -> None:
    large = {"text": "the-pin " * LARGE_BYTES}
    edit = DocumentEdited(at=NOW, outputs={"a": large, "b": 1}, payload="x" * LARGE_BYTES, secret=("/outputs/c/pin",))
    batch, values = encoded(edit)
    assert b"the-pin" not in stored_text(batch, values)
    assert decoded(batch, values) == [edit]
    (listed,) = decoded(batch, None)
    assert isinstance(listed, DocumentEdited)
    assert set(listed.outputs) == {"a", "b"}


def test_a_sealed_value_opens_at_its_own_path_only() -> None:
    batch, values = encoded(succeeded({"token": SECRET}, "/output/token"))
    with pytest.raises(StoreCorrupt):
        codec().decode(batch, values, ORGANIZATION, "another execution")
    with pytest.raises(StoreCorrupt):
        codec().decode(batch, values, OTHER_ORGANIZATION, EXECUTION)
    with pytest.raises(StoreCorrupt):
        decoded(replace(batch, first_seq=6, last_seq=6), values)
    with pytest.raises(StoreCorrupt):
        decoded(batch, values, codec(b"x" * 32))


def test_the_chain_finds_a_batch_that_is_missing_changed_or_moved() -> None:
    ours = codec()
    first, _ = ours.encode([started()], ORGANIZATION, EXECUTION, 1, b"")
    second, _ = ours.encode([succeeded(1)], ORGANIZATION, EXECUTION, 2, first.chain)
    assert ours.check_chain(second, ours.check_chain(first, b"", EXECUTION), EXECUTION) == second.chain
    with pytest.raises(StoreCorrupt, match=rf"{EXECUTION}.*event 2"):
        ours.check_chain(second, b"", EXECUTION)
    with pytest.raises(StoreCorrupt):
        ours.check_chain(replace(second, events=second.events + b"x"), first.chain, EXECUTION)


@pytest.mark.parametrize(
    "damage",
    [{"events": b""}, {"events": b"garbage"}, {"codec": 7}, {"last_seq": 9}],
    ids=lambda damage: next(iter(damage)),
)
def test_damaged_batches_are_named_and_never_read(damage: dict[str, Any]) -> None:
    batch, values = encoded(started())
    with pytest.raises(StoreCorrupt, match=rf"{EXECUTION}.*event 5"):
        decoded(replace(batch, **damage), values)


def test_text_that_is_no_batch_is_damage() -> None:
    ours = codec()
    for text in (b"{}", b"[1]", b'{"events":[],"moved":[[0,["x"],"value","zz",1]]}', b'[{"type":"Nothing"}]', b"\xff"):
        batch, _ = encoded(started())
        bad = replace(batch, events=ours._dictionaries.compress(text))
        with pytest.raises(StoreCorrupt):
            decoded(bad, {})


def test_a_state_comes_back_as_it_was() -> None:
    state = fold([started({"a": 1}), Computed(at=NOW, step="redirect_1", output={"x": [1]})])
    number, data = codec().encode_state(state)
    snapshot = Snapshot(seq=2, fold=FOLD_VERSION, codec=number, state=data)
    found = codec().decode_state(snapshot, ORGANIZATION, EXECUTION)
    assert found == state
    assert isinstance(found.outputs, Map)
    assert isinstance(found, ExecutionState)


def test_a_state_with_secrets_is_sealed_as_a_whole() -> None:
    state = fold([started({"password": SECRET}, secret=("/output/password",))])
    number, data = codec().encode_state(state)
    assert SECRET.encode() not in data
    with pytest.raises(ValueError, match=r".+"):
        codec()._dictionaries.decompress(number, data[1:])
    snapshot = Snapshot(seq=1, fold=FOLD_VERSION, codec=number, state=data)
    assert codec().decode_state(snapshot, ORGANIZATION, EXECUTION) == state
    with pytest.raises(StoreCorrupt):
        codec().decode_state(snapshot, OTHER_ORGANIZATION, EXECUTION)


def test_a_damaged_or_foreign_snapshot_is_never_read() -> None:
    state = fold([started()])
    number, data = codec().encode_state(state)
    snapshot = Snapshot(seq=1, fold=FOLD_VERSION, codec=number, state=data)
    for bad in (replace(snapshot, state=data[:-5]), replace(snapshot, seq=2), replace(snapshot, codec=9)):
        with pytest.raises(StoreCorrupt):
            codec().decode_state(bad, ORGANIZATION, EXECUTION)
    with pytest.raises(StoreCorrupt):
        codec().decode_state(snapshot, ORGANIZATION, "another execution")


def test_the_newest_dictionary_is_written_with_and_old_batches_stay_readable() -> None:
    ours = codec()
    old, values = encoded(succeeded({"a": 1}), by=ours)
    ours.add_dictionaries({2: starter_dictionary()[:-100] + b"z" * 100})
    new, _ = encoded(succeeded({"a": 1}), by=ours)
    assert (old.codec, new.codec) == (1, 2)
    assert decoded(old, values, ours) == decoded(new, values, ours)


def test_the_starter_makes_a_short_batch_much_shorter() -> None:
    event = started({"purchase_order": "4500000123", "amount": 12.5, "currency": "EUR", "items": []})
    batch, _ = encoded(event)
    plain = codec()._dictionaries.compress_plain(codec()._dictionaries.decompress(1, batch.events))
    assert len(batch.events) < 0.7 * len(plain)


def test_a_deep_value_is_no_deeper_than_the_stack() -> None:
    value: Any = "x" * 20_000
    for _ in range(min(200, sys.getrecursionlimit() // 4)):
        value = {"a": [value]}
    batch, values = encoded(succeeded(value))
    assert decoded(batch, values) == [succeeded(value)]


@pytest.mark.parametrize("parts", [[[]] * 100_000, {str(n): n for n in range(50_000)}])
def test_a_large_value_of_many_small_ones_is_not_taken_apart(parts: Any) -> None:
    event = succeeded({"status": "200", "data": parts})
    with calls_within(Codec.__module__) as calls:
        batch, values = encoded(event)
    assert 0 < calls["encode"] < 20
    assert len(values) == 1
    assert decoded(batch, values) == [event]


def test_large_values_among_as_many_small_ones_as_are_not_large_move_alone() -> None:
    event = succeeded(["n" * (LARGE_BYTES + 1), *[0] * (LARGE_BYTES // 2 - 100)])
    batch, values = encoded(event)
    assert [len(value.data) < 100 for value in values.values()] == [True]
    assert decoded(batch, values) == [event]


def test_the_values_of_an_event_are_not_changed_by_what_leaves_its_text() -> None:
    large = {"text": "x" * (LARGE_BYTES + 1), "password": SECRET}
    output = {"a": [large, {"text": "y" * (LARGE_BYTES + 1)}], "b": {"password": [SECRET]}, "c": [large]}
    before = deepcopy(output)
    event = succeeded(output, "/output/a/0/password", "/output/b/password", "/output/c/0/password")
    assert decoded(*encoded(event)) == [succeeded(before, *event.secret)]
    assert output == before


def test_a_value_rich_in_lists_is_not_decoded_to_be_stored() -> None:
    sizes = []

    def on_call(frame: FrameType) -> None:
        if frame.f_code is Decoder.decode.__code__:
            sizes.append(len(frame.f_locals["text"]))

    with observed_calls(on_call):
        encoded(succeeded([[]] * 50_000))
    assert 0 < sum(sizes) < 1000
