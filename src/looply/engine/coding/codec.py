"""Events and states to stored bytes, and back.

Theory of operation. A batch is the JSON text of its events, compressed with a trained dictionary. Two kinds of values
leave that text: secrets, which are sealed, and values over 16 KiB, which are stored once per organization under their
hash. Each is replaced by `null`, and a list beside the events refers to the values:

    {"events": [...], "moved": [[event index, path, kind, reference, bytes], ...]}

The list is outside the events, so nothing that a caller sends can be taken for a reference. A batch without moved
values is the plain list, and is written and read without any walk. Secrets are sealed before values are split off.
Each batch has the hash over the chain of the previous batch and its own bytes, so a lost or changed one is detected.
"""

import base64
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, Literal, TypeAlias, get_args, get_type_hints

import msgspec
from immutables import Map

from looply.engine.coding.dictionary import STARTER, Dictionaries, starter_dictionary
from looply.engine.ports.store import Batch, Snapshot, Value
from looply.errors import StoreCorrupt
from looply.execution.facts.events import DocumentEdited, Event, ExecutionStarted
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Decoder, Json, count_bytes
from looply.sealing import SealBroken, Sealers, Seals

FOLD_VERSION: Final = 7
"""Increases when `evolve` folds a history to another state, or the encoding of states changes: old snapshots are
ignored then."""

LARGE_BYTES: Final = 16 * 1024
"""Values whose JSON text is longer are stored separately."""

_MOST_SMALL: Final = LARGE_BYTES // 2
"""The most items of a list or an object whose text is not large: each takes at least two bytes, a comma and a digit."""

_Path: TypeAlias = list[str | int]
_Kind: TypeAlias = Literal["value", "sealed", "sealed_value"]
_Moved: TypeAlias = tuple[int, _Path, _Kind, str, int]

_PRESENT: Final = True
"""In the place of a value: no field has it as default, so the field is part of the text."""

_PLAIN_STATE = b"\x00"
_SEALED_STATE = b"\x01"


class _Document(msgspec.Struct):
    """A batch some of whose values are stored elsewhere."""

    events: list[Any]
    moved: list[_Moved]


def _from_map(value: Any) -> Any:
    if isinstance(value, Map):
        return dict(value)
    raise NotImplementedError


def _to_map(kind: Any, value: Any) -> Any:
    return Map(msgspec.convert(value, dict[get_args(kind)], str_keys=True))  # type: ignore[misc]


_ENCODER = msgspec.json.Encoder(decimal_format="number")
_VALUE: Decoder[Any] = Decoder()
_EVENTS: Decoder[list[Event]] = Decoder(list[Event])
_DOCUMENT: Decoder[_Document] = Decoder(_Document)
_STATE_ENCODER = msgspec.json.Encoder(enc_hook=_from_map, decimal_format="number")
_STATE: Decoder[ExecutionState] = Decoder(ExecutionState, dec_hook=_to_map)
_JSON_FIELDS: Mapping[str, tuple[str, ...]] = {
    kind.__name__: tuple(name for name, hint in get_type_hints(kind).items() if Any in (hint, *get_args(hint)))
    for kind in get_args(Event)
}


