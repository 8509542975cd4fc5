"""The distributed engine beside plain Temporal: both on the same PostgreSQL and Temporal servers, in turns."""
