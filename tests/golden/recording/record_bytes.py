"""Stored bytes of recorded histories: batches, large values and states as a release wrote them.

`python tests/golden/recording/record_bytes.py NAME` adds `bytes/NAME.json`; it never changes an existing one. Record
one for each release that changes a coding. The sealing key is a test value.
"""

import sys
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from golden.recording.record import HISTORIES
from golden.recording.sums import add_sums
from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.coding.dictionary import starter_dictionary
from looply.engine.ports.store import Batch, Snapshot, Value
from looply.execution import fold
from looply.execution.facts.events import Event
from looply.sealing import Sealer
from looply.testing.clock import SerialEntropy

BYTES: Final = Path(__file__).parents[1] / "bytes"
SEALING_KEY: Final = bytes(range(32))
HISTORIES_IN_BYTES: Final = (
    "answer_that_is_large",
    "answer_with_secrets_that_fails",
    "card_with_a_secret_answer",
    "cut_into_stretches",
    "http_request",
    "incident_of_time_with_an_open_card",
    "resume_kept_in_secret",
    "secret_result_after_the_end",
    "secrets",
    "started_with_everything",
    "waiting_for_a_retry",
)
_EVENTS_OF_A_BATCH: Final = 3


class StoredHistory(msgspec.Struct, kw_only=True):
    """One history as a store holds it, with the state after it."""

    batches: list[Batch]
    values: list[Value]
    snapshot: Snapshot


class StoredBytes(msgspec.Struct, kw_only=True):
    """The bytes of one release. `dictionary` is the SHA-256 of its starter dictionary."""

    dictionary: str
    histories: dict[str, StoredHistory]


class _History(msgspec.Struct):
    history: list[Event]


def events_of(name: str) -> list[Event]:
    """Returns the events of a recorded history."""
    return msgspec.json.decode((HISTORIES / f"{name}.json").read_bytes(), type=_History).history


def codec() -> Codec:
    """Returns a codec with the key of the recorded bytes."""
    return Codec(Sealer(SEALING_KEY, SerialEntropy()))


def dictionary_hash() -> str:
    """Returns the SHA-256 of the dictionary that ships with this release."""
    return sha256(starter_dictionary()).hexdigest()


def stored(name: str) -> StoredHistory:
    """Returns a recorded history as this release stores it."""
    events, coder, chain = events_of(name), codec(), b""
    started = fold(events[:1]).started
    batches, values = [], {}
    for first in range(0, len(events), _EVENTS_OF_A_BATCH):
        part = events[first : first + _EVENTS_OF_A_BATCH]
        batch, large = coder.encode(part, started.organization_id, started.execution_id, first + 1, chain)
        chain = batch.chain
        batches.append(batch)
        values.update({value.hash: value for value in large})
    number, state = coder.encode_state(fold(events))
    snapshot = Snapshot(seq=len(events), fold=FOLD_VERSION, codec=number, state=state)
    return StoredHistory(batches=batches, values=list(values.values()), snapshot=snapshot)


def main(name: str) -> None:
    """Records the bytes unless there are some of that name."""
    BYTES.mkdir(exist_ok=True)
    target = BYTES / f"{name}.json"
    if target.exists():
        sys.exit(f"{target} is recorded already and never changes")
    made = StoredBytes(dictionary=dictionary_hash(), histories={each: stored(each) for each in HISTORIES_IN_BYTES})
    target.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    add_sums()
    sys.stdout.write(f"added {target.name}, {target.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1])
