"""Signatures of webhook calls, as Standard Webhooks describes them.

Source: the specification of Standard Webhooks: HMAC-SHA256 over id, time and the bytes of the body, joined by periods;
several signatures, with a space between them, while a secret is replaced.
"""

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

from looply.catalog.calls.signing import key_of


def signature_headers(secrets: Sequence[str], call_id: str, at: datetime, content: bytes) -> dict[str, str]:
    """Returns the headers that prove a call to whom one of the secrets is known."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((call_id.encode(), seconds.encode(), content))
    marks = [f"v1,{base64.b64encode(hmac.digest(key_of(each), signed, 'sha256')).decode()}" for each in secrets]
    return {"webhook-id": call_id, "webhook-timestamp": seconds, "webhook-signature": " ".join(marks)}
