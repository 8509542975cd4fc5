"""Engines with one defect each in deliveries between executions, card copies of channels, bulks, letters and
ledgers. `directed.py` has the scenarios that catch them."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from msgspec.structs import replace

from kit.memory.work import MemoryWorkQueue
from looply.app.bulks.runner import BulkRunner
from looply.app.bulks.selection import Slice
from looply.engine.cards.reconciler import Reconciler
from looply.engine.upkeep.scheduling import Scheduling, reschedule
from simulation.defects.mutants import _both, _replaced


def d01_a_delivery_is_removed_before_it_is_applied() -> AbstractContextManager[None]:
    """A delivery is removed before the unit that applies it is stored."""
    original = MemoryWorkQueue.deliveries

    async def deliveries(self: Any, limit: int, but_to: Collection[str] = ()) -> Sequence[Any]:
        taken = await original(self, limit, but_to)
        for delivery in taken:
            self._data.deliveries.pop(delivery.row, None)
        return taken

    return _replaced(MemoryWorkQueue, "deliveries", deliveries)


def d02_a_copy_counts_as_shown_in_its_latest_state() -> AbstractContextManager[None]:
    """After a call of a channel the copy counts as what it has to be by then, not as what was shown."""
    original = Reconciler._mark_of

    async def shown(self: Any, row: Any) -> Any:
        mark = await original(self, row)
        stored = await self._copies.find(row.card_id)
        return replace(mark, shown=stored.wanted)

    return _replaced(Reconciler, "_mark_of", shown)


def d03_a_bulk_passes_by_a_slice_that_was_begun() -> AbstractContextManager[None]:
    """A process that continues a bulk takes the slice that was begun before it for done."""
    original = BulkRunner._begin

    async def ahead(self: Any, bulk: Any) -> Any:
        return Slice(items=(), after=bulk.begun[-1]) if bulk.begun else await original(self, bulk)

    return _replaced(BulkRunner, "_begin", ahead)


def d04_a_letter_that_is_settled_can_be_settled_again() -> AbstractContextManager[None]:
    """The second call settles a letter again."""
    settling, folding = (
        import_module("looply.execution.answering.settling"),
        import_module("looply.execution.evolving.letters"),
    )
    settle, settled = settling.settle_letter, folding.apply_letter_settled

    def unsettled(state: Any, number: int) -> Any:
        letter = state.letters.get(number)
        return (
            state if letter is None else replace(state, letters=state.letters.set(number, replace(letter, action="")))
        )

    def settle_again(workflow: Any, state: Any, command: Any, limits: Any) -> Any:
        return settle(workflow, unsettled(state, command.letter), command, limits)

    def settled_again(state: Any, event: Any) -> Any:
        return settled(unsettled(state, event.letter), event)

    # The package has a function of the same name, which hides the module from an import.
    answering = import_module("looply.execution.answering.answer")
    return _both(
        _replaced(answering, "settle_letter", settle_again), _replaced(folding, "apply_letter_settled", settled_again)
    )


def d05_a_start_that_waited_is_not_looked_for_in_the_ledger() -> AbstractContextManager[None]:
    """Every poller that finds a waiting start makes it."""
    data = import_module("kit.memory.data")
    original = data._waits_for

    def waits_for(fire: Any, schedule: Any, ledger: Any) -> bool:
        return True if fire.was_queued else bool(original(fire, schedule, ledger))

    return _replaced(data, "_waits_for", waits_for)


def d06_missed_starts_have_no_row_in_the_ledger() -> AbstractContextManager[None]:
    """A schedule moves past missed instants without a row in the ledger."""

    async def miss(self: Any, schedule: Any, definition: Any, due: Any, _now: Any) -> None:
        following = due.starts[0].nominal if due.starts else due.next
        await self._store.schedules.put(reschedule(schedule, definition, following))

    return _replaced(Scheduling, "_miss", miss)


def d07_an_approval_needs_one_less_than_it_says() -> AbstractContextManager[None]:
    """The quorum is met when one approval is still missing."""
    deciding = import_module("looply.execution.approvals.deciding")
    original = deciding.verdict

    def verdict(terms: Any, votes: Any) -> Any:
        return original(replace(terms, quorum=max(terms.quorum - 1, 1)), votes)

    return _replaced(deciding, "verdict", verdict)
