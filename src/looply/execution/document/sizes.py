"""The size of an execution's data document, and the check of its limit."""

from looply.execution.document.overlays import size_of
from looply.execution.facts.state import ExecutionState
from looply.jsontext import Json, count_bytes, encode_json
from looply.limits import Limits


def over_document(state: ExecutionState, step: str, size: int, limits: Limits, scope: str = "") -> str:
    """Returns why an output of `size` bytes does not fit into the data document, empty when it does.

    `scope` is that of the step; the overlay of an iteration counts while it runs.
    """
    return _over(state.document_bytes - size_of(state, scope, step) + size, limits)


def over_document_and_payload(
    state: ExecutionState, step: str, size: int, payload_size: int, limits: Limits, scope: str = ""
) -> str:
    """Returns why an output and a new payload do not fit into the data document, empty when they do."""
    before = size_of(state, scope, step) + size_of(state, scope, "payload")
    return _over(state.document_bytes - before + size + payload_size, limits)


def json_bytes(value: Json) -> int:
    """Returns the bytes that a value counts in the data document: those of its JSON text (see `count_bytes`)."""
    return count_bytes(encode_json(value))


def _over(total: int, limits: Limits) -> str:
    if total <= limits.document_bytes:
        return ""
    return f"the data document would have {total} bytes; the limit document_bytes is {limits.document_bytes}"
