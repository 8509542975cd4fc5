"""Engines with one defect each in pruning, or in streams during it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from kit.memory.data import MemoryData
from kit.memory.pruning import MemoryPruning
from looply.app.executions import watching
from looply.engine.coding.units import expiry_of
from looply.engine.records.pruning import Slice
from simulation.clients import streams as sim_streams
from simulation.defects.mutants import Mutant, _both, _replaced


def p01_failed_executions_count_as_ended() -> AbstractContextManager[None]:
    """An execution with an open incident is pruned."""
    return _replaced(MemoryPruning, "_is_open", lambda self, execution_id: self._data.is_open(execution_id))


def p02_open_letters_keep_nothing() -> AbstractContextManager[None]:
    """An execution is pruned although one of its dead letters is not settled."""
    return _without("letters")


def p03_idempotency_keys_keep_nothing() -> AbstractContextManager[None]:
    """An execution is pruned with its idempotency key within a day of its start."""
    return _without("keys")


def p04_the_last_commit_is_pruned() -> AbstractContextManager[None]:
    """The last commit, from which positions continue, may be pruned."""
    return _without("order")


def p05_open_parents_and_children_keep_nothing() -> AbstractContextManager[None]:
    """A parent is pruned while its child is open, or a child while its parent is."""
    original = MemoryPruning._is_held

    def is_held(self: Any, execution_id: str, now: Any) -> bool:
        heads = self._data.heads
        alone = {execution_id: replace(heads[execution_id], parent="")}
        return _with(self, "heads", alone, lambda: original(self, execution_id, now))

    return _replaced(MemoryPruning, "_is_held", is_held)


def p06_retention_counts_from_the_start() -> AbstractContextManager[None]:
    """The retention of a workflow counts from the start of an execution."""

    def from_the_start(before: Any, after: Any, workflow: Any) -> Any:
        return expiry_of(before, replace(after, now=after.started.at), workflow)

    return _replaced(import_module("looply.engine.processing.committer"), "expiry_of", from_the_start)


def p07_keys_are_removed_before_they_expire() -> AbstractContextManager[None]:
    """A round removes idempotency keys before they expire."""

    async def drop_keys(self: Any, now: Any, after: Any, *, is_dry: bool = False) -> Slice:
        def write() -> Slice:
            held = [name for name, (_, holder) in self._data.keys.items() if not self._data.is_open(holder)]
            for name in held:
                del self._data.keys[name]
            return Slice(keys=len(held))

        return Slice() if is_dry else await self._commits.submit(write)

    return _replaced(MemoryPruning, "drop_keys", drop_keys)


def p08_letters_of_other_executions_are_removed() -> AbstractContextManager[None]:
    """Pruning an execution removes the letters of all others."""
    original = MemoryPruning._forget

    def forget(self: Any, execution_id: str) -> None:
        original(self, execution_id)
        self._data.letters = {}

    return _replaced(MemoryPruning, "_forget", forget)


def p09_an_expiry_is_left_behind() -> AbstractContextManager[None]:
    """An execution is pruned without its expiry row."""
    original = MemoryPruning._forget

    def forget(self: Any, execution_id: str) -> None:
        expiry = self._data.expiries.get(execution_id)
        original(self, execution_id)
        if expiry is not None:
            self._data.expiries[execution_id] = expiry

    return _replaced(MemoryPruning, "_forget", forget)


def p10_streams_resume_after_pruned_commits_without_an_error() -> AbstractContextManager[None]:
    """A stream continues from a cursor after which executions were pruned, as if there had been none."""

    async def last_pruned_position(_self: Any, _organization_id: str) -> tuple[int, int]:
        return 0, 0

    return _replaced(MemoryPruning, "last_pruned_position", last_pruned_position)


def p11_pruning_during_a_stream_is_not_reported() -> AbstractContextManager[None]:
    """A slow stream from an old cursor is not notified of executions that are pruned before it reaches them."""

    kept, original = watching.check_not_pruned, watching.check_cursor

    async def unchecked(*_args: Any) -> None:
        return

    async def checked(services: Any, organization_id: str, place: Any) -> None:
        await original(services, organization_id, place)
        await kept(services, organization_id, place)

    return _both(_replaced(watching, "check_not_pruned", unchecked), _replaced(sim_streams, "check_cursor", checked))


def p12_a_schedule_forgets_its_instants() -> AbstractContextManager[None]:
    """Pruning an execution removes its instant from the ledger."""

    def forget_fires(data: MemoryData, gone: set[str], _expired: Any) -> None:
        fires = data.fires
        for workflow_id, ledger in fires.items():
            fires[workflow_id] = {at: row for at, row in ledger.items() if row.execution_id not in gone}

    return _replaced(import_module("kit.memory.pruning"), "_forget_fires", forget_fires)


def p13_executions_that_ended_as_failed_are_never_pruned() -> AbstractContextManager[None]:
    """An execution that a terminate step ended as FAILED is kept like one with an open incident."""
    original = MemoryPruning._is_open

    def is_open(self: Any, execution_id: str) -> bool:
        head = self._data.heads.get(execution_id)
        return original(self, execution_id) or (head is not None and head.status == "FAILED")

    return _replaced(MemoryPruning, "_is_open", is_open)


def _without(name: str) -> AbstractContextManager[None]:
    """Returns the mutant that ignores one table when it looks for reasons to keep executions."""
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

PRUNING_MUTANTS_OF_REGIONS: Sequence[Mutant] = (
    p05_open_parents_and_children_keep_nothing,
    p08_letters_of_other_executions_are_removed,
)
"""Mutants that only runs with children, or with settled letters, can show."""
