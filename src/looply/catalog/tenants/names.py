"""Validation of names, ids and version numbers from callers."""

import re
import unicodedata
from typing import Any, Final, Literal

from looply.errors import BadRequest, NotFound, Problem, Refused
from looply.jsontext import encode_json

MAX_NAME_CHARACTERS = 200
_MAX_SHOWN: Final = 50
NO_WORKFLOW: Final = "00000000-0000-0000-0000-000000000000"
"""An id that no workflow has; it replaces that of a workflow to which a key is not bound."""
# The largest number that a column of type INTEGER holds in both databases.
MAX_VERSION = 2**31 - 1

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Controls, lone surrogates, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def validate_name(value: Any, field: str) -> str:
    """Returns a display name, normalized to NFC.

    Raises: BadRequest (code `INVALID_NAME`) when it is no string; Refused (code `INVALID_NAME`) when it is empty, over
    200 characters, has a space at either end or a control character. The problem's path is the field.
    """
    if not isinstance(value, str):
        raise BadRequest.at(f"/{field}", "must be a string", code="INVALID_NAME")
    name = unicodedata.normalize("NFC", value)
    if finding := _finding(name):
        raise Refused.at(f"/{field}", finding, code="INVALID_NAME")
    return name


def lookup_name(value: str, noun: str) -> str:
    """Returns a name for a look-up, normalized to NFC. Raises: NotFound for a name that cannot exist."""
    name = unicodedata.normalize("NFC", value)
    if _finding(name):
        raise not_found_error(noun, value, by="name")
    return name


def validate_object(value: Any, field: str) -> dict[str, Any]:
    """Returns the value if it is a JSON object.

    Raises: BadRequest for any other value (code `NOT_AN_OBJECT`) and for an object that has no JSON text, such as one
    with a lone surrogate (code `UNSTORABLE`).
    """
    if not isinstance(value, dict):
        raise BadRequest.at(f"/{field}", "must be a JSON object", code="NOT_AN_OBJECT")
    try:
        encode_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        finding = f"cannot be written as JSON: {error}"
        raise BadRequest.at(f"/{field}", finding, code="UNSTORABLE") from error
    return value


def validate_id(value: str, noun: str) -> str:
    """Returns an id in its stored form, in lower case.

    Raises: BadRequest (`incorrect workflow id`, code `INCORRECT_WORKFLOW_ID`) when it is not a UUID.
    """
    text = value.lower()
    if _ID.fullmatch(text) is None:
        raise BadRequest(f"incorrect {_words(noun)} id", code=f"INCORRECT_{noun.upper()}_ID")
    return text


def validate_version(value: int, noun: str, object_id: str) -> int:
    """Returns a version number of an object. Raises: NotFound for a number that no column can hold."""
    if not 0 < value <= MAX_VERSION:
        raise not_found_error(noun, object_id, version=value)
    return value


def not_found_error(noun: str, name: str, *, by: Literal["id", "name"] = "id", version: int | None = None) -> NotFound:
    """Returns the error for an object that does not exist or belongs to another organization, which must look the same.

    `name` is the `by` of the object as the caller gave it. The public API fixes the message for a workflow, so there
    the problem says which one it is.
    """
    code, noun = f"{noun.upper()}_NOT_FOUND", _words(noun)
    which = f"{noun} {name[:_MAX_SHOWN]!r}"
    if version is not None:
        which = f"version {version} of {which}"
    remedy = f"list the {noun}s for their {by}s" if version is None else f"list the {noun}s and their versions"
    if noun != "workflow":
        return NotFound(f"{which} not found; {remedy}", code=code)
    finding = f"{which} does not exist; {remedy}"
    if name == NO_WORKFLOW:
        finding = f"the workflow does not exist, or the key is not bound to it; {remedy}"
    return NotFound("workflow not found", code=code, problems=(Problem(path="/workflow_id", message=finding),))


def _words(noun: str) -> str:
    """Returns a noun as texts have it: codes join its words by underscores."""
    return noun.replace("_", " ")


def _finding(name: str) -> str:
    if not name:
        return "must not be empty"
    if len(name) > MAX_NAME_CHARACTERS:
        return f"has {len(name)} characters; at most {MAX_NAME_CHARACTERS} are allowed"
    if name != name.strip():
        return "must not begin or end with a space"
    if any(unicodedata.category(character) in _FORBIDDEN for character in name):
        return "must not hold control characters"
    return ""
