-- Who decided what. A row stays when its execution is pruned. `person` is `decided_by` as it is compared.
CREATE TABLE decision(
  execution_id BLOB NOT NULL, seq INTEGER NOT NULL, org INTEGER NOT NULL, workflow INTEGER NOT NULL, version INTEGER NOT NULL, process_id TEXT NOT NULL,
  step TEXT NOT NULL, visit INTEGER NOT NULL, scope TEXT NOT NULL, decided_by TEXT NOT NULL, person TEXT NOT NULL,
  action TEXT NOT NULL, comment TEXT NOT NULL, at_ms INTEGER NOT NULL, via TEXT NOT NULL,
  revision INTEGER NOT NULL,                  -- 0: without a card
  is_final INTEGER NOT NULL,
  -- How it came, and for which absent person. Empty where that was not recorded.
  actor TEXT NOT NULL DEFAULT '', actor_id TEXT NOT NULL DEFAULT '', actor_email TEXT NOT NULL DEFAULT '',
  substitute_for TEXT NOT NULL DEFAULT '') STRICT;
CREATE UNIQUE INDEX decision_of ON decision(execution_id, seq);
CREATE INDEX decision_org ON decision(org, at_ms, execution_id, seq);
CREATE INDEX decision_workflow ON decision(workflow, at_ms, execution_id, seq);
CREATE INDEX decision_step ON decision(workflow, step, at_ms, execution_id, seq);
CREATE INDEX decision_person ON decision(org, person, at_ms, execution_id, seq);
CREATE INDEX decision_process ON decision(org, process_id, at_ms, execution_id, seq);
CREATE INDEX decision_at ON decision(at_ms, execution_id);
