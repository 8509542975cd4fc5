"""The answer to an operator who settles a dead letter: it is applied to an open wait, or discarded."""

from typing import Final

from looply.definition import Workflow
from looply.execution.answering.resume import release_open_wait
from looply.execution.facts.commands import AlreadySettled, Answer, Declined, Released, Resume, Settled, SettleLetter
from looply.execution.facts.events import LetterSettled
from looply.execution.facts.state import ExecutionState
from looply.jsontext import fingerprint
from looply.limits import Limits

VIA: Final = "LETTER"
"""The channel of a resume that comes from a dead letter."""


def settle_letter(workflow: Workflow, state: ExecutionState, command: SettleLetter, limits: Limits) -> Answer:
    """Returns the reply and its events. The first call settles a letter; later ones get `AlreadySettled`."""
    letter = state.letters.get(command.letter)
    if letter is None:
        return Answer(Declined(code="NO_LETTER", message=f"event {command.letter} is not a dead letter"))
    if letter.action and letter.on is not None:
        return Answer(AlreadySettled(action=letter.action, by=letter.by, on=letter.on, reason=letter.note))
    end = LetterSettled(
        at=command.at,
        by=command.by,
        via=command.via,
        letter=command.letter,
        action="APPLIED" if command.action == "apply" else "DISCARDED",
        reason=command.reason,
    )
    if command.action == "discard":
        return Answer(Settled(action="DISCARDED"), (end,))
    resume = Resume(
        at=command.at,
        by=command.by,
        via=VIA,
        source=letter.source,
        payload=command.payload,
        # If the sender repeats the call later, it is recognized as a duplicate.
        request=fingerprint(command.payload),
        token=command.token,
        state=command.state,
    )
    released = release_open_wait(workflow, state, resume, limits)
    if not isinstance(released.reply, Released):
        return released
    return Answer(Settled(action="APPLIED"), (end, *released.events))
