"""One activity from its bytes to its meaning, in the order in which trust is gained."""

from datetime import datetime

import msgspec

from looply.connectors.teams.inbound.activities import MOST_BYTES, TeamsEvent, read_activity, read_event
from looply.connectors.teams.inbound.verifying import Verifier
from looply.errors import BodyTooLarge


class VerifiedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What an activity means, and until when the same bytes can be taken once more."""

    event: TeamsEvent
    until: datetime


async def receive(verifier: Verifier, authorization: str, content: bytes) -> VerifiedEvent:
    """Returns what an activity means.

    Guarantees: nothing of the body is parsed before the token is verified, and nothing of it is believed before it fits
    the token.
    Raises: BodyTooLarge; NotVerified; BadRequest.
    """
    if len(content) > MOST_BYTES:
        raise BodyTooLarge(f"an activity has at most {MOST_BYTES} bytes; this one has {len(content)}")
    claims = await verifier.verify_token(authorization)
    activity = read_activity(content)
    until = verifier.verify_activity(claims, activity)
    return VerifiedEvent(event=read_event(activity), until=until)