class Codec:
    """Turns events and states into bytes and back.

    Batches may be decoded, and events without secrets encoded, in another thread while the codec is in use; all else is
    for one thread.
    """

    def __init__(self, sealers: Sealers, dictionaries: Mapping[int, bytes] | None = None) -> None:
        self._sealers = sealers
        self._dictionaries = Dictionaries(dictionaries or {STARTER: starter_dictionary()})

    def add_dictionaries(self, dictionaries: Mapping[int, bytes]) -> None:
        """Adds dictionaries by number; from now on the newest one compresses."""
        self._dictionaries.add(dictionaries)

    def encode(
        self, events: Sequence[Event], organization_id: str, execution_id: str, first_seq: int, chain: bytes
    ) -> tuple[Batch, tuple[Value, ...]]:
        """Returns the batch of these events, numbered from `first_seq`, and the large values that it refers to.

        `chain` is the chain of the batch before, empty for the first one.
        """
        batch, values, _ = self.encode_measured(events, organization_id, execution_id, first_seq, chain)
        return batch, values

    def encode_measured(
        self, events: Sequence[Event], organization_id: str, execution_id: str, first_seq: int, chain: bytes
    ) -> tuple[Batch, tuple[Value, ...], int]:
        """Returns what `encode` returns, and the bytes of the events' text with all large values."""
        text = _ENCODER.encode(events)
        size = len(text)
        values: tuple[Value, ...] = ()
        if len(text) > LARGE_BYTES or any(getattr(event, "secret", ()) for event in events):
            mover = _Mover(
                self._sealers.of(organization_id), self._dictionaries, organization_id, f"{execution_id}|{first_seq}"
            )
            text, values = mover.document(events, text)
        data = self._dictionaries.compress(text)
        batch = Batch(
            first_seq=first_seq,
            last_seq=first_seq + len(events) - 1,
            at=events[-1].at,
            codec=self._dictionaries.newest,
            chain=_chain_hash(chain, data),
            events=data,
        )
        return batch, values, size

    def decode(
        self, batch: Batch, values: Mapping[bytes, Value] | None, organization_id: str, execution_id: str
    ) -> list[Event]:
        """Returns the events of a batch.

        Without `values` each large value is replaced by a text with its size: enough for lists, not for a fold.
        Raises: StoreCorrupt, naming the execution and the event, when the bytes are damaged.
        """
        return self.decode_measured(batch, values, organization_id, execution_id)[0]

    def decode_measured(
        self, batch: Batch, values: Mapping[bytes, Value] | None, organization_id: str, execution_id: str
    ) -> tuple[list[Event], int]:
        """Returns the events of a batch, and their size with all large values (`count_bytes`).

        Raises: as `decode`.
        """
        try:
            text = self._dictionaries.decompress(batch.codec, batch.events)
            size = count_bytes(text)
            if text.startswith(b"["):
                events = _EVENTS.decode(text)
            else:
                context = f"{organization_id}|{execution_id}|{batch.first_seq}"
                document = _DOCUMENT.decode(text)
                events, moved = self._restore(document, values, organization_id, context)
                size += moved
        except (ValueError, LookupError, TypeError, SealBroken) as error:
            raise _corrupt(execution_id, batch.first_seq, str(error)) from error
        if len(events) != batch.last_seq - batch.first_seq + 1:
            raise _corrupt(execution_id, batch.first_seq, f"it holds {len(events)} events up to {batch.last_seq}")
        return events, size

    def count_moved_bytes(self, batch: Batch, execution_id: str) -> int:
        """Returns the bytes of the values that a batch refers to. Raises: StoreCorrupt when the bytes are damaged."""
        try:
            text = self._dictionaries.decompress(batch.codec, batch.events)
            return 0 if text.startswith(b"[") else sum(moved[4] for moved in _DOCUMENT.decode(text).moved)
        except ValueError as error:
            raise _corrupt(execution_id, batch.first_seq, str(error)) from error

    def check_chain(self, batch: Batch, chain: bytes, execution_id: str) -> bytes:
        """Returns the batch's chain, which must follow `chain`. Raises: StoreCorrupt when it does not."""
        if batch.chain != _chain_hash(chain, batch.events):
            raise _corrupt(execution_id, batch.first_seq, "its hash does not follow the batch before")
        return batch.chain

    def check_value(self, value: Value, organization_id: str) -> None:
        """Compares the content of a large value with its hash. Raises: StoreCorrupt when they differ."""
        self.decode_blob(value, organization_id)

    def encode_blob(self, content: bytes, organization_id: str) -> Value:
        """Returns bytes that are no JSON as a value, under the hash that they have in the organization."""
        key = _value_hash(content, organization_id)
        return Value(hash=key, codec=0, data=self._dictionaries.compress_plain(content))

    def decode_blob(self, value: Value, organization_id: str) -> bytes:
        """Returns the bytes of `encode_blob`. Raises: StoreCorrupt when they are damaged."""
        try:
            return self._value(value.hash, {value.hash: value}, organization_id)
        except (ValueError, LookupError) as error:
            raise StoreCorrupt(f"the store is damaged: {error}; restore it from a backup") from error

    def encode_state(self, state: ExecutionState) -> tuple[int, bytes]:
        """Returns (dictionary number, bytes) of a state; one that holds secrets is sealed as a whole."""
        data = self._dictionaries.compress(_STATE_ENCODER.encode(state))
        if _holds_secrets(state):
            started = state.started
            context = _state_context(started.organization_id, started.execution_id, state.seq)
            return self._dictionaries.newest, _SEALED_STATE + self._sealers.of(started.organization_id).seal(
                data, context
            )
        return self._dictionaries.newest, _PLAIN_STATE + data

    def decode_state(self, snapshot: Snapshot, organization_id: str, execution_id: str) -> ExecutionState:
        """Returns the state of a snapshot of the current fold. Raises: StoreCorrupt when the bytes are damaged."""
        data = snapshot.state[1:]
        try:
            if snapshot.state[:1] == _SEALED_STATE:
                context = _state_context(organization_id, execution_id, snapshot.seq)
                data = self._sealers.of(organization_id).open(data, context)
            state = _STATE.decode(self._dictionaries.decompress(snapshot.codec, data))
        except (ValueError, SealBroken) as error:
            raise _corrupt(execution_id, snapshot.seq, f"its snapshot is damaged: {error}") from error
        if state.seq != snapshot.seq or state.started.execution_id != execution_id:
            raise _corrupt(execution_id, snapshot.seq, "its snapshot belongs to another execution or event")
        return state

    def _restore(
        self, document: _Document, values: Mapping[bytes, Value] | None, organization_id: str, context: str
    ) -> tuple[list[Event], int]:
        """Returns the events, and the size of the values that were stored elsewhere."""
        counted = 0
        for index, path, kind, reference, size in document.moved:
            if kind == "sealed":
                data = base64.b64decode(reference, validate=True)
            elif values is None:
                _put(document.events[index], path, f"({size} bytes)")
                continue
            else:
                data = self._value(bytes.fromhex(reference), values, organization_id)
            if kind != "value":
                data = self._sealers.of(organization_id).open(data, f"{context}|{index}|{_pointer(path)}")
            counted += count_bytes(data)
            _put(document.events[index], path, _VALUE.decode(data))
        return msgspec.convert(document.events, list[Event]), counted

    def _value(self, key: bytes, values: Mapping[bytes, Value], organization_id: str) -> bytes:
        value = values.get(key)
        if value is None:
            raise ValueError(f"the large value {key.hex()} is not stored")
        data = self._dictionaries.decompress(value.codec, value.data)
        if _value_hash(data, organization_id) != key:
            raise ValueError(f"the large value {key.hex()} has other content than its hash")
        return data


