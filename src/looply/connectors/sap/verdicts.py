"""The verdict on an answer of SAP: failures that SAP reports within a success, and what it says of all others.

A `$batch` answers 200 or 202 although parts of it failed, a BAPI answers 200 and reports its error in the table
`RETURN`, and a system with SAML answers a program with a logon page. A lock of another user may come with status 400.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from looply.connectors.http.far_errors import is_page
from looply.connectors.http.verdicts import Answer, judge_page, judge_redirect, read_answer
from looply.connectors.sap.far_errors import read_sap_error, with_lock
from looply.connectors.verdicts import kind_of_status, retry_after_seconds
from looply.errors import BadRequest
from looply.execution.facts.values.far import FarDetail, FarError, Verdict
from looply.jsontext import Json, parse_json

_STATUS_LINE: Final = re.compile(r"^HTTP/1\.[01] (\d{3})[^\r\n]*\r?\n", re.MULTILINE)
_HEAD_END: Final = re.compile(r"\r?\n\r?\n")
_MOST_PARTS: Final = 1000
_FAILED_TYPES: Final = ("E", "A")


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one part of a batch."""

    id: str
    status: str
    data: Json


def judge(input_: Mapping[str, Json], output: Json, now: datetime) -> Verdict | None:  # noqa: ARG001
    """Returns the verdict on the output of `sap.odata`; None for a plain success."""
    answer = read_answer(output)
    if answer is None:
        return None
    if (failed := judge_redirect(answer)) is not None:
        return failed
    if is_page(answer.headers) and (failed := judge_page(answer)) is not None:
        return failed
    kind = kind_of_status(answer.status)
    if kind is not None:
        said = read_sap_error(kind, answer.headers, answer.data)
        return Verdict(far=said, retry_after_seconds=retry_after_seconds(answer.headers, now))
    if parts := parts_of(output, answer):
        return judge_parts(parts)
    return judge_return(answer.data)


def parts_of(output: Mapping[str, Json], answer: Answer) -> list[Part]:
    """Returns the parts of a batch: `parts` of the output or its data, else those of a JSON or multipart answer."""
    data = answer.data
    inner: Mapping[str, Json] = data if isinstance(data, dict) else {}
    for found in (output.get("parts"), inner.get("parts"), inner.get("responses")):
        if isinstance(found, list):
            return _listed(found)
    content_type = answer.headers.get("content-type", "")
    if isinstance(data, str) and isinstance(content_type, str) and content_type.lower().startswith("multipart/mixed"):
        return _split(data)
    return []


def judge_parts(parts: Sequence[Part]) -> Verdict | None:
    """Returns the verdict of the worst part of a batch, the first of several; None when none failed.

    Its kind is `rejected` when another part succeeded: repeating the batch would repeat that part.
    """
    failed = [part for part in parts if kind_of_status(part.status) is not None]
    if not failed:
        return None
    worst = max(failed, key=lambda part: part.status[:1])
    said = read_sap_error(kind_of_status(worst.status) or "rejected", {}, worst.data)
    if len(failed) < len(parts):
        said = replace(said, kind="rejected")
    count = f"{len(failed)} of {len(parts)} parts of the batch failed"
    message = f"{said.message} (status {worst.status}; {count})" if said.message else f"{count}, with {worst.status}"
    return Verdict(far=replace(said, message=message, target=said.target or worst.id), failure="BATCH_PART_FAILED")


def judge_return(data: Json) -> Verdict | None:
    """Returns the verdict on the table `RETURN` of a BAPI; None without a message of type E or A."""
    errors = [row for row in _return_rows(data) if row.get("TYPE") in _FAILED_TYPES]
    if not errors:
        return None
    first, *others = map(_message, errors)
    far = FarError(kind="rejected", code=first.code, message=first.message, target=first.target, details=tuple(others))
    return Verdict(far=with_lock(far), failure="REJECTED")


def _return_rows(data: Json) -> list[Mapping[str, Any]]:
    """Returns the rows of `RETURN`: one structure, a list, or a list below `item`, also within the `d` of OData V2."""
    if not isinstance(data, dict):
        return []
    found = data.get("RETURN")
    if found is None and isinstance(inner := data.get("d"), dict):
        found = inner.get("RETURN")
    if isinstance(found, dict):
        rows = next((value for name in ("item", "results") if isinstance(value := found.get(name), list)), [found])
    else:
        rows = found if isinstance(found, list) else []
    return [row for row in rows if isinstance(row, dict) and ("ID" in row or "MESSAGE" in row)]


def _message(row: Mapping[str, Any]) -> FarDetail:
    number = row.get("NUMBER", "")
    digits = str(number).zfill(3) if isinstance(number, str | int) and number != "" else ""
    code = "/".join(part for part in (str(row.get("ID") or ""), digits) if part)
    return FarDetail(code=code, message=str(row.get("MESSAGE") or ""), target=str(row.get("FIELD") or ""))


def _listed(parts: list[Json]) -> list[Part]:
    found = []
    for number, part in enumerate(parts[:_MOST_PARTS], 1):
        status = part.get("status") if isinstance(part, dict) else None
        if isinstance(status, str | int) and not isinstance(status, bool):
            data = part.get("data", part.get("body"))
            found.append(Part(str(part.get("id") or number), str(status), data))
    return found


def _split(text: str) -> list[Part]:
    """Returns the parts of a multipart answer by their status lines; the data is what follows the part's own head."""
    lines = list(_STATUS_LINE.finditer(text))[:_MOST_PARTS]
    ends = [*(line.start() for line in lines[1:]), len(text)]
    return [
        Part(str(number), line[1], _body(text[line.end() : end]))
        for number, (line, end) in enumerate(zip(lines, ends, strict=True), 1)
    ]


def _body(text: str) -> Json:
    """Returns the body of a part: JSON where it is, else its text up to the next boundary."""
    found = _HEAD_END.search(text)
    body = (text[found.end() :] if found is not None else "").partition("\n--")[0].strip()
    if body.startswith("{"):
        try:
            return parse_json(body.encode("utf-8", "replace"))
        except BadRequest:
            return body
    return body
