-- Dead letters: resumes that were kept and moved nothing. What a letter holds is in the history, in event `seq`.
CREATE TABLE letter(
  execution_id BLOB NOT NULL, seq INTEGER NOT NULL, org INTEGER NOT NULL, workflow INTEGER NOT NULL, process_id TEXT NOT NULL,
  reason INTEGER NOT NULL, source TEXT NOT NULL, sender TEXT NOT NULL, kept_ms INTEGER NOT NULL,
  action INTEGER NOT NULL DEFAULT 0,         -- 0: it is not settled
  settled_by TEXT NOT NULL DEFAULT '', settled_ms INTEGER, note TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (execution_id, seq)) STRICT, WITHOUT ROWID;
CREATE INDEX letter_org ON letter(org, execution_id, seq);
CREATE INDEX letter_workflow ON letter(workflow, execution_id, seq);
CREATE INDEX letter_process ON letter(org, process_id, execution_id, seq);
CREATE INDEX letter_open ON letter(org, execution_id, seq) WHERE action = 0;
