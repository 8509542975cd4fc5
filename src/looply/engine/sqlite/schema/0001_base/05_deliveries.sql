-- What executions send to each other: written by the unit of the sender, deleted by the unit that applies it to the
-- target, which may be an execution that is still to be started. Its meaning is in the event `seq` of the sender.
CREATE TABLE delivery(
  target BLOB, sender BLOB, seq INT, kind INT NOT NULL, PRIMARY KEY(target, sender, seq)) STRICT, WITHOUT ROWID;

-- Executions of workflows with `max_concurrency`: in a slot (`is_held` 1), or queued for one since an instant.
CREATE TABLE concurrency_slot(
  execution_id BLOB PRIMARY KEY, workflow INT NOT NULL, seq INT NOT NULL, since_ms INT NOT NULL,
  max_concurrency INT NOT NULL, is_held INT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX concurrency_slot_queue ON concurrency_slot(is_held, workflow, since_ms, execution_id);