class _Mover:
    """Takes secrets and large values out of the events of one batch."""

    def __init__(self, sealer: Seals, dictionaries: Dictionaries, organization_id: str, batch: str) -> None:
        self._sealer = sealer
        self._dictionaries = dictionaries
        self._organization_id = organization_id
        self._context = f"{organization_id}|{batch}"
        self._moved: list[_Moved] = []
        self._values: dict[bytes, Value] = {}
        self._own: dict[int, Any] = {}
        """By id: the lists and objects that are no part of an event, so that they may be changed."""

    def document(self, events: Sequence[Event], text: bytes) -> tuple[bytes, tuple[Value, ...]]:
        """Returns the text of the batch, and the values that are stored separately."""
        rest: list[Any] = [self._without_moved(index, event) for index, event in enumerate(events)]
        if not self._moved:
            return text, ()
        return _ENCODER.encode(_Document(events=rest, moved=self._moved)), tuple(self._values.values())

    def _without_moved(self, index: int, event: Event) -> Any:
        pointers = _secret_pointers(event)
        text = _ENCODER.encode(event)
        if not pointers and len(text) <= LARGE_BYTES:
            return event
        raw = _object_of(event)
        for path in _secret_paths(raw, pointers):
            for part in _parts(event, raw, str(path[0])) if len(path) == 1 else [path]:
                self._seal(index, raw, part)
        if len(text) > LARGE_BYTES:
            for name in _JSON_FIELDS[type(event).__name__]:
                for path in _parts(event, raw, name):
                    self._split(index, raw, path, _ENCODER.encode(_get(raw, path)))
        return raw

    def _seal(self, index: int, raw: dict[str, Any], path: _Path) -> None:
        plain = _ENCODER.encode(_get(raw, path))
        sealed = self._sealer.seal(plain, f"{self._context}|{index}|{_pointer(path)}")
        self._remove(raw, path)
        if len(sealed) > LARGE_BYTES:
            self._move(index, path, "sealed_value", self._keep(sealed), len(plain))
        else:
            self._move(index, path, "sealed", base64.b64encode(sealed).decode(), len(plain))

    def _split(self, index: int, raw: dict[str, Any], path: _Path, text: bytes) -> None:
        """Moves the smallest large values below a path, whose value has this text, since these recur in other events.

        A value that is large even without its large parts moves as one.
        """
        if len(text) <= LARGE_BYTES:
            return
        value = _get(raw, path)
        has_moved = self._has_moved(index, path)
        # Where there are more parts, the small ones together are large and need not be examined one by one.
        is_one = len(value) > _MOST_SMALL + len(text) // LARGE_BYTES
        large: dict[str | int, bytes] = {}
        if has_moved or not is_one:
            large = _large_parts(value, is_whole_walked=has_moved)
        rest = len(text) - sum(map(len, large.values()))
        # A part that is sealed under its own path must not be moved as part of the whole.
        if (large and rest <= LARGE_BYTES) or has_moved:
            for key, part in large.items():
                self._split(index, raw, [*path, key], part)
            return
        self._remove(raw, path)
        self._move(index, path, "value", self._keep(text), len(text))

    def _remove(self, raw: dict[str, Any], path: _Path) -> None:
        """Puts `null` in the place of a value. What the event shares with `raw` is copied before."""
        target: Any = raw
        for key in path[:-1]:
            inner = target[key]
            if id(inner) not in self._own:
                inner = target[key] = inner.copy()
                self._own[id(inner)] = inner
            target = inner
        target[path[-1]] = None

    def _has_moved(self, index: int, path: _Path) -> bool:
        return any(moved[0] == index and moved[1][: len(path)] == path for moved in self._moved)

    def _keep(self, data: bytes) -> str:
        key = _value_hash(data, self._organization_id)
        if key not in self._values:
            self._values[key] = Value(hash=key, codec=0, data=self._dictionaries.compress_plain(data))
        return key.hex()

    def _move(self, index: int, path: _Path, kind: _Kind, reference: str, size: int) -> None:
        self._moved.append((index, path, kind, reference, size))


