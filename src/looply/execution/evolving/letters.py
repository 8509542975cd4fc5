"""`evolve` for dead letters: resumes that were kept and released no wait, until an operator settles them."""

from msgspec.structs import replace

from looply.errors import IllegalTransition
from looply.execution.facts.events import LetterSettled, ResumeIgnored
from looply.execution.facts.state import DeadLetter, ExecutionState


def apply_resume_ignored(state: ExecutionState, event: ResumeIgnored) -> ExecutionState:
    """Returns the state after a resume that released no wait; one that is a letter must be settled."""
    counted = replace(state, ignored=state.ignored + 1)
    if not event.is_letter:
        return counted
    seq = state.seq + 1
    letter = DeadLetter(seq=seq, reason=event.reason, source=event.source, sender=event.by, at=event.at)
    return replace(counted, letters=state.letters.set(seq, letter))


def apply_letter_settled(state: ExecutionState, event: LetterSettled) -> ExecutionState:
    """Returns the state after a letter was settled.

    Raises: IllegalTransition when it is not a letter or was settled before.
    """
    letter = state.letters.get(event.letter)
    if letter is None or letter.action:
        raise IllegalTransition(f"event {event.letter} is not an open dead letter")
    done = replace(letter, action=event.action, by=event.by, on=event.at, note=event.reason)
    return replace(state, letters=state.letters.set(event.letter, done))


def letters_of(state: ExecutionState) -> list[DeadLetter]:
    """Returns the letters of an execution, oldest first."""
    return sorted(state.letters.values(), key=lambda letter: letter.seq)
