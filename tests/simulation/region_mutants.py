"""Engines that are wrong in one thing each about branches, items, children, datastores, approvals or repairs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from importlib import import_module
from typing import Any

from directed_mutants import (
    d01_a_delivery_is_gone_when_it_is_taken,
    d04_a_letter_that_is_settled_can_be_settled_again,
    d07_an_approval_needs_one_less_than_it_says,
)
from msgspec import UNSET
from msgspec.structs import replace
from mutants import Mutant, _both, _history, _replaced

from looply.engine.datastore_operations import DatastoreOperations
from looply.engine.datastores import moved
from looply.engine.effects import EffectRunner
from looply.engine.memory.data import MemoryData
from looply.execution import fold
from looply.execution.events import StepSucceeded


def r01_items_are_collected_the_wrong_way_round() -> AbstractContextManager[None]:
    """What the iterations gave is listed from the last one to the first."""
    leaving = import_module("looply.execution.leaving")
    original = leaving._items_over

    def items_over(*args: Any) -> Any:
        (done,) = original(*args)
        if not isinstance(done, StepSucceeded):
            return (done,)
        output: Any = done.output
        return (replace(done, output={"items": output["items"][::-1]}),)

    return _replaced(leaving, "_items_over", items_over)


def r02_a_lost_write_of_a_datastore_counts() -> AbstractContextManager[None]:
    """A change of a datastore is stored whatever revision it was computed on."""

    def check(self: Any, change: Any) -> None:
        if change.after is None and (change.organization_id, change.name) not in self.datastores:
            raise moved(change)

    return _both(_replaced(MemoryData, "check_datastore", check), _replaced(DatastoreOperations, "turn", _no_turn))


@asynccontextmanager
async def _no_turn(_self: Any, _state: Any, _opened: Any) -> AsyncIterator[None]:
    yield


def r03_a_veto_does_not_count() -> AbstractContextManager[None]:
    """A rejection that is a veto is one answer among others."""
    deciding = import_module("looply.execution.deciding")
    original = deciding.verdict

    def verdict(terms: Any, votes: Any) -> Any:
        return original(replace(terms, veto=False), votes)

    return _replaced(deciding, "verdict", verdict)


def r04_an_approval_waits_for_everybody_to_reject() -> AbstractContextManager[None]:
    """An approval that cannot pass any more goes on asking."""
    deciding = import_module("looply.execution.deciding")
    original = deciding.verdict

    def verdict(terms: Any, votes: Any) -> Any:
        found = original(terms, votes)
        return None if found == "rejected" and len(votes) < len(terms.recipients) else found

    return _replaced(deciding, "verdict", verdict)


def r05_a_repair_always_keeps_the_key() -> AbstractContextManager[None]:
    """A step that begins anew sends its first input under its first key, whatever was edited."""
    repair = import_module("looply.execution.repair")
    original = repair._again

    def again(workflow: Any, state: Any, incident: Any, limits: Any) -> Any:
        found = original(workflow, state, incident, limits)
        opened = state.open_steps.get(incident.address.text)
        has_input = opened is not None and opened.input is not UNSET
        return "attempt" if found == "visit" and has_input else found

    return _replaced(repair, "_again", again)


def r06_a_repair_always_takes_another_key() -> AbstractContextManager[None]:
    """A step that begins anew is a new visit, also where it sends the same bytes."""
    repair = import_module("looply.execution.repair")
    original = repair._again

    def again(*args: Any) -> Any:
        return "visit" if original(*args) == "attempt" else original(*args)

    return _replaced(repair, "_again", again)


def r07_the_other_branches_go_on_beside_an_incident() -> AbstractContextManager[None]:
    """An incident of one branch does not hold back what the other ones begin."""
    # The package has a function of the same name, which hides the module from an import.
    deciding = import_module("looply.execution.decide")
    original = deciding.decide

    def decide(workflow: Any, state: Any, *, limits: Any) -> Any:
        if state.closed is None and state.is_frozen:
            for path in state.lines.values():
                if path.phase == "ENTER":
                    return deciding._visit(workflow, state, path.scope, path.step, limits)
                if path.phase == "LEAVE":
                    return deciding._leave(workflow, state, path, limits)
        return original(workflow, state, limits=limits)

    return _replaced(deciding, "decide", decide)


def r08_a_call_in_line_of_a_given_up_branch_leaves() -> AbstractContextManager[None]:
    """A call that stands in line leaves though its branch was given up meanwhile."""
    original = EffectRunner.perform

    async def perform(self: Any, effect: Any, is_running: bool) -> None:
        state, _ = await self._current.get(effect.execution_id)
        if state.closed is not None or state.is_frozen or state.find_open_step(effect.seq) is not None:
            await original(self, effect, is_running)
            return
        events = await _history(self._current._loader, effect.execution_id)
        opened = fold(events[: effect.seq]).find_open_step(effect.seq)
        if opened is not None:
            await self._worker.carry_out(state, opened)

    return _replaced(EffectRunner, "perform", perform)


def r09_an_approval_needs_one_less_than_it_says() -> AbstractContextManager[None]:
    """The quorum is met when one approval is still missing."""
    return d07_an_approval_needs_one_less_than_it_says()


def r10_a_bulk_closes_younger_incidents() -> AbstractContextManager[None]:
    """A redrive of many that is repeated meets what failed after it was asked for."""
    repair = import_module("looply.execution.repair")
    return _replaced(repair, "_is_of", lambda _state, _command: True)


def r11_a_delivery_is_gone_when_it_is_taken() -> AbstractContextManager[None]:
    """What one execution sent to another one is removed before the unit that applies it is stored."""
    return d01_a_delivery_is_gone_when_it_is_taken()


def r12_who_passed_a_card_on_may_still_answer() -> AbstractContextManager[None]:
    """A card that was passed on takes the answer of who had it."""

    def open_wait_of(state: Any, card: Any) -> Any:
        return state.waits.get(card.address) if card.wanted == "OPEN" or card.is_passed_on else None

    return _replaced(import_module("looply.execution.cards"), "open_wait_of", open_wait_of)


def r13_a_letter_that_is_settled_can_be_settled_again() -> AbstractContextManager[None]:
    """Whoever comes second to a letter settles it once more."""
    return d04_a_letter_that_is_settled_can_be_settled_again()


REGION_MUTANTS: Sequence[Mutant] = tuple(
    made for name, made in sorted(globals().items()) if name[0] == "r" and name[1:3].isdigit()
)
