"""The tables of notifications: whom to tell of incidents, and what was reported."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, Table, Text

from looply.catalog.storage.tables import ID, NAME, metadata

TARGET_CHARACTERS: Final = 2000

# `busy_until_ms`: no process handles it before. In the hour from `hour_ms` it has sent `hour_count` messages.
# `sealed_signing` has the secrets that sign the calls of a webhook; other channels have none.
notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", ID, primary_key=True),
    Column("organization_id", ID, ForeignKey("organizations.organization_id"), nullable=False, index=True),
    Column("notification_name", NAME, nullable=False),
    Column("workflow_id", ID, nullable=False),
    Column("channel", NAME, nullable=False),
    Column("target", Text, nullable=False),
    Column("connection_name", NAME, nullable=False),
    Column("quotes", Boolean, nullable=False),
    Column("busy_until_ms", BigInteger, nullable=False),
    Column("hour_ms", BigInteger, nullable=False),
    Column("hour_count", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Column("sent_ms", BigInteger),
    Column("sealed_signing", LargeBinary),
    Column("created_by", NAME),
    Column("modified_by", NAME),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)

# `cause` is a hash of workflow, step, kind and code. Its incidents that opened until `until_ms` were reported. Of an
# outage it is a longer text with the name of the system, and `until_ms` is when the outage began; of a message about
# systems a text with a hash of its key, for as long as it counts among those of an hour.
reported_causes = Table(
    "reported_causes",
    metadata,
    Column("notification_id", ID, ForeignKey("notifications.notification_id"), primary_key=True),
    Column("cause", LargeBinary, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
    Column("reported_ms", BigInteger, nullable=False),
)
