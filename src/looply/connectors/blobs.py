"""Blobs: bytes that a data document refers to, such as a PDF from SAP, kept beside the history of their execution.

In the data document a blob is a reference: an object with `$blob`, a hash of its bytes, `type`, `name` and `size`. An
operation gives the bytes of an answer to `CallContext.blobs` and returns the reference, and opens a reference that its
input has. The bytes are never part of an event.
"""

from dataclasses import dataclass, field
from typing import Final, Protocol, TypeGuard

from looply.errors import BadInput
from looply.jsontext import Json

KEY: Final = "$blob"
DEFAULT_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes with their media type and the name of a file, which may be empty."""

    content: bytes = field(repr=False)
    media_type: str
    name: str


class Blobs(Protocol):
    """The blobs of one execution, as one call uses them."""

    async def keep(self, content: bytes, media_type: str, name: str) -> Json:
        """Stores bytes, durably when it returns, and returns the reference to them; equal bytes are stored once.

        Returns None for bytes that contain a credential or a secret of the call, which could not be masked in them.
        Raises: Rejected (code `BLOB_TOO_LARGE`, limit `blob_bytes`); StoreUnreachable, StoreFull, StoreLost.
        """
        ...

    async def open(self, reference: Json) -> Blob:
        """Returns the blob of a reference. Raises: BadInput when the execution has none of this hash."""
        ...


class NoBlobs:
    """The blobs of a call that belongs to no execution: none are kept."""

    async def keep(self, content: bytes, media_type: str, name: str) -> Json:  # noqa: ARG002
        """Returns None, always."""
        return None

    async def open(self, reference: Json) -> Blob:  # noqa: ARG002
        """Raises: BadInput, always."""
        raise BadInput("no blob can be sent here")


def is_reference(value: Json) -> TypeGuard[dict[str, Json]]:
    """Returns whether a value refers to a blob."""
    return isinstance(value, dict) and isinstance(value.get(KEY), str)


def reference_to(key: str, blob: Blob) -> dict[str, Json]:
    """Returns the reference to a blob whose bytes have a hash."""
    return {KEY: key, "type": blob.media_type, "name": blob.name, "size": len(blob.content)}
