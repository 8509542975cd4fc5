"""What a term means in lists of objects."""

import unicodedata
from typing import Final

from looply.catalog.authored.listing import Candidate, Matches
from looply.errors import BadRequest

TERM_CHARACTERS: Final = 200


def validate_term(term: str) -> str:
    """Returns a term as names are compared with it. Raises: BadRequest (code `BAD_FILTER`) for one that is too long."""
    if len(term) > TERM_CHARACTERS or "\0" in term:
        message = f"term must have at most {TERM_CHARACTERS} characters, none of them a character 0"
        raise BadRequest(message, code="BAD_FILTER")
    return unicodedata.normalize("NFC", term).strip().casefold()


def has_term(name: str, term: str) -> bool:
    """Returns whether a name has a validated term as a part of it."""
    return term in name.casefold()


def match_candidates(term: str, *, is_draft: bool = False) -> Matches | None:
    """Returns what matches objects by a validated term and by their drafts; None for what matches all."""
    if not term and not is_draft:
        return None

    def matches(candidate: Candidate) -> bool:
        if is_draft and not candidate.is_draft:
            return False
        return not term or has_term(candidate.name, term) or candidate.object_id.startswith(term)

    return matches
