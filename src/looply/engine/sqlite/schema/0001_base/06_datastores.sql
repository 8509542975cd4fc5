-- Datastores: named JSON documents of organizations. A step's change of one is in the transaction of the step's outcome.
CREATE TABLE datastore(
  org INTEGER NOT NULL, name TEXT NOT NULL, revision INTEGER NOT NULL,
  body BLOB NOT NULL,                        -- JSON text
  digest BLOB NOT NULL,                      -- over all other columns, with the organization's id in place of its number
  created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL, modified_by TEXT NOT NULL, PRIMARY KEY(org, name)) STRICT;

-- The highest revision of an organization's deleted datastores: a new one begins above it, so that none is used twice.
CREATE TABLE datastore_floor(org INTEGER PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