def _large_parts(value: Any, *, is_whole_walked: bool) -> dict[str | int, bytes]:
    """Returns the texts of the large parts of a value, by key; none as soon as its small ones together are large."""
    large: dict[str | int, bytes] = {}
    small = 0
    for key, item in _items(value):
        part = _ENCODER.encode(item)
        if len(part) > LARGE_BYTES:
            large[key] = part
            continue
        small += len(part)
        if small > LARGE_BYTES and not is_whole_walked:
            return {}
    return large


def _object_of(event: Event) -> dict[str, Any]:
    """Returns the object that the JSON text of an event is, with the event's own lists, objects and texts in it.

    They are not decoded from the text, which for a value rich in lists takes ten times as long as its encoding.
    """
    values = {name: getattr(event, name) for name in _JSON_FIELDS[type(event).__name__]}
    shared = {name: value for name, value in values.items() if value and isinstance(value, list | dict | str)}
    marked = msgspec.structs.replace(event, **dict.fromkeys(shared, _PRESENT))
    raw: dict[str, Any] = _VALUE.decode(_ENCODER.encode(marked))
    return raw | shared


def _secret_pointers(event: Event) -> Sequence[str]:
    """Returns the pointers to the secrets within the event; those of a start are pointers into the data document."""
    pointers: tuple[str, ...] = getattr(event, "secret", ())
    if not isinstance(event, ExecutionStarted):
        return pointers
    within = [pointer.removeprefix("/output") for pointer in pointers]
    if not isinstance(event.body, dict):
        within = [pointer.removeprefix("/body") for pointer in within]
    return [f"/body{pointer}" for pointer in within]


