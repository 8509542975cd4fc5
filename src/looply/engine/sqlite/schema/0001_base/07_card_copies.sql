-- Copies of cards that a channel keeps elsewhere. `wanted` and `shown` are numbers of events of the execution: the copy is
-- stale while it shows an older one. The process that updates it has it until `taken_ms`.
CREATE TABLE card_copy(
  id TEXT PRIMARY KEY, execution_id BLOB NOT NULL, channel TEXT NOT NULL, wanted INTEGER NOT NULL,
  shown INTEGER NOT NULL DEFAULT 0,
  handle TEXT NOT NULL DEFAULT '',           -- by which the channel finds it again
  attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL, taken_ms INTEGER NOT NULL DEFAULT 0)
  STRICT, WITHOUT ROWID;
CREATE INDEX card_copy_of ON card_copy(execution_id);
CREATE INDEX card_copy_stale ON card_copy(due_ms) WHERE shown < wanted;
