"""Properties of the codec over every type of event."""

from datetime import UTC, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from looply.decimals import settle
from looply.engine.coding.codec import Codec
from looply.execution.facts.events import Event
from looply.sealing import Sealer

ORGANIZATION, EXECUTION = "an organization", "an execution"

_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_SCALARS = st.none() | st.booleans() | st.integers(-(10**64) + 1, 10**64 - 1) | _TEXTS
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-(10**28), 10**28, places=9).map(settle)
_LARGE = st.builds(lambda char, count: char * count, st.sampled_from("xü"), st.integers(16_000, 17_000))
_JSON = st.recursive(
    _SCALARS | _NUMBERS | _LARGE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000)
)
_KINDS = get_args(Event)


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Returns a strategy for the values of a field's type."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        members = get_args(hint)
        known = [values_of(member) for member in members if member is not msgspec.UnsetType]
        return st.one_of(*known, *([st.just(msgspec.UNSET)] if msgspec.UnsetType in members else []))
    if origin is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(_TEXTS, values_of(get_args(hint)[1]), max_size=3)
    if origin is not None:
        return st.sampled_from(get_args(hint))
    simple: dict[Any, st.SearchStrategy[Any]] = {
        Any: _JSON,
        str: _TEXTS,
        int: st.integers(0, 10**9),
        bool: st.booleans(),
        float: st.integers(0, 10**6).map(float),
        bytes: st.binary(max_size=16),
        datetime: _INSTANTS,
        type(None): st.none(),
    }
    return simple[hint] if hint in simple else structs(hint)


def structs(kind: type) -> st.SearchStrategy[Any]:
    """Returns a strategy for a struct, with arbitrary pointers as its secrets."""
    fields = {name: values_of(hint) for name, hint in get_type_hints(kind).items()}
    if "secret" in fields:
        fields["secret"] = st.lists(st.sampled_from(_POINTERS), max_size=3, unique=True).map(tuple)
    return st.builds(kind, **fields)


_POINTERS = (
    *("/output", "/input", "/result", "/payload", "/output/0", "/output/a", "/input/0/a", "/output/a/0"),
    *("/output/body", "/outputs/a", "/outputs/a/0", "/payload/a"),
)


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_event_comes_back_as_it_was(kind: type, data: st.DataObject) -> None:
    events = data.draw(st.lists(structs(kind), min_size=1, max_size=3))
    codec = Codec(Sealer(bytes(32)))
    batch, values = codec.encode(events, ORGANIZATION, EXECUTION, 1, b"")
    stored = {value.hash: value for value in values}
    assert codec.decode(batch, stored, ORGANIZATION, EXECUTION) == events
    assert len(codec.decode(batch, None, ORGANIZATION, EXECUTION)) == len(events)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), kind=st.sampled_from([kind for kind in _KINDS if "output" in get_type_hints(kind)]))
def test_a_marked_output_is_nowhere_in_clear(kind: type, data: st.DataObject) -> None:
    secret = "the-secret-that-must-stay-hidden"
    inner = data.draw(_JSON)
    event = data.draw(structs(kind))
    fields = {"output": {"a": [secret, inner]}}
    if "secret" in get_type_hints(kind):
        fields["secret"] = (data.draw(st.sampled_from(["/output", "/output/a", "/output/a/0", "/output/a/0/x"])),)
        marked = replace(event, **fields)
        codec = Codec(Sealer(bytes(32)))
        batch, values = codec.encode([marked], ORGANIZATION, EXECUTION, 1, b"")
        texts = [codec._dictionaries.decompress(batch.codec, batch.events)]
        texts += [codec._dictionaries.decompress(value.codec, value.data) for value in values]
        assert not any(secret.encode() in text for text in texts)
