"""Typed values of the calls of one service: where bodies are written and answers are read, by its metadata.

Theory of operation. The metadata is read when an answer or a body has values that it alone can interpret, and kept for
an hour. A change is sent only when its answer can be read: its call opens the metadata before, and keeps it for the
answer. An answer with a number in a text whose type is not known is an error, because a rule would compare the text as
a text: `"22899.420"` is not more than 1000. `output: raw` asks for the texts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from looply.connectors.outbound.documents import Document, DocumentCache
from looply.connectors.port import HttpRequest, HttpResponse
from looply.connectors.sap.types.elements import UnreadableMetadata
from looply.connectors.sap.types.metadata import read_metadata
from looply.connectors.sap.types.model import Metadata
from looply.connectors.sap.types.reading import (
    Ambiguity,
    Reading,
    find_ambiguity,
    is_second_version,
    read_without_metadata,
)
from looply.connectors.sap.types.values import UnreadableValue
from looply.connectors.sap.types.writing import Written, needs_types, write_body
from looply.errors import OperationError, Rejected, Unavailable
from looply.jsontext import Json, encode_json
from looply.limits import Limits
from looply.rates import SMALL_BYTES, offload_if_large

_MAX_AGE_SECONDS: Final = 3600.0
"""How long the metadata of a service is used before it is read again."""
_UNUSABLE_SECONDS: Final = 60.0
"""How long a service without usable metadata is not asked for it again."""
_UNTYPED: Final = ("$batch", "$count", "$metadata", "$ref", "$value")
"""The last segments of paths that lead to no data with types."""
_BUSY: Final = (429, 500, 502, 503, 504)
_REMEDY: Final = (
    "open it for the user of the connection, or set `output` to `raw` and convert the texts with float(...)"
)

Send: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the service to a request of `path`, or to a part of a batch.

    `content` are the bytes whose JSON value is `data`, None where a part has its value alone.
    """

    path: str
    status: int
    content_type: str
    content: bytes | None
    data: Json

    @property
    def ambiguity(self) -> Ambiguity:
        """What the metadata must say of it; nothing of a failure, and of what is no data of the service."""
        if not 200 <= self.status < 300 or not is_typed_path(self.path) or not isinstance(self.data, dict | list):
            return Ambiguity(numbers=False, times=False)
        content = encode_json(self.data) if self.content is None else self.content
        return find_ambiguity(content, self.content_type, self.data)


