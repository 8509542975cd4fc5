-- Open work. The end of an execution deletes its rows in the same unit.
CREATE TABLE effect(
  execution_id BLOB, seq INT, org INT NOT NULL, queue TEXT NOT NULL, state INT NOT NULL, attempt INT NOT NULL,
  epoch INT NOT NULL, PRIMARY KEY(execution_id, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE timer(
  due_ms INT, execution_id BLOB, seq INT, kind INT NOT NULL, PRIMARY KEY(due_ms, execution_id, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX timer_of ON timer(execution_id);
CREATE TABLE wait(
  execution_id BLOB, seq INT, step TEXT NOT NULL, sources TEXT NOT NULL, PRIMARY KEY(execution_id, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE incident(
  execution_id BLOB, seq INT, id TEXT NOT NULL, org INT NOT NULL, step TEXT NOT NULL, kind INT NOT NULL,
  code TEXT NOT NULL, opened_ms INT NOT NULL, PRIMARY KEY(execution_id, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX incident_org ON incident(org);
CREATE TABLE continuation(execution_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE card(
  id TEXT PRIMARY KEY, execution_id BLOB NOT NULL, org INT NOT NULL, workflow INT NOT NULL, step TEXT NOT NULL,
  address TEXT NOT NULL, part INT NOT NULL, recipient TEXT NOT NULL, channel TEXT NOT NULL, revision INT NOT NULL,
  opened_ms INT NOT NULL,
  due_ms INT                                 -- when its wait times out
  ) STRICT, WITHOUT ROWID;
CREATE INDEX card_of ON card(execution_id);
CREATE INDEX card_newest ON card(org, opened_ms, id);
CREATE INDEX card_inbox ON card(org, recipient, opened_ms, id);
