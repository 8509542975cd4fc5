"""The verdict on an HTTP answer: what its status means, what it says, and when it is a failure whatever its status.

Two answers are failures that look like successes, or like data. A redirect that was not followed: the call was not
carried out where it was sent. And a logon page: a system that wants a browser logon answers a program with a page,
often with status 200.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from looply.connectors.http.far_errors import is_page, page_title, read_far_error, read_fault
from looply.connectors.verdicts import kind_of_status, retry_after_seconds
from looply.connectors.xml_texts import xml_texts
from looply.definition import is_status
from looply.execution.facts.values.far import FarError, Verdict
from looply.jsontext import Json

LOGON_NEEDED: Final = (
    "the system asks for a browser logon; it does not accept this kind of authentication here, or none was sent"
)
REDIRECTED: Final = frozenset({"301", "302", "303", "307", "308"})
"""The statuses of redirects (RFC 9110 §15.4); 304 and 300 are data."""

_PAGE_START: Final = 256 * 1024
_LOGON: Final = re.compile(
    r"""<input[^>]{0,500}\b(?:type\s*=\s*["']?password|name\s*=\s*["']?SAML(?:Request|Response))\b""", re.IGNORECASE
)
_LOGON_URL: Final = re.compile(
    r"[?&](?:SAMLRequest|wa=wsignin1\.0|response_type)[=&]|/(?:login|logon|signin|sign-in|sso|saml2?|authorize)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an HTTP output that are judged, checked for their types."""

    status: str
    headers: Mapping[str, Any]
    data: Json

    @property
    def location(self) -> str:
        """Where a redirect leads, empty without one."""
        location = self.headers.get("location", "")
        return location if isinstance(location, str) else ""


def read_answer(output: Json) -> Answer | None:
    """Returns the answer in an output, None when it has no HTTP status."""
    if not isinstance(output, dict) or not is_status(status := output.get("status")):
        return None
    headers = output.get("headers")
    return Answer(status, headers if isinstance(headers, dict) else {}, output.get("data"))


def judge(input_: Mapping[str, Json], output: Json, now: datetime) -> Verdict | None:
    """Returns the verdict on the output of `http.request`; None for a plain success.

    Failures whatever the status: a redirect that was not followed, a SOAP fault in answer to a SOAP call, and a logon
    page in answer to a call that has credentials or accepts JSON.
    """
    answer = read_answer(output)
    if answer is None:
        return None
    if (failed := judge_redirect(answer)) is not None:
        return failed
    if is_page(answer.headers) and _expects_data(input_) and (failed := judge_page(answer)) is not None:
        return failed
    kind = kind_of_status(answer.status)
    if kind is not None:
        said = read_far_error(kind, answer.headers, answer.data)
        return Verdict(far=said, retry_after_seconds=retry_after_seconds(answer.headers, now))
    if input_.get("soap") is not None and isinstance(answer.data, str):
        fault = read_fault("rejected", xml_texts(answer.data))
        return Verdict(far=fault, failure="REJECTED") if fault is not None else None
    return None


def judge_redirect(answer: Answer) -> Verdict | None:
    """Returns the verdict on a redirect that was not followed; None for any other answer."""
    if answer.status not in REDIRECTED or not answer.location:
        return None
    # Query values may be secrets.
    place = answer.location.partition("?")[0].partition("#")[0]
    if _LOGON_URL.search(answer.location):
        return Verdict(far=FarError(kind="auth", message=LOGON_NEEDED, target=place), failure="AUTH_FAILED")
    message = "the call was redirected and not carried out; call the other address, or take the answer as data by ok_on"
    return Verdict(far=FarError(kind="rejected", message=message, target=place), failure="REDIRECT_REFUSED")


def judge_page(answer: Answer) -> Verdict | None:
    """Returns the verdict on a logon page; None when the page is none."""
    if not isinstance(answer.data, str) or not is_logon_page(answer.data):
        return None
    title = page_title(answer.data)
    message = f"{LOGON_NEEDED} (page: {title})" if title else LOGON_NEEDED
    return Verdict(far=FarError(kind="auth", message=message), failure="AUTH_FAILED")


def is_logon_page(page: str) -> bool:
    """Returns whether a page has a field for a password, or sends a SAML message."""
    return _LOGON.search(page, 0, _PAGE_START) is not None


def _expects_data(input_: Mapping[str, Json]) -> bool:
    return bool(input_.get("connection") or input_.get("auth")) or accepts_json(input_)


def accepts_json(input_: Mapping[str, Json]) -> bool:
    """Returns whether the author of a call asked for JSON, by an `accept` header."""
    headers = input_.get("headers")
    if not isinstance(headers, dict):
        return False
    return any(
        name.lower() == "accept" and isinstance(value, str) and "json" in value for name, value in headers.items()
    )
