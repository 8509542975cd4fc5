"""The current codec decodes all recorded bytes to the events and the state of which they were made."""

from pathlib import Path

import msgspec
import pytest

from golden.recording.record_bytes import (
    BYTES,
    HISTORIES_IN_BYTES,
    StoredBytes,
    StoredHistory,
    codec,
    dictionary_hash,
    events_of,
)
from looply.engine.coding.codec import FOLD_VERSION
from looply.errors import StoreCorrupt
from looply.execution import fold

FILES = sorted(BYTES.glob("*.json"))
ALL = [
    (path, name, history)
    for path in FILES
    for name, history in msgspec.json.decode(path.read_bytes(), type=StoredBytes).histories.items()
]
EACH = pytest.mark.parametrize(
    ("name", "history"),
    [(name, history) for _, name, history in ALL],
    ids=[f"{path.stem}-{name}" for path, name, _ in ALL],
)


def test_there_are_recorded_bytes_of_batches_values_secrets_and_states() -> None:
    assert {name for _, name, _ in ALL} >= set(HISTORIES_IN_BYTES)
    assert any(history.values for _, _, history in ALL)
    assert {history.snapshot.state[:1] for _, _, history in ALL} == {b"\0", b"\1"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dictionary_that_they_were_written_with_is_still_the_one_that_ships(path: Path) -> None:
    assert msgspec.json.decode(path.read_bytes(), type=StoredBytes).dictionary == dictionary_hash()


@EACH
def test_recorded_batches_are_read_to_their_history(name: str, history: StoredHistory) -> None:
    expected = events_of(name)
    started = fold(expected[:1]).started
    coder, chain, events = codec(), b"", []
    values = {value.hash: value for value in history.values}
    for batch in history.batches:
        chain = coder.check_chain(batch, chain, started.execution_id)
        events += coder.decode(batch, values, started.organization_id, started.execution_id)
    assert events == expected


@EACH
def test_a_recorded_state_of_todays_fold_is_the_fold_of_its_history(name: str, history: StoredHistory) -> None:
    state = fold(events_of(name))
    if history.snapshot.fold != FOLD_VERSION:
        return  # it is never read: a store leaves it out
    assert codec().decode_state(history.snapshot, state.started.organization_id, state.started.execution_id) == state


@EACH
def test_recorded_secrets_open_at_their_own_place_only(name: str, history: StoredHistory) -> None:
    started = fold(events_of(name)[:1]).started
    coder, values = codec(), {value.hash: value for value in history.values}
    refused = 0
    for batch in history.batches:
        try:
            coder.decode(batch, values, started.organization_id, "01944ca1-1c00-7000-8000-0000000000ff")
        except StoreCorrupt:
            refused += 1
    assert bool(refused) == any(getattr(event, "secret", ()) for event in events_of(name))
