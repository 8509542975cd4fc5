"""Search values of an execution: the values of its workflow's search fields, as short texts."""

import unicodedata
from typing import Final, TypeAlias

from looply.definition import Workflow, search_paths
from looply.definition.settings.mail import person_of
from looply.definition.values.pointer import value_at
from looply.execution.document.document import Document
from looply.execution.document.masking import without_tokens
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json, encode_json

SEARCH_CHARACTERS: Final = 200
"""Characters of a value that a search compares; longer values are cut."""

SearchValues: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of a field's name and its value, in the order of the setting."""

REQUESTER: Final = "@requester"
"""The name of the field that holds the people who asked for approvals; no search field of a workflow has it."""


def search_values(workflow: Workflow, state: ExecutionState) -> SearchValues:
    """Returns the values of the search fields as the data document is now, and the people who asked for approvals.

    Texts, numbers and booleans have one; objects, lists, null, missing values and secret ones have none.
    """
    requesters = tuple((REQUESTER, requester_text(person)) for person in state.requesters)
    if not workflow.settings.search_fields:
        return requesters
    document = Document(workflow, state)
    found = []
    for name, path in search_paths(workflow.settings.search_fields).items():
        if name == REQUESTER or _is_secret(path, state):
            continue
        if text := _text(value_at(document.get(path[0]), path[1:])):
            found.append((name, text))
    return (*found, *requesters)


def requester_text(person: str) -> str:
    """Returns the form of a requester by which searches find an execution: that of all spellings of the address.

    A `*`, which would match any text, is replaced.
    """
    return search_text(
        person_of(person).replace("\0", "\N{REPLACEMENT CHARACTER}").replace("*", "\N{ASTERISK OPERATOR}")
    )


def search_value_changes(
    former: tuple[Workflow, ExecutionState] | None, workflow: Workflow, state: ExecutionState
) -> SearchValues | None:
    """Returns the new search values, None when they did not change."""
    values = search_values(workflow, state)
    return values if values != (search_values(*former) if former is not None else ()) else None


def search_text(text: str) -> str:
    """Returns the form of a text that is compared: composed (NFC) and cut."""
    return unicodedata.normalize("NFC", text[: 4 * SEARCH_CHARACTERS])[:SEARCH_CHARACTERS]


def _is_secret(path: tuple[str, ...], state: ExecutionState) -> bool:
    """Returns whether a path leads into a secret value, or to one that may contain a secret; compares like `mask`."""
    return any(
        all(own.casefold() == hidden.casefold() for own, hidden in zip(path, secret, strict=False))
        for secret in state.secrets
    )


def _text(value: Json) -> str:
    if isinstance(value, str):
        # PostgreSQL stores no character 0.
        return search_text(without_tokens(value).replace("\0", "\N{REPLACEMENT CHARACTER}"))
    if value is None or isinstance(value, dict | list):
        return ""
    return search_text(encode_json(value).decode())
