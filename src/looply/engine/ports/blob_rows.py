"""The part of the journal that stores bytes which no event has."""

from typing import Protocol


class BlobRows(Protocol):
    """Bytes of executions, stored as large values are, by their hash in the organization."""

    async def put_blob(self, execution_id: str, key: bytes, codec: int, data: bytes) -> None:
        """Stores bytes for an execution that is stored; durable when it returns. Twice is harmless.

        They are removed with the execution, unless another one has the same. Raises: StoreFull, StoreUnreachable,
        StoreLost.
        """

    async def find_blob(self, execution_id: str, key: bytes) -> tuple[int, bytes] | None:
        """Returns codec and bytes of a hash that the execution has, or None. Raises: as reads of `Journal`."""
