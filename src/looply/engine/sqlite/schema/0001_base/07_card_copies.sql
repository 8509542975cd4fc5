-- Copies of cards that a channel keeps elsewhere. `wanted` and `shown` are numbers of events of the execution: the copy is
-- stale while it shows an older one. The process that updates it has it until `taken_ms`; a channel that asked for a pause
-- gets it by the same column. `state` holds since `since_ms`; `code` and `reason` say why it is not SHOWN, or what became of
-- the last try. `doubt`: 1 while a call without an answer may still take effect, 2 while the copy is to be brought once more.
-- `reported` is 0 until the history says the same. `takes` counts how often it was taken since a try was recorded last.
CREATE TABLE card_copy(
  id TEXT PRIMARY KEY, execution_id BLOB NOT NULL, channel TEXT NOT NULL, wanted INTEGER NOT NULL,
  shown INTEGER NOT NULL DEFAULT 0,
  handle TEXT NOT NULL DEFAULT '',           -- the channel's own JSON, by which it finds the copy again
  state TEXT NOT NULL DEFAULT 'PENDING', code TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
  since_ms INTEGER NOT NULL,
  reminded INTEGER NOT NULL DEFAULT 0, doubt INTEGER NOT NULL DEFAULT 0, reported INTEGER NOT NULL DEFAULT 1,
  takes INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL, taken_ms INTEGER NOT NULL DEFAULT 0)
  STRICT, WITHOUT ROWID;
CREATE INDEX card_copy_of ON card_copy(execution_id);
CREATE INDEX card_copy_open ON card_copy(channel, due_ms) WHERE shown < wanted OR doubt > 0 OR reported = 0;
CREATE INDEX card_copy_undelivered ON card_copy(id) WHERE state <> 'SHOWN';
