"""How large an execution's data document is, and whether more fits into it."""

from looply.execution.state import ExecutionState
from looply.jsontext import Json, encode_json
from looply.limits import Limits


def over_document(state: ExecutionState, step: str, size: int, limits: Limits) -> str:
    """Returns why an output of `size` bytes does not fit into the data document, empty when it does."""
    return _over(state.document_bytes - state.sizes.get(step, 0) + size, limits)


def over_document_and_payload(state: ExecutionState, step: str, size: int, payload_size: int, limits: Limits) -> str:
    """Returns why an output and a new payload do not fit into the data document, empty when they do."""
    before = state.sizes.get(step, 0) + state.sizes.get("payload", 0)
    return _over(state.document_bytes - before + size + payload_size, limits)


def json_bytes(value: Json) -> int:
    """Returns the bytes of the JSON text of a value."""
    return len(encode_json(value))


def _over(total: int, limits: Limits) -> str:
    if total <= limits.document_bytes:
        return ""
    return f"the data document would have {total} bytes; the limit document_bytes is {limits.document_bytes}"
