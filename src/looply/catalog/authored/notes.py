"""Notes of activations."""

import unicodedata

from looply.catalog.storage.tables import NOTE_CHARACTERS
from looply.errors import Refused


def validate_note(note: str) -> str:
    """Returns a note, normalized to NFC. Raises: Refused (code `INVALID_NOTE`) for one that cannot be stored."""
    text = unicodedata.normalize("NFC", note).strip()
    if len(text) > NOTE_CHARACTERS:
        finding = f"has {len(text)} characters; at most {NOTE_CHARACTERS} are allowed"
        raise Refused.at("/note", finding, code="INVALID_NOTE")
    if "\0" in text:
        raise Refused.at("/note", "must not hold a character 0", code="INVALID_NOTE")
    return text
