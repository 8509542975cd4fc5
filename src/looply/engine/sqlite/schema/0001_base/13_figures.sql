-- Figures: what each unit changes, in the transaction of its events, until a loop has folded it into counters and
-- roll-ups. `change` is JSON; `looply.engine.records.figures` says what it has.
CREATE TABLE figure_change(
  n INTEGER PRIMARY KEY, org INT NOT NULL, workflow INT NOT NULL, profile TEXT NOT NULL, at_ms INT NOT NULL,
  change TEXT NOT NULL) STRICT;
-- How much is open now: executions by status, incidents by kind, cards, dead letters.
CREATE TABLE counter(
  org INT, workflow INT, name TEXT, total INT NOT NULL, PRIMARY KEY(org, workflow, name)) STRICT, WITHOUT ROWID;
-- What happened in an hour or a day (UTC): of executions (`step` is empty), and of each step that calls or waits.
CREATE TABLE rollup(
  org INT, grain TEXT, begin_ms INT, workflow INT, profile TEXT, step TEXT, body TEXT NOT NULL,
  PRIMARY KEY(org, grain, begin_ms, workflow, profile, step)) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_begin ON rollup(grain, begin_ms);
