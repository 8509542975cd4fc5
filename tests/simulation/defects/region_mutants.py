"""Engines with one defect each in branches, items, children, datastores, approvals or repairs."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from importlib import import_module
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from kit.memory.data import MemoryData
from looply.engine.effects.datastore_operations import DatastoreOperations
from looply.engine.effects.effects import EffectRunner
from looply.engine.records.datastores import revision_error
from looply.execution import fold
from looply.execution.facts.events import StepSucceeded
from simulation.defects.directed_mutants import (
    d01_a_delivery_is_removed_before_it_is_applied,
    d04_a_letter_that_is_settled_can_be_settled_again,
    d07_an_approval_needs_one_less_than_it_says,
)
from simulation.defects.mutants import Mutant, _both, _history, _replaced


def r01_items_are_collected_the_wrong_way_round() -> AbstractContextManager[None]:
    """The outputs of iterations are collected from the last one to the first."""
    leaving = import_module("looply.execution.deciding.leaving")
    original = leaving._finish_items

    def items_over(*args: Any) -> Any:
        (done,) = original(*args)
        if not isinstance(done, StepSucceeded):
            return (done,)
        output: Any = done.output
        return (replace(done, output={"items": output["items"][::-1]}),)

    return _replaced(leaving, "_finish_items", items_over)


def r02_a_lost_write_of_a_datastore_counts() -> AbstractContextManager[None]:
    """A change of a datastore is stored without a check of its revision."""

    def check(self: Any, change: Any) -> None:
        if change.after is None and (change.organization_id, change.name) not in self.datastores:
            raise revision_error(change)

    return _both(_replaced(MemoryData, "check_datastore", check), _replaced(DatastoreOperations, "turn", _no_turn))


@asynccontextmanager
async def _no_turn(_self: Any, _state: Any, _opened: Any) -> AsyncIterator[None]:
    yield


def r03_a_veto_does_not_count() -> AbstractContextManager[None]:
    """A veto counts like any other rejection."""
    deciding = import_module("looply.execution.approvals.deciding")
    original = deciding.verdict

    def verdict(terms: Any, votes: Any) -> Any:
        return original(replace(terms, veto=False), votes)

    return _replaced(deciding, "verdict", verdict)


def r04_an_approval_waits_for_all_rejections() -> AbstractContextManager[None]:
    """An approval whose quorum has become impossible continues to wait."""
    deciding = import_module("looply.execution.approvals.deciding")
    original = deciding.verdict

    def verdict(terms: Any, votes: Any) -> Any:
        found = original(terms, votes)
        return None if found == "rejected" and len(votes) < len(terms.recipients) else found

    return _replaced(deciding, "verdict", verdict)


def r05_a_repair_always_keeps_the_key() -> AbstractContextManager[None]:
    """A step that runs again sends its first input under its first key, even after an edit."""
    repair = import_module("looply.execution.answering.repair")
    original = repair._again_by

    def again(workflow: Any, state: Any, incident: Any, limits: Any) -> Any:
        found = original(workflow, state, incident, limits)
        opened = state.open_steps.get(incident.address.text)
        has_input = opened is not None and opened.input is not UNSET
        return "attempt" if found == "visit" and has_input else found

    return _replaced(repair, "_again_by", again)


def r06_a_repair_always_takes_another_key() -> AbstractContextManager[None]:
    """A step that runs again is a new visit, even if it sends the same bytes."""
    repair = import_module("looply.execution.answering.repair")
    original = repair._again_by

    def again(*args: Any) -> Any:
        return "visit" if original(*args) == "attempt" else original(*args)

    return _replaced(repair, "_again_by", again)


def r07_the_other_branches_continue_during_an_incident() -> AbstractContextManager[None]:
    """An incident of one branch does not stop the other ones."""
    # The package has a function of the same name, which hides the module from an import.
    deciding = import_module("looply.execution.deciding.decide")
    original = deciding.decide

    def decide(workflow: Any, state: Any, *, limits: Any) -> Any:
        if state.closed is None and state.has_incident:
            for path in state.paths_by_scope.values():
                if path.phase == "ENTER":
                    return deciding._visit(workflow, state, path.scope, path.step, limits)
                if path.phase == "LEAVE":
                    return deciding._leave(workflow, state, path, limits)
        return original(workflow, state, limits=limits)

    return _replaced(deciding, "decide", decide)


def r08_a_queued_call_of_a_cancelled_branch_is_sent() -> AbstractContextManager[None]:
    """A queued call is sent although its branch was cancelled in the meantime."""
    original = EffectRunner.perform

    async def perform(self: Any, effect: Any, is_running: bool) -> None:
        state, _ = await self._current.get(effect.execution_id)
        if state.closed is not None or state.has_incident or state.find_open_step(effect.seq) is not None:
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
    """A repeated bulk redrive also resolves incidents that are younger than it."""
    repair = import_module("looply.execution.answering.repair")
    return _replaced(repair, "_covers", lambda _state, _command: True)


def r11_a_delivery_is_removed_before_it_is_applied() -> AbstractContextManager[None]:
    """A delivery is removed before the unit that applies it is stored."""
    return d01_a_delivery_is_removed_before_it_is_applied()


def r12_the_former_recipient_of_a_card_may_still_answer() -> AbstractContextManager[None]:
    """A card that was passed on takes the answer of its former recipient."""

    def open_wait_of(state: Any, card: Any) -> Any:
        return state.waits.get(card.address) if card.status == "OPEN" or card.is_passed_on else None

    return _replaced(import_module("looply.execution.approvals.cards"), "open_wait_of", open_wait_of)


def r13_a_letter_that_is_settled_can_be_settled_again() -> AbstractContextManager[None]:
    """The second call settles a letter again."""
    return d04_a_letter_that_is_settled_can_be_settled_again()


def r14_an_edit_of_an_iteration_changes_the_shared_document() -> AbstractContextManager[None]:
    """An edit of one iteration changes the shared document."""
    return _replaced(import_module("looply.execution.answering.editing"), "owner_scope", lambda _state, _scope: "")


def r15_an_edit_of_an_iteration_changes_the_payload_of_all() -> AbstractContextManager[None]:
    """An edit names its iteration and changes the payload of all."""
    repairing = import_module("looply.execution.evolving.repairing")
    original = repairing.with_payload

    def with_payload(state: Any, _scope: str, *more: Any) -> Any:
        return original(state, "", *more)

    return _replaced(repairing, "with_payload", with_payload)


def r16_the_visit_that_a_moved_path_left_stays_open() -> AbstractContextManager[None]:
    """A call, a wait or a timer of the step from which a path was moved still moves the execution."""
    repairing = import_module("looply.execution.evolving.repairing")
    return _replaced(repairing, "_cancel_visit", lambda state, _left, _event: state)


def r17_branches_of_a_moved_path_continue() -> AbstractContextManager[None]:
    """A path is moved away from its branches or iterations, which continue to run."""
    repairing = import_module("looply.execution.evolving.repairing")
    return _replaced(repairing, "without_region", lambda state, _scope, _event: state)


def r18_a_moved_path_forgets_its_child() -> AbstractContextManager[None]:
    """The child of a step from which a path was moved is not terminated."""
    return _replaced(import_module("looply.execution.answering.repair"), "close_children", lambda *_: ())


def r19_a_renamed_step_has_another_key() -> AbstractContextManager[None]:
    """A call that began under the old name of its step is sent again under the key of the new one."""
    renaming = import_module("looply.execution.evolving.migrating")._Renaming

    def open_step(self: Any, step: Any) -> Any:
        return replace(step, address=self._now(step.address))

    return _replaced(renaming, "_open_step", open_step)


def r20_results_do_not_find_a_renamed_step() -> AbstractContextManager[None]:
    """A result under the old name of a step is ignored."""
    renaming = import_module("looply.execution.evolving.migrating")._Renaming
    return _replaced(renaming, "_aliases", lambda self: self._state.aliases)


def r21_the_old_version_stays() -> AbstractContextManager[None]:
    """An execution is reported as migrated, and continues on the old version."""
    repair = import_module("looply.execution.answering.repair")
    original = repair._redrive

    def redrive(*args: Any) -> Any:
        answer = original(*args)
        return replace(answer, workflow=args[0]) if answer.workflow is not None else answer

    return _replaced(repair, "_redrive", redrive)


def r22_a_moved_path_skips_its_target() -> AbstractContextManager[None]:
    """A path that was moved leaves its new step without visiting it."""
    repairing = import_module("looply.execution.evolving.repairing")
    original = repairing.apply_moved

    def moved(state: Any, event: Any) -> Any:
        after = original(state, event)
        path = replace(after.paths_by_scope[event.scope], phase="LEAVE")
        return replace(after, paths_by_scope={**after.paths_by_scope, event.scope: path})

    return _replaced(repairing, "apply_moved", moved)


def r23_a_substitute_gets_a_second_vote() -> AbstractContextManager[None]:
    """The card of an absent person is passed on to a person who has a card of the step, or has answered it."""
    absent = import_module("looply.execution.approvals.absent")
    return _replaced(absent, "_people_of", lambda *_: set())


def r24_a_substitute_gets_the_cards_of_everybody() -> AbstractContextManager[None]:
    """While one person is absent the substitute gets the cards of all other people too."""
    absent = import_module("looply.execution.approvals.absent")

    def substitute(absences: Any, person: str, _workflow_id: str) -> str:
        return next((one.substitute for one in absences.values() if one.substitute != person), "")

    return _replaced(absent, "find_substitute", substitute)


REGION_MUTANTS: Sequence[Mutant] = tuple(
    made for name, made in sorted(globals().items()) if name[0] == "r" and name[1:3].isdigit()
)

REGION_RARE: Sequence[Mutant] = (r11_a_delivery_is_removed_before_it_is_applied,)
"""Mutants that few runs of a thousand catch; scenarios of `directed.py` do so each time."""
