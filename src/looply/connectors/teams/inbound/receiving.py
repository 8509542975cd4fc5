"""One activity from its bytes to its meaning, in the order in which trust is gained."""

from looply.connectors.teams.inbound.activities import MOST_BYTES, Event, read_activity, read_event
from looply.connectors.teams.inbound.verifying import Verifier
from looply.errors import BodyTooLarge


async def receive(verifier: Verifier, authorization: str, content: bytes) -> Event:
    """Returns what an activity means.

    Guarantees: nothing of the body is parsed before the token is verified, and nothing of it is believed before it fits
    the token.
    Raises: BodyTooLarge; NotVerified; BadRequest.
    """
    if len(content) > MOST_BYTES:
        raise BodyTooLarge(f"an activity has at most {MOST_BYTES} bytes; this one has {len(content)}")
    claims = await verifier.verify_token(authorization)
    activity = read_activity(content)
    verifier.verify_activity(claims, activity)
    return read_event(activity)
