"""Engines that are wrong in one thing each about what is pruned, and about streams beside it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

import sim_streams
from msgspec.structs import replace
from mutants import Mutant, _both, _replaced

from kit.memory.pruning import MemoryPruning
from looply.app.executions import watching
from looply.engine.coding.units import expiry_of
from looply.engine.records.pruning import Slice


def p01_what_stands_still_counts_as_ended() -> AbstractContextManager[None]:
    """An execution with an incident goes, and nobody can decide about it any more."""
    return _replaced(MemoryPruning, "_is_open", lambda self, execution_id: self._data.is_open(execution_id))


def p02_letters_hold_nothing() -> AbstractContextManager[None]:
    """An execution goes though one of its dead letters waits to be settled."""
    return _without("letters")


def p03_keys_hold_nothing() -> AbstractContextManager[None]:
    """An execution goes, and its idempotency key with it, on the day on which it was started."""
    return _without("keys")


def p04_what_was_stored_last_goes() -> AbstractContextManager[None]:
    """The events by which places are counted on may go."""
    return _without("order")


def p05_kin_holds_nothing() -> AbstractContextManager[None]:
    """A parent goes while its child is open, and the other way round."""
    original = MemoryPruning._is_held

    def is_held(self: Any, execution_id: str, now: Any) -> bool:
        heads = self._data.heads
        alone = {execution_id: replace(heads[execution_id], parent="")}
        return _with(self, "heads", alone, lambda: original(self, execution_id, now))

    return _replaced(MemoryPruning, "_is_held", is_held)


def p06_retention_counts_from_the_start() -> AbstractContextManager[None]:
    """The time for which a workflow keeps its executions begins when they do."""

    def from_the_start(before: Any, after: Any, workflow: Any) -> Any:
        return expiry_of(before, replace(after, now=after.started.at), workflow)

    return _replaced(import_module("looply.engine.processing.committer"), "expiry_of", from_the_start)


def p07_all_keys_go() -> AbstractContextManager[None]:
    """A round takes idempotency keys whose time is not over."""

    async def drop_keys(self: Any, now: Any, after: Any, *, is_dry: bool = False) -> Slice:
        def write() -> Slice:
            held = [name for name, (_, holder) in self._data.keys.items() if not self._data.is_open(holder)]
            for name in held:
                del self._data.keys[name]
            return Slice(keys=len(held))

        return Slice() if is_dry else await self._commits.submit(write)

    return _replaced(MemoryPruning, "drop_keys", drop_keys)


def p08_letters_of_others_go_too() -> AbstractContextManager[None]:
    """With an execution go the letters of all others."""
    original = MemoryPruning._forget

    def forget(self: Any, execution_id: str) -> None:
        original(self, execution_id)
        self._data.letters = {}

    return _replaced(MemoryPruning, "_forget", forget)


def p09_an_expiry_is_left_behind() -> AbstractContextManager[None]:
    """An execution goes, and the row that says when it may go stays."""
    original = MemoryPruning._forget

    def forget(self: Any, execution_id: str) -> None:
        expiry = self._data.expiries.get(execution_id)
        original(self, execution_id)
        if expiry is not None:
            self._data.expiries[execution_id] = expiry

    return _replaced(MemoryPruning, "_forget", forget)


def p10_those_who_come_back_are_told_nothing() -> AbstractContextManager[None]:
    """A stream goes on from a place behind which executions were pruned as if there had been none."""

    async def pruned_to(_self: Any, _organization_id: str) -> tuple[int, int]:
        return 0, 0

    return _replaced(MemoryPruning, "pruned_to", pruned_to)


def p11_only_those_who_come_back_are_told() -> AbstractContextManager[None]:
    """Whoever reads slowly from an old place is not told of what is pruned before they come to it."""

    kept, original = watching._check_not_pruned, watching.check_cursor

    async def unchecked(*_args: Any) -> None:
        return

    async def checked(services: Any, organization_id: str, place: Any) -> None:
        await original(services, organization_id, place)
        await kept(services, organization_id, place)

    return _both(_replaced(watching, "_check_not_pruned", unchecked), _replaced(sim_streams, "check_cursor", checked))


def p12_a_schedule_forgets_its_instants() -> AbstractContextManager[None]:
    """With an execution goes what the ledger tells of its instant."""

    def forget_fires(self: Any, gone: set[str], _spent: Any) -> None:
        fires = self._data.fires
        for workflow_id, ledger in fires.items():
            fires[workflow_id] = {at: row for at, row in ledger.items() if row.execution_id not in gone}

    return _replaced(MemoryPruning, "_forget_fires", forget_fires)


def p13_what_has_failed_for_good_never_goes() -> AbstractContextManager[None]:
    """An execution that a terminate step ends as FAILED is taken for one that somebody must decide about."""
    original = MemoryPruning._is_open

    def is_open(self: Any, execution_id: str) -> bool:
        head = self._data.heads.get(execution_id)
        return original(self, execution_id) or (head is not None and head.status == "FAILED")

    return _replaced(MemoryPruning, "_is_open", is_open)


def _without(name: str) -> AbstractContextManager[None]:
    """Returns the mutant that does not look at one table to see what is held."""
    original = MemoryPruning._is_held

    def is_held(self: Any, execution_id: str, now: Any) -> bool:
        empty: Any = [] if name == "order" else {}
        return bool(_with(self, name, empty, lambda: original(self, execution_id, now)))

    return _replaced(MemoryPruning, "_is_held", is_held)


def _with(pruning: Any, name: str, rows: Any, look: Any) -> Any:
    with _replaced(pruning._data, name, rows):
        return look()


PRUNING_MUTANTS: Sequence[Mutant] = tuple(
    made for name, made in sorted(globals().items()) if name[0] == "p" and name[1:3].isdigit()
)

PRUNING_MUTANTS_OF_REGIONS: Sequence[Mutant] = (p05_kin_holds_nothing, p08_letters_of_others_go_too)
"""Those that only executions with children, or people who settle letters, can show."""
