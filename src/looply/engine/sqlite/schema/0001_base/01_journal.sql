-- The journal of executions and everything that must change in the same transaction. Instants are milliseconds since
-- 1970 (UTC), ids are the 16 bytes of a UUID, small numbers of `name` represent organizations, workspaces, workflows.

CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
INSERT INTO meta(key, value) VALUES ('epoch', 0), ('clean', 1);

CREATE TABLE name(n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE dictionary(n INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;  -- never deleted: rows name them
CREATE TABLE definition(
  hash TEXT PRIMARY KEY, workflow_id TEXT NOT NULL, version INT NOT NULL, body BLOB NOT NULL) STRICT;

-- created_on is the first 48 bits of the id: newest first is id descending, a span of time is a span of ids.
CREATE TABLE execution(
  id BLOB PRIMARY KEY, org INT NOT NULL, workspace INT NOT NULL, workflow INT NOT NULL, version INT NOT NULL,
  status INT NOT NULL, state TEXT NOT NULL, trigger INT NOT NULL,
  process_id TEXT,                           -- NULL: the id itself
  profile TEXT NOT NULL, parent TEXT NOT NULL, seq INT NOT NULL, crash_count INT NOT NULL DEFAULT 0, bytes INT NOT NULL,
  modified_ms INT NOT NULL, modified_by TEXT NOT NULL,
  reversed TEXT                              -- the process id from its end on, so that an ending is a beginning
  ) STRICT, WITHOUT ROWID;
CREATE INDEX execution_org ON execution(org, id);
CREATE INDEX execution_workflow ON execution(workflow, id);
CREATE INDEX execution_process ON execution(org, process_id, id) WHERE process_id IS NOT NULL;
CREATE INDEX execution_status ON execution(org, status, id) WHERE status <> 3;  -- all but COMPLETED
CREATE INDEX execution_state ON execution(org, state, id) WHERE status <> 3;
CREATE INDEX execution_ending ON execution(org, reversed, id) WHERE reversed IS NOT NULL;
-- The executions that one execution started, newest first.
CREATE INDEX execution_parent ON execution(org, parent, id) WHERE parent <> '';

-- n is the order of commits. A rowid table: WITHOUT ROWID spills rows over 1,000 bytes to pages of their own.
CREATE TABLE batch(
  n INTEGER PRIMARY KEY, execution_id BLOB NOT NULL, first_seq INT NOT NULL, last_seq INT NOT NULL, at_ms INT NOT NULL,
  codec INT NOT NULL, chain BLOB NOT NULL, events BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX batch_of ON batch(execution_id, last_seq);
CREATE TABLE snapshot(
  execution_id BLOB PRIMARY KEY, seq INT NOT NULL, fold INT NOT NULL, codec INT NOT NULL, state BLOB NOT NULL) STRICT;
CREATE TABLE value(org INT, hash BLOB, codec INT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(org, hash)) STRICT;
CREATE TABLE value_use(
  execution_id BLOB, hash BLOB, org INT NOT NULL,
  seq INT NOT NULL,                          -- the last event that needs it: those before a snapshot are not loaded
  PRIMARY KEY(execution_id, hash)) STRICT, WITHOUT ROWID;
CREATE INDEX value_use_of ON value_use(org, hash);

-- The columns that lists show, with names in place of their numbers.
CREATE VIEW head AS
  SELECT e.id AS id,
    (SELECT id FROM name WHERE n = e.org) AS organization_id,
    (SELECT id FROM name WHERE n = e.workspace) AS workspace_id,
    (SELECT id FROM name WHERE n = e.workflow) AS workflow_id,
    e.version AS version, e.status AS status, e.state AS state, e.trigger AS trigger, e.process_id AS process_id,
    e.profile AS profile, e.parent AS parent, e.seq AS seq, e.modified_ms AS modified_ms, e.modified_by AS modified_by
  FROM execution e;
