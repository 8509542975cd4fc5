"""Loading: executions from the store by folding a snapshot and the batches after it; definitions, compiled once."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from looply.definition import Workflow, compile_definition, definition_hash
from looply.engine.coding.codec import FOLD_VERSION, Codec
from looply.engine.ports.store import Batch, Loaded, Store, Value
from looply.engine.records.absences import Absences
from looply.engine.records.spans import EVERYTHING
from looply.errors import StoreCorrupt, execution_not_found
from looply.execution import ExecutionState, fold
from looply.execution.facts.events import Event
from looply.jsontext import Json, parse_stored
from looply.limits import STORED_LIMITS
from looply.rates import Turns

_COMPILED = 256
"""The most compiled definitions in memory."""


_AT_ONCE_BYTES: Final = 64 * 1024
"""The number of bytes of events that are decoded before other tasks get a turn."""

_IN_THREAD_BYTES: Final = 256 * 1024
"""Events that refer to values of more bytes are decoded in a thread."""

_BYTES_OF_UNIT: Final = 10
_LEAST_BYTES_OF_UNIT: Final = 16
"""Bytes of a data document that take as long to decode and to show as a unit of `looply.jsontext.work_units`."""


class _History(NamedTuple):
    """Stored batches of one execution, and the large values that they refer to."""

    organization_id: str
    execution_id: str
    batches: Sequence[Batch]
    values: Mapping[bytes, Value]


class Loader:
    """Reads executions and definitions of one store."""

    def __init__(self, store: Store, codec: Codec, turns: Turns | None = None) -> None:
        """With `turns` each organization waits between large histories of its own."""
        self._store = store
        self._codec = codec
        self._turns = turns
        self._compiled: OrderedDict[str, Workflow] = OrderedDict()

    @property
    def is_shared(self) -> bool:
        """Whether other processes store executions too."""
        return self._store.is_shared

    @property
    def absences(self) -> Absences:
        """The absences of people, which say who gets the cards that are sent to them."""
        return self._store.absences

    async def load(self, execution_id: str, *, is_whole: bool = False) -> tuple[ExecutionState, Workflow, bytes]:
        """Returns state, workflow and the chain of the last batch; `is_whole`: folded without a snapshot.

        Raises: NotFound, StoreCorrupt.
        """
        loaded = await self._store.journal.load(execution_id)
        if loaded is None:
            raise execution_not_found(execution_id)
        return await self._fold_loaded(loaded, is_whole=is_whole)

    async def load_many(self, execution_ids: Sequence[str]) -> dict[str, tuple[ExecutionState, Workflow, bytes]]:
        """Returns by id what `load` returns, in one read of the store; those that are not stored or are damaged are
        left out. Raises: StoreCorrupt when the store cannot be read; StoreUnreachable.
        """
        states = {}
        for execution_id, loaded in (await self._store.journal.load_many(execution_ids)).items():
            with suppress(StoreCorrupt):
                states[execution_id] = await self._fold_loaded(loaded)
        return states

    async def _fold_loaded(self, loaded: Loaded, *, is_whole: bool = False) -> tuple[ExecutionState, Workflow, bytes]:
        execution_id, organization_id = loaded.head.execution_id, loaded.head.organization_id
        snapshot, batches, chain, values = loaded.snapshot, loaded.batches, loaded.chain, loaded.values
        if snapshot is not None and (is_whole or snapshot.fold != FOLD_VERSION):
            snapshot, chain = None, b""
            batches = await self._store.journal.history(execution_id, 0, loaded.head.seq)
            values = await self._store.journal.values_of(execution_id)
        state = None
        if snapshot is not None:
            state = self._codec.decode_state(snapshot, organization_id, execution_id)
        history = _History(organization_id, execution_id, batches, values)
        state, chain = await self._fold_batches(state, chain, history, is_paced=not is_whole)
        if state is None or state.seq != loaded.head.seq:
            raise StoreCorrupt(f"the history of execution {execution_id} does not reach event {loaded.head.seq}")
        return state, await self.workflow(state.definition), chain

    async def load_state(self, execution_id: str) -> ExecutionState:
        """Returns the stored state. Raises: NotFound, StoreCorrupt."""
        return (await self.load(execution_id))[0]

    async def fold_history(self, execution_id: str) -> ExecutionState:
        """Folds the whole stored history and returns the state, whatever memory or a snapshot says.

        Raises: NotFound, StoreCorrupt.
        """
        return (await self.load(execution_id, is_whole=True))[0]

    async def refresh(
        self, state: ExecutionState, workflow: Workflow, chain: bytes
    ) -> tuple[ExecutionState, Workflow, bytes]:
        """Returns these three with what was stored since applied, or unchanged. Raises: StoreCorrupt."""
        execution_id = state.started.execution_id
        batches = await self._store.journal.history(execution_id, state.seq, EVERYTHING)
        if not batches:
            return state, workflow, chain
        values = await self._store.journal.values_of(execution_id)
        history = _History(state.started.organization_id, execution_id, batches, values)
        newer, chain = await self._fold_batches(state, chain, history)
        assert newer is not None
        return newer, await self.workflow(newer.definition), chain

    async def _fold_batches(
        self, state: ExecutionState | None, chain: bytes, history: "_History", *, is_paced: bool = True
    ) -> tuple[ExecutionState | None, bytes]:
        """Returns the state with these batches applied, and the chain of the last one. Raises: StoreCorrupt."""
        organization_id, execution_id, batches, values = history
        for batch in batches:
            chain = self._codec.check_chain(batch, chain, execution_id)
            events, _ = await self.decode_in_turn(batch, values, organization_id, execution_id, is_paced=is_paced)
            state = fold(events, state)
        return state, chain

    async def decode_in_turn(
        self,
        batch: Batch,
        values: Mapping[bytes, Value],
        organization_id: str,
        execution_id: str,
        *,
        is_paced: bool = True,
    ) -> tuple[list[Event], int]:
        """Returns `Codec.decode_measured` of these. Other tasks get a turn when it takes a while.

        Raises: as `Codec.decode`.
        """
        facts = (batch, values, organization_id, execution_id)
        if values and (moved := self._codec.count_moved_bytes(batch, execution_id)) > _IN_THREAD_BYTES:
            turns = self._turns if is_paced else None
            least = moved // _LEAST_BYTES_OF_UNIT
            if turns is not None:
                await turns.wait(organization_id, least)
            decoded = await asyncio.to_thread(self._codec.decode_measured, *facts)
            if turns is not None:
                # Only now it is known how rich in lists and objects the values are.
                turns.reserve(organization_id, max(decoded[1] // _BYTES_OF_UNIT - least, 0))
            return decoded
        events, size = self._codec.decode_measured(*facts)
        if size > _AT_ONCE_BYTES:
            await asyncio.sleep(0)
        return events, size

    async def workflow(self, name: str) -> Workflow:
        """Returns a compiled definition by its hash. Raises: StoreCorrupt when it is not stored, or is damaged."""
        workflow = self._compiled.get(name)
        if workflow is not None:
            self._compiled.move_to_end(name)
            return workflow
        stored = await self._store.journal.find_definition(name)
        if stored is None:
            raise StoreCorrupt(f"the definition {name} of an execution is not stored")
        workflow = compile_definition(_whole(name, stored.body), STORED_LIMITS)
        self.keep(name, workflow)
        return workflow

    def keep(self, name: str, workflow: Workflow) -> None:
        """Keeps a compiled definition in memory by its hash; the least recently used one is evicted."""
        self._compiled[name] = workflow
        if len(self._compiled) > _COMPILED:
            self._compiled.popitem(last=False)


def _whole(name: str, body: bytes) -> Json:
    """Returns the document of a stored definition. Raises: StoreCorrupt when its hash is not its name."""
    try:
        document = parse_stored(body)
        if isinstance(document, dict) and definition_hash(document).hex() == name:
            return document
    except ValueError:
        # It is not even JSON any more.
        pass
    raise StoreCorrupt(f"the definition {name} of an execution is damaged; restore the store from a backup")
