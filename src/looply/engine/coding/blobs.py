"""The blobs of executions: bytes that are stored as large values, beside the history that refers to them.

They are stored before the outcome that refers to them. When that is never stored, they are unused, and are removed with
the execution, as those are that it uses.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from looply.connectors.blobs import DEFAULT_TYPE, KEY, Blob, is_reference, reference_to
from looply.connectors.masking import MIN_LENGTH
from looply.engine.coding.codec import Codec
from looply.engine.ports.blob_rows import BlobRows
from looply.engine.ports.store import Value
from looply.errors import BadInput, Rejected
from looply.jsontext import Json
from looply.limits import Limits
from looply.rates import offload_if_large

_HASH_CHARACTERS: Final = 64
_MOST_TEXT: Final = 200
"""The characters of a media type or a name that a reference has at most."""


class StoredBlobs:
    """The blobs of all executions of a store."""

    def __init__(self, journal: BlobRows, codec: Codec, limits: Limits) -> None:
        self._journal = journal
        self._codec = codec
        self._limits = limits

    async def keep(self, execution_id: str, organization_id: str, blob: Blob) -> Json:
        """Stores a blob, durably when it returns, and returns the reference to it.

        Raises: Rejected (code `BLOB_TOO_LARGE`); StoreUnreachable, StoreFull, StoreLost.
        """
        size, most = len(blob.content), self._limits.blob_bytes
        if size > most:
            message = (
                f"a blob of {size} bytes is larger than {most} (limit blob_bytes); request less, or raise the limit"
            )
            raise Rejected(message, code="BLOB_TOO_LARGE", sent=True)
        value = await offload_if_large(size, lambda: self._codec.encode_blob(blob.content, organization_id))
        await self._journal.put_blob(execution_id, value.hash, value.codec, value.data)
        return reference_to(value.hash.hex(), blob)

    async def find(self, execution_id: str, organization_id: str, reference: Json) -> Blob | None:
        """Returns the blob of a reference; None when the execution has none of this hash.

        Raises: StoreCorrupt when its bytes are damaged.
        """
        if not is_reference(reference) or (key := _key_of(reference)) is None:
            return None
        found = await self._journal.find_blob(execution_id, key)
        if found is None:
            return None
        value = Value(hash=key, codec=found[0], data=found[1])
        content = await offload_if_large(len(value.data), lambda: self._codec.decode_blob(value, organization_id))
        media_type, name = (str(reference.get(part) or "")[:_MOST_TEXT] for part in ("type", "name"))
        return Blob(content=content, media_type=media_type or DEFAULT_TYPE, name=name)


class CallBlobs:
    """See `looply.connectors.blobs.Blobs`: those of the execution of one call, which has these secrets.

    `secrets` may grow during the call, as connections are opened.
    """

    def __init__(
        self, blobs: StoredBlobs, execution_id: str, organization_id: str, secrets: Sequence[Sequence[str]]
    ) -> None:
        self._blobs = blobs
        self._execution_id = execution_id
        self._organization_id = organization_id
        self._secrets = secrets

    async def keep(self, content: bytes, media_type: str, name: str) -> Json:
        """Stores bytes and returns the reference to them; None for bytes that contain a secret of the call."""
        secrets = (secret for group in self._secrets for secret in group if len(secret) >= MIN_LENGTH)
        if any(secret.encode("utf-8", "replace") in content for secret in secrets):
            return None
        blob = Blob(content=content, media_type=media_type[:_MOST_TEXT], name=name[:_MOST_TEXT])
        return await self._blobs.keep(self._execution_id, self._organization_id, blob)

    async def open(self, reference: Json) -> Blob:
        """Returns the blob of a reference. Raises: BadInput when the execution has none of this hash."""
        found = await self._blobs.find(self._execution_id, self._organization_id, reference)
        if found is None:
            raise BadInput("this execution has no such blob; a blob can be sent by the execution that received it only")
        return found


def _key_of(reference: Mapping[str, Json]) -> bytes | None:
    text: str = reference[KEY]
    if len(text) != _HASH_CHARACTERS:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
