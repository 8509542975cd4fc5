"""Dead letters as events make them: resumes that were kept and moved nothing, until somebody settles them."""

from msgspec.structs import replace

from looply.errors import IllegalTransition
from looply.execution.facts.events import LetterSettled, ResumeIgnored
from looply.execution.facts.state import DeadLetter, ExecutionState


def apply_resume_ignored(state: ExecutionState, event: ResumeIgnored) -> ExecutionState:
    """Returns the state after a resume that moved nothing; one that is a letter waits to be settled."""
    counted = replace(state, ignored=state.ignored + 1)
    if not event.is_letter:
        return counted
    seq = state.seq + 1
    letter = DeadLetter(seq=seq, reason=event.reason, source=event.source, sender=event.by, at=event.at)
    return replace(counted, letters=state.letters.set(seq, letter))


def apply_letter_settled(state: ExecutionState, event: LetterSettled) -> ExecutionState:
    """Returns the state after somebody has settled a letter.

    Raises: IllegalTransition for what is no letter, or is settled.
    """
    letter = state.letters.get(event.letter)
    if letter is None or letter.action:
        raise IllegalTransition(f"event {event.letter} is no letter that waits to be settled")
    done = replace(letter, action=event.action, by=event.by, on=event.at, note=event.reason)
    return replace(state, letters=state.letters.set(event.letter, done))


def letters_of(state: ExecutionState) -> list[DeadLetter]:
    """Returns the letters of an execution, oldest first."""
    return sorted(state.letters.values(), key=lambda letter: letter.seq)
