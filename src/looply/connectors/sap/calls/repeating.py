"""Exactly once: the ids by which a system recognizes a repeated call, and what to do when an outcome is unknown.

Every modifying call has one id for all attempts of its visit, made of the idempotency key, in both spellings: that of
SAP Gateway's idempotent services (`RequestID`, `RepeatabilityCreation`) and that of OASIS Repeatable Requests 1.0
(`Repeatability-Request-ID`, `Repeatability-First-Sent`). A system that honours one of them answers a second call with
the result of the first. That a system does is said by its connection (`repeatable`), or by an earlier answer of the
same service (`accepted`). SAP keeps results for 6 hours by default; so a call is repeated for 5 hours after its first
attempt.
"""

from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from looply.connectors.port import CallContext, HttpResponse
from looply.connectors.sap.calls.inputs import Probe
from looply.connectors.sap.calls.settings import SapConnectionSettings
from looply.errors import Unsettled

REPEATABLE_FOR: Final = timedelta(hours=5)
_RESULTS: Final = ("repeatability-result", "repeatabilityresult")


def repeat_headers(ctx: CallContext) -> dict[str, str]:
    """Returns the headers by which a system recognizes a repeated call; the same for all attempts of a visit."""
    request_id = UUID(bytes=sha256(ctx.idempotency_key.encode()).digest()[:16])
    first_sent = format_datetime(_first_sent(ctx), usegmt=True)
    return {
        "requestid": request_id.hex,
        "repeatabilitycreation": first_sent,
        "repeatability-request-id": str(request_id),
        "repeatability-first-sent": first_sent,
    }


def is_recognized(response: HttpResponse) -> bool:
    """Returns whether the answer says that the system honours the id of the call."""
    return any((response.header(name) or "").strip().lower() == "accepted" for name in _RESULTS)


def why_not_repeated(ctx: CallContext, settings: SapConnectionSettings, name: str, *, is_recognized: bool) -> str:
    """Returns why an unsettled call must not be sent again; empty when it may be."""
    if not settings.repeatable and not is_recognized:
        return f"connection {name} does not say `repeatable`"
    if ctx.clock.now() - _first_sent(ctx) >= REPEATABLE_FOR:
        return f"the first attempt was more than {REPEATABLE_FOR.total_seconds() / 3600:g} h ago"
    return ""


def check_recognized(ctx: CallContext, response: HttpResponse) -> None:
    """Raises: Unsettled when the system refuses a repeated call because of its id."""
    if ctx.is_unsettled and any((response.header(name) or "").strip().lower() == "rejected" for name in _RESULTS):
        raise unknown_outcome("the system refused the repeated call because of its request id")


def unknown_outcome(reason: str) -> Unsettled:
    """Returns the error for a call of which it is unknown whether it took effect."""
    return Unsettled(
        f"it is unknown whether an earlier attempt took effect: {reason}; check the other system, then retry the step "
        "or complete it by hand"
    )


def absent_reason(probe: Probe, now: datetime) -> str:
    """Returns the reason for an incident when a probe found nothing."""
    return f"the probe of {probe.entity} found nothing at {now:%Y-%m-%d %H:%M:%S} UTC"


def _first_sent(ctx: CallContext) -> datetime:
    return ctx.entered_on if ctx.entered_on is not None else ctx.clock.now()
