"""Typed values of the calls of one service: where bodies are written and answers are read, by its metadata.

Theory of operation. The metadata is read when an answer or a body has values that it alone can interpret, and kept for
an hour. An answer with a number in a text whose type is not known is an error, because a rule would compare the text as
a text: `"22899.420"` is not more than 1000. `output: raw` asks for the texts.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import httpx2

from looply.connectors.outbound.documents import Document, DocumentCache
from looply.connectors.outbound.offload import SMALL_BYTES, offload_if_large
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.sap.types.metadata import UnreadableMetadata, read_metadata
from looply.connectors.sap.types.model import Metadata
from looply.connectors.sap.types.reading import (
    IEEE754,
    Reading,
    find_ambiguity,
    is_second_version,
    read_without_metadata,
)
from looply.connectors.sap.types.values import UnreadableValue
from looply.connectors.sap.types.writing import Written, needs_types, write_body
from looply.errors import OperationError, Rejected, Unavailable
from looply.jsontext import Json
from looply.limits import Limits

ACCEPT: Final = "application/json;IEEE754Compatible=true, application/json;q=0.9"
"""Asks for decimals and long integers as texts, which no reader on the way can round (OData 4.01, JSON Format 3.2)."""
IEEE754_TYPE: Final = "application/json;IEEE754Compatible=true"

_MAX_AGE_SECONDS: Final = 3600.0
_UNUSABLE_SECONDS: Final = 60.0
"""How long a service without usable metadata is not asked for it again."""
_BUSY: Final = (429, 500, 502, 503, 504)
_REMEDY: Final = (
    "open it for the user of the connection, or set `output` to `raw` and convert the texts with float(...)"
)

Send: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedService:
    """The types of one service as one call sees them.

    `read` is the read of its metadata, `key` what that depends on: address, client and credentials. `path` is that of
    the call below the service. `is_effect`: the call may have changed something, so that after it nothing is repeated.
    """

    documents: DocumentCache
    send: Send
    read: HttpRequest
    key: bytes
    path: str
    limits: Limits
    is_effect: bool

    async def write(self, body: Json) -> Written:
        """Returns the body as the service reads it; unchanged when nothing in it depends on types.

        Without usable metadata it is unchanged too: its numbers have all their digits, and a service refuses values in
        another form than its own. Raises: OperationError, not `sent`, when the metadata could not be read.
        """
        if not needs_types(body):
            return Written(body)
        try:
            metadata = await self._metadata()
        except OperationError as error:
            error.sent = False
            raise
        return Written(body) if isinstance(metadata, str) else write_body(metadata, self.path, body)

    async def answer(self, response: HttpResponse, output: dict[str, Json]) -> dict[str, Json]:
        """Returns the output of a call with typed values in its `data`.

        Raises: Rejected (code `SAP_METADATA`) when the type of a number is not known, and OperationError when the
        metadata could not be read; `sent` when the call itself may have changed something.
        """
        if not 200 <= response.status < 300:
            return output
        data, size = output["data"], len(response.content)
        content_type = response.header("content-type") or ""
        found = await offload_if_large(size, lambda: find_ambiguity(response.content, content_type, data))
        if not found.numbers and not found.times:
            return output
        try:
            made = await self._read(data, size, needs_numbers=found.numbers)
        except UnreadableValue as error:
            raise self._failure(f"a value of the answer cannot be read: {error}", response) from error
        except _Untyped as error:
            raise self._failure(str(error), response) from error
        except OperationError as error:
            error.sent = self.is_effect
            raise
        return {**output, "data": made}

    async def _read(self, data: Json, size: int, *, needs_numbers: bool) -> Json:
        metadata = await self._metadata()
        if isinstance(metadata, str):
            if needs_numbers:
                raise _Untyped(
                    f"the answer has numbers in texts, and the metadata of the service is missing: {metadata}"
                )
            return read_without_metadata(data) if is_second_version(data) else data
        reading = Reading(metadata, self.limits)
        made = await offload_if_large(size, lambda: reading.answer(data, self.path))
        if reading.unknown:
            # The service may have changed since its metadata was read.
            metadata = await self._metadata(max_age_seconds=_UNUSABLE_SECONDS)
            reading = Reading(metadata, self.limits) if isinstance(metadata, Metadata) else reading
            made = await offload_if_large(size, lambda: reading.answer(data, self.path))
        if reading.unknown:
            raise _Untyped(f"the metadata of the service does not declare {reading.unknown[0]}, a number in a text")
        return made

    def _failure(self, reason: str, response: HttpResponse) -> Rejected:
        done = f" The call itself was answered {response.status}." if self.is_effect else ""
        message = f"{reason} ({self.read.url.path}); {_REMEDY}.{done}"
        return Rejected(message, code="SAP_METADATA", sent=self.is_effect, status=str(response.status))

    async def _metadata(self, *, max_age_seconds: float = float("inf")) -> Metadata | str:
        """Returns the metadata, or why there is none. Raises: OperationError when the system did not answer."""
        found: Metadata | str = await self.documents.get(self.key, self._load, max_age_seconds=max_age_seconds)
        return found

    async def _load(self) -> Document:
        try:
            response = await self.send(self.read)
        except Rejected as error:
            return Document(error.message, 0, _UNUSABLE_SECONDS)
        if response.status in _BUSY:
            host = self.read.url.raw_host.decode("ascii")
            raise Unavailable(f"{host} answered {response.status} when asked for the metadata of a service")
        if response.status != 200:
            return Document(f"it was answered {response.status}", 0, _UNUSABLE_SECONDS)
        size = len(response.content)
        try:
            made = await _parsed(response.content)
        except UnreadableMetadata as error:
            return Document(str(error), 0, _UNUSABLE_SECONDS)
        return Document(made, size, _MAX_AGE_SECONDS)


async def _parsed(content: bytes) -> Metadata:
    # XML takes several times as long as JSON.
    if len(content) > SMALL_BYTES // 16:
        return await asyncio.to_thread(read_metadata, content)
    return read_metadata(content)


class _Untyped(Exception):
    """A number of the answer has no known type; the message says why."""


def metadata_read(url: httpx2.URL, headers: dict[str, str]) -> HttpRequest:
    """Returns the read of the metadata at `url`, with the headers of every request of the connection."""
    return HttpRequest(method="GET", url=url, headers={**headers, "accept": "application/xml"})


def is_typed_path(path: str) -> bool:
    """Returns whether a path leads to data with types: not to a batch, a count, a single value or the metadata."""
    return not path.strip("/ ").rpartition("/")[2].startswith("$") and bool(path.strip("/ "))


def says_ieee754(content_type: str) -> bool:
    """Returns whether a content type says that decimals and long integers are texts."""
    return IEEE754 in content_type.lower().replace(" ", "")
