"""Notes of activations."""

import unicodedata

from looply.catalog.storage.tables import NOTE_CHARACTERS
from looply.errors import Problem, Refused


def validate_note(note: str) -> str:
    """Returns a note, normalized to NFC. Raises: Refused (code `INVALID_NOTE`) for one that cannot be stored."""
    text = unicodedata.normalize("NFC", note).strip()
    finding = ""
    if len(text) > NOTE_CHARACTERS:
        finding = f"has {len(text)} characters; at most {NOTE_CHARACTERS} are allowed"
    elif "\0" in text:
        finding = "must not hold a character 0"
    if finding:
        problems = (Problem(path="/note", message=finding),)
        raise Refused(f"the note of an activation {finding}", code="INVALID_NOTE", problems=problems)
    return text
