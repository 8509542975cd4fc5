"""Any sequence of operations on a datastore has the result of a plain document, with a revision that only increases."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from looply.definition.values.pointer import join_pointer
from looply.errors import OperationError
from looply.execution.facts.datastores import (
    DatastoreWrite,
    StoredDatastore,
    apply,
    merge_patch,
    value_at,
    with_value,
    without_value,
)
from looply.jsontext import Json, encode_json, parse_json
from looply.limits import DEFAULT_LIMITS

NAMES = st.sampled_from(["a", "b", "0", "1", "-", "", "~", "x/y"])
PATHS = st.lists(NAMES, max_size=3).map(tuple)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "text"])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
PATCHES = st.dictionaries(NAMES, VALUES, max_size=3)
OPERATIONS = st.one_of(
    st.tuples(st.just("get"), PATHS, st.none()),
    st.tuples(st.just("set"), PATHS, VALUES),
    st.tuples(st.just("merge"), PATHS, PATCHES),
    st.tuples(st.just("delete"), PATHS, st.none()),
)


def following(known: StoredDatastore, write: DatastoreWrite | None, floor: int) -> tuple[StoredDatastore, int]:
    """Returns the contents of a store after a write, and the highest revision that was deleted."""
    if write is None:
        return known, floor
    assert write.expected == known.revision
    assert write.revision > max(known.revision, floor)
    if write.value is UNSET:
        return StoredDatastore(next_revision=write.revision + 1), write.revision
    # As a store does, through text.
    value = parse_json(encode_json(write.value))
    return StoredDatastore(revision=write.revision, value=value, next_revision=write.revision + 1), floor


@given(st.lists(OPERATIONS, max_size=12))
def test_revisions_only_increase_and_outputs_are_what_is_stored(steps: list[tuple[str, tuple[str, ...], Json]]) -> None:
    known, floor = StoredDatastore(), 0
    for operation, path, value in steps:
        given_ = {"name": "n", "path": join_pointer("", *path), "value": value}
        try:
            applied = apply(f"datastore.{operation}", given_, known, DEFAULT_LIMITS)
        except OperationError:
            continue
        before, (known, floor) = known, following(known, applied.write, floor)
        assert applied.output["revision"] == known.revision
        if operation == "delete":
            assert applied.output["value"] == value_at(before.value, path)
        elif "-" not in path:
            assert applied.output["value"] == value_at(known.value, path)


@given(VALUES, PATHS, VALUES)
def test_a_set_value_is_stored_and_nothing_else_has_changed(document: Json, path: tuple[str, ...], value: Json) -> None:
    before = encode_json(document)
    try:
        changed = with_value(document, path, value)
    except OperationError:
        return
    assert encode_json(document) == before
    if "-" not in path:
        assert value_at(changed, path) == value
        again = with_value(changed, path, value)
        assert again == changed


@given(VALUES, PATHS.filter(bool))
def test_a_removed_value_does_not_exist_afterwards(document: Json, path: tuple[str, ...]) -> None:
    before = encode_json(document)
    changed = without_value(document, path)
    assert encode_json(document) == before
    assert changed is document or encode_json(changed) != before


@given(VALUES, PATCHES)
def test_a_patch_that_is_merged_again_changes_nothing(target: Json, patch: Json) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once
