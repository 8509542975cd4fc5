"""What an execution claims so that a repeated call starts only one: a process id, and an idempotency key."""

from datetime import datetime

import msgspec


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """The exclusive right of one open execution to a process id of its workflow."""

    organization_id: str
    workflow_id: str
    process_id: str
    fingerprint: bytes


class StoredKey(msgspec.Struct, frozen=True, kw_only=True):
    """An idempotency key with the fingerprint of its request.

    It is kept until `expires_on`, and longer while its execution is open. In a unit with a claim the key is checked
    first: a repeated call is recognized whatever has happened to the process id."""

    organization_id: str
    text: str
    fingerprint: bytes
    expires_on: datetime
