"""The parts of a batch, grouped into the units that take effect together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from looply.connectors.http.headers import check_headers
from looply.connectors.http.redirects import READS
from looply.connectors.sap.calls.inputs import BatchPart
from looply.connectors.sap.calls.requests import Service
from looply.connectors.sap.types.writing import IEEE754_TYPE, Written
from looply.errors import BadInput, Rejected
from looply.jsontext import Json, encode_json

MAX_PARTS: Final = 1000
NOT_PROCESSED: Final[dict[str, Json]] = {"status": "0", "statusText": "Not processed", "headers": {}, "data": None}
"""What is said of a part that the system did not come to, because an earlier one failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """One request of a batch; `url` is relative to the service.

    `path` is what it leads to, with the entity of an earlier part in the place of `$<id>`.
    """

    id: str
    method: str
    url: str
    path: str
    headers: dict[str, str]
    body: Json
    group: str

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        return b"" if self.body is None else encode_json(self.body)

    def with_body(self, written: Written) -> "BatchRequest":
        """Returns the request with its body as the service reads it."""
        headers = {**self.headers, "content-type": IEEE754_TYPE} if written.is_ieee754 else self.headers
        return replace(self, body=written.body, headers=headers)


def batch_requests(parts: Sequence[BatchPart], service: Service) -> list[BatchRequest]:
    """Returns the requests of a batch.

    Raises: BadInput for an id that is given twice, a read in a group, and a group whose parts do not follow each other.
    """
    if not 0 < len(parts) <= MAX_PARTS:
        raise BadInput(f"a batch has 1 to {MAX_PARTS} parts, not {len(parts)}")
    seen: set[str] = set()
    groups: list[str] = []
    for part in parts:
        if not part.id.isascii() or not part.id.isalnum() or part.id in seen:
            raise BadInput(f"the id {part.id!r} of a part is not made of letters and digits, or is given twice")
        seen.add(part.id)
        if part.group and (not part.group.isascii() or not part.group.isalnum()):
            raise BadInput(f"the group {part.group!r} is not made of letters and digits")
        if part.group and part.method in READS:
            raise BadInput(f"the part {part.id} is a read, and a group has changes only")
        if part.group and part.group in groups[:-1]:
            raise BadInput(f"the parts of group {part.group} do not follow each other")
        if part.group and part.group in seen:
            raise BadInput(f"the group {part.group} has the name of a part")
        if not groups or groups[-1] != part.group:
            groups.append(part.group)
    made: list[BatchRequest] = []
    paths: dict[str, str] = {}
    for part in parts:
        request = _request(part, service, paths)
        made.append(request)
        # What it created is one of what its path leads to.
        paths[f"${part.id}"] = request.path if request.path.endswith(")") else f"{request.path}(0)"
    return made


def _request(part: BatchPart, service: Service, paths: Mapping[str, str]) -> BatchRequest:
    own = check_headers(part.headers, reserved=("cookie", "authorization"))
    headers = {"accept": service.accept(part.entity, part.params), **own}
    url = service.relative(part.entity, part.params)
    first, slash, rest = service.path_of(url).partition("/")
    if part.body is not None:
        headers.setdefault("content-type", "application/json")
    return BatchRequest(
        id=part.id,
        method=part.method,
        url=url,
        path=f"{paths.get(first, first)}{slash}{rest}",
        headers=headers,
        body=part.body,
        group=part.group,
    )


def cut_answer(message: str) -> Rejected:
    """Returns the error for an answer that is not complete; nothing is known of the parts that are missing."""
    return Rejected(
        f"the answer to the batch cannot be read: {message}; look up in the system what took effect",
        code="BAD_RESPONSE",
        sent=True,
    )
