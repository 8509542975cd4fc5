-- Which execution holds a process id, and which idempotency keys are known.
CREATE TABLE claim(
  workflow INT, process_id TEXT, org INT NOT NULL, execution_id BLOB NOT NULL, request BLOB NOT NULL,
  PRIMARY KEY(workflow, process_id)) STRICT, WITHOUT ROWID;
CREATE INDEX claim_org ON claim(org, process_id);
CREATE TABLE idempotency(
  org INT, key TEXT, request BLOB NOT NULL, execution_id BLOB NOT NULL, expires_ms INT NOT NULL,
  PRIMARY KEY(org, key)) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_of ON idempotency(execution_id);
