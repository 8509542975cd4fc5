"""The reason that a caller gives for an action. The history stores it permanently, so its length is limited."""

from typing import Final

from looply.errors import BadRequest
from looply.jsontext import Json

MAX_REASON: Final = 2000


def validate_reason(reason: Json, path: str = "/reason", *, code: str = "BAD_BODY") -> str:
    """Returns a reason. Raises: BadRequest (`code`) at `path` when it is not a text or has over 2,000 characters."""
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        raise BadRequest.at(path, f"must be a text of at most {MAX_REASON} characters", code=code)
    return reason
