-- Schedules, and the outcome of each nominal instant: a start may be postponed, wait for its turn or be left out.
CREATE TABLE schedule(
  workflow INT PRIMARY KEY, org INT NOT NULL, workspace INT NOT NULL, version INT NOT NULL, definition TEXT NOT NULL,
  status INT NOT NULL, anchor_ms INT NOT NULL, next_ms INT, last_ms INT, last_execution BLOB,
  delay_ms INT NOT NULL DEFAULT 0) STRICT;
CREATE INDEX schedule_org ON schedule(org);
CREATE INDEX schedule_due ON schedule(next_ms + delay_ms) WHERE status = 1 AND next_ms IS NOT NULL;
CREATE TABLE fire(
  workflow INT, nominal_ms INT,
  execution_id BLOB,                         -- NULL: it started none; `outcome` says why
  outcome INT NOT NULL DEFAULT 1,
  at_ms INT,
  count INT NOT NULL DEFAULT 1, PRIMARY KEY(workflow, nominal_ms)) STRICT, WITHOUT ROWID;
CREATE INDEX fire_queued ON fire(workflow, nominal_ms) WHERE outcome = 4;
CREATE INDEX fire_missed ON fire(workflow, nominal_ms) WHERE outcome = 5;