@dataclass(slots=True, kw_only=True)
class TypedService:
    """The types of one service as one call sees them.

    `read` is the read of its metadata, `key` what that depends on: address, client and credentials. `is_effect`: the
    call may change something, so that after it nothing is repeated. `opened` is the metadata that `open` has read.
    """

    documents: DocumentCache
    send: Send
    read: HttpRequest
    key: bytes
    limits: Limits
    is_effect: bool
    opened: Metadata | None = None

    async def open(self) -> None:
        """Reads the metadata before a change is made whose answer it may have to interpret.

        Raises: OperationError, not `sent`, when the metadata could not be read; Rejected (code `SAP_METADATA`) when the
        service has none that can be used.
        """
        metadata = self.opened or await self._before_change()
        if isinstance(metadata, _Unusable):
            reason = f"the metadata of the service cannot be used: {metadata.reason} ({self.read.url.path})"
            message = f"{reason}, so the answer to the change could not be read; {_REMEDY}. Nothing was sent."
            raise Rejected(message, code="SAP_METADATA", sent=False)
        self.opened = metadata

    async def _before_change(self) -> "Metadata | _Unusable":
        try:
            return await self._metadata()
        except OperationError as error:
            error.sent = False
            raise

    async def write(self, path: str, body: Json) -> Written:
        """Returns the body of a request of `path` as the service reads it; unchanged when nothing depends on types.

        Without usable metadata it is unchanged too: `open` keeps the change from being sent, after the logon has shown
        whether that is the reason. Raises: OperationError, not `sent`, when the metadata could not be read.
        """
        if not is_typed_path(path) or not needs_types(body):
            return Written(body)
        metadata = await self._before_change()
        return write_body(metadata, path, body) if isinstance(metadata, Metadata) else Written(body)

    async def answer(self, answers: Sequence[Answer], size: int) -> list[Json]:
        """Returns the data of the answers with typed values; `size` is the bytes of all of them.

        Raises: Rejected (code `SAP_METADATA`) when the type of a number is not known, `sent` when the call itself may
        have changed something; OperationError when the metadata of what was read could not be read.
        """
        found = await offload_if_large(size, lambda: [each.ambiguity for each in answers])
        pairs = list(zip(answers, found, strict=True))
        status = next((each.status for each, said in pairs if said.numbers or said.times), None)
        if status is None:
            return [each.data for each in answers]
        try:
            return await self._read(pairs, size)
        except UnreadableValue as error:
            raise self._failure(f"a value of the answer cannot be read: {error}", status) from error
        except _Untyped as error:
            raise self._failure(str(error), status) from error

    async def _read(self, answers: list[tuple[Answer, Ambiguity]], size: int) -> list[Json]:
        metadata = self.opened or await self._metadata()
        if isinstance(metadata, _Unusable):
            if any(found.numbers for _, found in answers):
                raise _Untyped(
                    f"the answer has numbers in texts, and the metadata of the service is missing: {metadata.reason}"
                )
            return [_with_plain_dates(answer, found) for answer, found in answers]
        made, unknown = await self._converted(metadata, answers, size)
        if unknown:
            # The service may have changed since its metadata was read.
            newer = await self._newer()
            if newer is not None:
                made, unknown = await self._converted(newer, answers, size)
        if unknown:
            raise _Untyped(f"the metadata of the service does not declare {unknown}, a number in a text")
        return made

    async def _newer(self) -> Metadata | None:
        """Returns metadata that was read now; after a change None where it cannot be read, since the change is made."""
        try:
            newer = await self._metadata(max_age_seconds=_UNUSABLE_SECONDS)
        except OperationError:
            if self.is_effect:
                return None
            raise
        return newer if isinstance(newer, Metadata) else None

    async def _converted(
        self, metadata: Metadata, answers: list[tuple[Answer, Ambiguity]], size: int
    ) -> tuple[list[Json], str]:
        """Returns the data of the answers, and the first number in a text whose type is not declared, empty without."""

        def convert() -> tuple[list[Json], str]:
            made, unknown = [], ""
            for answer, found in answers:
                if not found.numbers and not found.times:
                    made.append(answer.data)
                    continue
                reading = Reading(metadata, self.limits)
                made.append(reading.answer(answer.data, answer.path))
                if reading.unknown and not unknown:
                    unknown = f"{reading.unknown[0]} of {answer.path}"
            return made, unknown

        return await offload_if_large(size, convert)

    def _failure(self, reason: str, status: int) -> Rejected:
        message = f"{reason} ({self.read.url.path}); {_REMEDY}"
        return Rejected(message, code="SAP_METADATA", sent=self.is_effect, status=str(status))

    async def _metadata(self, *, max_age_seconds: float = float("inf")) -> "Metadata | _Unusable":
        """Returns the metadata, or why there is none. Raises: OperationError when the system did not answer."""
        found: Metadata | _Unusable = await self.documents.get(self.key, self._load, max_age_seconds=max_age_seconds)
        return found

    async def _load(self) -> Document:
        try:
            response = await self.send(self.read)
        except Rejected as error:
            return Document(_Unusable(error.message), 0, _UNUSABLE_SECONDS)
        if response.status in _BUSY:
            host = self.read.url.raw_host.decode("ascii")
            raise Unavailable(f"{host} answered {response.status} when asked for the metadata of a service")
        if response.status != 200:
            return Document(_Unusable(f"it was answered {response.status}"), 0, _UNUSABLE_SECONDS)
        size = len(response.content)
        try:
            made = await _parsed(response.content)
        except UnreadableMetadata as error:
            return Document(_Unusable(str(error)), 0, _UNUSABLE_SECONDS)
        return Document(made, size, _MAX_AGE_SECONDS)


async def _parsed(content: bytes) -> Metadata:
    # XML takes several times as long as JSON.
    if len(content) > SMALL_BYTES // 16:
        return await asyncio.to_thread(read_metadata, content)
    return read_metadata(content)


class _Unusable(msgspec.Struct, frozen=True):
    """Why there is no metadata."""

    reason: str


class _Untyped(Exception):
    """A number of the answer has no known type; the message says why."""


def _with_plain_dates(answer: Answer, ambiguity: Ambiguity) -> Json:
    return read_without_metadata(answer.data) if ambiguity.times and is_second_version(answer.data) else answer.data


def is_typed_path(path: str) -> bool:
    """Returns whether a path leads to data with types: not to a batch, a count, a single value or the metadata."""
    return bool(path.strip("/ ")) and path.strip("/ ").rpartition("/")[2] not in _UNTYPED
