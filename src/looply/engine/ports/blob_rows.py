"""Bytes which no event has: how the engine's callers read them, and how the journal stores them."""

from typing import Protocol

from looply.connectors.blobs import Blob
from looply.jsontext import Json


class BlobReader(Protocol):
    """Reads the bytes that data documents refer to (`looply.connectors.blobs`)."""

    async def find(self, execution_id: str, organization_id: str, reference: Json) -> Blob | None:
        """Returns the blob of a reference; None when the execution has none of this hash. Raises: StoreCorrupt."""
        ...


class BlobRows(Protocol):
    """Bytes of executions, stored as large values are, by their hash in the organization."""

    async def put_blob(self, execution_id: str, key: bytes, codec: int, data: bytes) -> None:
        """Stores bytes for an execution that is stored; durable when it returns. Twice is harmless.

        They are removed with the execution, unless another one has the same. Raises: StoreFull, StoreUnreachable,
        StoreLost.
        """

    async def find_blob(self, execution_id: str, key: bytes) -> tuple[int, bytes] | None:
        """Returns codec and bytes of a hash that the execution has, or None. Raises: as reads of `Journal`."""