def _secret_paths(raw: dict[str, Any], pointers: Sequence[str]) -> list[_Path]:
    """Returns the paths to seal, none within another.

    A pointer to nothing seals its last existing parent: the value may be there under another name.
    """
    paths: list[_Path] = []
    for pointer in sorted(pointers, key=len):
        path = _resolve(raw, pointer)
        if path and not any(path[: len(outer)] == outer for outer in paths):
            paths = [inner for inner in paths if inner[: len(path)] != path]
            paths.append(path)
    return paths


def _resolve(raw: Json, pointer: str) -> _Path:
    path: _Path = []
    value = raw
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        key: str | int = int(name) if isinstance(value, list) and name.isascii() and name.isdigit() else name
        try:
            value = value[key]
        except (LookupError, TypeError):
            break
        path.append(key)
    return path


def _parts(event: Event, raw: dict[str, Any], name: str) -> Sequence[_Path]:
    """Returns the paths that may be sealed or moved: of a field that must be an object, those of its entries."""
    if name not in raw:
        return ()
    if isinstance(event, DocumentEdited) and name == "outputs":
        return [[name, key] for key in raw[name]]
    return [[name]]


def _items(value: Json) -> Sequence[tuple[str | int, Json]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else ()


def _get(value: Json, path: _Path) -> Json:
    for key in path:
        value = value[key]
    return value


def _put(target: Json, path: _Path, value: Json) -> None:
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value


def _pointer(path: _Path) -> str:
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def _chain_hash(chain: bytes, data: bytes) -> bytes:
    return blake2b(chain + data, digest_size=32).digest()


def _value_hash(data: bytes, organization_id: str) -> bytes:
    # Keyed by organization: a hash must not prove what another organization stores.
    key = blake2b(organization_id.encode(), digest_size=32).digest()
    return blake2b(data, key=key, digest_size=32).digest()


def _state_context(organization_id: str, execution_id: str, seq: int) -> str:
    return f"{organization_id}|{execution_id}|{seq}|snapshot"


def _holds_secrets(state: ExecutionState) -> bool:
    """Returns whether a snapshot may hold a secret; answers that are only collected so far count as secret."""
    return bool(
        state.secrets
        or state.buffered
        or any(wait.answers for wait in state.waits.values())
        or any(settled.answers for settled in state.settled.values())
        or state.started.secret
        or any(step.secret for step in state.open_steps.values())
        or any(frame.secrets for frame in state.frames.values())
        or any(region.secrets or region.result_secrets for region in state.regions.values())
        or any(path.failure is not None and path.failure.secret for path in state.paths)
    )


def _corrupt(execution_id: str, seq: int, reason: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"the history of execution {execution_id} is damaged at event {seq}: {reason}; restore the store from a backup"
    )
