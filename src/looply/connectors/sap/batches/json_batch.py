"""Batches as JSON (OData JSON Format 4.01 §19)."""

from collections.abc import Mapping, Sequence
from typing import Any

from looply.connectors.http.bodies import standard_reason
from looply.connectors.port import HttpResponse
from looply.connectors.sap.batches.units import NOT_PROCESSED, BatchRequest, cut_answer
from looply.errors import BadRequest
from looply.jsontext import Json, encode_json, parse_json


def encode_json_batch(requests: Sequence[BatchRequest]) -> tuple[bytes, str]:
    """Returns the body of a batch and its content type."""
    return encode_json({"requests": [_request(each) for each in requests]}), "application/json"


def read_json_batch(response: HttpResponse, requests: Sequence[BatchRequest]) -> list[dict[str, Json]]:
    """Returns the answers to the requests of a batch, in their order, each as a step's output with its `id`.

    A system stops at the first request that fails (OData 4.01 Part 1 §11.7.4): those after it have the status `0`.

    Raises: Rejected (code `BAD_RESPONSE`) for an answer that was cut or lacks an answer for another reason.
    """
    answers = _answers(response)
    found: list[dict[str, Json]] = []
    has_failed = False
    for request in requests:
        answer = answers.get(request.id)
        if answer is None and request.group:
            # The answer to a group that failed may be one, with the group's name.
            answer = answers.get(request.group)
        if answer is None and not has_failed:
            raise cut_answer(f"the part {request.id} has no answer")
        shown = NOT_PROCESSED if answer is None else _output(answer)
        has_failed = has_failed or (answer is not None and not shown["status"].startswith(("1", "2", "3")))
        found.append({"id": request.id, **shown})
    return found


def _request(request: BatchRequest) -> dict[str, Json]:
    made: dict[str, Json] = {"id": request.id, "method": request.method, "url": request.url, "headers": request.headers}
    if request.group:
        made["atomicityGroup"] = request.group
    return made if request.body is None else {**made, "body": request.body}


def _answers(response: HttpResponse) -> Mapping[str, Mapping[str, Any]]:
    try:
        document = parse_json(response.content)
    except BadRequest as error:
        raise cut_answer("it is no JSON") from error
    listed = document.get("responses") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise cut_answer("it has no list `responses`")
    found: dict[str, Mapping[str, Any]] = {}
    for each in listed:
        status = each.get("status") if isinstance(each, dict) else None
        if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
            raise cut_answer("a part has no status")
        found[str(each.get("id", ""))] = each
        if isinstance(each.get("atomicityGroup"), str) and status >= 400:
            found.setdefault(each["atomicityGroup"], each)
    return found


def _output(answer: Mapping[str, Any]) -> dict[str, Json]:
    headers = answer.get("headers")
    shown = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
    return {
        "status": str(answer["status"]),
        "statusText": standard_reason(answer["status"]),
        "headers": shown,
        "data": answer.get("body"),
    }
